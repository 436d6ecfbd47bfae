"""Fine-tuning of a Hugging Face classifier with PyTorch weights."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from transformers import AutoModelForSequenceClassification, AutoTokenizer

from enrichment.labelled import Labelled
from enrichment.training.fine_tuning import fine_tune
from enrichment.training.hub_tuning import fine_tune_hub_model
from enrichment.tuning import tuned
from lake.errors import ConfigError, InvalidError
from tests.fakes.original_models import make_original

TEXTS = [f"the {word} number {place}" for place in range(8) for word in ("train", "song", "match")]


def _answers(folder: Path, texts: list[str]) -> list[int]:
    model = AutoModelForSequenceClassification.from_pretrained(folder).eval()
    tokenizer = AutoTokenizer.from_pretrained(folder)
    with torch.inference_mode():
        logits = model(**tokenizer(texts, padding=True, return_tensors="pt")).logits
    found: list[int] = logits.argmax(dim=-1).tolist()
    return found


def test_a_model_learns_its_corrections(tmp_path: Path) -> None:
    base = make_original(tmp_path / "base")
    labelled = [Labelled(text, "negative") for text in TEXTS]
    said: list[str] = []

    out = fine_tune_hub_model(
        base, labelled, tmp_path / "out", epochs=5, seed=1, say=said.append, rate=3e-3
    )

    assert set(_answers(out, TEXTS)) == {0}
    assert set(_answers(base, TEXTS)) != {0}
    assert [line.partition(":")[0] for line in said] == [f"epoch {n} of 5" for n in range(1, 6)]


def test_stars_are_learned_by_their_side(tmp_path: Path) -> None:
    stars = [f"{count} star" if count == 1 else f"{count} stars" for count in range(1, 6)]
    base = make_original(tmp_path / "base", labels=stars)
    labelled = [Labelled(text, "positive") for text in TEXTS]

    out = fine_tune_hub_model(
        base, labelled, tmp_path / "out", epochs=5, seed=1, say=print, rate=3e-3
    )

    assert set(_answers(out, TEXTS)) <= {3, 4}


def test_any_folder_that_is_not_ours_is_taken_for_one_of_the_hub(tmp_path: Path) -> None:
    base = make_original(tmp_path / "base")
    said: list[str] = []

    out = fine_tune(
        base,
        [Labelled(text, "positive") for text in TEXTS],
        tmp_path / "out",
        epochs=1,
        say=said.append,
    )

    assert (out / "model.safetensors").is_file()
    assert (out / "tokenizer.json").is_file()
    assert len(said) == 1


def test_a_classifier_of_the_hub_becomes_onnx_and_leaves_no_weights_behind(tmp_path: Path) -> None:
    labelled = [Labelled(text, "positive") for text in TEXTS]
    models = tmp_path / "models"
    models.mkdir()
    # One that is sure of its labels, so that eight bits are enough for it.
    base = fine_tune_hub_model(
        make_original(tmp_path / "original"), labelled, tmp_path / "base", epochs=5, seed=1,
        say=lambda _line: None, rate=3e-3,
    )  # fmt: skip

    out = tuned(base, labelled, models / "mine", seed=1, say=lambda _line: None)

    assert any(out.rglob("*.onnx"))
    assert [path.name for path in models.iterdir()] == ["mine"]
    assert {path.name for path in tmp_path.iterdir()} == {"original", "base", "models"}


def test_weights_do_not_stay_where_the_export_fails(tmp_path: Path) -> None:
    base = make_original(tmp_path / "base")
    labelled = [Labelled(text, "positive") for text in TEXTS]

    def say(line: str) -> None:
        if not line.startswith("epoch"):
            raise InvalidError("the export fails")

    with pytest.raises(InvalidError, match="the export fails"):
        tuned(base, labelled, tmp_path / "mine", seed=1, say=say)

    assert [path.name for path in tmp_path.iterdir()] == ["base"]


def test_a_label_that_the_model_lacks_is_refused(tmp_path: Path) -> None:
    base = make_original(tmp_path / "base", labels=("negative", "positive"))

    with pytest.raises(InvalidError, match="base knows no neutral texts"):
        fine_tune(base, [Labelled(text, "neutral") for text in TEXTS], tmp_path / "o", say=print)


def test_labels_that_say_nothing_are_refused(tmp_path: Path) -> None:
    base = make_original(tmp_path / "base", labels=("cat", "dog"))

    with pytest.raises(ConfigError, match="the labels cat, dog say nothing of sentiment"):
        fine_tune(base, [Labelled(text, "neutral") for text in TEXTS], tmp_path / "o", say=print)


def test_a_folder_without_weights_is_refused(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text("{}", encoding="utf-8")

    with pytest.raises(ConfigError, match="holds no classifier that can be trained"):
        fine_tune(
            tmp_path, [Labelled(text, "neutral") for text in TEXTS], tmp_path / "o", say=print
        )
