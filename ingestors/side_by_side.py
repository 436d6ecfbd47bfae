"""Several walks at once, page by page, so that a slow one does not hold up the others."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Mapping
from dataclasses import dataclass

from ingestors.platform import Page
from lake.errors import RequestError, RetryError, StopPlatformError


@dataclass(frozen=True, slots=True)
class Ended:
    """A walk is over.

    Args:
        error: Why it ended early; None where it reached its end.
    """

    error: RetryError | StopPlatformError | RequestError | None = None


async def side_by_side(
    walks: Mapping[str, AsyncGenerator[Page, None]],
) -> AsyncGenerator[tuple[str, Page | Ended], None]:
    """Each walk's pages in their order, as they come, and at its end what it ended with.

    An error that concerns one walk is told and ends it alone; any other error ends them all.

    Args:
        walks: By name; all of them are closed at the end.
    """
    steps = {asyncio.ensure_future(_step(walk)): name for name, walk in walks.items()}
    try:
        while steps:
            done, _ = await asyncio.wait(steps, return_when=asyncio.FIRST_COMPLETED)
            for step in sorted(done, key=lambda one: steps[one]):
                name, found = steps.pop(step), step.result()
                if isinstance(found, Page):
                    steps[asyncio.ensure_future(_step(walks[name]))] = name
                yield name, found
    finally:
        for step in steps:
            step.cancel()
        await asyncio.gather(*steps, return_exceptions=True)
        for walk in walks.values():
            await walk.aclose()


async def _step(walk: AsyncGenerator[Page, None]) -> Page | Ended:
    try:
        return await anext(walk, None) or Ended()
    except (RetryError, StopPlatformError, RequestError) as exc:
        return Ended(exc)
