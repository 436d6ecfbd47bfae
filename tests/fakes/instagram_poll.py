"""Polling the fake Instagram as the poll loop does, and what came of it."""

from __future__ import annotations

from typing import Any

from ingestors.instagram_media import media_id
from ingestors.platform import Page, Target
from ingestors.platforms.instagram import Options, connect
from tests.fakes.instagram import TOKEN, USER_ID, FakeInstagram

VANS = Target("instagram", "hashtag", "vans")


def options(fake: FakeInstagram, **changes: Any) -> Options:
    """Options that let a test be quick; top posts are left out."""
    quick = {"timeout_s": 0.5, "backoff_s": 0.001, "attempts": 3, "top_posts": False}
    account = {"base": fake.base, "user_id": USER_ID, "access_token": TOKEN}
    return Options.model_validate(account | quick | changes)


async def poll(
    fake: FakeInstagram,
    cursor: str | None = None,
    *,
    target: Target = VANS,
    into: list[Page] | None = None,
    **changes: Any,
) -> list[Page]:
    """Every page of one poll; ``into`` keeps those before an error."""
    given: list[Page] = [] if into is None else into
    async with connect(options(fake, **changes)) as platform:
        async for page in platform.pages(target, cursor):
            given.append(page)
    return given


def ids(pages: list[Page]) -> list[str]:
    """The ids of the posts, in the order they came."""
    bodies = [load.body for page in pages for load in page.payloads if load.kind == "media"]
    return [media_id(body.get("media", body)) or "" for body in bodies]


def last_cursor(pages: list[Page], cursor: str | None = None) -> str | None:
    """Where the next poll begins once all pages are written."""
    return next((page.cursor for page in reversed(pages) if page.cursor), cursor)
