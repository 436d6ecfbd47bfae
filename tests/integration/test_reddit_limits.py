from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing
from datetime import timedelta
from typing import Any

import pytest
from aiohttp import web

from ingestors.platforms.reddit import connect
from lake.errors import RateLimitedError, UnauthorizedError, UnavailableError
from lake.meter import Meter, metered
from lake.times import now
from tests.fakes import reddit_faults as faults
from tests.fakes.reddit import APP, SECRET, FakeReddit, run_reddit
from tests.fakes.reddit_poll import VANS, names, options, poll

SECOND = {"client_id": "app-two", "client_secret": "s3cret-two"}


@pytest.fixture
async def fake() -> AsyncIterator[FakeReddit]:
    async with run_reddit() as server:
        server.add(3)
        yield server


def two_apps(fake: FakeReddit) -> dict[str, Any]:
    fake.apps["app-two"] = "s3cret-two"
    return {"further_apps": [SECOND]}


async def test_a_refused_app_is_left_out_and_the_other_goes_on(fake: FakeReddit) -> None:
    more = two_apps(fake)
    del fake.apps[APP]

    async with connect(options(fake, **more)) as platform:
        for _ in range(3):
            pages = [page async for page in platform.pages(VANS, None)]
            assert len(names(pages)) == 3
        said = await platform.check()

    assert set(fake.callers) == {"app-two"}
    assert said == "1 of 2 apps accepted"
    assert fake.sign_ins == 3  # of them one in vain by each of the poll and the check


async def test_no_app_is_accepted(fake: FakeReddit) -> None:
    fake.apps.clear()

    async with connect(options(fake, further_apps=[SECOND])) as platform:
        with pytest.raises(UnauthorizedError):
            [page async for page in platform.pages(VANS, None)]
        with pytest.raises(UnauthorizedError):
            await platform.check()


async def test_a_used_up_app_makes_way_for_the_other(fake: FakeReddit) -> None:
    more = two_apps(fake)
    fake.faults.append(faults.refusing(429, headers={"retry-after": "600"}))

    pages = await poll(fake, **more)

    assert len(names(pages)) == 3
    assert sorted(fake.callers) == [APP, "app-two"]


async def test_the_limit_is_noted_and_closes_when_nothing_is_left(fake: FakeReddit) -> None:
    fake.remaining, fake.reset_s = 0.0, 599

    with metered(Meter()) as spent:
        async with connect(options(fake)) as platform:
            [page async for page in platform.pages(VANS, None)]
            [bucket] = spent.quota_left
            opens = platform.limits.open_at(bucket)

    assert spent.quota_left == {bucket: 0.0}
    assert spent.calls == 2  # the sign-in is one
    assert bucket.startswith("api/")
    assert SECRET not in bucket
    assert opens is not None
    assert timedelta(seconds=500) < opens - now() < timedelta(seconds=600)


@pytest.mark.parametrize(
    ("odd", "left"),
    [
        ({}, None),
        ({"x-ratelimit-remaining": "7.0"}, 7.0),
        ({"x-ratelimit-remaining": "7", "x-ratelimit-reset": "12.5"}, 7.0),
        ({"x-ratelimit-remaining": "", "x-ratelimit-used": "x", "x-ratelimit-reset": "y"}, None),
    ],
)
async def test_limits_that_praw_would_stumble_over_do_no_harm(
    fake: FakeReddit, odd: dict[str, str], left: float | None
) -> None:
    fake.odd_headers = odd

    with metered(Meter()) as spent:
        pages = await poll(fake)

    assert len(names(pages)) == 3
    assert list(spent.quota_left.values()) == ([] if left is None else [left])


async def test_a_limit_that_resets_too_late_is_no_wait(fake: FakeReddit) -> None:
    fake.remaining, fake.reset_s = 0.0, 5_000

    async with connect(options(fake)) as platform:
        [page async for page in platform.pages(VANS, None)]
        with pytest.raises(RateLimitedError) as refused:
            [page async for page in platform.pages(VANS, None)]

    assert refused.value.after_s is not None
    assert refused.value.after_s > 4_000
    assert len(fake.calls) == 1


async def test_a_wait_for_the_limit_can_be_cancelled(fake: FakeReddit) -> None:
    fake.remaining, fake.reset_s = 0.0, 300
    async with connect(options(fake)) as platform:
        [page async for page in platform.pages(VANS, None)]

        async with aclosing(platform.pages(VANS, None)) as pages:
            waiting = asyncio.ensure_future(anext(pages))
            done, _ = await asyncio.wait([waiting], timeout=0.2)
            waiting.cancel()
            await asyncio.wait([waiting], timeout=60)

    assert not done
    assert waiting.cancelled()
    assert len(fake.calls) == 1


async def test_a_call_that_is_cancelled_leaves_the_platform_usable(fake: FakeReddit) -> None:
    asked = asyncio.Event()

    async def silent(server: FakeReddit, request: web.Request) -> web.StreamResponse:
        asked.set()
        return await faults.silent(server, request)

    fake.faults.append(silent)
    async with connect(options(fake, timeout_s=3)) as platform:
        async with aclosing(platform.pages(VANS, None)) as pages:
            asking = asyncio.ensure_future(anext(pages))
            await asked.wait()
            asking.cancel()
            await asyncio.wait([asking], timeout=60)
        after = [page async for page in platform.pages(VANS, None)]

    assert asking.cancelled()
    assert len(names(after)) == 3
    assert fake.sign_ins == 2


async def test_calls_at_the_same_time_share_one_connection(fake: FakeReddit) -> None:
    async with connect(options(fake)) as platform:

        async def one() -> int:
            return len(names([page async for page in platform.pages(VANS, None)]))

        found = await asyncio.gather(*[one() for _ in range(8)])

    assert found == [3] * 8
    assert fake.sign_ins == 1


async def test_silence_ends_as_an_outage(fake: FakeReddit) -> None:
    fake.faults.extend([faults.silent] * 2)

    with pytest.raises(UnavailableError, match="did not answer within"):
        await poll(fake, timeout_s=0.3, attempts=2)


async def test_an_answer_that_drips_on_ends_as_an_outage(fake: FakeReddit) -> None:
    fake.faults.append(faults.dripping)

    with pytest.raises(UnavailableError, match="did not answer in time"):
        await poll(fake, timeout_s=0.5, attempts=1)


async def test_a_server_that_is_away_is_an_outage(fake: FakeReddit) -> None:
    with pytest.raises(UnavailableError, match="ConnectionError"):
        await poll(fake, attempts=2, reddit_url="http://127.0.0.1:9")


async def test_the_apps_are_checked(fake: FakeReddit) -> None:
    async with connect(options(fake)) as platform:
        said = await platform.check()

    assert said == "1 of 1 apps accepted"
    assert [path for path, _ in fake.calls] == ["/api/v1/scopes"]
