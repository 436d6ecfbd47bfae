"""Polling the fake YouTube as the poll loop does, and what came of it."""

from __future__ import annotations

from typing import Any

from ingestors.platform import Page, Target
from ingestors.platforms.youtube import Options, connect
from tests.fakes.youtube import KEY, FakeYoutube

VANS = Target("youtube", "hashtag", "vans")


def options(fake: FakeYoutube, **changes: Any) -> Options:
    """Options that let a test be quick."""
    quick = {"timeout_s": 0.5, "backoff_s": 0.001, "attempts": 3, "lookback_s": 0}
    pages = {"max_search_pages_per_poll": 20}
    return Options.model_validate({"base": fake.base, "key": KEY} | quick | pages | changes)


async def poll(fake: FakeYoutube, cursor: str | None = None, **changes: Any) -> list[Page]:
    """Every page of one poll of the hashtag."""
    async with connect(options(fake, **changes)) as platform:
        return [page async for page in platform.pages(VANS, cursor)]


def ids(pages: list[Page]) -> list[str]:
    """The ids of the videos, in the order they came."""
    return [load.body["video"]["id"] for page in pages for load in page.payloads]
