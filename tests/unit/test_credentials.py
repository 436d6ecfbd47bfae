from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pydantic import BaseModel, ConfigDict, SecretStr, ValidationError

from ingestors.credentials import Lease, Pool, Secrets, bucket_of, by_name, credential_name
from lake.errors import (
    BlockedError,
    RateLimitedError,
    StopPlatformError,
    UnauthorizedError,
    UnavailableError,
)
from lake.quota import Daily, LimitBook

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
KEYS = {"a": "secret-a", "b": "secret-b", "c": "secret-c"}
DEAD = UnauthorizedError("dead")


class Clock:
    """A time that stands still until it is set."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now


class Section(BaseModel):
    """A platform's section with a secret or several."""

    model_config = ConfigDict(frozen=True, hide_input_in_errors=True)

    key: Secrets


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def limits(clock: Clock) -> LimitBook:
    return LimitBook(clock)


@pytest.fixture
def pool(limits: LimitBook) -> Pool[str]:
    return Pool(KEYS, limits)


def test_equals_take_turns(pool: Pool[str]) -> None:
    picked = Counter(pool.pick("search").name for _ in range(9))

    assert picked == {"a": 3, "b": 3, "c": 3}


def test_a_lease_names_the_credentials_own_bucket(pool: Pool[str]) -> None:
    lease = pool.pick("search")

    assert lease == Lease("a", "secret-a", "search/a")
    assert lease.bucket == bucket_of("a", "search")


def test_the_one_with_most_left_is_picked(pool: Pool[str], limits: LimitBook) -> None:
    for name, left in (("a", 5), ("b", 7), ("c", 0)):
        limits.note(bucket_of(name, "search"), left=left, resets_at=NOW + timedelta(hours=1))

    assert pool.pick("search").name == "b"
    assert pool.pick("other").name != "b", "the buckets' limits are apart"


def test_a_closed_one_waits_its_time(pool: Pool[str], limits: LimitBook, clock: Clock) -> None:
    for name in ("a", "b"):
        limits.close(bucket_of(name, "search"), NOW + timedelta(minutes=1))

    picked = {pool.pick("search").name for _ in range(5)}
    clock.now += timedelta(minutes=1)
    later = {pool.pick("search").name for _ in range(15)}

    assert (picked, later) == ({"c"}, {"a", "b", "c"})


def test_used_up_budgets_say_when_the_first_is_full_again(
    pool: Pool[str], limits: LimitBook
) -> None:
    for hours, name in enumerate(KEYS, 2):
        limits.allow(bucket_of(name, "search"), Daily(1, UTC))
        limits.close(bucket_of(name, "search"), NOW + timedelta(hours=hours))

    with pytest.raises(RateLimitedError, match="every credential") as caught:
        pool.pick("search")

    assert caught.value.after_s == 2 * 3_600


def test_a_single_credential_is_picked_though_it_is_closed(limits: LimitBook) -> None:
    limits.close(bucket_of("a", "search"), NOW + timedelta(seconds=1))

    assert Pool({"a": "x"}, limits).pick("search").name == "a"


def test_an_empty_pool_says_that_nothing_is_configured(limits: LimitBook) -> None:
    with pytest.raises(UnauthorizedError, match="no credentials"):
        Pool({}, limits).pick("search")


def test_refused_ones_are_left_out_until_none_is_left(pool: Pool[str]) -> None:
    pool.refuse("a", DEAD)
    pool.refuse("a", DEAD)
    pool.refuse("c", BlockedError("blocked"))
    picked = {pool.pick("search").name for _ in range(4)}
    with pytest.raises(UnauthorizedError, match="the last"):
        pool.refuse("b", UnauthorizedError("the last"))
    with pytest.raises(UnauthorizedError, match="the last") as first:
        pool.pick("search")
    with pytest.raises(UnauthorizedError, match="the last") as second:
        pool.pick("search")

    assert picked == {"b"}
    assert first.value is not second.value


def test_a_name_that_is_not_in_the_pool_shuts_nobody_out(pool: Pool[str]) -> None:
    for name in ("x", "y", "z"):
        pool.refuse(name, DEAD)

    assert pool.pick("search").name in KEYS


async def test_a_call_goes_on_with_the_next_where_one_is_refused(pool: Pool[str]) -> None:
    asked: list[str] = []

    async def ask(lease: Lease[str]) -> str:
        asked.append(lease.name)
        if lease.name != "c":
            pool.refuse(lease.name, DEAD)
            raise DEAD
        return lease.credential

    assert await pool.call("search", ask) == "secret-c"
    assert await pool.call("search", ask) == "secret-c"
    assert asked == ["a", "b", "c", "c"]


async def test_a_call_ends_where_the_last_is_refused(pool: Pool[str]) -> None:
    asked: list[str] = []

    async def ask(lease: Lease[str]) -> str:
        asked.append(lease.name)
        pool.refuse(lease.name, DEAD)
        raise DEAD

    for _ in range(2):
        with pytest.raises(UnauthorizedError):
            await pool.call("search", ask)

    assert asked == ["a", "b", "c"]


@pytest.mark.parametrize("error", [BlockedError("no"), UnavailableError("no")])
async def test_an_error_that_is_not_the_credentials_goes_to_the_caller(
    pool: Pool[str], error: StopPlatformError
) -> None:
    asked: list[str] = []

    async def ask(lease: Lease[str]) -> str:
        asked.append(lease.name)
        raise error

    with pytest.raises(type(error)):
        await pool.call("search", ask)

    assert asked == ["a"]


@pytest.mark.parametrize("after_s", [None, 0.0, 30.0])
async def test_a_call_goes_on_with_the_next_where_one_is_too_fast(
    pool: Pool[str], clock: Clock, after_s: float | None
) -> None:
    asked: list[str] = []

    async def ask(lease: Lease[str]) -> str:
        asked.append(lease.name)
        if lease.name == "a":
            raise RateLimitedError("slow down", after_s=after_s)
        return lease.name

    answers = [await pool.call("search", ask) for _ in range(3)]
    clock.now += timedelta(minutes=2)
    answers += [await pool.call("search", ask) for _ in range(3)]

    assert "a" not in answers
    assert asked.count("a") == 2, "once, and again when its rest is over"


async def test_a_call_ends_where_all_are_too_fast(pool: Pool[str]) -> None:
    asked: list[str] = []

    async def ask(lease: Lease[str]) -> str:
        asked.append(lease.name)
        raise RateLimitedError("slow down", after_s=0)

    with pytest.raises(RateLimitedError):
        await pool.call("search", ask)

    assert asked == ["a", "b", "c"]


async def test_a_single_credential_that_is_too_fast_is_left_to_the_retries(
    limits: LimitBook,
) -> None:
    pool = Pool({"a": "x"}, limits)

    async def ask(lease: Lease[str]) -> str:
        raise RateLimitedError("slow down")

    with pytest.raises(RateLimitedError) as caught:
        await pool.call("search", ask)

    assert caught.value.after_s is None
    assert limits.open_at("search/a") is None


async def test_an_empty_pool_calls_nobody(limits: LimitBook) -> None:
    async def ask(lease: Lease[str]) -> str:
        return lease.name

    with pytest.raises(UnauthorizedError):
        await Pool[str]({}, limits).call("search", ask)


def test_a_name_tells_nothing_and_stays_the_same() -> None:
    names = by_name((SecretStr("secret-a"), SecretStr("secret-b")))

    assert list(names.values()) == ["secret-a", "secret-b"]
    assert list(names) == [credential_name("secret-a"), credential_name("secret-b")]
    assert "secret" not in "".join(names)


@pytest.mark.parametrize(
    ("given", "read"),
    [
        ("one", ["one"]),
        (" one\n", ["one"]),
        (["one", "two"], ["one", "two"]),
        (["one", "two", "one"], ["one", "two"]),
        (SecretStr("one"), ["one"]),
    ],
)
def test_secrets_are_one_or_several(given: Any, read: list[str]) -> None:
    section = Section.model_validate({"key": given})

    assert [one.get_secret_value() for one in section.key] == read
    assert "one" not in repr(section)


@pytest.mark.parametrize("given", [None, 3, "", " ", [], ["hidden", ""], ["hidden", "hid den"], {}])
def test_secrets_that_cannot_be_any_are_refused_without_showing_them(given: Any) -> None:
    with pytest.raises(ValidationError) as caught:
        Section.model_validate({"key": given})

    assert "hid" not in str(caught.value)
