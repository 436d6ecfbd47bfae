from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from datetime import UTC, datetime

import pytest

from ingestors.platform import Page
from ingestors.side_by_side import Ended, side_by_side
from lake.errors import StorageError, TaglakeError, UnavailableError

NOON = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)


class Walk:
    """Pages by their cursors, then perhaps an error; it tells whether it was closed."""

    def __init__(self, *cursors: str, error: Exception | None = None) -> None:
        self.cursors = cursors
        self.error = error
        self.is_closed = False

    async def pages(self) -> AsyncGenerator[Page, None]:
        try:
            for cursor in self.cursors:
                await asyncio.sleep(0)
                yield Page([], NOON, cursor)
            if self.error is not None:
                raise self.error
        finally:
            self.is_closed = True


async def seen(**walks: Walk) -> list[tuple[str, str | TaglakeError | None]]:
    found: list[tuple[str, str | TaglakeError | None]] = []
    steps = side_by_side({name: walk.pages() for name, walk in walks.items()})
    async with asyncio.timeout(60), aclosing(steps):
        async for name, one in steps:
            found.append((name, one.error if isinstance(one, Ended) else one.cursor))
    return found


async def test_every_walk_comes_whole_and_in_its_own_order() -> None:
    found = await seen(a=Walk("1", "2", "3"), b=Walk("4"), c=Walk())

    assert [one for name, one in found if name == "a"] == ["1", "2", "3", None]
    assert [one for name, one in found if name == "b"] == ["4", None]
    assert [one for name, one in found if name == "c"] == [None]
    assert len(found) == 7


async def test_no_walks_end_at_once() -> None:
    assert await seen() == []


async def test_what_ends_one_walk_is_told_and_the_others_go_on() -> None:
    error = UnavailableError("away")

    found = await seen(a=Walk("1", error=error), b=Walk("2", "3"))

    assert ("a", error) in found
    assert [one for name, one in found if name == "b"] == ["2", "3", None]


@pytest.mark.parametrize("error", [StorageError("full"), KeyError("a bug")])
async def test_an_error_that_concerns_all_ends_all(error: Exception) -> None:
    endless = Walk(*map(str, range(1_000)))

    with pytest.raises(type(error)):
        await seen(a=Walk("1", error=error), b=endless)

    assert endless.is_closed


async def test_whoever_stops_early_closes_every_walk() -> None:
    walks = {"a": Walk("1", "2"), "b": Walk("3", "4")}
    steps = side_by_side({name: walk.pages() for name, walk in walks.items()})

    await anext(steps)
    await steps.aclose()

    assert all(walk.is_closed for walk in walks.values())
