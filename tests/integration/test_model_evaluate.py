"""``taglake model evaluate`` as people use it, most of it where no lake runs."""

from __future__ import annotations

import json
from pathlib import Path
from xml.etree import ElementTree

import pytest
import yaml

from lake.label import LabelSpec
from lake.store import Store
from tests.conftest import ROOT
from tests.fakes.labelled_posts import write_scored
from tests.fakes.model_folders import make_folder
from tests.lakes import Called, CommandLine

ROWS = [("good day", "positive"), ("bad day", "negative"), ("plain day", "neutral")] * 12
ROWS += [("good, they said", "negative"), ("a bad good thing", "neutral"), ("", "neutral")]


@pytest.fixture
def lakeless(tmp_path: Path) -> CommandLine:
    """The command line with a configuration whose node never ran."""
    config = {
        "node": {"data_dir": str(tmp_path / "data")},
        "enrichment": {"models_dir": str(tmp_path / "models")},
    }
    path = tmp_path / "config.yaml"
    path.write_text(yaml.safe_dump(config), encoding="utf-8")
    return CommandLine(path, ROOT)


@pytest.fixture
def labelled(tmp_path: Path) -> Path:
    path = tmp_path / "labelled.csv"
    lines = "".join(f'"{text}",{label},en\n' for text, label in ROWS)
    path.write_text(f"Tweet,airline_sentiment,lang\n{lines}", encoding="utf-8")
    return path


def fine(called: Called) -> Called:
    assert called.status == 0, called.err
    assert "Traceback" not in called.err
    return called


async def test_a_folder_is_measured_as_json_and_as_a_picture(
    lakeless: CommandLine, labelled: Path, tmp_path: Path
) -> None:
    folder, picture = make_folder(tmp_path / "<words> & more"), tmp_path / "c.svg"

    called = fine(
        await lakeless(
            "model", "evaluate", labelled, "--model", folder, "--json", "--picture", picture
        )
    )

    found = called.json()
    # "a bad good thing" is all three alike: unsure, and the first of them is negative.
    assert found["confusion"]["counts"] == [[12, 0, 1], [1, 13, 0], [0, 0, 12]]
    assert found["unsure"] == pytest.approx(1 / 39)
    assert found["accuracy"] == pytest.approx(37 / 39)
    assert found["macro_recall"] == pytest.approx((12 / 13 + 13 / 14 + 1) / 3)
    assert found["macro_f1"] == pytest.approx((24 / 26 + 26 / 27 + 24 / 25) / 3)
    assert found["n"] == found["languages"]["en"]["n"] == 39
    assert found["languages_from"] == "file"
    assert found["data"] == "labelled.csv"
    assert found["texts_per_s"] > 0
    assert (found["others"], found["comparisons"]) == ([], [])
    assert sum(one["n"] for one in found["calibration"]["bins"]) == 38
    texts = [one.text for one in ElementTree.parse(picture).iter() if one.tag.endswith("}text")]
    assert any(text and text.startswith("<words> & more") for text in texts)
    assert not (tmp_path / "data").exists()  # no node was started


async def test_two_models_stand_side_by_side(
    lakeless: CommandLine, labelled: Path, tmp_path: Path
) -> None:
    folder = make_folder(tmp_path / "words")
    models = ("--model", "vader", "--model", folder)

    table = fine(await lakeless("model", "evaluate", labelled, *models)).out
    found = fine(await lakeless("model", "evaluate", labelled, *models, "--json")).json()

    (other,), (comparison,) = found["others"], found["comparisons"]
    assert (found["model"][:6], other["model"][:6]) == ("vader-", "words@")
    assert comparison["second"] == found["model"]
    assert comparison["difference"] == pytest.approx(other["macro_f1"] - found["macro_f1"])
    assert found["data_digest"] == other["data_digest"]
    for word in (
        *("39 texts of labelled.csv", "vader-", "words@", "macro-recall", "calibration error"),
        *("negative (13): precision", "en (39)", "McNemar p"),
    ):
        assert word in table
    assert f"{other['macro_f1']:.4f}" in table


async def test_columns_and_labels_may_be_said(lakeless: CommandLine, tmp_path: Path) -> None:
    path = tmp_path / "odd.csv"
    path.write_text("0;bad;a good day\n1;x;a bad day\n7;x;so so\n", encoding="utf-8")
    said = ("--text-column", "3", "--label-column", "1", "--labels", "0=positive,1=neg,7=skip")

    found = fine(
        await lakeless("model", "evaluate", path, "--model", "vader", "--json", *said)
    ).json()

    assert (found["n"], found["accuracy"], found["missing_classes"]) == (2, 1.0, ["neutral"])
    assert found["languages_from"] == "detected"


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ((), "name a FILE of labelled texts"),
        (("{file}", "--people"), "name a FILE of labelled texts"),
        (("/nope/x.csv",), "/nope/x.csv: there is no such file"),
        (("{file}", "--model", "no-such-model"), "there is no model 'no-such-model'"),
        (("{file}", "--model", "vader", "--labels", "1"), "--labels: '1': write VALUE=negative"),
        (("{file}", "--model", "vader", "--text-column", "x"), "there is no column 'x'"),
        (("{file}", "--model", "vader", "--picture", "/nope/c.svg"), "--picture: /nope/c.svg"),
        (("{file}", "--model", "./docs", "--keep"), "--keep: ./docs is in no registry"),
        (("{file}", "--frobnicate"), "No such option"),
    ],
)
async def test_a_mistake_is_one_clear_line_and_status_2(
    lakeless: CommandLine, labelled: Path, arguments: tuple[str, ...], says: str
) -> None:
    given = [argument.replace("{file}", str(labelled)) for argument in arguments]

    called = await lakeless("model", "evaluate", *given)

    assert (called.status, called.out) == (2, "")
    assert says in called.err
    assert "Traceback" not in called.err


async def test_without_a_lake_the_champion_is_the_shipped_model(
    lakeless: CommandLine, labelled: Path
) -> None:
    called = fine(await lakeless("model", "evaluate", labelled, "--json"))

    assert "no lake runs, so the champion is unknown: evaluating taglake-small" in called.err
    assert called.json()["model"].startswith("taglake-small")


async def test_a_lake_that_does_not_answer_is_said_and_does_no_harm(
    labelled: Path, tmp_path: Path
) -> None:
    path = tmp_path / "away.yaml"
    config = {"elasticsearch": {"url": "http://127.0.0.1:9"}}
    path.write_text(json.dumps(config), encoding="utf-8")

    called = fine(await CommandLine(path, ROOT)("model", "evaluate", labelled, "--json"))

    assert "the champion is unknown, evaluating taglake-small" in called.err
    assert called.json()["n"] == 39


async def test_peoples_labels_judge_a_model_and_the_registry_keeps_the_figures(
    store: Store, taglake: CommandLine
) -> None:
    none = await taglake("model", "evaluate", "--people", "--model", "vader")
    texts = ("so good", "very bad", "the table")
    await write_scored(store, *((text, (0.33, 0.34, 0.33), "positive") for text in texts))
    for post, label in enumerate(("positive", "negative", "negative"), 1):
        await store.labels.put(LabelSpec(f"x:{post}", label, "ann"))
    await store.refresh()

    found = fine(
        await taglake("model", "evaluate", "--people", "--model", "vader", "--keep", "--json")
    ).json()

    assert (none.status, none.out) == (2, "")
    assert "people have labelled no post yet" in none.err
    assert (found["n"], found["data"]) == (3, "people's labels")
    assert found["accuracy"] == pytest.approx(2 / 3)
    listed = fine(await taglake("model", "list", "--json")).json()["models"]
    (kept,) = next(one for one in listed if one["name"] == "vader")["evaluations"]
    assert kept["macro_f1"] == pytest.approx(found["macro_f1"])
    assert kept["data_digest"] == found["data_digest"]
