from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta, tzinfo
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lake.errors import RateLimitedError
from lake.quota import Budget, Daily, LimitBook, Rolling

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
PACIFIC = ZoneInfo("America/Los_Angeles")
MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)


class Clock:
    """A time that stands still until it is set."""

    def __init__(self, now: datetime = NOW) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now


def book_with(budget: Budget, clock: Clock) -> LimitBook:
    book = LimitBook(clock)
    book.allow("b", budget)
    return book


def test_nobody_knows_what_is_left_of_an_unknown_bucket() -> None:
    book = LimitBook(Clock())

    book.spend("b", 1_000)

    assert (book.left("b"), book.open_at("b"), book.free_at("b")) == (None, None, None)
    assert not book.changed
    assert book.state() == {}


def test_what_an_answer_said_counts_until_its_reset() -> None:
    clock = Clock()
    book = LimitBook(clock)

    book.note("b", left=3, resets_at=NOW + MINUTE)
    before = book.left("b")
    clock.now += MINUTE

    assert (before, book.left("b")) == (3, None)
    assert book.open_at("b") is None, "what is left closes nothing"


def test_what_is_left_without_a_reset_is_not_believed_for_ever() -> None:
    clock = Clock()
    book = LimitBook(clock)

    book.note("b", left=0, resets_at=None)
    before = book.left("b")
    clock.now += HOUR

    assert (before, book.left("b")) == (0, None)


@pytest.mark.parametrize("left", [float("nan"), float("inf"), None])
def test_a_number_that_is_none_is_not_kept(left: float | None) -> None:
    book = LimitBook(Clock())
    book.note("b", left=5, resets_at=NOW + HOUR)

    book.note("b", left=left, resets_at=NOW + HOUR)

    assert book.left("b") is None
    assert book.state() == {}


def test_a_reset_in_another_century_ends_in_a_month() -> None:
    clock = Clock()
    book = LimitBook(clock)
    far = datetime(2999, 1, 1, tzinfo=UTC)

    book.note("b", left=3, resets_at=far)
    book.close("c", far)
    book.close_for("d", 1e12)
    clock.now += timedelta(days=31, seconds=1)

    assert book.left("b") is None
    assert (book.open_at("c"), book.open_at("d")) == (None, None)


def test_a_closed_bucket_opens_when_it_is_time() -> None:
    clock = Clock()
    book = LimitBook(clock)

    book.close("b", NOW + MINUTE)
    closed = (book.left("b"), book.open_at("b"), book.free_at("b"))
    clock.now += MINUTE

    assert closed == (0, NOW + MINUTE, NOW + MINUTE)
    assert (book.left("b"), book.open_at("b"), book.free_at("b")) == (None, None, None)


def test_a_bucket_that_is_closed_for_long_is_not_opened_by_a_short_wait() -> None:
    book = LimitBook(Clock())

    book.close("b", NOW + HOUR)
    book.close_for("b", 5)

    assert book.open_at("b") == NOW + HOUR


def test_a_budget_is_spent_to_its_last_call_and_not_beyond() -> None:
    book = book_with(Daily(3, UTC), Clock())

    book.spend("b", 2)
    book.spend("b")
    with pytest.raises(RateLimitedError) as caught:
        book.spend("b")

    assert caught.value.after_s == 12 * 3_600
    assert "b: the quota of 3 calls" in str(caught.value)
    assert (book.left("b"), book.spent("b")) == (0, 3)
    # The last call itself must still be made: a budget closes no bucket.
    assert book.open_at("b") is None
    assert book.free_at("b") == NOW + 12 * HOUR


def test_a_spend_that_does_not_fit_counts_nothing() -> None:
    book = book_with(Daily(3, UTC), Clock())
    book.spend("b", 2)

    with pytest.raises(RateLimitedError):
        book.spend("b", 2)

    assert book.left("b") == 1


def test_what_is_counted_afterwards_may_pass_the_budget() -> None:
    clock = Clock()
    book = book_with(Daily(3, UTC), clock)

    book.count("b", 10)
    spent = (book.spent("b"), book.left("b"))
    clock.now += 12 * HOUR
    book.spend("b", 3)

    assert spent == (10, 0)


def test_a_closed_bucket_spends_nothing_though_its_budget_would_hold_it() -> None:
    book = book_with(Daily(3, UTC), Clock())
    book.close("b", NOW + MINUTE)

    with pytest.raises(RateLimitedError) as caught:
        book.spend("b")

    assert caught.value.after_s == 60
    assert book.spent("b") == 0


@pytest.mark.parametrize("budget", [Daily(0, UTC), Rolling(0, 3_600)])
def test_a_budget_of_nothing_is_always_used_up_and_nobody_is_sent_back_at_once(
    budget: Budget,
) -> None:
    book = book_with(budget, Clock())

    with pytest.raises(RateLimitedError) as caught:
        book.spend("b")

    assert caught.value.after_s is not None
    assert caught.value.after_s > 60
    assert book.left("b") == 0


def test_more_than_the_whole_budget_is_never_free() -> None:
    book = book_with(Daily(3, UTC), Clock())

    with pytest.raises(RateLimitedError) as caught:
        book.spend("b", 4)

    assert caught.value.after_s == 12 * 3_600


def test_what_the_headers_say_does_not_shift_the_budgets_day() -> None:
    book = book_with(Daily(3, UTC), Clock())
    book.spend("b")

    book.note("b", left=0, resets_at=NOW + HOUR)

    assert book.left("b") == 0
    assert book.free_at("b") is None, "the budget holds more and nothing closed the bucket"


@pytest.mark.parametrize(
    ("now", "hours"),
    [
        (datetime(2026, 7, 1, 7, 0, tzinfo=UTC), 24),  # midnight in summer time
        (datetime(2026, 3, 8, 8, 0, tzinfo=UTC), 23),  # the clocks go forward
        (datetime(2026, 11, 1, 7, 0, tzinfo=UTC), 25),  # the clocks go back
        (datetime(2026, 12, 1, 8, 0, tzinfo=UTC), 24),
    ],
)
def test_a_day_lasts_from_midnight_to_midnight_of_its_zone(now: datetime, hours: int) -> None:
    clock = Clock(now)
    book = book_with(Daily(1, PACIFIC), clock)

    book.spend("b")
    clock.now += hours * HOUR - timedelta(seconds=1)
    before = book.left("b")
    clock.now += timedelta(seconds=1)

    assert (before, book.left("b")) == (0, 1)


@pytest.mark.parametrize(
    "zone", [UTC, PACIFIC, ZoneInfo("America/Santiago"), ZoneInfo("Asia/Gaza")]
)
def test_every_moment_of_years_is_in_a_day_that_has_begun_and_not_ended(zone: tzinfo) -> None:
    day = Daily(1, zone)
    for half in range(365 * 24 * 2):
        now = datetime(2026, 1, 1, tzinfo=UTC) + half * 30 * MINUTE
        slot = day.slot(now)
        assert slot <= now < day.counts_until(slot), now


def test_a_rolling_window_frees_what_was_spent_first() -> None:
    clock = Clock()
    book = book_with(Rolling(10, 3_600), clock)
    book.spend("b", 6)
    clock.now += 30 * MINUTE
    book.spend("b", 4)

    with pytest.raises(RateLimitedError) as few:
        book.spend("b", 6)
    with pytest.raises(RateLimitedError) as many:
        book.spend("b", 7)

    assert few.value.after_s == pytest.approx(1_800, abs=3_600 / 40)
    assert many.value.after_s == pytest.approx(3_600, abs=3_600 / 40)
    clock.now += timedelta(seconds=few.value.after_s or 0)
    book.spend("b", 6)


@settings(deadline=None)
@given(
    calls=st.integers(1, 6),
    window_s=st.floats(0.5, 30 * 86_400),
    steps=st.lists(st.tuples(st.floats(0, 1), st.integers(1, 3)), max_size=60),
)
def test_a_rolling_window_never_allows_too_many(
    calls: int, window_s: float, steps: list[tuple[float, int]]
) -> None:
    clock = Clock()
    book = book_with(Rolling(calls, window_s), clock)
    made: list[tuple[datetime, int]] = []

    for part, wanted in steps:
        clock.now += timedelta(seconds=part * window_s)
        book = _restarted(book, Rolling(calls, window_s), clock)
        try:
            book.spend("b", wanted)
        except RateLimitedError:
            assert book.free_at("b", wanted) is not None
            continue
        made.append((clock.now, wanted))
        recent = [n for at, n in made if clock.now - at < timedelta(seconds=window_s)]
        assert sum(recent) <= calls
    assert len(book.state().get("b", {"spent": {}})["spent"]) <= 50


@settings(deadline=None)
@given(calls=st.integers(1, 5), window_s=st.floats(1, 86_400), spent=st.lists(st.integers(1, 5)))
def test_after_the_wait_that_was_asked_for_the_call_is_free(
    calls: int, window_s: float, spent: list[int]
) -> None:
    clock = Clock()
    book = book_with(Rolling(calls, window_s), clock)
    for number in spent:
        book.count("b", number)
        clock.now += timedelta(seconds=window_s / 7)

    free_at = book.free_at("b")
    clock.now = free_at or clock.now

    book.spend("b")


def _restarted(book: LimitBook, budget: Budget, clock: Clock) -> LimitBook:
    state = json.loads(json.dumps(book.state()))
    again = book_with(budget, clock)
    again.restore(state)
    return again
