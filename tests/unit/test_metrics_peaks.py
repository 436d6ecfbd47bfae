"""Volume peaks, under the number of the metric table."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.calendar_counts import Stretch, first_posts, stretches, unwatched
from analysis.coverage import Blind, Seen
from analysis.peaks import (
    DEVIATIONS,
    Judged,
    Peak,
    deviations_above,
    deviations_of,
    hour_cuts,
    judged_hours,
    peaks_among,
)
from lake import times
from lake.errors import InvalidError

START = times.from_text("2026-03-30")
HOUR = timedelta(hours=1)
WEEK = timedelta(days=7)


def hours_with(
    posts: dict[datetime, int],
    *,
    usual: int = 4,
    gaps: tuple[tuple[datetime, datetime], ...] = (),
    zone: str = "UTC",
    end: datetime = START + 2 * WEEK,
) -> list[Stretch]:
    """Every hour of four weeks and a window, ``usual`` posts each but where it is said."""
    cuts, whole = hour_cuts(zone, START, end)
    counts = [posts.get(cut, usual) for cut in cuts[:-1]]
    return stretches(cuts, counts, gaps, whole=whole)


def peaks(hours: list[Stretch], deviations: float = 3, zone: str = "UTC") -> list[Peak]:
    judged, _ = judged_hours(hours, START, zone)
    return peaks_among(judged, deviations)


def test_30_z_of_an_hour() -> None:
    assert deviations_above(10, [4, 4, 4, 4]) == (3.0, 4.0, 0.0)
    # Median 25, absolute deviations 15, 5, 5, 15, so MAD 10.
    assert deviations_above(40, [10, 20, 30, 40]) == (pytest.approx(15 / 14.826), 25, 10)
    assert deviations_above(7, [0, 0, 0]) == (7.0, 0, 0)
    assert deviations_above(90, [100, 100, 100]) == (-1.0, 100, 0)


def test_30_the_three_sensitivities() -> None:
    assert [DEVIATIONS[name] for name in ("low", "medium", "high")] == [1.5, 2, 3]
    with pytest.raises(InvalidError, match="must be one of low, medium, high"):
        deviations_of("extreme")


@pytest.mark.parametrize(
    ("posts", "usual", "is_peak"),
    [(10, 4, True), (9, 2, False), (9, 4, False), (39, 20, False), (40, 20, True), (41, 20, True)],
)
def test_30_a_peak_has_ten_posts_twice_the_median_and_enough_deviations(
    posts: int, usual: int, is_peak: bool
) -> None:
    at = START + 5 * HOUR

    found = peaks(hours_with({at: posts}, usual=usual))

    assert [peak.start for peak in found] == ([at] if is_peak else [])


def test_30_an_hour_needs_as_many_deviations_as_are_asked_for() -> None:
    weeks = {START + 5 * HOUR - ago * WEEK: posts for ago, posts in enumerate((30, 4, 10, 16), 1)}
    hours = hours_with(weeks | {START + 5 * HOUR: 30})  # median 13, MAD 6: z = 1.91

    assert len(peaks(hours, 1.5)) == 1
    assert peaks(hours, 2) == []


def test_30_hours_that_touch_are_one_peak() -> None:
    at = START + 5 * HOUR
    posts = {at: 20, at + HOUR: 50, at + 2 * HOUR: 50, at + 4 * HOUR: 30}

    one, other = peaks(hours_with(posts))

    assert (one.start, one.end, one.posts) == (at, at + 3 * HOUR, 120)
    assert one.highest.hour.start == at + HOUR
    assert one.excess == 120 - 3 * 4
    assert (other.start, other.end) == (at + 4 * HOUR, at + 5 * HOUR)


def test_30_the_reference_is_the_same_hour_of_the_week_in_four_weeks() -> None:
    at = START + 5 * HOUR
    every_monday = {at - ago * WEEK: 40 for ago in range(5)}

    assert peaks(hours_with(every_monday)) == []
    [found] = peaks(hours_with(every_monday | {at + 24 * HOUR: 40}))
    assert found.start == at + 24 * HOUR
    [judged] = found.hours
    assert judged.reference.kind == "hour_of_week"
    tuesdays = [at + 24 * HOUR - ago * WEEK for ago in (4, 3, 2, 1)]
    assert [hour.start for hour in judged.reference.hours] == tuesdays


def test_30_without_four_watched_weeks_the_reference_is_the_seven_days_before() -> None:
    at = START + 5 * HOUR
    gap = (at - 3 * WEEK + HOUR / 2, at - 3 * WEEK + HOUR)
    beside = (at - 20 * HOUR, at - 10 * HOUR)

    [found] = peaks(hours_with({at: 40, at - 12 * HOUR: 999}, gaps=(gap, beside)))

    [judged] = found.hours
    assert judged.reference.kind == "trailing_7d"
    starts = [hour.start for hour in judged.reference.hours]
    assert (starts[0], starts[-1], len(starts)) == (at - WEEK, at - HOUR, 7 * 24 - 10)
    assert found.to_json()["reference"] == "trailing_7d"


def test_30_an_hour_with_less_than_a_day_before_it_is_not_judged() -> None:
    seen_from = START + 6 * HOUR
    gaps = ((START - 5 * WEEK, seen_from),)

    judged, missing = judged_hours(hours_with({}, gaps=gaps), START, "UTC")

    assert missing == 30
    assert judged[0].hour.start == seen_from + 24 * HOUR


def test_30_hours_of_the_week_follow_the_clock_of_the_zone() -> None:
    there = ZoneInfo("Europe/Paris")
    noon = datetime(2026, 3, 30, 12, tzinfo=there)  # summer time began the day before

    hours = hours_with({}, zone="Europe/Paris")
    judged = judged_hours(hours, START, "Europe/Paris")[0]

    [found] = [one for one in judged if one.hour.start == noon]
    clocks = [one.start.astimezone(there) for one in found.reference.hours]
    assert [(clock.day, clock.hour) for clock in clocks] == [(2, 12), (9, 12), (16, 12), (23, 12)]


def test_30_an_hour_that_comes_twice_is_compared_with_both() -> None:
    there = ZoneInfo("Europe/Paris")
    twice = datetime(2026, 10, 25, 2, tzinfo=there)
    start = times.from_text("2026-10-28")
    cuts, whole = hour_cuts("Europe/Paris", start, start + WEEK)
    hours = stretches(cuts, [4] * (len(cuts) - 1), (), whole=whole)

    judged, _ = judged_hours(hours, start, "Europe/Paris")

    [found] = [one for one in judged if one.hour.start == twice + WEEK]
    assert len(found.reference.hours) == 5


def test_30_a_window_that_begins_within_an_hour_cuts_it() -> None:
    start, end = START + HOUR / 2, START + 1.75 * HOUR

    cuts, whole = hour_cuts("UTC", start, end)

    assert cuts[0] == START - 4 * WEEK
    assert cuts[-4:] == [START, start, START + HOUR, end]
    assert whole[-4:] == [True, False, False, False]


def test_30_an_hour_that_is_cut_is_in_no_reference() -> None:
    start = START + HOUR / 2
    cuts, whole = hour_cuts("UTC", start, start + 2 * WEEK)
    hours = stretches(cuts, [4] * (len(cuts) - 1), (), whole=whole)

    judged, _ = judged_hours(hours, start, "UTC")

    kinds = {one.hour.start: one.reference.kind for one in judged}
    assert kinds[START + WEEK] == "trailing_7d"
    assert kinds[START + WEEK + HOUR] == "hour_of_week"


def test_30_a_window_has_at_most_5000_hours() -> None:
    assert hour_cuts("UTC", START, START + 5000 * HOUR)
    with pytest.raises(InvalidError, match="ask for a shorter one with from and to"):
        hour_cuts("UTC", START, START + 5001 * HOUR)
    with pytest.raises(InvalidError, match="tz"):
        hour_cuts("Mars/Base", START, START + HOUR)
    with pytest.raises(InvalidError, match="from"):
        hour_cuts("UTC", times.from_text("0001-01-02"), times.from_text("0001-01-03"))


def test_30_what_nobody_watched_of_any_target_is_unknown() -> None:
    end = START + WEEK
    seen = Seen(first=START, last=end, gaps=[Blind(START + HOUR, START + 2 * HOUR, "blocked")])
    later = Seen(first=START + 24 * HOUR, last=end)
    never = Seen(answered=False)
    cannot_tell = Seen(windows=[(START, START + HOUR)])
    targets = {("x", "a"): seen, ("y", "a"): later, ("z", "a"): never, ("t", "a"): cannot_tell}

    gaps = unwatched(targets, None, START, end)

    assert gaps == [(START, START + 24 * HOUR), (START + HOUR, START + 2 * HOUR)]
    assert unwatched({("z", "a"): never}, START + HOUR, START, end) == [(START, START + HOUR)]


def test_30_where_nothing_was_polled_time_counts_from_the_first_post_on() -> None:
    cuts, _ = hour_cuts("UTC", START, START + WEEK)
    counts = [0] * (len(cuts) - 1)
    counts[100] = 3

    first = first_posts(cuts, counts)
    hours = stretches(cuts, counts, unwatched({}, first, cuts[0], cuts[-1]))

    assert [hour.watched for hour in hours] == [False] * 100 + [True] * (len(counts) - 100)
    nothing = unwatched({}, first_posts(cuts, [0] * len(counts)), cuts[0], cuts[-1])
    assert nothing == [(cuts[0], cuts[-1])]


@given(
    st.lists(st.integers(0, 60), min_size=1, max_size=40),
    st.lists(st.tuples(st.integers(0, 120), st.integers(0, 30)), max_size=6),
)
def test_30_a_stretch_is_watched_where_no_gap_touches_it(
    counts: list[int], gaps: list[tuple[int, int]]
) -> None:
    step = timedelta(minutes=20)
    cuts = [START + HOUR * place for place in range(len(counts) + 1)]
    spans = [(START + step * begins, START + step * (begins + length)) for begins, length in gaps]

    found = stretches(cuts, counts, spans)

    assert [one.posts for one in found] == counts
    for one in found:
        touched = any(begins < one.end and ends > one.start for begins, ends in spans)
        assert one.watched is not touched or any(begins == ends for begins, ends in spans)


def test_31_a_peak_is_not_in_its_own_reference() -> None:
    hours = hours_with({}, gaps=((START - 5 * WEEK, START - WEEK),))
    judged, _ = judged_hours(hours, START, "UTC")
    several: list[Judged] = judged[:3]

    assert several[2].reference.hours[-1].start == START + HOUR
    assert Peak(several).reference_spans() == [(START - WEEK, START)]
