from __future__ import annotations

from collections import deque
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest

from ingestors.platforms.youtube import connect
from lake.errors import (
    BlockedError,
    RateLimitedError,
    RetryError,
    StopPlatformError,
    UnauthorizedError,
)
from tests.fakes import youtube as fakes
from tests.fakes.youtube import KEY, FakeYoutube, Fault, run_youtube
from tests.fakes.youtube_poll import VANS, options, poll


@pytest.fixture
async def fake() -> AsyncIterator[FakeYoutube]:
    async with run_youtube() as server:
        yield server


class Clock:
    """A time that stands still until it is set."""

    def __init__(self, now: datetime) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        (fakes.refusing(400, "keyInvalid"), UnauthorizedError),
        (
            fakes.refusing(400, "badRequest", details=[{"reason": "API_KEY_INVALID"}]),
            UnauthorizedError,
        ),
        (fakes.refusing(401, "authError"), UnauthorizedError),
        (fakes.refusing(403, "accessNotConfigured"), BlockedError),
        (fakes.refusing(403, "ipRefererBlocked"), BlockedError),
        (fakes.refusing(403, "SERVICE_UNAVAILABLE"), BlockedError),
        (fakes.refusing(400, "invalidPageToken"), BlockedError),
        (fakes.refusing(404, "notFound"), BlockedError),
        (fakes.saying("no", status=403), BlockedError),
        (fakes.saying("<!DOCTYPE html>", "text/html"), BlockedError),
    ],
)
async def test_a_refusal_ends_the_platforms_work_at_once(
    fake: FakeYoutube, fault: Fault, error: type[StopPlatformError]
) -> None:
    fake.faults["search"] = deque([fault])

    with pytest.raises(error) as caught:
        await poll(fake)

    assert fake.count("search") == 1
    assert KEY not in str(caught.value)


async def test_a_wrong_key_is_not_told_on(fake: FakeYoutube) -> None:
    with pytest.raises(UnauthorizedError, match="key is not valid") as caught:
        await poll(fake, key="another-secret")

    assert "another-secret" not in repr(caught.value)
    assert "another-secret" not in repr(options(fake, key="another-secret"))


async def test_a_server_that_stays_silent_is_given_up(fake: FakeYoutube) -> None:
    fake.faults["search"] = deque([fakes.silent] * 2)

    with pytest.raises(RetryError, match="did not answer"):
        await poll(fake, attempts=2, timeout_s=0.1)


async def test_calls_that_come_too_fast_ask_for_a_short_wait(fake: FakeYoutube) -> None:
    fake.faults["search"] = deque([fakes.refusing(403, "userRateLimitExceeded")])

    with pytest.raises(RateLimitedError) as caught:
        await poll(fake, attempts=1)

    assert caught.value.after_s == 5


@pytest.mark.parametrize(
    ("now", "hours"),
    [
        (datetime(2026, 7, 1, 20, 0, tzinfo=UTC), 11),  # summer time
        (datetime(2026, 12, 1, 20, 0, tzinfo=UTC), 12),
        (datetime(2026, 11, 1, 7, 0, tzinfo=UTC), 25),  # the clocks go back
    ],
)
async def test_a_used_up_quota_asks_nobody_until_midnight_pacific(
    fake: FakeYoutube, now: datetime, hours: int
) -> None:
    clock = Clock(now)
    async with connect(options(fake, search_calls_per_day=2), clock=clock) as platform:
        for _ in range(2):
            assert [page async for page in platform.pages(VANS, None)]
        with pytest.raises(RateLimitedError) as caught:
            assert [page async for page in platform.pages(VANS, None)]
        asked = fake.count("search")
        clock.now += timedelta(hours=hours)
        assert [page async for page in platform.pages(VANS, None)]

    assert caught.value.after_s == hours * 3_600
    assert asked == 2


@pytest.mark.parametrize(
    "fault",
    [
        fakes.refusing(403, "quotaExceeded"),
        fakes.refusing(
            429,
            "rateLimitExceeded",
            details=[{"metadata": {"quota_limit": "SearchQueriesPerDayPerProject"}}],
        ),
        fakes.refusing(429, "rateLimitExceeded", message="limit 'Search Queries per day' of"),
    ],
)
async def test_a_quota_that_the_server_says_is_used_up_is_used_up(
    fake: FakeYoutube, fault: Fault
) -> None:
    fake.faults["search"] = deque([fault])
    clock = Clock(datetime(2026, 12, 1, 20, 0, tzinfo=UTC))
    async with connect(options(fake), clock=clock) as platform:
        for _ in range(2):
            with pytest.raises(RateLimitedError, match="search") as caught:
                assert [page async for page in platform.pages(VANS, None)]

    assert caught.value.after_s == 12 * 3_600
    assert fake.count("search") == 1


async def test_the_two_quotas_are_counted_apart(fake: FakeYoutube) -> None:
    fake.add(1)

    with pytest.raises(RateLimitedError, match="units"):
        await poll(fake, units_per_day=1, attempts=1)

    assert [method for method, _ in fake.calls] == ["search", "videos"]
