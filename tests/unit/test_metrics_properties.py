"""What holds for the metrics' arithmetic whatever the posts are."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.authors import Author
from analysis.influencers import Scoring, in_order
from analysis.numbers import shares
from analysis.population import Population
from analysis.reach import impressions, rate_mean, rate_pooled, reach
from analysis.timeline import cuts
from analysis.windows import windows_of

_FIRST = datetime(1990, 1, 1, tzinfo=UTC)
_MOMENTS = st.timedeltas(timedelta(0), timedelta(days=36_500)).map(lambda span: _FIRST + span)
_SPANS = st.timedeltas(timedelta(minutes=1), timedelta(days=200))
_AMOUNTS = st.none() | st.integers(0, 10**9)


@st.composite
def _people(draw: st.DrawFn) -> list[Author]:
    found = []
    for number in range(draw(st.integers(1, 12))):
        posts = draw(st.integers(1, 40))
        author = Author(f"x:{number}", posts=posts, followers=draw(_AMOUNTS))
        for name in ("engagement", "likes", "shares", "comments"):
            if (amount := draw(_AMOUNTS)) is not None:
                author.sums[name], author.known[name] = amount, draw(st.integers(1, posts))
        found.append(author)
    return found


@given(st.dictionaries(st.text(max_size=3), st.none() | st.floats(0, 1e12), max_size=21))
def test_shares_sum_to_100_or_there_are_none(values: dict[str, float | None]) -> None:
    found = shares(values)
    told = [share for share in found.values() if share is not None]

    assert found.keys() == values.keys()
    assert not told or sum(told) == pytest.approx(100)
    assert bool(told) is (sum(value or 0 for value in values.values()) > 0)
    assert all(0 <= share <= 100.000001 for share in told)


@given(_MOMENTS, _SPANS, st.none() | _SPANS, _MOMENTS)
def test_the_windows_part_time_without_gap_or_overlap(
    start: datetime, span: timedelta, length: timedelta | None, now: datetime
) -> None:
    found = list(windows_of(start, start + span, length=length, now=now).values())

    assert [window.end for window in found[:-1]] == [window.start for window in found[1:]]
    assert (found[1].start, found[1].end) == (start, start + span)
    for window in found:
        assert window.start < window.end
        assert window.until is None or window.start < window.until <= window.end


@given(
    st.sampled_from(["hour", "day", "week", "month"]),
    st.sampled_from(["UTC", "Europe/Paris", "Asia/Kolkata", "Australia/Lord_Howe"]),
    _MOMENTS,
    _SPANS,
)
def test_the_timelines_intervals_part_the_window(
    interval: str, zone: str, start: datetime, span: timedelta
) -> None:
    found = cuts(interval, zone, start, start + span)

    assert found[0] <= start
    assert found[-1] >= start + span
    assert all(one < other for one, other in pairwise(found))
    assert found[1] > start
    assert found[-2] < start + span


def _numbers(people: Sequence[Author]) -> list[float | None]:
    everyone = Population(people)
    posts = sum(author.posts for author in people)
    return [
        impressions(everyone, posts=posts, replies=0).value,
        reach(everyone).value,
        rate_pooled(everyone, posts=posts).value,
        rate_mean(everyone, posts=posts).value,
    ]


@given(_people(), st.randoms(use_true_random=False))
def test_the_order_of_authors_changes_nothing(people: list[Author], rng: Random) -> None:
    mixed = rng.sample(people, len(people))

    for one, other in zip(_numbers(mixed), _numbers(people), strict=True):
        assert one == (other if other is None else pytest.approx(other))
    scoring, again = Scoring(Population(people)), Scoring(Population(mixed))
    for by in ("score", "posts", "likes", "reach"):
        first = [author.key for author in in_order(people, by, scoring)]
        assert [author.key for author in in_order(mixed, by, again)] == first


@given(_people(), _people())
def test_reach_and_impressions_of_disjoint_people_add_up(
    some: list[Author], others: list[Author]
) -> None:
    for author in others:
        author.key = f"y:{author.key}"
    parts = [_numbers(some)[:2], _numbers(others)[:2]]

    for whole, one, other in zip(_numbers([*some, *others])[:2], *parts, strict=True):
        known = [value for value in (one, other) if value is not None]
        assert whole == (sum(known) if known else None)
