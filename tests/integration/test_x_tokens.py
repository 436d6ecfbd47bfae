from __future__ import annotations

from collections import deque
from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiohttp import web

from ingestors.platform import Target
from ingestors.platforms.x import about, connect
from lake.errors import BlockedError, RateLimitedError, StopPlatformError, UnauthorizedError
from tests.fakes import x as fakes
from tests.fakes.x import COUNTS, SEARCH, TOKEN, FakeX, Fault, limit_headers, run_x
from tests.fakes.x_lookups import USAGE
from tests.fakes.x_poll import VANS, ids, options, poll

OTHER = "BBBB-app-token"
BOTH = [TOKEN, OTHER]
ANN = Target("x", "profile", "ann")
LIMIT: dict[str, Any] = {"title": "Too Many Requests", "type": "about:blank", "status": 429}
OF_THE_ACCOUNT: dict[str, Fault] = {
    "401": fakes.problem(401, "about:blank", "Unauthorized"),
    "401 without JSON": fakes.saying("no", "text/plain", 401),
    "client-forbidden": fakes.problem(403, "client-forbidden", "Client Forbidden"),
    "402": fakes.problem(402, "credits", "CreditsDepleted"),
    "429 usage-capped": fakes.problem(429, "usage-capped", "UsageCapExceeded"),
}


@pytest.fixture
async def fake() -> AsyncIterator[FakeX]:
    async with run_x() as server:
        server.tokens.add(OTHER)
        yield server


def spent(reset_s: float) -> Fault:
    """A search that goes well and leaves no further call."""

    async def fault(fake: FakeX, request: web.Request) -> web.Response:
        answer = fake.search(request)
        answer.headers.update(limit_headers(remaining=0, reset_s=reset_s))
        return answer

    return fault


async def test_a_used_up_limit_stops_its_own_endpoint_only(fake: FakeX) -> None:
    fake.faults.append(spent(5_000))

    async with connect(options(fake)) as platform:
        assert [page async for page in platform.pages(VANS, None)]
        with pytest.raises(RateLimitedError, match=r"search/[0-9a-f]{8} takes no calls"):
            assert [page async for page in platform.pages(VANS, None)]
        profiles = [page async for page in platform.pages(ANN, None)]

    assert len(profiles) == 1
    assert [path for path, _ in fake.calls].count(SEARCH) == 1
    assert [path for path, _ in fake.calls].count(COUNTS) == 2


async def test_several_tokens_take_turns(fake: FakeX) -> None:
    posted = fake.add(35)

    pages = await poll(fake, bearer_token=BOTH)

    assert ids(pages) == posted[::-1]
    assert {token: fake.callers.count(token) for token in BOTH}.keys() == set(fake.callers)


@pytest.mark.parametrize("fault", OF_THE_ACCOUNT.values(), ids=list(OF_THE_ACCOUNT))
async def test_a_token_that_is_refused_is_left_out_and_the_others_go_on(
    fake: FakeX, fault: Fault
) -> None:
    posted = fake.add(35)
    fake.token_faults[OTHER] = deque([fault] * 9)

    async with connect(options(fake, bearer_token=BOTH)) as platform:
        pages = [page async for page in platform.pages(VANS, None)]
        again = [page async for page in platform.pages(VANS, None)]

    assert ids(pages) == ids(again) == posted[::-1]
    assert fake.callers.count(OTHER) == 1


@pytest.mark.parametrize("fault", OF_THE_ACCOUNT.values(), ids=list(OF_THE_ACCOUNT))
async def test_once_every_token_is_refused_the_platform_stops(fake: FakeX, fault: Fault) -> None:
    fake.token_faults = {token: deque([fault] * 9) for token in BOTH}

    async with connect(options(fake, bearer_token=BOTH)) as platform:
        for _ in range(2):
            with pytest.raises(StopPlatformError):
                assert [page async for page in platform.pages(VANS, None)]

    assert sorted(fake.callers) == sorted(BOTH)


async def test_a_refusal_of_the_call_leaves_no_token_out(fake: FakeX) -> None:
    fake.faults.append(fakes.refusing(403))

    async with connect(options(fake, bearer_token=BOTH)) as platform:
        with pytest.raises(BlockedError, match="X refuses the call"):
            assert [page async for page in platform.pages(VANS, None)]
        calls = len(fake.calls)
        for _ in range(3):
            assert [page async for page in platform.pages(VANS, None)]

    assert set(fake.callers[calls:]) == set(BOTH)


@pytest.mark.parametrize("reset_s", [None, 5_000])
async def test_a_token_that_is_rate_limited_makes_way_for_the_next(
    fake: FakeX, reset_s: float | None
) -> None:
    posted = fake.add(35)
    fake.token_faults[OTHER] = deque([fakes.refusing(429, LIMIT, reset_s=reset_s)] * 9)

    pages = await poll(fake, bearer_token=BOTH, counts=False, attempts=1)

    assert ids(pages) == posted[::-1]
    assert fake.callers.count(OTHER) == 1


async def test_tokens_that_are_all_rate_limited_say_when_to_come_back(fake: FakeX) -> None:
    fake.faults.extend([fakes.refusing(429, LIMIT, reset_s=5_000)] * 9)

    with pytest.raises(RateLimitedError) as caught:
        await poll(fake, bearer_token=BOTH, counts=False)

    assert caught.value.after_s is not None
    assert 4_000 < caught.value.after_s < 5_100
    assert sorted(fake.callers) == sorted(BOTH)


async def test_limits_outlive_a_restart(fake: FakeX) -> None:
    fake.faults.append(spent(5_000))
    async with connect(options(fake, counts=False)) as platform:
        assert [page async for page in platform.pages(VANS, None)]
        state = platform.limits.state()

    async with connect(options(fake, counts=False)) as platform:
        platform.limits.restore(state)
        with pytest.raises(RateLimitedError):
            assert [page async for page in platform.pages(VANS, None)]

    assert len(fake.calls) == 1
    assert TOKEN not in str(state)


async def test_the_check_is_free_and_tells_of_the_cap(fake: FakeX) -> None:
    async with connect(options(fake, usd_per_day=0)) as platform:
        told = await platform.check()

    assert told == (
        "the token is accepted; 1,234 of its cap of 3,000,000 posts are read; "
        "it begins anew on day 28 of the month"
    )
    assert [path for path, _ in fake.calls] == [USAGE]


@pytest.mark.parametrize("body", ["{}", '{"data": null}', '{"data": {"project_usage": "many"}}'])
async def test_a_check_without_numbers_tells_what_it_knows(fake: FakeX, body: str) -> None:
    fake.path_faults[USAGE] = deque([fakes.saying(body)])

    async with connect(options(fake)) as platform:
        assert await platform.check() == "the token is accepted"


async def test_the_check_refuses_a_dead_token(fake: FakeX) -> None:
    async with connect(options(fake, bearer_token="dead")) as platform:
        with pytest.raises(UnauthorizedError):
            await platform.check()


def test_x_is_about_what_its_options_say(fake: FakeX) -> None:
    shipped = about(None)
    changed = about(options(fake, counts=False, bearer_token=BOTH, usd_per_post=0.1))
    only_counts = about(options(fake, posts=False))

    assert {limit.bucket for limit in shipped.limits} >= {"search", "counts", "posts", "users"}
    assert shipped.poll_calls == {"search": 1, "counts": 1}
    assert shipped.page_bucket == "search"
    assert shipped.credentials == 1
    assert shipped.history is not None
    assert shipped.history.days == 7
    assert changed.price is not None
    assert (changed.credentials, changed.price.per_post_usd) == (2, 0.1)
    assert not changed.can("counts")
    assert not only_counts.can("posts")
    assert only_counts.poll_calls == {"counts": 1}
