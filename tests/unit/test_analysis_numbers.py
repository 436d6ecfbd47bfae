"""What must hold of the arithmetic whatever the numbers are."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from random import Random
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.coverage import union_length
from analysis.definitions import definitions, tag
from analysis.numbers import percentile_ranks, shares, wilson
from analysis.timeline import INTERVALS, cuts
from lake.errors import InvalidError

START = datetime(2025, 1, 1, tzinfo=UTC)
COUNTS = st.integers(0, 10**9)
SECONDS = st.integers(-1000, 2000)


@given(st.dictionaries(st.text(max_size=5), COUNTS, min_size=1))
def test_shares_add_up_to_a_hundred(values: dict[str, float | None]) -> None:
    found = [share for share in shares(values).values() if share is not None]

    assert sum(found) == pytest.approx(100 if any(values.values()) else 0)


@given(st.lists(COUNTS, min_size=1), st.randoms())
def test_percentile_ranks_do_not_depend_on_the_order(values: list[int], rng: Random) -> None:
    order = list(range(len(values)))
    rng.shuffle(order)

    ranks = percentile_ranks(values)
    shuffled = percentile_ranks([values[place] for place in order])

    assert shuffled == [ranks[place] for place in order]
    assert all(0 < rank < 1 for rank in ranks)
    assert sum(ranks) / len(ranks) == pytest.approx(0.5)


@given(st.integers(0, 10**6), st.integers(1, 10**6))
def test_a_wilson_interval_holds_its_share_and_stays_a_share(hits: int, more: int) -> None:
    n = hits + more

    interval = wilson(hits, n)

    assert interval is not None
    low, high = interval
    assert 0 <= low <= hits / n <= high <= 1
    assert low < high


@given(st.lists(st.tuples(SECONDS, SECONDS)))
def test_a_union_is_as_long_as_the_seconds_that_lie_in_it(pairs: list[tuple[int, int]]) -> None:
    def at(second: int) -> datetime:
        return START + timedelta(seconds=second)

    spans = [(at(begins), at(ends)) for begins, ends in pairs]
    inside = {second for b, e in pairs for second in range(max(b, 0), min(e, 1000))}

    assert union_length(spans, at(0), at(1000)) == timedelta(seconds=len(inside))


@given(
    st.integers(0, 400 * 24),
    st.integers(1, 200 * 24),
    st.sampled_from(INTERVALS),
    st.sampled_from(
        ["UTC", "Europe/Berlin", "America/Sao_Paulo", "Asia/Kathmandu", "Australia/Lord_Howe"]
    ),
)
def test_intervals_touch_and_hold_the_window(
    offset_h: int, length_h: int, interval: str, zone: str
) -> None:
    start = START + timedelta(hours=offset_h)
    end = start + timedelta(hours=length_h)

    found = cuts(interval, zone, start, end)

    assert found[0] <= start < found[1]
    assert found[-2] < end <= found[-1]
    assert all(begins < ends for begins, ends in pairwise(found))
    if interval != "hour":
        assert {cut.astimezone(ZoneInfo(zone)).time().hour for cut in found} == {0}


def test_a_day_when_the_clocks_change_is_23_or_25_hours_long() -> None:
    start = datetime(2025, 3, 29, 23, tzinfo=UTC)

    found = cuts("day", "Europe/Paris", start, start + timedelta(hours=23))

    assert found == [start, start + timedelta(hours=23)]


@given(st.integers(-3_000_000, 3_000_000), st.integers(0, 10_000))
def test_hours_in_utc_are_those_of_a_zone_that_is_called_otherwise(
    offset_min: int, length_min: int
) -> None:
    start = START + timedelta(minutes=offset_min)
    end = start + timedelta(minutes=length_min)

    assert cuts("hour", "UTC", start, end) == cuts("hour", "Etc/UTC", start, end)


@pytest.mark.parametrize(
    ("interval", "zone"),
    [("minute", "UTC"), ("day", "Nowhere"), ("day", "../etc/passwd"), ("day", "localtime")],
)
def test_an_unknown_interval_or_zone_is_invalid(interval: str, zone: str) -> None:
    with pytest.raises(InvalidError):
        cuts(interval, zone, START, START + timedelta(days=2))


def test_every_definition_is_complete_and_named_once() -> None:
    rows = definitions()

    assert len({row.tag() for row in rows}) == len(rows)
    assert all(row.formula and row.unit and row.source and row.name for row in rows)
    assert tag("posts") == "posts.v1"
