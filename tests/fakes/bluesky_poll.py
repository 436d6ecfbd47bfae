"""Polling the fake Bluesky as the poll loop does, and what came of it."""

from __future__ import annotations

from typing import Any

from ingestors.platform import Page, Target
from ingestors.platforms.bluesky import Options, connect
from tests.fakes.bluesky import FakeBluesky

VANS = Target("bluesky", "hashtag", "vans")


def options(fake: FakeBluesky, **changes: Any) -> Options:
    """Options that let a test be quick."""
    quick = {"timeout_s": 0.5, "backoff_s": 0.001, "attempts": 4, "lookback_s": 0}
    login = {"identifier": "@ann.bsky.social", "app_password": fake.password}
    return Options.model_validate(
        {"service": fake.base, "public": fake.base} | quick | login | changes
    )


async def poll(
    fake: FakeBluesky, cursor: str | None = None, target: Target = VANS, **changes: Any
) -> list[Page]:
    """Every page of one poll, of the hashtag if nothing else is said."""
    async with connect(options(fake, **changes)) as platform:
        return [page async for page in platform.pages(target, cursor)]


def uris(pages: list[Page]) -> list[str]:
    """What names the posts, in the order they came."""
    return [part.body["uri"] for page in pages for part in page.payloads if part.kind == "post"]


def last_cursor(pages: list[Page], cursor: str | None = None) -> str | None:
    """Where the next poll begins once all pages are written."""
    return next((page.cursor for page in reversed(pages) if page.cursor), cursor)
