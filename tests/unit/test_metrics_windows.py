"""Before, during and after, and age: the vectors of the metric table, each under its number."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.ageing import (
    Ages,
    Step,
    engagement_at,
    gained_per_h,
    half_life,
    lost,
    snapshots_in,
    steps,
)
from analysis.coverage import Seen
from analysis.lift import (
    TOO_FEW,
    lift,
    rate_ratio_interval,
    retention,
    retention_of_lift,
    trend,
)
from analysis.windows import length_of, watch, windows_of
from lake.errors import InvalidError

START = datetime(2026, 3, 1, tzinfo=UTC)
DAY = timedelta(days=1)
LATER = START + 1000 * DAY
TARGET = ("x", "acme")


def test_metric_24_the_windows_are_as_long_as_the_campaign_unless_a_length_is_asked() -> None:
    own = windows_of(START, START + 4 * DAY, length=None, now=LATER)
    week = windows_of(START, START + 4 * DAY, length=7 * DAY, now=LATER)

    assert list(own) == ["before", "during", "after"]
    assert (own["before"].start, own["after"].end) == (START - 4 * DAY, START + 8 * DAY)
    assert (week["before"].start, week["after"].end) == (START - 7 * DAY, START + 11 * DAY)
    assert week["during"] == own["during"]


@given(
    st.timedeltas(timedelta(milliseconds=1), timedelta(days=5000)),
    st.none() | st.timedeltas(timedelta(hours=1), timedelta(days=5000)),
    st.timedeltas(timedelta(days=-9000), timedelta(days=19_000)),
)
def test_metric_24_the_windows_touch_and_end_now_at_the_latest(
    campaign: timedelta, length: timedelta | None, passed: timedelta
) -> None:
    now, end = START + passed, START + campaign
    before, during, after = windows_of(START, end, length=length, now=now).values()

    assert before.end == during.start
    assert during.end == after.start
    assert before.end - before.start == after.end - after.start == (length or campaign)
    for window in (before, during, after):
        if window.until is None:
            assert window.start >= now
            assert window.days is None
        else:
            assert window.start < window.until <= min(window.end, now)
            assert window.complete is (window.end <= now)


def test_metric_24_a_window_that_is_not_over_is_cut_at_now() -> None:
    now = START + timedelta(days=4, hours=12)

    _, during, after = windows_of(START, START + 4 * DAY, length=None, now=now).values()

    assert (during.complete, during.days) == (True, 4)
    assert (after.complete, after.until, after.days) == (False, now, 0.5)


@pytest.mark.parametrize(
    ("text", "hours"), [("36h", 36), ("7d", 168), ("2w", 336), ("99999h", 99_999)]
)
def test_metric_24_a_length_is_hours_days_or_weeks(text: str, hours: int) -> None:
    assert length_of(text) == timedelta(hours=hours)


@pytest.mark.parametrize("text", ["", "0d", "-1d", "7", "7m", "d", "1.5d", "7d ", "7d\n", "٧d"])
def test_metric_24_what_is_no_length_is_refused(text: str) -> None:
    with pytest.raises(InvalidError) as caught:
        length_of(text)

    assert caught.value.errors[0]["field"] == "length"


def test_metric_24_windows_outside_the_calendar_are_refused() -> None:
    with pytest.raises(InvalidError, match="shorter"):
        windows_of(START, START + DAY, length=length_of("99999w") * 2, now=LATER)


def test_metric_24_flows_are_divided_by_the_days_that_were_watched() -> None:
    before, during, _ = windows_of(START, START + 4 * DAY, length=None, now=LATER).values()
    targets = {
        TARGET: Seen(first=START - DAY, last=START + 4 * DAY),
        ("mastodon", "acme"): Seen(first=START, last=START + 2 * DAY),
    }

    seen = watch(before, targets)

    assert (seen.coverage, seen.days, seen.source) == (pytest.approx(1 / 8), 0.5, "covered")
    assert watch(during, targets).days == 3


def test_metric_24_without_polls_the_calendar_counts_and_a_future_window_has_no_days() -> None:
    before, _, after = windows_of(START, START + 4 * DAY, length=None, now=START + DAY).values()

    assert watch(before, {}).source == "calendar"
    assert (watch(before, {}).days, watch(before, {}).coverage) == (4, None)
    unbegun = watch(after, {TARGET: Seen(first=START, last=START + DAY)})
    assert (unbegun.days, unbegun.coverage, unbegun.source) == (None, None, None)


def test_metric_25_lift() -> None:
    interval = rate_ratio_interval(2, 100, 50)

    assert lift(50 / 7, 100 / 7) == pytest.approx(1)
    assert interval == pytest.approx((1.424, 2.808), abs=0.0005)
    assert lift(0, 10) is None
    assert lift(None, 10) is None
    assert lift(10, None) is None
    assert lift(10, 0) == -1


def test_metric_25_an_interval_needs_posts_in_both_windows() -> None:
    assert rate_ratio_interval(0, 0, 50) is None
    assert rate_ratio_interval(None, 50, 0) is None


@given(st.integers(1, 10**6), st.integers(1, 10**6), st.floats(0.01, 100))
def test_metric_25_the_interval_holds_the_ratio_and_swaps_with_the_windows(
    n1: int, n0: int, days: float
) -> None:
    ratio = n1 / n0 * days
    low, high = rate_ratio_interval(ratio, n1, n0) or (0, 0)
    back_low, back_high = rate_ratio_interval(1 / ratio, n0, n1) or (0, 0)

    assert low < ratio < high
    assert (1 / back_high, 1 / back_low) == pytest.approx((low, high))


def test_metric_25_a_trend_is_claimed_only_from_30_posts_and_outside_the_interval() -> None:
    assert trend((1.4, 2.8), 100, 50) == ("up", None)
    assert trend((0.4, 0.8), 50, 100) == ("down", None)
    assert trend((0.9, 1.2), 50, 50) == ("unclear", None)
    assert trend((1.4, 2.8), 30, 30) == ("up", None)
    assert trend((1.4, 90.0), 500, 29) == (None, TOO_FEW)
    assert trend((0.1, 0.2), 29, 500) == (None, TOO_FEW)
    assert TOO_FEW == "fewer than 30 posts"


def test_metric_26_retention_has_two_forms() -> None:
    assert retention(10, 15) == 1.5
    assert retention(0, 15) is None
    assert retention(None, 15) is retention(10, None) is None
    assert retention_of_lift(10, 30, 15) == 0.25
    assert retention_of_lift(10, 30, 5) == -0.25
    assert retention_of_lift(10, 10, 15) is None
    assert retention_of_lift(10, 30, None) is None


@pytest.mark.parametrize(
    ("shots", "age_h", "expected"),
    [
        ([(0.75, 10), (2, 60)], 1, 20),
        ([(0.2, 10), (1.25, 31)], 1, 26),
        ([(0.7, 10), (1.3, 60)], 1, None),
        ([(1, 7)], 1, 7),
        ([(0.9, 7)], 1, None),
        ([(1.1, 7)], 1, None),
        ([], 1, None),
        ([(18, 100), (30, 40)], 24, 70),
        ([(1, 5), (160, 0), (176, 16), (900, 999)], 168, 8),
    ],
)
def test_metric_27_engagement_at_an_age_lies_on_the_line_between_its_neighbours(
    shots: list[tuple[float, float]], age_h: float, expected: float | None
) -> None:
    found = engagement_at(shots, age_h)

    assert found == (None if expected is None else pytest.approx(expected))


@given(
    st.lists(st.tuples(st.floats(0.01, 500), st.integers(-5, 10**6)), unique_by=lambda s: s[0]),
    st.sampled_from([1.0, 24.0, 168.0]),
)
def test_metric_27_it_never_leaves_what_its_neighbours_span(
    shots: list[tuple[float, int]], age_h: float
) -> None:
    shots.sort()
    found = engagement_at(shots, age_h)
    if found is None:
        near = [age for age, _ in shots if abs(age - age_h) <= age_h / 4]
        assert not near or max(a for a, _ in shots) < age_h or shots[0][0] > age_h
    else:
        below = max(shot for shot in shots if shot[0] <= age_h)[1]
        above = min(shot for shot in shots if shot[0] >= age_h)[1]
        assert min(below, above) - 1e-6 <= found <= max(below, above) + 1e-6


def test_metric_28_velocity_keeps_what_was_taken_back_apart() -> None:
    changes = steps([(1, 10), (3, 30), (4, 25), (8, 45)])

    assert changes == [Step(2, 20), Step(1, -5), Step(4, 20)]
    assert [step.per_h for step in changes] == [10, -5, 5]
    assert gained_per_h(changes) == pytest.approx(40 / 7)
    assert lost(changes) == -5
    assert gained_per_h(steps([(1, 10)])) is None


def test_metric_28_half_life() -> None:
    found = half_life([(1, 10), (5, 30), (160, 100), (176, 100)])

    assert found is not None
    assert found.hours == pytest.approx(5 + 155 * 20 / 70)
    assert found.at_most is False
    late = half_life([(30, 60), (160, 100), (176, 100)])
    assert late is not None
    assert (late.hours, late.at_most) == (30, True)
    assert half_life([(1, 10), (5, 30)]) is None
    assert half_life([(1, 0), (160, 0), (176, 0)]) is None


def test_metric_28_a_post_of_one_observation_has_no_velocity_and_is_missing() -> None:
    ages = Ages()

    for shots in ([(1.0, 5.0)], [(1.0, 5.0), (2.0, 4.0)], []):
        ages.add(shots)

    assert ages.at["1h"] == [5, 5]
    assert (ages.gains, ages.lost) == ([0], -1)


def test_metric_27_ages_are_counted_from_the_post_and_never_below_0() -> None:
    hour = 3_600_000
    hits = [
        {"sort": [post, at], "fields": {"engagement.value": [value]}}
        for post, at, value in [
            ("x:1", 9 * hour, 1),
            ("x:1", 10 * hour, 2),
            ("x:1", 11 * hour, 3),
            ("x:1", 11 * hour, 4),
            ("x:2", 11 * hour, 9),
        ]
    ]

    found = snapshots_in(hits, {"x:1": 10 * hour, "x:2": 5 * hour, "x:3": 0})

    assert found == {"x:1": [(0, 2), (1, 4)], "x:2": [(6, 9)]}
