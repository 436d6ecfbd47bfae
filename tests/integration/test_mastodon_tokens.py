"""The operator's own tokens, server by server, and what a check says of each server."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from ingestors.platforms.mastodon import connect
from lake.errors import (
    BlockedError,
    UnauthorizedError,
)
from tests.fakes.mastodon import FakeMastodon, run_mastodon
from tests.fakes.mastodon_poll import VANS, host, ids, options, poll_all


@pytest.fixture
async def here() -> AsyncIterator[FakeMastodon]:
    async with run_mastodon() as server:
        yield server


@pytest.fixture
async def there() -> AsyncIterator[FakeMastodon]:
    async with run_mastodon() as server:
        yield server


async def test_tokens_of_a_server_share_its_load_and_go_nowhere_else(
    here: FakeMastodon, there: FakeMastodon
) -> None:
    here.add(100)
    tokens = {host(here): ["one", "two"]}

    await poll_all(here, there, access_tokens=tokens)

    assert set(here.bearers) == {"one", "two"}
    assert set(there.bearers) == {""}


async def test_a_dead_token_is_left_out_and_the_others_go_on(here: FakeMastodon) -> None:
    posted = here.add(3)
    here.token = "good"

    async with connect(options(here, access_tokens={host(here): ["dead", "good"]})) as platform:
        pages = [page for _ in "12" async for page in platform.pages(VANS, None)]

    assert set(ids(pages)) == set(posted)
    assert here.bearers.count("dead") <= 1


@pytest.mark.parametrize("shut", [False, True])
async def test_a_check_says_what_each_server_shows(
    here: FakeMastodon, there: FakeMastodon, *, shut: bool
) -> None:
    here.feed_access = {"local": "public", "remote": "public"}
    there.feed_access = {"local": "disabled", "remote": "disabled"}
    async with connect(options(*([there] if shut else [here, there]))) as platform:
        if shut:
            with pytest.raises(BlockedError, match="closed its tag feeds"):
                await platform.check()
            return
        said = await platform.check()

    assert f"{host(here)} shows hashtags" in said
    assert f"{host(there)} closed its tag feeds" in said
    assert [path for path in here.paths + there.paths if path != "/api/v2/instance"] == []


async def test_a_check_tells_a_dead_token(here: FakeMastodon) -> None:
    here.token = "good"
    async with connect(options(here, access_token="dead-secret")) as platform:
        with pytest.raises(UnauthorizedError) as caught:
            await platform.check()

    assert "dead-secret" not in str(caught.value)
