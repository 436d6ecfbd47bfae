"""A model's own labels and the three sides: by a stated rule, or refused."""

from __future__ import annotations

from itertools import permutations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from enrichment.label_rules import UnknownLabelsError, sentiment, sides

NEG, NEU, POS = "negative", "neutral", "positive"


@pytest.mark.parametrize(
    ("labels", "expected"),
    [
        (("negative", "neutral", "positive"), (NEG, NEU, POS)),
        (("POSITIVE", "NEUTRAL", "NEGATIVE"), (POS, NEU, NEG)),
        (("NEG", "NEU", "POS"), (NEG, NEU, POS)),
        (("NEGATIVE", "POSITIVE"), (NEG, POS)),
        (
            ("Very Negative", "Negative", "Neutral", "Positive", "Very Positive"),
            (NEG, NEG, NEU, POS, POS),
        ),
        (("very_negative", "slightly-positive"), (NEG, POS)),
        (("1 star", "2 stars", "3 stars", "4 stars", "5 stars"), (NEG, NEG, NEU, POS, POS)),
        (("5", "4", "3", "2", "1"), (POS, POS, NEU, NEG, NEG)),
        (("LABEL_0", "LABEL_1", "LABEL_2"), (NEG, NEU, POS)),
        (("LABEL_2", "LABEL_0", "LABEL_1"), (POS, NEG, NEU)),
        (("-1", "0", "1"), (NEG, NEU, POS)),
        (("negativo", "neutro", "positivo"), (NEG, NEU, POS)),
    ],
)
def test_a_known_set_of_labels(labels: tuple[str, ...], expected: tuple[str, ...]) -> None:
    assert sides(labels) == expected


@pytest.mark.parametrize(
    ("labels", "lost"),
    [
        (("LABEL_0", "LABEL_1"), ("LABEL_0", "LABEL_1")),
        (("LABEL_0", "LABEL_1", "LABEL_2", "LABEL_3", "LABEL_4"), None),
        (("joy", "anger", "positive", "negative"), ("joy", "anger")),
        (("0", "1", "2"), None),
        (("positive", "neutral"), None),
        (("negative", "Negative", "positive"), None),
        (("entailment", "neutral", "contradiction"), ("entailment", "contradiction")),
        (("2 stars", "3 stars", "4 stars", "5 stars"), None),
    ],
)
def test_labels_that_no_rule_knows_are_named(
    labels: tuple[str, ...], lost: tuple[str, ...] | None
) -> None:
    with pytest.raises(UnknownLabelsError) as caught:
        sides(labels)

    assert caught.value.labels == (lost or labels)


def test_a_given_mapping_comes_first() -> None:
    given_sides = {"LABEL_0": "positive", "LABEL_1": "negative"}

    assert sides(("LABEL_0", "LABEL_1"), given_sides) == (POS, NEG)
    assert sides(("positive", "negative"), {"positive": NEG, "negative": POS}) == (NEG, POS)


def test_a_mapping_that_forgets_a_label_is_refused() -> None:
    with pytest.raises(UnknownLabelsError) as caught:
        sides(("a", "b", "c"), {"a": "positive", "b": "negative"})

    assert caught.value.labels == ("c",)


@pytest.mark.parametrize(
    ("shares", "label", "score"),
    [
        ((0.1, 0.2, 0.7), "positive", 0.6),
        ((0.7, 0.2, 0.1), "negative", -0.6),
        ((0.1, 0.8, 0.1), "neutral", 0.0),
        ((0.0, 0.5, 0.5), "neutral", 0.5),
        ((0.5, 0.0, 0.5), "negative", 0.0),
        ((0.49, 0.02, 0.49), "unsure", 0.0),
        ((0.3, 0.21, 0.49), "unsure", 0.19),
    ],
)
def test_label_and_score_by_metric_18(
    shares: tuple[float, float, float], label: str, score: float
) -> None:
    found = sentiment(*shares)

    assert found.label == label
    assert found.score == pytest.approx(score)
    assert (found.p_neg, found.p_neu, found.p_pos) == shares


@settings(deadline=None)
@given(st.permutations(["1 star", "2 stars", "3 stars", "4 stars", "5 stars"]))
def test_the_order_of_labels_does_not_matter(labels: list[str]) -> None:
    by_label = dict(zip(labels, sides(labels), strict=True))

    assert [by_label[label] for label in sorted(labels)] == [NEG, NEG, NEU, POS, POS]


def test_every_order_of_three_words() -> None:
    for labels in permutations(("NEGATIVE", "Neutral", "pos")):
        assert [side[:3] for side in sides(labels)] == [label[:3].lower() for label in labels]
