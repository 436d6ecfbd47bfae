"""The recipe on a small made-up corpus: from labelled posts to a model folder that scores."""

from __future__ import annotations

import json
import logging
import random
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from transformers import AutoTokenizer

from enrichment.labelled import Labelled
from enrichment.onnx import OnnxModel
from enrichment.sentiment import Sentiment
from enrichment.training import recipe
from enrichment.training.fine_tuning import fine_tune
from enrichment.training.lessons import Lessons, log_shares
from enrichment.training.recipe import train_small
from enrichment.training.settings import Plan, Settings
from enrichment.training.unpacking import is_packed, unpack
from enrichment.vader import Vader
from lake.errors import ConfigError, InvalidError
from tests.fakes.training_posts import post, write_corpus

LABELS = ("negative", "neutral", "positive")
_SMALL = {"width": 16, "filters": 16, "spans": (1, 2), "hidden": 16}
_QUICK = Lessons(epochs=6, rate=1e-2, batch=32)
TINY = Settings(
    teachers=(Plan("teacher", _SMALL, _QUICK, vocabulary=400),),
    students=(
        Plan("first", _SMALL, _QUICK),
        Plan("second", {**_SMALL, "blocks": 1, "attention": 1, "heads": 2}, _QUICK),
    ),
    assistants=(Plan("assistant", _SMALL, replace(_QUICK, epochs=2), weight=2.0),),
    polish=Lessons(epochs=1, rate=1e-3, aux_share=0.0),
    vocabulary=400,
    splices=40,
    lexicon_words=50,
)


@pytest.fixture(scope="module", autouse=True)
def one_thread() -> Iterator[None]:
    """Networks so small gain nothing by a second core, and wait for it where it is busy."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_corpus(tmp_path_factory.mktemp("posts"))


@pytest.fixture(scope="module")
def said() -> list[str]:
    return []


@pytest.fixture(scope="module")
def folder(corpus: Path, said: list[str], tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("models") / "tiny"
    return train_small(corpus, out, say=said.append, settings=TINY, name="tiny-1")


def _posts(seed: int, count: int = 60) -> list[tuple[str, str]]:
    draw = random.Random(seed)
    return [(post(draw, place % 3), LABELS[place % 3]) for place in range(count)]


def _likeliest(found: Sentiment) -> str:
    return max(zip((found.p_neg, found.p_neu, found.p_pos), LABELS, strict=True))[1]


def _right(model: OnnxModel, posts: list[tuple[str, str]]) -> float:
    found = model.score([text for text, _ in posts])
    hits = [_likeliest(one) == label for one, (_, label) in zip(found, posts, strict=True)]
    return sum(hits) / len(hits)


def test_a_trained_folder_tells_new_texts_apart(folder: Path) -> None:
    model = OnnxModel(folder, remembered=0)

    assert _right(model, _posts(99)) > 0.8
    assert model.folder.precision == "int8"
    assert model.folder.features == ("vader",)


def test_each_step_is_said_with_its_figures(folder: Path, said: list[str]) -> None:
    assert folder.exists()
    assert "240" not in said[0]
    assert any(line.startswith("linear teacher: TweetEval macro-recall") for line in said)
    assert any(line.startswith("first: epoch 6 of 6: loss") for line in said)
    assert said[-3].startswith("students together, set right: TweetEval macro-recall")


def test_the_manifest_and_the_card_tell_what_was_measured(folder: Path) -> None:
    manifest = json.loads((folder / "taglake.json").read_text(encoding="utf-8"))
    card = (folder / "README.md").read_text(encoding="utf-8")

    figures = manifest["figures"]["tweeteval"]
    assert manifest["name"] == "tiny-1"
    assert figures["texts"] == 60
    assert figures["macro_recall"] > 0.8
    assert 0.5 < figures["vader_macro_recall"] <= 1.0
    assert f"| tweeteval | 60 | {100 * figures['macro_recall']:.1f} |" in card
    assert "TODO" not in card


def test_nothing_unfinished_is_left_behind(folder: Path) -> None:
    assert [path.name for path in folder.parent.iterdir()] == ["tiny"]


def test_transformers_reads_the_tokenizer(folder: Path) -> None:
    tokenizer = AutoTokenizer.from_pretrained(folder)

    read = tokenizer(["", "a lovely table"], padding=True)

    assert read["attention_mask"][0] == [1] + [0] * (len(read["input_ids"][1]) - 1)
    assert tokenizer.unk_token_id not in read["input_ids"][1]
    assert set(tokenizer("漢字")["input_ids"][1:]) == {tokenizer.unk_token_id}


def test_a_packed_folder_is_read_back(folder: Path) -> None:
    network, tokenizer = unpack(folder)
    texts = [text.lower() for text, _ in _posts(5)]
    features = [[one.p_pos, one.p_neu, one.p_neg, one.score] for one in Vader().score(texts)]

    read_back = log_shares(network, tokenizer, texts, _floats(features)).argmax(axis=1)

    scored = OnnxModel(folder, remembered=0).score(texts)
    same = [LABELS[place] == _likeliest(one) for place, one in zip(read_back, scored, strict=True)]
    assert sum(same) >= 0.98 * len(same)


def _floats(rows: list[list[float]]) -> object:
    import numpy as np

    return np.array(rows, dtype=np.float32)


def test_a_stopped_run_goes_on(
    corpus: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    settings = replace(TINY, teachers=(), assistants=(), students=TINY.students[:1])
    said: list[str] = []

    class StopError(Exception):
        """Ctrl-C, for a test."""

    def say(line: str) -> None:
        said.append(line)
        if line.startswith("first: epoch 2 "):
            raise StopError

    def stop(*_: object) -> None:
        raise StopError

    with pytest.raises(StopError):
        train_small(corpus, tmp_path / "out", say=say, settings=settings)
    said.clear()
    with pytest.raises(ConfigError, match="unfinished work of other texts, settings or another"):
        train_small(corpus, tmp_path / "out", say=said.append, settings=settings, seed=1)
    assert said == []
    monkeypatch.setattr(recipe, "measured", stop)
    with pytest.raises(StopError), caplog.at_level(logging.INFO):
        train_small(corpus, tmp_path / "out", say=said.append, settings=settings)
    assert not (tmp_path / "out").exists()
    assert caplog.messages == []  # not a line for every tensor
    monkeypatch.undo()

    train_small(corpus, tmp_path / "out", say=said.append, settings=settings)

    assert not [line for line in said if line.startswith("first: epoch 2 ")]
    assert [line for line in said if line.startswith("first: epoch 3 ")]
    assert is_packed(tmp_path / "out")
    assert [path.name for path in tmp_path.iterdir()] == ["out"]
    with pytest.raises(ConfigError, match="out exists"):
        train_small(corpus, tmp_path / "out", say=said.append, settings=settings)


def test_corrections_change_what_they_correct_and_little_else(folder: Path, tmp_path: Path) -> None:
    draw = random.Random(3)
    slang = [f"this beat is {word} number{draw.randint(0, 999)}" for word in ("sick", "ill") * 20]
    base = OnnxModel(folder, remembered=0)
    others = _posts(11, 120)

    tuned = OnnxModel(
        fine_tune(
            folder,
            [Labelled(text, "positive") for text in slang],
            tmp_path / "tuned",
            epochs=20,  # without what holds it back, it would call anything positive by then
            say=print,
            rate=1e-2,
        ),
        remembered=0,
    )

    assert {_likeliest(one) for one in tuned.score(slang)} == {"positive"}
    assert sum(_likeliest(one) == "positive" for one in base.score(slang)) < len(slang)
    texts = [text for text, _ in others]
    pairs = zip(base.score(texts), tuned.score(texts), strict=True)
    assert sum(_likeliest(a) == _likeliest(b) for a, b in pairs) >= 0.9 * len(texts)
    assert tuned.name.startswith("tuned@")


def test_too_few_corrections_are_refused(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(InvalidError, match="1 corrections are too few"):
        fine_tune(folder, [Labelled("fine", "positive")], tmp_path / "out", say=print)


def test_a_cut_off_base_is_named(folder: Path, tmp_path: Path) -> None:
    broken = tmp_path / "broken"
    broken.mkdir()
    for path in folder.iterdir():
        (broken / path.name).write_bytes(path.read_bytes())
    onnx = broken / "model.onnx"
    onnx.write_bytes(onnx.read_bytes()[:2000])

    with pytest.raises(ConfigError, match="broken cannot be trained further"):
        fine_tune(broken, [Labelled("fine", "positive")] * 4, tmp_path / "out", say=print)
