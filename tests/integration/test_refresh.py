"""Known posts asked for again as they age: their numbers grow, and what is gone is marked."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from aiohttp import web

from ingestors.platforms import mastodon
from ingestors.poll import poll
from ingestors.refresh import due_windows, refresh
from lake import times
from lake.config import IngestConfig
from lake.store import Store
from tests.fakes.mastodon import START_MS, FakeMastodon, run_mastodon
from tests.fakes.mastodon_poll import VANS, options

HOUR = timedelta(hours=1)


@pytest.fixture
async def fake() -> AsyncIterator[FakeMastodon]:
    async with run_mastodon() as server:
        yield server


def test_each_age_is_looked_at_once_between_two_looks() -> None:
    noon = times.from_text("2026-11-21T12:00:00Z")
    settings = IngestConfig(refresh_s=900, refresh_ages_h=(1, 24))

    first = due_windows(None, noon, settings)
    second = due_windows(noon, noon + 3 * HOUR, settings)

    quarter = timedelta(minutes=15)
    day = 24 * HOUR
    assert first == [(noon - HOUR - quarter, noon - HOUR), (noon - day - quarter, noon - day)]
    assert second == [(noon - HOUR, noon + 2 * HOUR), (noon - 24 * HOUR, noon - 21 * HOUR)]
    assert due_windows(noon + HOUR, noon, settings) == first  # a clock that went back


def settings_for_posts_of_now(**changes: Any) -> IngestConfig:
    """An age that the fake's first posts reached a moment ago."""
    age_h = (datetime.now(UTC).timestamp() - START_MS / 1000 - 60) / 3600
    return IngestConfig.model_validate({"refresh_ages_h": [age_h], "refresh_s": 900} | changes)


async def _posts(store: Store) -> dict[str, dict[str, Any]]:
    await store.refresh()
    answer = await store.search(store.layout.every("posts"), {"size": 100})
    found = [hit["_source"] for hit in answer["hits"]["hits"]]
    return {post["native_id"].rpartition("/")[2]: post for post in found}


async def test_numbers_are_asked_for_again_and_what_is_gone_is_marked(
    fake: FakeMastodon, store: Store
) -> None:
    first, second, *_ = fake.add(50)
    settings = settings_for_posts_of_now()
    async with mastodon.connect(options(fake)) as platform:
        await poll(platform, VANS, store)
        await store.refresh()
        fake.statuses[first]["favourites_count"] = 77
        del fake.statuses[second]
        asked = await refresh(platform, store, {"vans"}, settings)
        again = await refresh(platform, store, {"vans"}, settings)

    found = await _posts(store)
    assert (asked, again) == (50, 0)
    assert found[first]["metrics"]["likes"] == 77
    assert found[second]["erased"]["text_removed"] is True
    assert (found[second]["text"], found[second]["metrics"]["likes"]) == ("", 1)
    assert sum("erased" in post for post in found.values()) == 1
    query = {"term": {"entity.id": f"mastodon:{fake.base}/users/ann/statuses/{first}"}}
    seen = await store.client.search(index=store.layout.every("metrics"), query=query)
    assert sorted(hit["_source"]["metrics"]["likes"] for hit in seen["hits"]["hits"])[-1] == 77


async def test_only_wanted_posts_are_asked_for_and_no_more_than_the_settings_say(
    fake: FakeMastodon, store: Store
) -> None:
    fake.add(20)
    async with mastodon.connect(options(fake)) as platform:
        await poll(platform, VANS, store)
        await store.refresh()
        calls = len(fake.paths)
        others = await refresh(platform, store, {"other"}, settings_for_posts_of_now())
        untouched = len(fake.paths)

        assert (others, untouched) == (0, calls)


async def test_a_server_that_is_away_is_asked_at_the_next_look(
    fake: FakeMastodon, store: Store
) -> None:
    fake.add(3)
    settings = settings_for_posts_of_now()
    async with mastodon.connect(options(fake, attempts=1)) as platform:
        await poll(platform, VANS, store)
        await store.refresh()
        fake.status_faults.extend([_away] * 10)
        failed = await refresh(platform, store, {"vans"}, settings)
        fake.status_faults.clear()
        done = await refresh(platform, store, {"vans"}, settings)

    assert (failed, done) == (0, 3)


async def _away(_fake: FakeMastodon, _request: Any) -> Any:
    return web.Response(status=503)
