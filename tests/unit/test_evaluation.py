"""Figures of labels: by hand, and as scikit-learn has them."""

from __future__ import annotations

import json
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import metrics

from enrichment.calibration import Calibration, calibration_of
from enrichment.evaluation import Evaluation, compare, data_digest, evaluate
from enrichment.evaluation_figures import Figures, compared, figures_of, intervals_of, mcnemar
from enrichment.label_schemes import LABELS
from enrichment.labelled import Labelled
from enrichment.language import Detected
from enrichment.sentiment import Label, ScoringError, Sentiment
from lake.errors import InvalidError

LABEL = st.sampled_from(LABELS)
PAIRS = st.lists(st.tuples(LABEL, LABEL), min_size=1, max_size=60)
SLOWLY = settings(deadline=None, max_examples=40)
SHARE = st.floats(0, 1, allow_nan=False).filter(lambda share: share == 0 or share > 1e-9)


def said(label: Label, *shares: float) -> Sentiment:
    neg, neu, pos = shares or (0.0, 0.0, 0.0)
    return Sentiment(label, pos - neg, pos, neu, neg)


class Book:
    """A model that knows the answers by heart; a text it does not know is poison."""

    def __init__(self, answers: dict[str, Sentiment], name: str = "book") -> None:
        self.answers = answers
        self.name = name
        self.asked: list[str] = []

    def score(
        self, texts: Sequence[str], *, vader: Sequence[Sentiment] | None = None
    ) -> list[Sentiment]:
        self.asked += texts
        if missing := [text for text in texts if text not in self.answers]:
            raise ScoringError(f"unknown: {missing[0]}")
        return [self.answers[text] for text in texts]


def test_a_small_matrix_by_hand():
    true = ["negative"] * 4 + ["neutral"] * 3 + ["positive"] * 3
    model = ["negative", "negative", "positive", "neutral"] + ["neutral"] * 3
    found = figures_of(true, [*model, "positive", "negative", "neutral"])

    assert found.confusion == ((2, 1, 1), (0, 3, 0), (1, 1, 1))
    assert found.accuracy == 0.6
    assert found.macro_recall == pytest.approx((2 / 4 + 3 / 3 + 1 / 3) / 3)
    assert found.macro_f1 == pytest.approx((4 / 7 + 6 / 8 + 2 / 5) / 3)
    assert found.classes["negative"].precision == pytest.approx(2 / 3)
    assert found.shares[0] == (0.5, 0.25, 0.25)
    assert found.missing == ()


def test_a_class_that_nobody_wrote_is_left_out_of_means_and_named():
    found = figures_of(["negative", "positive"], ["negative", "neutral"])

    assert found.missing == ("neutral",)
    assert (found.macro_recall, found.macro_f1) == (0.5, 0.5)
    assert found.classes["neutral"].precision == 0.0
    assert (found.classes["neutral"].recall, found.classes["neutral"].f1) == (None, None)
    assert found.classes["positive"].precision is None
    assert found.shares[1] == (None, None, None)


@SLOWLY
@given(PAIRS)
def test_figures_are_those_of_scikit_learn(pairs: list[tuple[str, str]]):
    true, model = zip(*pairs, strict=True)
    present = [label for label in LABELS if label in true]
    found = figures_of(true, model)

    precision, recall, f1, support = metrics.precision_recall_fscore_support(
        true, model, labels=present, zero_division=0
    )
    assert found.confusion == tuple(
        map(tuple, metrics.confusion_matrix(true, model, labels=list(LABELS)).tolist())
    )
    assert found.accuracy == pytest.approx(metrics.accuracy_score(true, model))
    assert found.macro_f1 == pytest.approx(f1.mean())
    assert found.macro_recall == pytest.approx(recall.mean())
    for place, label in enumerate(present):
        one = found.classes[label]
        assert (one.support, one.recall) == (support[place], pytest.approx(recall[place]))
        assert one.f1 == pytest.approx(f1[place])
        assert (one.precision or 0.0) == pytest.approx(precision[place])


@SLOWLY
@given(st.lists(st.tuples(st.integers(0, 2), SHARE, SHARE, SHARE), min_size=1, max_size=40))
def test_brier_score_and_log_loss_are_those_of_scikit_learn(rows):
    true = np.array([row[0] for row in rows])
    shares = np.array([row[1:] for row in rows])
    has = shares.sum(axis=1) > 0
    found = calibration_of(true, shares.argmax(axis=1), shares)

    if not has.any():
        assert found is None
        return
    assert found is not None
    even = shares[has] / shares[has].sum(axis=1, keepdims=True)
    assert found.n == has.sum()
    assert found.log_loss == pytest.approx(metrics.log_loss(true[has], even, labels=[0, 1, 2]))
    assert found.brier == pytest.approx(
        metrics.brier_score_loss(true[has], even, labels=[0, 1, 2], scale_by_half=False)
    )
    assert 0 <= found.ece <= 1
    assert sum(one.n for one in found.bins) == found.n


def test_calibration_by_hand():
    """Two at 0.9 of which one is right; two at 0.6, both right; one has no probabilities."""
    shares = np.array(
        [[0.9, 0.1, 0.0], [0.0, 0.1, 0.9], [0.2, 0.6, 0.2], [0.6, 0.4, 0.0], [0.0, 0.0, 0.0]]
    )
    found = calibration_of(np.array([0, 1, 1, 0, 2]), np.array([0, 2, 1, 0, 1]), shares)

    assert found is not None
    assert [(one.low, one.high, one.n) for one in found.bins] == [(0.5, 0.6, 2), (0.8, 0.9, 2)]
    assert [one.accuracy for one in found.bins] == [1.0, 0.5]
    assert found.ece == pytest.approx((2 * 0.4 + 2 * 0.4) / 4)
    squares = [0.01 + 0.01, 0.81 + 0.81, 0.04 + 0.16 + 0.04, 0.16 + 0.16]
    assert found.brier == pytest.approx(sum(squares) / 4)
    assert found.log_loss == pytest.approx(-np.log([0.9, 0.1, 0.6, 0.6]).mean())
    assert Calibration.from_json(json.loads(json.dumps(found.to_json()))) == found


def test_intervals_hold_the_figure_narrow_with_more_texts_and_do_not_change():
    few = figures_of(["negative", "neutral", "positive"] * 10, ["negative"] * 15 + ["neutral"] * 15)
    many = Figures(tuple(tuple(100 * count for count in row) for row in few.confusion))
    sure = Figures(((5, 0, 0), (0, 0, 0), (0, 0, 5)))

    for one in (few, many):
        ends = intervals_of(one)
        assert ends.accuracy[0] < one.accuracy < ends.accuracy[1]
        assert ends.macro_f1[0] < one.macro_f1 < ends.macro_f1[1]
        assert ends == intervals_of(one)
    width, narrow = (intervals_of(one).macro_f1 for one in (few, many))
    assert narrow[1] - narrow[0] < (width[1] - width[0]) / 5
    assert intervals_of(sure).accuracy == (1.0, 1.0)
    # The standard error of a share, https://en.wikipedia.org/wiki/Standard_error
    spread = (many.accuracy * (1 - many.accuracy) / many.n) ** 0.5
    low, high = intervals_of(many).accuracy
    assert high - low == pytest.approx(2 * 1.96 * spread, rel=0.1)


@pytest.mark.parametrize(
    ("split", "p"),
    [((0, 0), 1.0), ((5, 5), 1.0), ((0, 1), 1.0), ((1, 5), 0.21875), ((10, 0), 2 / 1024),
     ((3, 12), 0.03515625)],
)  # fmt: skip
def test_mcnemars_exact_test_by_hand(split: tuple[int, int], p: float):
    assert mcnemar(*split) == mcnemar(*reversed(split)) == pytest.approx(p)


@SLOWLY
@given(st.integers(0, 400), st.integers(0, 400))
def test_mcnemars_exact_test_is_scipys_binomial_test(one: int, other: int):
    from scipy.stats import binomtest

    expected = binomtest(one, one + other, 0.5).pvalue if one + other else 1.0
    assert mcnemar(one, other) == pytest.approx(expected, rel=1e-9)


def test_two_models_are_compared_text_by_text():
    true = [*LABELS] * 40
    worse = ["neutral"] * 120
    better = [label if place % 4 else "neutral" for place, label in enumerate(true)]

    found = compared(true, better, worse)

    assert (found.n, found.only_second) == (120, 0)
    assert found.only_first == sum(
        label == one != "neutral" for label, one in zip(true, better, strict=True)
    )
    difference = figures_of(true, better).macro_f1 - figures_of(true, worse).macro_f1
    assert found.difference == pytest.approx(difference)
    assert 0 < found.low < difference < found.high
    assert found.p < 1e-9
    same = compared(true, better, better)
    assert (same.difference, same.low, same.high, same.p) == (0, 0, 0, 1)


def test_unsure_counts_by_its_highest_share_and_poison_as_neutral():
    texts = [
        Labelled("sure", "positive"), Labelled("unsure", "negative"), Labelled("tie", "negative"),
        Labelled("poison", "positive"), Labelled("  ", "neutral"),
    ]  # fmt: skip
    model = Book(
        {
            "sure": said("positive", 0.1, 0.2, 0.7),
            "unsure": said("unsure", 0.45, 0.15, 0.4),
            "tie": said("unsure", 0.4, 0.2, 0.4),
        }
    )

    found = evaluate(model, texts)

    assert found.answers is not None
    assert found.answers.said == ("positive", "negative", "negative", "neutral", "neutral")
    assert (found.unsure, found.failed, found.accuracy) == (0.4, 1, 0.8)
    assert found.calibration is not None
    assert found.calibration.n == 3
    assert "  " not in model.asked
    assert found.texts_per_s is not None
    assert found.texts_per_s > 0


def test_vaders_shares_are_no_probabilities():
    model = Book({"a": said("positive", 0.0, 0.8, 0.2)}, "vader-3.3.2")

    found = evaluate(model, [Labelled("a", "positive")])

    assert found.accuracy == 1.0
    assert (found.unsure, found.calibration) == (None, None)


def test_every_text_is_told_once_as_the_batches_go_on():
    texts = [Labelled(f"text {i}", LABELS[i % 3]) for i in range(1_201)]
    model = Book({each.text: said("neutral", 0, 1, 0) for each in texts})
    told: list[int] = []

    found = evaluate(model, texts, on_batch=told.append)

    assert told == [500, 1_000, 1_201]
    assert found.n == 1_201
    assert found.accuracy == pytest.approx(400 / 1_201)
    assert [text for text in model.asked if text.startswith("text")] == [x.text for x in texts]


def test_languages_come_from_the_file_or_are_detected():
    answers = {"gut": said("positive", 0, 0, 1), "bad": said("negative", 1, 0, 0)}
    german = [Labelled("gut", "positive", "de")] * 30
    told = [*german, *[Labelled("bad", "negative", "en")] * 29, Labelled("bad", "negative")]
    untold = [Labelled(each.text, each.label) for each in told]

    by_file = evaluate(Book(answers), told, detect=lambda texts: [None for _ in texts])
    detected = evaluate(
        Book(answers),
        untold,
        detect=lambda texts: [Detected("de", 0.9) if x == "gut" else None for x in texts],
    )
    unknown = evaluate(Book(answers), untold)

    assert (by_file.languages_from, by_file.languages_left_out) == ("file", 30)
    assert {name: one.n for name, one in by_file.languages.items()} == {"de": 30}
    assert (detected.languages_from, detected.languages) == ("detected", by_file.languages)
    assert (unknown.languages_from, unknown.languages, unknown.languages_left_out) == (None, {}, 0)


def test_an_evaluation_survives_json():
    texts = [Labelled(f"{i}", LABELS[i % 2], "en") for i in range(40)]
    shares = [said("negative", 0.7, 0.2, 0.1), said("unsure", 0.3, 0.4, 0.3)]
    found = evaluate(Book({each.text: shares[i % 2] for i, each in enumerate(texts)}), texts)

    values = json.loads(json.dumps(found.to_json()))

    assert Evaluation.from_json(values) == found
    assert values["accuracy"] == values["macro_f1"] == values["macro_recall"] == 1.0
    assert values["missing_classes"] == ["positive"]
    assert Evaluation.from_json(values).answers is None


def test_the_digest_is_of_the_set_and_not_of_its_order():
    one, two, three = Labelled("a", "neutral"), Labelled("b", "neutral"), Labelled("a", "positive")

    assert data_digest([one, two]) == data_digest([two, Labelled("a", "neutral", "en", "7")])
    different = [[one], [one, one], [one, one, one], [one, two], [three, two], [one, two, three]]
    assert len({data_digest(each) for each in different}) == len(different)


def test_only_evaluations_of_the_same_texts_are_compared():
    model = Book({"a": said("neutral", 0, 1, 0), "b": said("positive", 0, 0, 1)})
    first = evaluate(model, [Labelled("a", "neutral"), Labelled("b", "negative")])
    other = evaluate(model, [Labelled("a", "neutral")])

    assert compare(first, first).p == 1.0
    with pytest.raises(InvalidError, match="not evaluated on the same texts"):
        compare(first, other)
    with pytest.raises(InvalidError, match="evaluate again"):
        compare(first, Evaluation.from_json(first.to_json()))
    with pytest.raises(InvalidError, match="no labelled text"):
        evaluate(model, [])
