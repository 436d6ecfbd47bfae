"""Every row of the metric table has a test that bears its number; and those that no topic has."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from analysis.authors import Author
from analysis.population import Population
from analysis.rankings import ORDERS
from analysis.reach import Efficiency, estimated_reach
from enrichment.label_rules import sentiment

METRICS = range(1, 42)
_TESTS = Path(__file__).parents[1]
_NAME = re.compile(r"^(?:async )?def test_(?:metric_)?(\d+(?:_\d+)*)_\w", re.MULTILINE)


def _numbers(text: str) -> set[int]:
    """The numbers that tests of a file are named by, as in ``test_metric_10_11_rates``."""
    return {int(part) for name in _NAME.findall(text) for part in name.split("_")}


def test_every_metric_has_a_test_of_its_number() -> None:
    files = sorted(_TESTS.rglob("test_metrics_*.py"))
    found = set[int]().union(*(_numbers(path.read_text(encoding="utf-8")) for path in files))

    assert sorted(set(METRICS) - found) == []


def test_a_number_is_read_from_a_tests_name() -> None:
    text = "def test_9_x() -> None:\nasync def test_metric_10_11_y():\ndef test_a_5_z():\n"

    assert _numbers(text) == {9, 10, 11}


def test_metric_9_estimated_reach() -> None:
    people = Population([Author("x:a", posts=1, followers=100_000), Author("x:b", posts=1)])

    found = estimated_reach(people, Efficiency())

    assert (found.value, found.missing) == (20_000, 1)
    assert estimated_reach(people, Efficiency({"x": 0.5})).value == 50_000
    assert Efficiency().key() != Efficiency(default=0.21).key()


def test_metric_18_a_label_needs_half_of_the_probability() -> None:
    sure, torn = sentiment(0.1, 0.2, 0.7), sentiment(0.34, 0.33, 0.33)

    assert (sure.label, sure.score) == ("positive", pytest.approx(0.6))
    assert (torn.label, torn.score) == ("unsure", pytest.approx(-0.01))
    assert sentiment(0.5, 0.3, 0.2).label == "negative"


def test_metric_33_rankings() -> None:
    loud, liked = Author("x:loud", posts=9, followers=10), Author("x:liked", posts=3, followers=10)
    loud.sums["likes"], loud.known["likes"] = 4, 9
    liked.sums["likes"], liked.known["likes"] = 5, 3
    unknown = Author("x:unknown", posts=1, followers=None)
    everyone = [unknown, liked, loud]

    def ranked(by: str) -> list[str]:
        order = ORDERS[by]
        return [one.key for one in sorted(everyone, key=order.place) if order.lists(one)]

    assert ranked("posts") == ["x:loud", "x:liked", "x:unknown"]
    assert ranked("likes") == ["x:liked", "x:loud", "x:unknown"]
    assert ranked("reach") == ["x:liked", "x:loud", "x:unknown"]
    assert "x:unknown" not in ranked("er")
