"""Every row of the metric table has a test that bears its number; and those that no topic has."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from analysis.authors import Author
from analysis.definitions import definitions, tag
from analysis.envelope import Context, Envelope
from analysis.population import Population
from analysis.profile import days_asked, posts_numbers
from analysis.rankings import ORDERS
from analysis.reach import Efficiency, estimated_reach
from analysis.share_of_voice import Brand, brand_rows, positive_shares
from analysis.summary import multiplier_metric, posts_per_user, summary_metrics
from enrichment.label_rules import sentiment
from lake import times

METRICS = range(1, 42)
ROOMS = ("analysis", "api")
CONTEXT = Context("2026-03-08T00:00:00.000Z", None)
_TESTS = Path(__file__).parents[1]
_ROOT = _TESTS.parent
_NAME = re.compile(r"^(?:async )?def test_(?:metric_)?(\d+(?:_\d+)*)_\w", re.MULTILINE)


def _numbers(text: str) -> set[int]:
    """The numbers that tests of a file are named by, as in ``test_metric_10_11_rates``."""
    return {int(part) for name in _NAME.findall(text) for part in name.split("_")}


def test_every_metric_has_a_test_of_its_number() -> None:
    files = sorted(_TESTS.rglob("test_metrics_*.py"))
    found = set[int]().union(*(_numbers(path.read_text(encoding="utf-8")) for path in files))

    assert sorted(set(METRICS) - found) == []


def test_every_metric_is_defined_and_every_definition_is_an_answers() -> None:
    code = [path.read_text("utf-8") for room in ROOMS for path in (_ROOT / room).rglob("*.py")]

    assert sorted(set(METRICS) - {row.number for row in definitions()}) == []
    # What answers with a number names its definition.
    unused = {row.id for row in definitions() if not any(f'"{row.id}"' in text for text in code)}
    assert unused == set()


def test_a_definitions_versions_follow_each_other() -> None:
    versions: dict[str, list[int]] = {}
    for row in sorted(definitions(), key=lambda one: one.version):
        versions.setdefault(row.id, []).append(row.version)

    assert versions == {name: list(range(1, len(own) + 1)) for name, own in versions.items()}
    assert tag("potential_impressions") == "potential_impressions.v2"


def test_metric_3_posts_per_user() -> None:
    body = {"authors": {"value": 3}, "authored": {"value": 12}}
    answer = {"hits": {"total": {"value": 14}}, "aggregations": body}
    people = Population([Author(f"x:{name}", posts=4) for name in "abc"])

    found = summary_metrics(answer, people, CONTEXT)["posts_per_user"]

    assert (found["value"], found["n"], found["missing"], found["exact"]) == (4, 14, 2, True)
    assert posts_per_user(2175, 108) == pytest.approx(20.139, abs=0.0005)
    assert posts_per_user(0, 0) is None


def test_metric_3_an_estimated_number_of_users_makes_an_estimate() -> None:
    body = {"authors": {"value": 10_000}, "authored": {"value": 50_000}}
    answer = {"hits": {"total": {"value": 50_000}}, "aggregations": body}
    people = Population([Author("x:a", posts=9)], [Author("x:b", posts=1)], others=9_999.0)

    found = summary_metrics(answer, people, CONTEXT)["posts_per_user"]

    assert (found["value"], found["exact"]) == (5, False)
    users = summary_metrics(answer, people, CONTEXT)["authors"]
    least = 50_000 / (users["value"] + users["error_bound"])
    most = 50_000 / (users["value"] - users["error_bound"])
    assert found["error_bound"] == pytest.approx(most - 5)
    assert 5 - least <= found["error_bound"]


def test_metric_12_13_pooled_rate_by_views() -> None:
    viewed = {"engagement": {"sum": 30.0, "count": 3}, "views": {"sum": 600.0, "count": 3}}
    answer = {"hits": {"total": {"value": 5}}, "aggregations": {"viewed": viewed}}

    found = summary_metrics(answer, Population([]), CONTEXT)["er_views_pooled"]

    assert (found["value"], found["missing"]) == (5.0, 2)


def test_metric_15_own_accounts_and_what_others_added() -> None:
    own = [Author("x:brand", posts=2, followers=50, lowest=50)]
    exposure = Envelope(250, 9, 1, "potential_impressions", CONTEXT, exact=True).to_json()
    exposure |= {"followers_source": "latest", "followers_at_post": 0}

    found = multiplier_metric(own, exposure, CONTEXT)

    assert (found["value"], found["own_impressions"]["value"]) == (2.5, 100)
    assert multiplier_metric([], exposure, CONTEXT)["value"] is None
    guess = multiplier_metric(own, exposure | {"exact": False, "error_bound": 20}, CONTEXT)
    assert (guess["exact"], guess["error_bound"]) == (False, pytest.approx(0.2))


def test_metric_14_an_accounts_day() -> None:
    start, now = times.from_text("2026-03-01"), times.from_text("2026-03-04")
    week = times.from_text("2026-03-08")
    ends = {"min": {"value": 1_772_323_200_000.0}, "max": {"value": 1_772_409_600_000.0}}
    found = {"engagement": {"sum": 70.0, "count": 2}, **ends}
    answer = {"hits": {"total": {"value": 2}}, "aggregations": found}

    def rate(days: float | None, followers: int | None = 1000) -> Any:
        return posts_numbers(answer, followers, days, CONTEXT)["metrics"]["er_daily"]

    assert (rate(7.0)["value"], rate(7.0)["days"]) == (pytest.approx(1), 7)
    assert (rate(None)["value"], rate(None)["days"]) == (pytest.approx(3.5), 2)
    assert rate(0.0)["value"] is rate(7.0, None)["value"] is None
    assert (days_asked(start, week, now), days_asked(start, None, now)) == (3, None)
    assert days_asked(week, week, now) == 0


def test_metric_23_the_share_of_positive_posts() -> None:
    labels = {"a": {"positive": 30, "negative": 60}, "b": {"positive": 10}, "c": {"neutral": 9}}

    assert positive_shares(labels) == {"a": 75, "b": 25, "c": 0}
    assert positive_shares({"a": {"negative": 3}}) == {"a": None}


def test_metric_23_a_large_share_may_be_an_unloved_one() -> None:
    brands = [
        Brand(posts=90, n=90, labels={"positive": 10, "negative": 80}),
        Brand(posts=10, n=10, labels={"positive": 10}),
    ]

    rows = brand_rows({"loud": (), "loved": ()}, brands)

    assert [row["posts"]["share"] for row in rows] == [90, 10]
    assert [row["positive_posts"]["share"] for row in rows] == [50, 50]
    assert [row["net_sentiment"] for row in rows] == [pytest.approx(-70 / 90), 1]


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
