"""A remote collector: it asks the platforms from where they answer, and pushes what they say.

It needs no lake: payloads go to an API (``POST /v1/push``), which normalises them. A cursor moves
only when the API has answered that it keeps the page, so a collector that is killed anywhere goes
on where it was, and what it pushes twice changes nothing.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Coroutine, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import Any

from ingestors.outbox import Outbox
from ingestors.platform import Page, Platform, Target
from ingestors.remote_state import StateFile
from lake.errors import ConflictError, RequestError, RetryError, StopPlatformError, TaglakeError

logger = logging.getLogger(__name__)


@dataclass(slots=True)
class Collected:
    """What a walk over a target brought.

    Args:
        target: Key of the target.
        pages: Pages that the API keeps.
        payloads: Payloads that the platform gave.
        accepted: Payloads that the API keeps and can use.
        refused: Payloads that it cannot use, and what was no payload.
        error: What cut the walk short; None where it came to its end.
    """

    target: str
    pages: int = 0
    payloads: int = 0
    accepted: int = 0
    refused: int = 0
    error: str | None = None


@dataclass(slots=True)
class Collector:
    """Collects from platforms.

    Args:
        platforms: The connected platforms by name.
        outbox: Where payloads go.
        state: Where cursors and limits are kept.
    """

    platforms: Mapping[str, Platform]
    outbox: Outbox
    state: StateFile
    accepted: int = 0
    _stopped: set[str] = field(default_factory=set)

    async def once(self, targets: Sequence[Target]) -> list[Collected]:
        """Walks each target once, platforms side by side; a failure ends its own walk only.

        Raises:
            StopProcessError: The API refuses us, or the state cannot be kept.
        """
        groups = [
            self._walks([target for target in targets if target.platform == name])
            for name in dict.fromkeys(target.platform for target in targets)
        ]
        found = {one.target: one for group in await _all(groups) for one in group}
        return [found[target.key] for target in targets]

    async def forever(self, targets: Sequence[Target], interval_s: float) -> None:
        """Walks the targets every ``interval_s`` seconds until it is cancelled.

        Raises:
            StopProcessError: See ``once``.
            StopPlatformError: Every platform refuses us.
        """
        names = dict.fromkeys(target.platform for target in targets)
        await _all(
            [
                self._repeat([target for target in targets if target.platform == name], interval_s)
                for name in names
            ]
        )
        raise StopPlatformError(f"refused by {', '.join(names)}; the log says why")

    async def _repeat(self, targets: Sequence[Target], interval_s: float) -> None:
        while targets[0].platform not in self._stopped:
            await self._walks(targets)
            await asyncio.sleep(interval_s)

    async def _walks(self, targets: Sequence[Target]) -> list[Collected]:
        return [await self._walk(target) for target in targets]

    async def _walk(self, target: Target) -> Collected:
        done = Collected(target.key)
        platform = self.platforms[target.platform]
        if target.platform in self._stopped:
            done.error = "the platform refuses us"
            return done
        try:
            await self._pages(platform, target, done)
        except (RetryError, ConflictError) as exc:
            self._cut_short(done, "collecting cut short", exc)
        except RequestError as exc:
            self._cut_short(done, "target gone", exc)
        except StopPlatformError as exc:
            self._stopped.add(target.platform)
            self._cut_short(done, "platform stopped", exc, logging.ERROR)
        else:
            what = {"target": done.target, "payloads": done.payloads, "accepted": done.accepted}
            logger.info("collected", extra=what)
        await asyncio.to_thread(self.state.keep, platform.name, platform.limits)
        return done

    async def _pages(self, platform: Platform, target: Target, done: Collected) -> None:
        pages = platform.pages(target, self.state.cursor(target.key))
        async with aclosing(pages) as closing:
            async for page in closing:
                await self._push(page, target, done)
                if page.cursor is not None:
                    await asyncio.to_thread(self.state.move, target.key, page.cursor)
                done.pages += 1

    async def _push(self, page: Page, target: Target, done: Collected) -> None:
        for part in page.unreadable:
            what = {"target": target.key, "place": part.place, "reason": part.reason}
            logger.warning("unreadable; not pushed", extra=what)
        accepted, refused = await self.outbox.push(target, page)
        done.payloads += len(page.payloads)
        done.accepted += accepted
        done.refused += refused + len(page.unreadable)
        self.accepted += accepted

    def _cut_short(
        self, done: Collected, message: str, exc: TaglakeError, level: int = logging.WARNING
    ) -> None:
        done.error = str(exc)
        logger.log(level, message, extra={"target": done.target, "reason": done.error})


async def _all(works: Sequence[Coroutine[Any, Any, Any]]) -> list[Any]:
    """What each gives; the first that fails ends the others."""
    tasks = [asyncio.create_task(work) for work in works]
    try:
        return await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
