"""Polling the fake Reddit as the poll loop does, and what came of it."""

from __future__ import annotations

from typing import Any

from ingestors.platform import Page, Target, TargetKind
from ingestors.platforms.reddit import Options, connect
from lake.records import Record
from tests.fakes.reddit import APP, SECRET, FakeReddit

VANS = Target("reddit", "hashtag", "vans")


def options(fake: FakeReddit, **changes: Any) -> Options:
    """Options that let a test be quick."""
    quick = {"timeout_s": 5, "backoff_s": 0.001, "attempts": 4, "lookback_s": 0}
    app = {"client_id": APP, "client_secret": SECRET}
    at = {"reddit_url": fake.base, "oauth_url": fake.base}
    return Options.model_validate(app | at | quick | changes)


async def poll(
    fake: FakeReddit, cursor: str | None = None, target: Target = VANS, **changes: Any
) -> list[Page]:
    """Every page of one poll."""
    async with connect(options(fake, **changes)) as platform:
        return [page async for page in platform.pages(target, cursor)]


def of(kind: TargetKind, value: str) -> Target:
    """A target on Reddit."""
    return Target("reddit", kind, value)


async def records(fake: FakeReddit, target: Target = VANS, **changes: Any) -> list[Record]:
    """What one poll's payloads hold."""
    async with connect(options(fake, **changes)) as platform:
        return [
            record
            async for page in platform.pages(target, None)
            for payload in page.payloads
            for record in platform.normalise(payload, page.observed_at)
        ]


def names(pages: list[Page]) -> list[str]:
    """What names the things, in the order they came."""
    bodies = [part.body for page in pages for part in page.payloads]
    return [body.get("thing", body)["data"]["name"] for body in bodies]


def last_cursor(pages: list[Page], cursor: str | None = None) -> str | None:
    """Where the next poll begins once all pages are written."""
    return next((page.cursor for page in reversed(pages) if page.cursor), cursor)
