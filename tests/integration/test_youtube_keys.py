from __future__ import annotations

from collections import deque
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest

from ingestors.platform import Page
from ingestors.platforms.youtube import about, connect
from lake.errors import BlockedError, RateLimitedError, StopPlatformError, UnauthorizedError
from lake.meter import Meter, metered
from tests.fakes import youtube as fakes
from tests.fakes.youtube import KEY, FakeYoutube, Fault, run_youtube
from tests.fakes.youtube_poll import VANS, ids, options, poll

OTHER = "AIza-another-value"
BOTH = [KEY, OTHER]
NOON = datetime(2026, 12, 1, 20, 0, tzinfo=UTC)  # twelve hours before midnight Pacific
REFUSALS: dict[str, Fault] = {
    "keyInvalid": fakes.refusing(400, "keyInvalid"),
    "401": fakes.refusing(401, "authError"),
    "accessNotConfigured": fakes.refusing(403, "accessNotConfigured"),
    "SERVICE_DISABLED": fakes.refusing(403, "x", details=[{"reason": "SERVICE_DISABLED"}]),
    "suspended": fakes.refusing(403, "x", details=[{"reason": "CONSUMER_SUSPENDED"}]),
}


class Clock:
    """A time that stands still until it is set."""

    def __init__(self, now: datetime) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
async def fake() -> AsyncIterator[FakeYoutube]:
    async with run_youtube() as server:
        server.keys.add(OTHER)
        yield server


async def test_a_redirect_does_not_take_the_key_elsewhere(fake: FakeYoutube) -> None:
    async with run_youtube() as elsewhere:
        there = {"Location": f"{elsewhere.base}/search?maxResults=50"}
        fake.faults["search"] = deque([fakes.refusing(307, headers=there)])

        with pytest.raises(BlockedError, match="answered 307"):
            await poll(fake)

    assert elsewhere.calls == []


def searchers(fake: FakeYoutube) -> list[str]:
    """The keys of all searches, in order."""
    calls = zip(fake.callers, fake.calls, strict=True)
    return [key for key, (method, _) in calls if method == "search"]


async def test_the_keys_share_the_load(fake: FakeYoutube) -> None:
    posted = fake.add(220)

    pages = await poll(fake, key=BOTH, search_calls_per_day=3)

    assert sorted(ids(pages)) == posted
    assert fake.count("search") == 5
    assert set(searchers(fake)) == set(BOTH)


@pytest.mark.parametrize("fault", REFUSALS.values(), ids=list(REFUSALS))
async def test_a_key_that_is_refused_is_left_out_and_the_others_go_on(
    fake: FakeYoutube, fault: Fault
) -> None:
    posted = fake.add(120)
    fake.key_faults[OTHER] = deque([fault] * 9)

    async with connect(options(fake, key=BOTH)) as platform:
        for _ in range(2):
            pages = [page async for page in platform.pages(VANS, None)]
            assert sorted(ids(pages)) == posted

    assert fake.callers.count(OTHER) == 1


@pytest.mark.parametrize("fault", REFUSALS.values(), ids=list(REFUSALS))
async def test_once_every_key_is_refused_the_platform_stops(
    fake: FakeYoutube, fault: Fault
) -> None:
    fake.key_faults = {key: deque([fault] * 9) for key in BOTH}

    async with connect(options(fake, key=BOTH)) as platform:
        for _ in range(2):
            with pytest.raises(StopPlatformError) as caught:
                assert [page async for page in platform.pages(VANS, None)]

    assert sorted(fake.callers) == sorted(BOTH)
    assert KEY not in str(caught.value)


async def test_a_refusal_of_the_call_leaves_no_key_out(fake: FakeYoutube) -> None:
    fake.faults["search"] = deque([fakes.refusing(403, "forbidden")])

    async with connect(options(fake, key=BOTH)) as platform:
        with pytest.raises(BlockedError):
            assert [page async for page in platform.pages(VANS, None)]
        for _ in range(3):
            assert [page async for page in platform.pages(VANS, None)]

    assert set(fake.callers[1:]) == set(BOTH)


async def test_a_key_whose_quota_the_server_says_is_used_up_rests_until_midnight_pacific(
    fake: FakeYoutube,
) -> None:
    posted = fake.add(1)
    fake.faults["search"] = deque([fakes.refusing(403, "quotaExceeded")])
    clock = Clock(NOON)

    async with connect(options(fake, key=BOTH, attempts=1), clock=clock) as platform:
        for _ in range(3):
            assert ids([page async for page in platform.pages(VANS, None)]) == posted
        today = searchers(fake)
        clock.now += timedelta(hours=12)
        for _ in range(2):
            assert [page async for page in platform.pages(VANS, None)]

    assert today.count(today[0]) == 1
    assert len(today) == 4
    assert today[0] in searchers(fake)[4:]


async def test_keys_that_are_all_used_up_say_when_to_come_back(fake: FakeYoutube) -> None:
    fake.key_faults = {key: deque([fakes.refusing(403, "quotaExceeded")]) for key in BOTH}

    async with connect(options(fake, key=BOTH), clock=Clock(NOON)) as platform:
        for _ in range(2):
            with pytest.raises(RateLimitedError) as caught:
                assert [page async for page in platform.pages(VANS, None)]
            assert caught.value.after_s == 12 * 3_600

    assert sorted(fake.callers) == sorted(BOTH)


@pytest.mark.parametrize("told_by_server", [True, False])
async def test_a_days_quota_is_not_spent_twice_after_a_restart(
    fake: FakeYoutube, told_by_server: bool
) -> None:
    fake.add(1)
    clock = Clock(NOON)
    if told_by_server:
        fake.faults["search"] = deque([None, fakes.refusing(403, "quotaExceeded")])
    chosen = options(fake, search_calls_per_day=100 if told_by_server else 1, attempts=1)
    async with connect(chosen, clock=clock) as platform:
        assert [page async for page in platform.pages(VANS, None)]
        with pytest.raises(RateLimitedError):
            assert [page async for page in platform.pages(VANS, None)]
        state = platform.limits.state()
    asked = fake.count("search")

    async with connect(chosen, clock=clock) as platform:
        platform.limits.restore(state)
        with pytest.raises(RateLimitedError) as caught:
            assert [page async for page in platform.pages(VANS, None)]
        assert fake.count("search") == asked
        clock.now += timedelta(hours=12)
        assert [page async for page in platform.pages(VANS, None)]

    assert caught.value.after_s == 12 * 3_600
    assert KEY not in str(state)


async def test_what_is_left_of_each_quota_is_told(fake: FakeYoutube) -> None:
    fake.add(60)

    with metered(Meter()) as meter:
        await poll(fake)

    left = {name.partition("/")[0]: left for name, left in meter.quota_left.items()}
    assert left == {"search": 98, "units": 10_000 - 3}
    assert meter.calls == 5
    assert meter.cost_usd is None


async def test_the_last_call_of_a_quota_is_made(fake: FakeYoutube) -> None:
    given: list[Page] = await poll(fake, search_calls_per_day=1)

    assert fake.count("search") == 1
    assert len(given) == 1


async def test_the_check_costs_a_unit_and_tells_what_is_left(fake: FakeYoutube) -> None:
    async with connect(options(fake, key=BOTH)) as platform:
        told = await platform.check()

    assert told == "the key is accepted; 200 searches and 19,999 units are left today"
    assert [method for method, _ in fake.calls] == ["videos"]


async def test_the_check_refuses_a_dead_key(fake: FakeYoutube) -> None:
    async with connect(options(fake, key="dead")) as platform:
        with pytest.raises(UnauthorizedError):
            await platform.check()


def test_youtube_is_about_what_its_options_say(fake: FakeYoutube) -> None:
    shipped = about(None)
    changed = about(options(fake, key=BOTH, search_calls_per_day=7))

    limits = {limit.bucket: (limit.calls, limit.per_s) for limit in shipped.limits}
    assert limits == {"search": (100, 86_400), "units": (10_000, 86_400)}
    assert shipped.credentials == 1
    assert shipped.price is None
    assert changed.credentials == 2
    assert changed.limits[0].calls == 7
    assert all(shipped.can(name) for name in ("posts", "history", "refresh", "comments"))
    assert not shipped.can("counts")
