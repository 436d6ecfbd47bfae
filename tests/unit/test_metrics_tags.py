"""Metrics 36 and 37: a hashtag's counter, and its grade."""

from __future__ import annotations

from typing import Any

import pytest

from analysis.hashtag_grade import Use, current_thresholds, grade, graded, panel_in, ranks
from analysis.tag_counter import Snapshot, counter_rows, growth
from lake import times

NOON = times.from_text("2026-03-01T12:00:00Z")
THREE = times.from_text("2026-03-01T15:00:00Z")
DAY = times.from_text("2026-03-01")
NEXT = times.from_text("2026-03-02")


def test_36_a_totals_growth_is_its_difference_over_the_hours_between() -> None:
    found = growth([Snapshot(NOON, {"posts": 100}), Snapshot(THREE, {"posts": 160})], "posts")

    assert found == {"value": 20, "hours": 3, "n": 2, "missing": 0}


def test_36_a_total_may_shrink() -> None:
    found = growth([Snapshot(NOON, {"posts": 100}), Snapshot(THREE, {"posts": 97})], "posts")

    assert found["value"] == -1


def test_36_one_snapshot_tells_no_growth_and_a_missing_number_is_not_0() -> None:
    one = Snapshot(NOON, {"posts": 100})

    assert growth([one], "posts")["value"] is None
    assert growth([one, Snapshot(THREE, {"views": 5})], "posts") == {
        "value": None,
        "hours": 0,
        "n": 2,
        "missing": 1,
    }
    assert growth([one, one], "posts")["value"] is None  # no time between them
    assert growth([], "posts")["value"] is None


def test_36_a_period_that_still_runs_counts_the_hours_that_have_passed() -> None:
    whole = Snapshot(NEXT, {"posts": 48}, DAY, NEXT)
    running = Snapshot(NOON, {"posts": 12}, DAY, NEXT)

    assert growth([whole], "posts")["value"] == 2
    assert growth([running], "posts") == {"value": 1, "hours": 12, "n": 1, "missing": 0}


def hit(at: str, posts: int | None, **more: Any) -> dict[str, Any]:
    metrics = {} if posts is None else {"posts": posts}
    source = {"@timestamp": at, "platform": "mastodon", "metrics": metrics, **more}
    return {"_source": source}


def test_36_each_source_counts_apart_and_periods_apart_from_totals() -> None:
    period = {"start": "2026-03-01T00:00:00.000Z", "end": "2026-03-02T00:00:00.000Z"}
    answer = {
        "hits": {
            "hits": [
                hit("2026-03-03T00:00:00.000Z", 24, source="a.example", period=period),
                hit("2026-03-03T00:00:00.000Z", 30, source="b.example"),
                hit("2026-03-02T00:00:00.000Z", 6, source="b.example"),
                hit("2026-03-02T00:00:00.000Z", None),
            ]
        }
    }

    rows = counter_rows(answer)

    assert [(row["source"], row["counts"]) for row in rows] == [
        (None, "total"),
        ("a.example, periods", "periods"),
        ("b.example", "total"),
    ]
    assert [row["growth_per_h"]["posts"]["value"] for row in rows] == [None, 1, 1]
    assert rows[2]["latest"]["posts"] == 30
    assert rows[1]["snapshots"][0]["from"] == period["start"]
    assert rows[1]["snapshots"][0]["authors"] is None


def panel(count: int = 40) -> list[Use]:
    return [Use(f"t{n}", n, float(n), float(n)) for n in range(1, count + 1)]


@pytest.mark.parametrize(
    ("use", "expected"),
    [
        (Use("me", 2, 40, 40), "unused"),
        (Use("me", 0), "unused"),
        (Use("me", 39, 3, 3), "overused"),
        (Use("me", 39, 39, 39), "great"),
        (Use("me", 20, 39, 39), "great"),
        (Use("me", 20, 20, 20), "good"),
        (Use("me", 20, 39, None), "great"),
        (Use("me", 20, None, None), None),
    ],
)
def test_37_a_hashtag_is_graded_among_the_others(use: Use, expected: str | None) -> None:
    found = graded(use, panel(), 10.0, exact=True)

    assert found["value"] == expected
    assert found["n"] == 40
    assert found["thresholds"] == "hashtag_grade.v1"


def test_37_a_small_panel_grades_nobody() -> None:
    least = current_thresholds().least_tags

    assert graded(Use("me", 1), panel(least - 1), 1.0, exact=True)["value"] is None
    assert graded(Use("me", 1), panel(least), 1.0, exact=True)["value"] == "unused"


def test_37_ranks_are_among_those_that_tell() -> None:
    others = [Use("a", 1, None, 10), Use("b", 3, 5, None)]

    found = ranks(Use("me", 2, 5, None), others, 2.0)

    assert found == {"posts_per_h": 0.5, "reshares_per_h": 0.5, "views_per_h": None}


def test_37_without_hours_there_are_no_rates_and_no_grade() -> None:
    found = graded(Use("me", 5, 5, 5), panel(), None, exact=True)

    assert found["rates"] == {"posts_per_h": None, "reshares_per_h": None, "views_per_h": None}
    assert found["value"] is None


def test_37_where_a_grade_begins_it_is_that_grade() -> None:
    line = current_thresholds()

    def of(posts: float, response: float) -> str | None:
        found = {"posts_per_h": posts, "reshares_per_h": response, "views_per_h": None}
        return grade(found, line)

    assert of(line.unused_below, 0.5) == "good"
    assert of(line.unused_below - 0.01, 0.99) == "unused"
    assert of(0.5, line.great_from) == "great"
    assert of(line.overused_from, line.overused_response_below - 0.01) == "overused"
    assert of(line.overused_from - 0.01, line.overused_response_below - 0.01) == "good"


def test_37_the_panel_is_of_the_other_hashtags() -> None:
    stats = {"shares": {"sum": 4.0, "count": 2}, "views": {"sum": 0.0, "count": 0}}
    buckets = [{"key": key, "doc_count": 9, **stats} for key in ("other", "me")]
    tags = {"buckets": buckets, "doc_count_error_upper_bound": 3}

    uses, exact = panel_in({"aggregations": {"tags": tags}}, "me")

    assert uses == [Use("other", 9, 4.0, None)]
    assert exact is False
