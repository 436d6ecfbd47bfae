"""The accounts of campaigns on the schedule."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import Any

import pytest

from ingestors.about import About
from ingestors.platforms import mastodon
from ingestors.schedule import Schedule
from lake.campaign import checked_spec
from lake.config import IngestConfig
from lake.store import Store
from tests.fakes.mastodon import run_mastodon
from tests.fakes.mastodon_poll import host, options

SETTINGS = IngestConfig.model_validate({"interval_s": 300, "sync_s": 0.1})


async def _profiles(store: Store) -> list[dict[str, Any]]:
    for _ in range(600):
        await store.refresh()
        answer = await store.search(store.layout.one("profiles"), {"size": 10})
        if hits := answer["hits"]["hits"]:
            return [hit["_source"] for hit in hits]
        await asyncio.sleep(0.1)
    pytest.fail("no profile came within a minute")


async def test_an_account_of_a_campaign_is_polled_and_is_no_hashtag(store: Store) -> None:
    async with run_mastodon() as fake:
        year = datetime.now(UTC).year
        account = f"mastodon:@ann@{host(fake)}"
        body = {"name": "A", "hashtags": ["vans"], "profiles": [account]}
        dates = {"from": f"{year}-01-01", "to": f"{year + 2}-01-01"}
        await store.campaigns.create(checked_spec(body | dates))
        abouts = {"mastodon": About("Mastodon", {"posts": "all", "profiles": "followers"})}
        async with (
            mastodon.connect(options(fake)) as platform,
            Schedule(store, {"mastodon": platform}, SETTINGS, abouts) as schedule,
        ):
            (found,) = await _profiles(store)
            tags = schedule.tags_of("mastodon")()

    assert found["provenance"]["targets"] == [f"mastodon:profile:ann@{host(fake)}"]
    assert tags == {"vans"}
