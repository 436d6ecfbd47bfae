"""``taglake model train`` without a lake: it learns, is measured beside the shipped model, kept."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml

from tests.conftest import ROOT
from tests.lakes import CommandLine

CLASSES = {
    "negative": ("awful queue", "lost my bag", "never again"),
    "neutral": ("gate seven", "boarding at noon", "the schedule"),
    "positive": ("great crew", "love it", "smooth landing"),
}


@pytest.fixture
def lakeless(tmp_path: Path) -> CommandLine:
    config = {
        "node": {"data_dir": str(tmp_path / "node")},
        "enrichment": {"models_dir": str(tmp_path / "models")},
    }
    path = tmp_path / "config.yaml"
    path.write_text(yaml.safe_dump(config))
    # A second thread gains so small a network nothing, and waits where other tests have the core.
    return CommandLine(path, ROOT, {"OMP_NUM_THREADS": "1"})


def _labels(path: Path, count: int) -> Path:
    rows = []
    for n in range(count):
        label = tuple(CLASSES)[n % 3]
        rows.append({"text": f"{CLASSES[label][n // 3 % 3]} on day {n}", "label": label})
    path.write_text("\n".join(map(json.dumps, rows)))
    return path


async def test_a_model_learns_and_is_proposed_but_not_promoted(
    lakeless: CommandLine, tmp_path: Path
) -> None:
    labels = _labels(tmp_path / "labels.jsonl", 240)

    trained = await lakeless("model", "train", "--labels", labels, "--out", "mine", "--json")

    assert trained.status == 0, trained.err
    answer = trained.json()
    mine, champion = answer["measured"]["mine"], answer["measured"]["taglake-small"]
    assert mine["data_digest"] == champion["data_digest"]
    assert mine["macro_f1"] > champion["macro_f1"]
    assert (answer["better"], answer["kept"], answer["registered"]) == (True, True, False)
    assert (tmp_path / "models/mine/model.onnx").is_file()
    assert [one.name for one in (tmp_path / "models").iterdir()] == ["mine"]


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ((), "either --data FOLDER or --labels FILE"),
        (("--data", "."), "--data: say what the model is called"),
        (("--labels", "FEW"), "20 labelled texts are too few"),
        (("--labels", "FEW", "--out", "../x"), "is no model name"),
        (("--labels", "FEW", "--out", "champion"), "cannot be called 'champion'"),
    ],
)
async def test_what_cannot_be_trained_is_refused_in_a_line(
    lakeless: CommandLine, tmp_path: Path, arguments: tuple[str, ...], says: str
) -> None:
    few = _labels(tmp_path / "few.jsonl", 20)

    called = await lakeless(
        "model", "train", *(str(few) if one == "FEW" else one for one in arguments)
    )

    assert called.status == 2, called.out
    assert says in called.err
    assert len(called.err.splitlines()) == 1, called.err
    assert not (tmp_path / "models").exists()
