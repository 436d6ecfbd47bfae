"""Several accounts that share the load of searching, how often they sign in, and what is said."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from ingestors.bluesky_session import LOGINS_A_DAY, LOGINS_IN_5_MINUTES, Login
from ingestors.platforms.bluesky import Options, about, connect
from lake.errors import BlockedError, RateLimitedError, UnauthorizedError
from tests.fakes import bluesky as fakes
from tests.fakes.bluesky import FakeBluesky, run_bluesky
from tests.fakes.bluesky_poll import VANS, options, poll, uris

BOB = {"identifier": "bob.bsky.social", "app_password": "abcd-efgh"}


@pytest.fixture
async def fake() -> AsyncIterator[FakeBluesky]:
    async with run_bluesky() as server:
        yield server


async def test_a_redirect_does_not_take_the_password_elsewhere(fake: FakeBluesky) -> None:
    async def sent_on(request: web.Request) -> web.Response:
        raise web.HTTPTemporaryRedirect(f"{fake.base}{request.path}")

    app = web.Application()
    app.router.add_post("/xrpc/{method}", sent_on)
    async with TestServer(app) as server:
        with pytest.raises(BlockedError, match="answered 307"):
            await poll(fake, service=str(server.make_url("")))

    assert fake.accounts == []


async def test_accounts_share_the_searches(fake: FakeBluesky) -> None:
    posted = fake.add(450)

    pages = await poll(fake, more_accounts=[BOB])

    assert sorted(uris(pages)) == sorted(posted)
    ann, bob = map(fake.searched_by.count, ("ann.bsky.social", "bob.bsky.social"))
    assert abs(ann - bob) <= 1
    assert sorted(fake.accounts) == ["ann.bsky.social", "bob.bsky.social"]


async def test_an_account_at_its_limit_rests_while_the_other_goes_on(fake: FakeBluesky) -> None:
    posted = fake.add(450)
    fake.faults.append(fakes.refusing("RateLimitExceeded", 429, reset_s=5_000))

    pages = await poll(fake, more_accounts=[BOB])

    assert sorted(uris(pages)) == sorted(posted)
    assert min(map(fake.searched_by.count, set(fake.searched_by))) == 1


async def test_an_account_that_may_not_sign_in_is_left_out(fake: FakeBluesky) -> None:
    fake.barred.add("ann.bsky.social")
    posted = fake.add(150)

    async with connect(options(fake, more_accounts=[BOB])) as platform:
        for _ in "12":
            pages = [page async for page in platform.pages(VANS, None)]
            assert sorted(uris(pages)) == sorted(posted)

    assert set(fake.searched_by) == {"bob.bsky.social"}
    assert fake.count("createSession") == 2


async def test_an_account_that_is_taken_down_is_left_out(fake: FakeBluesky) -> None:
    posted = fake.add(3)
    fake.faults.append(fakes.refusing("AccountTakedown", 400))

    assert sorted(uris(await poll(fake, more_accounts=[BOB]))) == sorted(posted)
    assert sorted(map(fake.searched_by.count, set(fake.searched_by))) == [1, 2]


async def test_a_block_that_concerns_no_account_leaves_none_out(fake: FakeBluesky) -> None:
    fake.add(3)
    fake.faults.append(fakes.refusing("Forbidden", 403))

    async with connect(options(fake, more_accounts=[BOB])) as platform:
        with pytest.raises(BlockedError):
            await anext(platform.pages(VANS, None))
        assert [page async for page in platform.pages(VANS, None)]

    assert len(set(fake.searched_by)) == 2


async def test_the_last_account_that_is_refused_ends_the_platforms_work(fake: FakeBluesky) -> None:
    fake.barred |= {"ann.bsky.social", "bob.bsky.social"}

    async with connect(options(fake, more_accounts=[BOB])) as platform:
        for _ in "12":
            with pytest.raises(UnauthorizedError, match="make a new app password"):
                await anext(platform.pages(VANS, None))

    assert fake.count("createSession") == 2


@pytest.mark.parametrize("budget", [LOGINS_A_DAY, LOGINS_IN_5_MINUTES])
async def test_logins_are_counted_across_restarts(fake: FakeBluesky, budget: Any) -> None:
    fake.add(1)
    bucket = "login" if budget is LOGINS_A_DAY else "login-5-min"
    name = Login("ann.bsky.social", None).name  # type: ignore[arg-type]
    async with connect(options(fake)) as platform:
        platform.limits.spend(f"{bucket}/{name}", budget.calls - 1)
        assert [page async for page in platform.pages(VANS, None)]
        state = platform.limits.state()
    async with connect(options(fake, attempts=1)) as platform:
        platform.limits.restore(state)
        with pytest.raises(RateLimitedError, match="used up") as caught:
            await anext(platform.pages(VANS, None))

    assert fake.count("createSession") == 1
    assert (caught.value.after_s or 0) > budget.window_s / 2
    assert "abcd-efgh" not in str(state)
    assert "access/" not in str(state)


async def test_a_check_tries_every_account(fake: FakeBluesky) -> None:
    async with connect(options(fake, more_accounts=[BOB])) as platform:
        assert await platform.check() == "2 app passwords are accepted"
        assert fake.count("getPreferences") == 2

    fake.barred.add(BOB["identifier"])
    async with connect(options(fake, more_accounts=[BOB])) as platform:
        with pytest.raises(UnauthorizedError, match=r"bob\.bsky\.social"):
            await platform.check()


async def test_a_check_without_an_account_says_what_is_left(fake: FakeBluesky) -> None:
    fake.profile = {"did": fakes.DID, "handle": "bsky.app"}
    nobody = {"identifier": None, "app_password": None}

    async with connect(options(fake, **nobody)) as platform:
        assert "no search" in await platform.check()
    async with connect(options(fake, **nobody, stream=False)) as platform:
        with pytest.raises(UnauthorizedError):
            await platform.check()


def test_what_bluesky_is_about_depends_on_accounts_and_stream() -> None:
    shipped = about(None)
    searching = about(Options(identifier="ann", app_password="x", more_accounts=[BOB]))
    idle = about(Options(stream=False))

    assert shipped.can("stream")
    assert not shipped.can("history")
    assert shipped.poll_calls == {}
    assert not searching.can("stream")
    assert searching.can("history")
    assert searching.credentials == 2
    assert idle.off_because is not None
    assert not idle.can("posts")
    assert shipped.off_because is searching.off_because is None
    buckets = {limit.bucket for limit in searching.limits}
    assert set(searching.poll_calls) | {searching.page_bucket} <= buckets


@pytest.mark.parametrize("account", [{"identifier": "@", "app_password": "x"}, {**BOB, "x": 1}])
def test_half_an_account_is_refused_without_showing_its_password(account: Any) -> None:
    with pytest.raises(ValueError, match="more_accounts") as caught:
        Options(more_accounts=[account | {"app_password": "hunter2"}])

    assert "hunter2" not in str(caught.value)


async def test_limits_of_one_account_do_not_stop_the_public_server(fake: FakeBluesky) -> None:
    fake.profile = {"did": fakes.DID, "handle": "ann.bsky.social"}
    async with connect(options(fake)) as platform:
        name = Login("ann.bsky.social", None).name  # type: ignore[arg-type]
        platform.limits.close(f"search/{name}", datetime.now(UTC) + timedelta(hours=2))
        with pytest.raises(RateLimitedError):
            await anext(platform.pages(VANS, None))
        assert await anext(platform.pages(VANS.__class__("bluesky", "profile", "ann"), None))
