"""Polling the fake Mastodon as the poll loop does, and what came of it."""

from __future__ import annotations

from typing import Any

from ingestors.platform import Page, Target
from ingestors.platforms.mastodon import Options, connect
from tests.fakes.mastodon import FakeMastodon

VANS = Target("mastodon", "hashtag", "vans")


def options(fake: FakeMastodon, **changes: Any) -> Options:
    """Options that let a test be quick."""
    quick = {"timeout_s": 0.5, "backoff_s": 0.001, "attempts": 4, "lookback_s": 0}
    return Options.model_validate({"instance": fake.base} | quick | changes)


async def poll(fake: FakeMastodon, cursor: str | None = None, **changes: Any) -> list[Page]:
    """Every page of one poll of the hashtag."""
    async with connect(options(fake, **changes)) as platform:
        return [page async for page in platform.pages(VANS, cursor)]


def ids(pages: list[Page]) -> list[str]:
    """The ids of the statuses, in the order they came."""
    return [
        payload.body["id"]
        for page in pages
        for payload in page.payloads
        if payload.kind == "status"
    ]


def last_cursor(pages: list[Page], cursor: str | None = None) -> str | None:
    """Where the next poll begins once all pages are written."""
    return next((page.cursor for page in reversed(pages) if page.cursor), cursor)
