"""A model folder behind the seam: right labels, in order, whatever the batch."""

from __future__ import annotations

import math
import threading
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from enrichment.onnx import OnnxModel, softmax
from enrichment.sentiment import ScoringError, Sentiment
from enrichment.tokenizer import Tokenizer
from tests.fakes.model_folders import make_folder

E4 = math.exp(4)


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> OnnxModel:
    return OnnxModel(make_folder(tmp_path_factory.mktemp("models") / "words"), device="cpu")


def test_the_shares_are_the_softmax_of_the_logits(model: OnnxModel) -> None:
    (found,) = model.score(["good"])

    whole = E4 + 1 + 1 / E4
    assert found.label == "positive"
    assert found.p_pos == pytest.approx(E4 / whole)
    assert found.p_neu == pytest.approx(1 / whole)
    assert found.p_neg == pytest.approx(1 / E4 / whole)
    assert found.score == found.p_pos - found.p_neg


def test_texts_of_many_lengths_are_answered_in_order(model: OnnxModel) -> None:
    words = ["good", "bad", "plain"]
    texts = [f"{words[n % 3]} {'x ' * (n * 7 % 40)}{n}" for n in range(300)]

    labels = [found.label for found in model.score(texts)]

    assert labels == ["positive", "negative", "neutral"] * 100


@pytest.mark.parametrize("threads", [1, 3])
def test_a_text_scores_the_same_alone_and_among_others(tmp_path: Path, threads: int) -> None:
    model = OnnxModel(make_folder(tmp_path / "m"), device="cpu", threads=threads, remembered=0)
    texts = [f"{'good ' * (n % 4)}{'bad ' * (n % 3)}{'x ' * (n % 30)} word{n}" for n in range(90)]

    together = model.score(texts)

    assert together == [model.score([text])[0] for text in texts]


def test_equal_texts_are_equal_and_stay_so(model: OnnxModel) -> None:
    first = model.score(["good meh", "bad", "good meh"])
    again = model.score(["good meh"])

    assert first[0] == first[2] == again[0]
    assert first[0] != first[1]


def test_what_is_remembered_is_bounded(tmp_path: Path) -> None:
    model = OnnxModel(make_folder(tmp_path / "m"), device="cpu", remembered=10)

    for start in range(0, 100, 20):
        texts = [f"good {n}" for n in range(start, start + 20)]
        assert {found.label for found in model.score(texts)} == {"positive"}

    assert len(model._known._answers) == 10


@pytest.mark.parametrize("text", ["", "   ", "@ann", "https://example.org/x", "@ann @bob …"])
def test_a_text_without_words_is_neutral(model: OnnxModel, text: str) -> None:
    assert model.score([text]) == [Sentiment("neutral", 0.0, 0.0, 1.0, 0.0)]


def test_no_texts_are_no_sentiments(model: OnnxModel) -> None:
    assert model.score([]) == []


def test_a_very_long_text_is_cut(model: OnnxModel) -> None:
    (found,) = model.score(["good " * 200_000])

    assert found.label == "positive"


def test_shares_below_a_half_are_unsure(model: OnnxModel) -> None:
    (found,) = model.score(["unheard words"])

    assert (found.label, found.score) == ("unsure", 0.0)
    assert found.p_neu == pytest.approx(1 / 3)


def test_half_a_character_is_left_out(model: OnnxModel) -> None:
    assert model.score(["good \ud83d text", "\ud83d"]) == model.score(["good text", ""])


def test_what_the_tokenizer_cannot_read_is_told_without_the_text(model: OnnxModel) -> None:
    with pytest.raises(ScoringError, match="the tokenizer cannot read it") as caught:
        Tokenizer(model.folder).ids(["good", "secret \ud83d text"])

    assert "secret" not in str(caught.value)


def test_a_logit_that_is_no_number_is_told(tmp_path: Path) -> None:
    words = {"good": [0.0, 0.0, 4.0], "poison": [math.nan, 0.0, 0.0], "bad": [4.0, 0.0, 0.0]}
    model = OnnxModel(make_folder(tmp_path / "m", words=words | {"last": [0.0] * 3}), device="cpu")

    with pytest.raises(ScoringError, match="no number"):
        model.score(["good", "poison"])
    assert model.score(["good"])[0].label == "positive"


def test_a_two_label_model_is_never_neutral(tmp_path: Path) -> None:
    labels = ("NEGATIVE", "POSITIVE")
    model = OnnxModel(make_folder(tmp_path / "m", labels=labels), device="cpu")

    good, bad, unknown = model.score(["good", "bad", "unheard"])

    assert (good.label, bad.label) == ("positive", "negative")
    assert good.p_neu == bad.p_neu == 0.0
    assert good.p_pos + good.p_neg == pytest.approx(1)
    assert (unknown.label, unknown.score) == ("negative", 0.0)


def test_stars_are_summed(tmp_path: Path) -> None:
    labels = ("1 star", "2 stars", "3 stars", "4 stars", "5 stars")
    words = {"torn": [0.0, 0.0, 0.0, 3.0, 3.0], "low": [3.0, 3.0, 0.0, 0.0, 0.0]}
    model = OnnxModel(make_folder(tmp_path / "m", labels=labels, words=words), device="cpu")

    torn, low = model.score(["torn", "low"])

    assert torn.label == "positive"
    assert torn.p_pos == pytest.approx(2 * math.exp(3) / (2 * math.exp(3) + 3))
    assert low.label == "negative"


def test_vaders_scores_are_taken_or_made(tmp_path: Path) -> None:
    model = OnnxModel(make_folder(tmp_path / "m", vader=True, manifest={"features": ["vader"]}))
    sad = Sentiment("negative", -0.9, 0.0, 0.3, 0.7)

    (made,) = model.score(["what a wonderful day"])
    (given,) = model.score(["what a wonderful day"], vader=[sad])

    assert made.label == "positive"
    assert given.label == "negative"
    assert given.p_neg == pytest.approx(
        math.exp(3.6) / (math.exp(3.6) + 1 + math.exp(-3.6)), rel=1e-6
    )


def test_several_threads_may_score_at_once(model: OnnxModel) -> None:
    wrong: list[str] = []

    def work(number: int) -> None:
        for turn in range(20):
            texts = [f"good {number} {turn} {n}" for n in range(20)]
            wrong.extend(found.label for found in model.score(texts) if found.label != "positive")

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert wrong == []


def test_the_name_changes_when_the_scores_may(tmp_path: Path) -> None:
    one = OnnxModel(make_folder(tmp_path / "a" / "same"), device="cpu")
    words = {"good": [0.0, 1.0, 2.0], "bad": [2.0, 1.0, 0.0]}
    other = OnnxModel(make_folder(tmp_path / "b" / "same", words=words), device="cpu")
    alike = OnnxModel(make_folder(tmp_path / "c" / "same"), device="cpu")

    assert one.name.startswith("same@")
    assert one.name != other.name
    assert one.name == alike.name


@settings(deadline=None)
@given(st.lists(st.floats(-1e6, 1e6), min_size=2, max_size=6))
def test_softmax_sums_to_one(logits: list[float]) -> None:
    shares = softmax(np.array([logits]))

    assert shares.sum() == pytest.approx(1)
    assert shares[0, int(np.argmax(logits))] == shares.max()
