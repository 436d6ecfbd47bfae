"""Several servers in one poll: each its own place, and none hides what another shows."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from ingestors.mastodon_places import places
from ingestors.platform import Page, Target
from ingestors.platforms.mastodon import connect
from lake.errors import (
    BlockedError,
    NotFoundError,
    RetryError,
    UnavailableError,
)
from lake.quota import LimitBook
from lake.records import Post, Profile, TagCounter
from tests.fakes import mastodon as fakes
from tests.fakes.mastodon import FakeMastodon, run_mastodon
from tests.fakes.mastodon_poll import VANS, host, ids, last_cursor, options, poll_all

OUTAGE = [fakes.refusing(503)] * 20


@pytest.fixture
async def here() -> AsyncIterator[FakeMastodon]:
    async with run_mastodon() as server:
        yield server


@pytest.fixture
async def there() -> AsyncIterator[FakeMastodon]:
    async with run_mastodon() as server:
        yield server


def overlaps(pages: list[Page]) -> bool | None:
    """What the poll loop makes of the pages together."""
    found = [page.overlaps for page in pages]
    return True if True in found else found[-1]


async def test_one_poll_brings_every_servers_posts_and_its_own_place(
    here: FakeMastodon, there: FakeMastodon
) -> None:
    ours, theirs = here.add(90), there.add(50)

    pages = await poll_all(here, there)

    assert sorted(ids(pages)) == sorted(ours + theirs)
    assert places(last_cursor(pages)) == {host(here): ours[-1], host(there): theirs[-1]}
    assert {p.source for page in pages for p in page.payloads} == {host(here), host(there)}


async def test_each_server_goes_on_at_its_own_place(
    here: FakeMastodon, there: FakeMastodon
) -> None:
    here.add(10)
    there.add(500)
    cursor = last_cursor(await poll_all(here, there, first_poll_pages=2))
    ours, theirs = here.add(70), there.add(30)

    pages = await poll_all(here, there, cursor=cursor)

    assert sorted(ids(pages)) == sorted(ours + theirs)
    assert overlaps(pages) is True


async def test_a_server_that_fails_hides_nothing_and_loses_nothing(
    here: FakeMastodon, there: FakeMastodon
) -> None:
    here.add(5)
    theirs = there.add(5)
    cursor = last_cursor(await poll_all(here, there))
    ours, missed = here.add(60), there.add(60)
    there.faults.extend([None, *OUTAGE])

    during = await poll_all(here, there, cursor=cursor, attempts=2)
    there.faults.clear()
    after = await poll_all(here, there, cursor=last_cursor(during))

    assert set(ours) <= set(ids(during))
    assert overlaps(during) is None, "a poll that lacks a server vouches for nothing"
    assert places(last_cursor(during))[host(there)] in {theirs[-1], *missed}
    assert set(missed) <= set(ids(during)) | set(ids(after))
    assert overlaps(after) is True


async def test_where_every_server_fails_the_poll_fails_with_what_may_pass(
    here: FakeMastodon, there: FakeMastodon
) -> None:
    here.faults.append(fakes.refusing(403))
    there.faults.extend(OUTAGE)

    with pytest.raises(UnavailableError):
        await poll_all(here, there, attempts=2)


async def test_where_every_server_refuses_the_poll_is_refused(
    here: FakeMastodon, there: FakeMastodon
) -> None:
    for fake in (here, there):
        fake.feed_access = {"local": "disabled", "remote": "disabled"}

    with pytest.raises(BlockedError, match="closed its tag feeds"):
        await poll_all(here, there)


async def test_a_silent_server_does_not_hold_up_the_other(
    here: FakeMastodon, there: FakeMastodon
) -> None:
    ours = here.add(3)
    answer = asyncio.Event()

    async def waiting(fake: FakeMastodon, request: Any) -> Any:
        await answer.wait()
        return fake.timeline(request)

    there.faults.append(waiting)
    theirs = there.add(3)
    pages: list[Page] = []
    async with connect(options(here, there, timeout_s=60)) as platform:
        async for page in platform.pages(VANS, None):
            pages.append(page)
            if set(ours) <= set(ids(pages)):
                answer.set()

    assert set(ids(pages)) == set(ours + theirs)


async def test_a_poll_that_is_closed_early_leaves_no_call_behind(
    here: FakeMastodon, there: FakeMastodon
) -> None:
    there.faults.append(fakes.silent)
    here.add(3)

    async with connect(options(here, there, timeout_s=60)) as platform:
        walk = platform.pages(VANS, None)
        first = await anext(walk)
        await walk.aclose()

    assert first.payloads
    assert not [task for task in asyncio.all_tasks() if "_step" in str(task.get_coro())]


async def test_a_cut_off_poll_of_several_servers_resumes_without_a_loss(
    here: FakeMastodon, there: FakeMastodon
) -> None:
    posted = set(here.add(100) + there.add(130))
    whole = await poll_all(here, there)
    for given in range(len(whole) + 1):
        written = whole[:given]

        rest = await poll_all(here, there, cursor=last_cursor(written))

        assert set(ids(written)) | set(ids(rest)) == posted, given


async def test_a_new_server_is_walked_back_while_the_other_goes_on(
    here: FakeMastodon, there: FakeMastodon
) -> None:
    here.add(50)
    cursor = last_cursor(await poll_all(here))
    theirs = there.add(60)

    pages = await poll_all(here, there, cursor=cursor, first_poll_pages=1)

    assert sorted(ids(pages)) == theirs[-40:]
    assert overlaps(pages) is None
    assert set(places(last_cursor(pages))) == {host(here), host(there)}


async def test_posts_say_who_counted_and_counters_whose_they_are(
    here: FakeMastodon, there: FakeMastodon
) -> None:
    [own] = here.add(1)
    there.statuses[own] = here.statuses[own] | {"id": own, "favourites_count": 0}

    async with connect(options(here, there)) as platform:
        records = [
            record
            async for page in platform.pages(VANS, None)
            for payload in page.payloads
            for record in platform.normalise(payload, page.observed_at)
        ]

    posts = [one for one in records if isinstance(one, Post)]
    assert {one.native_id for one in posts} == {here.statuses[own]["uri"]}
    assert {(one.source, one.is_home) for one in posts} == {
        (host(here), True),
        (host(there), False),
    }
    counters = [one for one in records if isinstance(one, TagCounter)]
    assert {one.source for one in counters} == {host(here), host(there)}


async def test_a_profile_is_asked_of_its_own_server(
    here: FakeMastodon, there: FakeMastodon
) -> None:
    async with connect(options(here, there)) as platform:
        for handle in ("ann", f"@ann@{host(there)}"):
            target = Target("mastodon", "profile", handle)
            [page] = [page async for page in platform.pages(target, None)]
            [profile] = platform.normalise(page.payloads[0], page.observed_at)
            assert isinstance(profile, Profile)

        with pytest.raises(NotFoundError, match="knows no account"):
            await anext(platform.pages(Target("mastodon", "profile", "bob@x.test"), None))

    assert "/api/v1/accounts/lookup?acct=ann" in here.paths
    assert "/api/v1/accounts/lookup?acct=ann" in there.paths


async def test_one_server_that_shows_strangers_nothing_does_not_stop_the_platform(
    here: FakeMastodon, there: FakeMastodon
) -> None:
    [status] = there.add(1)
    there.token = "members only"

    async with connect(options(here, there)) as platform:
        for kind, value in (
            ("profile", f"ann@{host(there)}"),
            ("comments", f"{host(there)}:{status}"),
        ):
            target = Target("mastodon", kind, value)
            with pytest.raises(RetryError, match="one server does not show it"):
                await anext(platform.pages(target, None))


async def test_a_server_that_asks_to_wait_is_left_out_of_this_poll(
    here: FakeMastodon, there: FakeMastodon
) -> None:
    ours, theirs = here.add(3), there.add(3)
    there.faults.append(fakes.refusing(429, reset_s=100))

    async with connect(options(here, there)) as platform:
        for _ in "12":
            async with asyncio.timeout(60):
                pages = [page async for page in platform.pages(VANS, None)]
            assert ids(pages) == list(reversed(ours))
        platform.limits.close(host(there), datetime.now(UTC))
        pages = [page async for page in platform.pages(VANS, None)]

    assert set(ids(pages)) == set(ours + theirs)


async def test_a_limit_that_one_server_tells_stops_that_server_alone(
    here: FakeMastodon, there: FakeMastodon
) -> None:
    ours = here.add(3)
    there.add(3)
    async with connect(options(here, there)) as platform:
        limits: LimitBook = platform.limits
        limits.close(host(there), datetime.now(UTC) + timedelta(hours=2))
        pages = [page async for page in platform.pages(VANS, None)]

        assert ids(pages) == list(reversed(ours))
        assert there.paths == []
        limits.close(host(here), datetime.now(UTC) + timedelta(hours=2))
        with pytest.raises(RetryError):
            await anext(platform.pages(VANS, None))
