from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lake.quota import Daily, LimitBook, Rolling

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=30),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner),
    max_leaves=9,
)


class Clock:
    """A time that stands still until it is set."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now


def fresh(clock: Clock) -> LimitBook:
    book = LimitBook(clock)
    book.allow("day", Daily(10, UTC))
    book.allow("week", Rolling(30, 7 * 86_400))
    return book


def full(clock: Clock) -> LimitBook:
    book = fresh(clock)
    book.spend("day", 4)
    book.spend("week", 5)
    book.close("closed", NOW + HOUR)
    book.note("noted", left=17.5, resets_at=NOW + HOUR)
    return book


def known(book: LimitBook) -> list[Any]:
    names = ("day", "week", "closed", "noted")
    return [(book.left(name), book.open_at(name), book.free_at(name)) for name in names]


def test_everything_outlives_a_restart() -> None:
    clock = Clock()
    book = full(clock)
    state = json.loads(json.dumps(book.state()))

    again = fresh(clock)
    again.restore(state)

    assert known(again) == known(book)
    assert again.state() == state


def test_what_is_over_is_not_kept() -> None:
    clock = Clock()
    book = full(clock)

    clock.now += timedelta(days=2)
    left = book.state()
    clock.now += timedelta(days=7)

    assert list(left) == ["week"]
    assert book.state() == {}


def test_what_was_spent_of_a_quota_that_is_no_more_is_kept_for_a_month() -> None:
    clock = Clock()
    book = LimitBook(clock)
    book.restore(full(clock).state())

    soon = book.state()
    clock.now += timedelta(days=40)

    assert "week" in soon
    assert book.state() == {}


def test_a_restart_forgets_nothing_that_happened_since() -> None:
    clock = Clock()
    state = full(clock).state()
    book = fresh(clock)
    book.spend("day", 7)
    book.close("closed", NOW + 2 * HOUR)
    book.note("noted", left=3, resets_at=NOW + HOUR)

    book.restore(state)
    book.restore(state)

    assert book.spent("day") == 7
    assert book.open_at("closed") == NOW + 2 * HOUR
    assert book.left("noted") == 3


def test_the_state_stays_small_whatever_happens() -> None:
    clock = Clock()
    book = fresh(clock)

    for number in range(3_000):
        clock.now += timedelta(minutes=1)
        book.count("week", 1)
        book.note(f"server-{number}", left=1, resets_at=clock.now + timedelta(days=9))

    state = book.state()
    assert len(state) == 1_000
    assert "server-2999" in state
    assert len(book._buckets["week"].spent) <= 50


def test_a_bucket_that_is_spent_from_is_kept_before_those_that_are_merely_noted() -> None:
    clock = Clock()
    book = full(clock)
    for number in range(1_500):
        book.note(f"server-{number}", left=1, resets_at=NOW + timedelta(days=9))

    assert {"day", "week", "closed"} <= book.state().keys()


@pytest.mark.parametrize(
    "saved",
    [
        None,
        3,
        [],
        "text",
        {},
        {"left": "3", "resets_at": "2026-11-21T13:00:00Z"},
        {"left": True, "resets_at": "2026-11-21T13:00:00Z"},
        {"left": 3, "resets_at": None},
        {"left": 3, "resets_at": "soon"},
        {"closed_until": 3},
        {"closed_until": "soon"},
        {"closed_until": "2026-11-21T11:00:00Z"},
        {"spent": []},
        {"spent": {"soon": 3}},
        {"spent": {"2026-11-21T00:00:00Z": "3"}},
        {"spent": {"2026-11-21T00:00:00Z": -3}},
        {"spent": {"2026-11-21T00:00:00Z": 1.5}},
        {"spent": {"2026-11-21T00:00:00Z": None}},
        {"spent": {"2999-11-21T00:00:00Z": 3}},
        {"spent": {"0001-01-01T00:00:00Z": 3}},
        {"spent": {"9999-12-31T23:59:59Z": 3}},
        {"spent": {"2026-11-20T00:00:00Z": 3}},
    ],
)
def test_what_cannot_be_read_or_is_over_is_left_out(saved: Any) -> None:
    book = fresh(Clock())

    book.restore({"day": saved})

    assert book.left("day") == 10
    assert book.free_at("day") is None


def test_one_bad_bucket_does_not_spoil_the_others() -> None:
    clock = Clock()
    book = fresh(clock)

    book.restore({"noted": 3} | {"day": full(clock).state()["day"]} | {"week": {"spent": 3}})

    assert book.spent("day") == 4


def test_a_bucket_closed_until_another_century_opens_in_a_month() -> None:
    clock = Clock()
    book = fresh(clock)

    book.restore({"day": {"closed_until": "2999-01-01T00:00:00Z"}})
    clock.now += timedelta(days=32)

    assert book.left("day") == 10


@settings(deadline=None)
@given(st.dictionaries(st.sampled_from(["day", "week", "x"]), JSON))
def test_no_state_makes_an_error(state: dict[str, Any]) -> None:
    book = fresh(Clock())

    book.restore(state)
    again = fresh(Clock())
    again.restore(json.loads(json.dumps(book.state())))

    assert again.left("day") == book.left("day")
    assert again.left("week") == book.left("week")
