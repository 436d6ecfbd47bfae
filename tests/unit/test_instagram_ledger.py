from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest

from ingestors.instagram_ledger import WEEK_S, TagLedger
from lake.errors import RateLimitedError
from lake.quota import LimitBook

START = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)


class Clock:
    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> datetime:
        return self.now


def ledger(clock: Clock, *names: str, state: str = "{}") -> tuple[TagLedger, LimitBook]:
    book = LimitBook(clock)
    book.restore(json.loads(state))
    return TagLedger(book, names, 30), book


def ask(tags: TagLedger, name: str, *asked: str) -> None:
    for tag in asked:
        assert tags.pick([name], tag) == name
        tags.count(name, tag)


THIRTY = [f"tag{number}" for number in range(30)]


def test_the_31st_hashtag_is_refused_and_the_30_stay_free() -> None:
    clock = Clock()
    tags, _ = ledger(clock, "a")
    ask(tags, "a", *THIRTY)

    clock.now += timedelta(days=3)
    with pytest.raises(RateLimitedError, match="30 hashtags in 7 days") as caught:
        tags.pick(["a"], "one more")
    ask(tags, "a", *THIRTY, *THIRTY)

    assert caught.value.after_s is not None
    assert WEEK_S - 3 * 86_400 <= caught.value.after_s < WEEK_S - 2 * 86_400


def test_asking_again_does_not_begin_the_days_anew() -> None:
    clock = Clock()
    tags, _ = ledger(clock, "a")
    ask(tags, "a", *THIRTY)
    clock.now += timedelta(days=6)
    ask(tags, "a", *THIRTY)

    clock.now += timedelta(days=2)

    assert not tags.holds("a", "tag0")
    ask(tags, "a", *(f"other{number}" for number in range(30)))


def test_a_hashtag_is_held_until_its_week_is_over() -> None:
    clock = Clock()
    tags, _ = ledger(clock, "a")
    ask(tags, "a", "vans")

    clock.now += timedelta(seconds=WEEK_S - 1)

    assert tags.holds("a", "vans")
    assert not tags.holds("a", "skate")


def test_a_restart_forgets_no_hashtag() -> None:
    clock = Clock()
    before, book = ledger(clock, "a")
    ask(before, "a", *THIRTY)
    saved = json.dumps(book.state())

    after, _ = ledger(clock, "a", state=saved)

    assert all(after.holds("a", tag) for tag in THIRTY)
    ask(after, "a", "tag7")
    with pytest.raises(RateLimitedError):
        after.pick(["a"], "one more")


def test_a_restart_months_later_remembers_nothing() -> None:
    clock = Clock()
    before, book = ledger(clock, "a")
    ask(before, "a", *THIRTY)
    clock.now += timedelta(days=60)

    assert book.state() == {}


def test_a_hashtag_stays_with_the_account_that_has_paid_for_it() -> None:
    clock = Clock()
    tags, _ = ledger(clock, "a", "b")

    first = tags.pick(["a", "b"], "vans")
    tags.count(first, "vans")
    second = tags.pick(["a", "b"], "skate")

    assert {first, second} == {"a", "b"}, "the new one goes to who has most left"
    assert tags.pick(["a", "b"], "vans") == first
    assert tags.pick([second], "vans") == second, "unless its account is no longer accepted"


def test_two_accounts_hold_60_hashtags() -> None:
    clock = Clock()
    tags, _ = ledger(clock, "a", "b")
    for number in range(60):
        tags.count(tags.pick(["a", "b"], f"tag{number}"), f"tag{number}")

    with pytest.raises(RateLimitedError):
        tags.pick(["a", "b"], "tag60")
