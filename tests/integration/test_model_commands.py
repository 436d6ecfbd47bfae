"""``taglake model`` as people use it: add, list, promote, refuse, force, roll back."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.conftest import ROOT
from tests.fakes.bag_models import GOOD, bag_model
from tests.lakes import CommandLine, LakeOfTest

WORSE = GOOD | {"lovely": "neutral"}
WORST = {"bad": "positive", "plain": "negative", "lovely": "neutral"}


@pytest.fixture
def models(lake_of_test: LakeOfTest, tmp_path: Path) -> CommandLine:
    """The command line with a folder for models, of which three are made."""
    bag_model(tmp_path / "good", GOOD)
    bag_model(tmp_path / "worse", WORSE)
    bag_model(tmp_path / "equal", GOOD, sure=5.0)
    texts = [
        {"text": f"{word} {n}", "label": label} for word, label in GOOD.items() for n in range(40)
    ]
    (tmp_path / "val.jsonl").write_text("\n".join(map(json.dumps, texts)))
    config = lake_of_test.config_file(
        enrichment={"models_dir": str(tmp_path / "models"), "threads": 1}
    )
    secret = {"TAGLAKE_TEST_PASSWORD": lake_of_test.access.password or ""}
    return CommandLine(config, ROOT, secret)


async def test_the_champion_moves_to_the_better_model_only(
    models: CommandLine, tmp_path: Path
) -> None:
    val = tmp_path / "val.jsonl"
    for name in ("good", "worse", "equal"):
        added = await models("model", "add", tmp_path / name)
        assert added.status == 0, added.err
    reason = ("--reason", "to begin with")

    undecided = await models("model", "promote", "worse")
    silent = await models("model", "promote", "worse", "--force")
    forced = await models("model", "promote", "worse", "--force", *reason)
    better = await models("model", "promote", "good", "--on", val, "--json")
    equal = await models("model", "promote", "equal", "--on", val)
    worse = await models("model", "promote", "worse", "--on", val, "--json")

    assert (undecided.status, silent.status, forced.status) == (2, 2, 0)
    assert "--on FILE, or --people" in undecided.err
    assert "--force: say why with --reason" in silent.err
    assert "worse is the champion; before it, taglake-small" in forced.out
    assert "taglake enrich --rescore --since" in forced.err
    answer = better.json()
    assert (answer["moved"], answer["champion"]) == (True, "good")
    assert answer["measured"]["good"]["macro_f1"] == 1.0
    assert answer["difference"] == pytest.approx(4 / 9)
    assert answer["mcnemar_p"] < 0.001
    assert (equal.status, worse.status) == (2, 2)
    assert "not promoted, good stays the champion: equal: macro-F1 1.0000" in equal.err
    assert "McNemar p 1" in equal.err
    assert worse.json()["moved"] is False

    listed = (await models("model", "list", "--json")).json()
    table = await models("model", "list")
    shown = (await models("model", "show", "good", "--json")).json()
    back = await models("model", "rollback", "--reason", "a try")
    assert listed["champion"] == "good"
    assert {one["name"] for one in listed["models"]} >= {"good", "worse", "equal", "vader"}
    assert "val.jsonl" in table.out
    assert shown["labels"] == {label: label for label in GOOD.values()}
    assert shown["provider"] == "CPUExecutionProvider"
    assert shown["moves"][0]["action"] == "promote"
    assert [one["data_name"] for one in shown["evaluations"]] == ["val.jsonl"]
    assert "worse is the champion again" in back.out


async def test_refusals_leave_everything_as_it_was(models: CommandLine, tmp_path: Path) -> None:
    (tmp_path / "broken").mkdir()
    two = tmp_path / "two.jsonl"
    two.write_text('{"text": "bad", "label": "negative"}\n{"text": "lovely", "label": "positive"}')
    await models("model", "add", tmp_path / "good")

    broken = await models("model", "add", tmp_path / "broken")
    path = await models("model", "add", tmp_path / "worse", "--name", "../worse")
    unknown = await models("model", "promote", "nope", "--on", two)
    missing = await models("model", "promote", "good", "--on", two)
    nothing = await models("model", "rollback")
    (tmp_path / "models/good/model.onnx").write_bytes(b"garbage")
    spoilt = await models("model", "promote", "good", "--force", "--reason", "x")

    for called, says in (
        (broken, "has no config.json"),
        (path, "is no model name"),
        (unknown, "there is no model 'nope'"),
        (nothing, "there is no champion before taglake-small"),
        (spoilt, "model.onnx"),
    ):
        assert called.status == 2, called.out
        assert says in called.err
        told = [line for line in called.err.splitlines() if line.startswith("taglake:")]
        assert len(told) == 1, called.err
        assert "Traceback" not in called.err
    assert missing.status == 2
    assert [path.name for path in (tmp_path / "models").iterdir()] == ["good"]
    assert (await models("model", "list", "--json")).json()["champion"] == "taglake-small"
