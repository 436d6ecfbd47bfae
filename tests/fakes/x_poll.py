"""Polling the fake X as the poll loop does, and what came of it."""

from __future__ import annotations

from typing import Any

from ingestors.platform import Page, Target
from ingestors.platforms.x import Options, connect
from tests.fakes.x import TOKEN, FakeX

VANS = Target("x", "hashtag", "vans")


def options(fake: FakeX, **changes: Any) -> Options:
    """Options that let a test be quick, with pages of ten."""
    quick = {"timeout_s": 0.5, "backoff_s": 0.001, "attempts": 4, "page_size": 10}
    return Options.model_validate({"base": fake.base, "bearer_token": TOKEN} | quick | changes)


async def poll(
    fake: FakeX, cursor: str | None = None, *, into: list[Page] | None = None, **changes: Any
) -> list[Page]:
    """Every page of one poll of the hashtag; ``into`` keeps those before an error."""
    given: list[Page] = [] if into is None else into
    async with connect(options(fake, **changes)) as platform:
        async for page in platform.pages(VANS, cursor):
            given.append(page)
    return given


def ids(pages: list[Page]) -> list[str]:
    """The ids of the posts, in the order they came."""
    return [
        payload.body["data"]["id"]
        for page in pages
        for payload in page.payloads
        if payload.kind == "tweet"
    ]


def last_cursor(pages: list[Page], cursor: str | None = None) -> str | None:
    """Where the next poll begins once all pages are written."""
    return next((page.cursor for page in reversed(pages) if page.cursor), cursor)
