from __future__ import annotations

import random
from itertools import product

import pytest
from sklearn.metrics import cohen_kappa_score

from analysis.agreement import (
    ENOUGH_POSTS,
    MODELS,
    MOST_PAIRS,
    PEOPLE,
    agreement_of_people,
    agreement_of_two,
)

NEG, NEU, POS = PEOPLE


def _pairs(*cells: int) -> list[tuple[str, str]]:
    """Pairs by how often each of the nine combinations stands, row by row."""
    kinds = product(PEOPLE, PEOPLE)
    return [pair for pair, count in zip(kinds, cells, strict=True) for _ in range(count)]


def test_kappa_is_cohens() -> None:
    # Rows 50, 26, 24; columns 55, 25, 20; the diagonal 44 + 20 + 18 = 82 of 100:
    # expected .50 x .55 + .26 x .25 + .24 x .20 = .388, so kappa = (.82 - .388) / .612.
    found = agreement_of_two(_pairs(44, 4, 2, 6, 20, 0, 5, 1, 18), PEOPLE, PEOPLE)

    assert found["n"] == 100
    assert found["observed"]["value"] == 0.82
    assert found["kappa"]["value"] == pytest.approx(0.432 / 0.612)
    assert found["kappa"]["definition"] == "kappa.v1"
    assert found["confusion"][NEU] == {NEG: 6, NEU: 20, POS: 0}
    assert found["kappa"]["low"] < 0.432 / 0.612 < found["kappa"]["high"]
    assert found["observed"]["low"] < 0.82 < found["observed"]["high"]


def test_kappa_and_its_interval_are_those_of_other_libraries() -> None:
    rng = random.Random(3)
    pairs = [(a := rng.choice(PEOPLE), a if rng.random() < 0.6 else rng.choice(MODELS))
             for _ in range(200)]  # fmt: skip
    first, second = zip(*pairs, strict=True)

    found = agreement_of_two(pairs, PEOPLE, MODELS)["kappa"]

    assert found["value"] == pytest.approx(cohen_kappa_score(first, second))
    # The asymptotic interval of this sample is about 0.09 to each side.
    assert 0.05 < found["value"] - found["low"] < 0.14
    assert 0.05 < found["high"] - found["value"] < 0.14


def test_the_same_labels_give_the_same_interval() -> None:
    pairs = _pairs(9, 1, 1, 2, 8, 0, 1, 1, 7)

    assert agreement_of_two(pairs, PEOPLE, PEOPLE) == agreement_of_two(pairs[::-1], PEOPLE, PEOPLE)


def test_what_nobody_knows_is_none() -> None:
    nothing = {"value": None, "low": None, "high": None}

    empty = agreement_of_two([], PEOPLE, MODELS)
    constant = agreement_of_two([(POS, POS)] * 9, PEOPLE, PEOPLE)
    alone = agreement_of_people([{"ann": POS}, {}])

    assert (empty["n"], empty["observed"]) == (0, nothing)
    assert {**empty["kappa"], "definition": None} == {**nothing, "definition": None}
    assert constant["observed"]["value"] == 1
    assert constant["kappa"]["value"] is None  # chance would have given as much
    assert (alone["n"], alone["people"], alone["pairs"]) == (0, 0, [])
    assert (alone["observed"]["value"], alone["alpha"]["value"]) == (None, None)


def test_a_models_unsure_agrees_with_nobody() -> None:
    found = agreement_of_two([(POS, POS), (NEG, NEG), (NEU, "unsure")], PEOPLE, MODELS)

    assert found["observed"]["value"] == pytest.approx(2 / 3)
    assert found["confusion"][NEU]["unsure"] == 1


def test_a_few_posts_have_a_kappa_without_an_interval() -> None:
    few = agreement_of_two([(POS, NEG), *[(NEG, NEG)] * (ENOUGH_POSTS - 2)], PEOPLE, PEOPLE)
    enough = agreement_of_two([(POS, NEG), *[(NEG, NEG)] * (ENOUGH_POSTS - 1)], PEOPLE, PEOPLE)

    assert (few["kappa"]["value"], few["kappa"]["low"], few["kappa"]["high"]) == (0, None, None)
    assert enough["kappa"]["low"] is not None


def test_alpha_is_krippendorffs() -> None:
    # Two people, four posts: ++, +-, --, --. Coincidences: n = 8, + 3, - 5; observed
    # disagreement 2/8, expected 2 x 3 x 5 / (8 x 7); alpha = 1 - (2/8) / (30/56).
    two = [
        {"a": POS, "b": POS},
        {"a": POS, "b": NEG},
        {"a": NEG, "b": NEG},
        {"a": NEG, "b": NEG},
    ]

    found = agreement_of_people([*two, {"a": POS}])

    assert (found["n"], found["people"]) == (4, 2)
    assert found["observed"]["value"] == pytest.approx(0.75)
    assert found["alpha"]["value"] == pytest.approx(1 - (2 / 8) / (30 / 56))
    assert found["alpha"]["definition"] == "alpha.v1"


def test_alpha_takes_any_number_of_people_a_post() -> None:
    # By hand: posts (+++), (++-), (--). Within a post of m people each pair weighs 1 / (m - 1):
    # observed disagreement (0 + 4/2 + 0) / 8; totals + 5, - 3; expected 2 x 5 x 3 / (8 x 7).
    posts = [
        {"a": POS, "b": POS, "c": POS},
        {"a": POS, "b": POS, "c": NEG},
        {"b": NEG, "d": NEG},
    ]

    found = agreement_of_people(posts)

    assert (found["n"], found["people"]) == (3, 4)
    assert found["observed"]["value"] == pytest.approx(1 - (4 / 2) / 8)
    assert found["alpha"]["value"] == pytest.approx(1 - (2 / 8) / (30 / 56))
    assert [pair["people"] for pair in found["pairs"]][:2] == [["a", "b"], ["a", "c"]]
    assert found["pairs"][0]["n"] == 2


def test_chance_alone_gives_about_nothing() -> None:
    rng = random.Random(5)
    posts = [{who: rng.choice(PEOPLE) for who in "abc"} for _ in range(2_000)]

    alpha = agreement_of_people(posts)["alpha"]

    assert abs(alpha["value"]) < 0.05
    assert alpha["low"] < 0 < alpha["high"]


def test_the_pairs_with_the_most_posts_in_common_are_shown() -> None:
    everyone = {f"p{number:02}": POS for number in range(10)}
    posts = [everyone, {"p08": POS, "p09": NEG}]

    pairs = agreement_of_people(posts)["pairs"]

    assert len(pairs) == MOST_PAIRS
    assert (pairs[0]["people"], pairs[0]["n"]) == (["p08", "p09"], 2)
