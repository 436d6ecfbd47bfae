"""Polling the fake Mastodon as the poll loop does, and what came of it."""

from __future__ import annotations

from typing import Any

from ingestors.mastodon_places import places, places_text
from ingestors.platform import Page, Target
from ingestors.platforms.mastodon import Options, connect
from tests.fakes.mastodon import FakeMastodon

VANS = Target("mastodon", "hashtag", "vans")


def options(*fakes: FakeMastodon, access_token: str | None = None, **changes: Any) -> Options:
    """Options that let a test be quick; ``access_token`` is one for every server."""
    quick = {"timeout_s": 0.5, "backoff_s": 0.001, "attempts": 4, "lookback_s": 0}
    servers: dict[str, Any] = {"instances": [fake.base for fake in fakes]}
    if access_token:
        servers["access_tokens"] = {host(fake): access_token for fake in fakes}
    return Options.model_validate(servers | quick | changes)


def host(fake: FakeMastodon) -> str:
    """The fake's host name, as payloads tell it."""
    return fake.base.removeprefix("http://")


async def poll(fake: FakeMastodon, place: str | None = None, **changes: Any) -> list[Page]:
    """Every page of one poll of the hashtag on one server, from its place on."""
    cursor = places_text({host(fake): place}) if place else None
    async with connect(options(fake, **changes)) as platform:
        return [page async for page in platform.pages(VANS, cursor)]


async def poll_all(
    *fakes: FakeMastodon, cursor: str | None = None, target: Target = VANS, **changes: Any
) -> list[Page]:
    """Every page of one poll of several servers."""
    async with connect(options(*fakes, **changes)) as platform:
        return [page async for page in platform.pages(target, cursor)]


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


def last_place(pages: list[Page], place: str | None = None) -> str | None:
    """Where the next poll of a single server begins once all pages are written."""
    found = places(last_cursor(pages))
    return next(iter(found.values()), place)
