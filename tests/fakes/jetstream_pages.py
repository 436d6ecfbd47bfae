"""Reading the fake Jetstream as the stream's follower does, and what came of it."""

from __future__ import annotations

import asyncio
from collections.abc import Set
from contextlib import aclosing

import pytest

from ingestors.bluesky_stream import Jetstream
from ingestors.platform import Page
from ingestors.platforms.bluesky import normalise
from lake.errors import UnavailableError
from lake.records import Record
from tests.fakes.jetstream import START_US, FakeJetstream

BEGINNING = str(START_US)
VANS = frozenset({"vans"})


def stream(fake: FakeJetstream, silence_s: float = 60) -> Jetstream:
    """A stream that gives pages so often that no test waits for one."""
    return Jetstream(fake.url, silence_s, page_s=0.02)


async def pages_until(
    source: Jetstream, names: Set[str], cursor: str | None = BEGINNING, tags: Set[str] = VANS
) -> list[Page]:
    """The stream's pages until every named post or deletion was in one."""
    found: list[Page] = []
    async with asyncio.timeout(60), aclosing(source.pages(lambda: tags, cursor)) as pages:
        async for page in pages:
            found.append(page)
            if names <= set(keys(found)):
                return found
    pytest.fail("the stream ended")


async def pages_until_cut(
    source: Jetstream, cursor: str | None, tags: Set[str] = VANS
) -> tuple[list[Page], str | None]:
    """The stream's pages until its connection is lost, and where to go on."""
    found: list[Page] = []
    try:
        async with asyncio.timeout(60):
            async for page in source.pages(lambda: tags, cursor):
                found.append(page)
                cursor = page.cursor
    except UnavailableError:
        return found, cursor
    pytest.fail("the stream ended without an error")


def keys(pages: list[Page]) -> list[str]:
    """``+key`` for a post and ``-key`` for a deletion, in order."""
    commits = [payload.body["commit"] for page in pages for payload in page.payloads]
    return [("-" if one["operation"] == "delete" else "+") + one["rkey"] for one in commits]


def records(pages: list[Page]) -> list[Record]:
    """What the pages' payloads hold."""
    return [
        record
        for page in pages
        for payload in page.payloads
        for record in normalise(payload, page.observed_at)
    ]
