"""A platform's stream, followed for as long as the schedule runs.

A page's cursor is kept when the page is written, so that a lost connection, a restart or a long
absence of Elasticsearch goes on where it was: the platform keeps what happened meanwhile and sends
it again. Nothing needs to wait on disk for that (docs/decisions/0009).
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping, Set
from contextlib import AsyncExitStack, aclosing
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TypeGuard

from ingestors.gaps import Due, Gap, Reason
from ingestors.ledger import covered_until
from ingestors.page_writer import PageWriter
from ingestors.platform import Page, Platform, Streaming, Target
from ingestors.run import Run
from lake import times
from lake.cursors import Cursor
from lake.errors import RetryError, StopPlatformError
from lake.retry import Backoff
from lake.store import Store

logger = logging.getLogger(__name__)
_BACKOFF = Backoff(base_s=1.0, cap_s=60.0)
_LEDGER = timedelta(minutes=5)


def is_streaming(platform: Platform) -> TypeGuard[Streaming]:
    """Whether a platform is configured to stream."""
    return bool(getattr(platform, "streams", False))


async def follow(platform: Streaming, store: Store, tags: Callable[[], Set[str]]) -> None:
    """Takes in a stream until it is cancelled, or the platform refuses us for good.

    Args:
        platform: Whose stream.
        store: Where posts and cursor go.
        tags: The hashtags that are wanted at the moment.

    Raises:
        StopProcessError: The lake cannot be written.
    """
    follower = _Follower(platform, store, tags)
    failures = 0
    while True:
        before = follower.pages
        try:
            await follower.take_in()
            reason = "the stream ended"
        except StopPlatformError as exc:
            reason = str(exc)
            logger.log(logging.ERROR, "stream refused", extra={"reason": reason})
        except RetryError as exc:
            reason = str(exc)
        failures = 0 if follower.pages > before else failures + 1
        wait_s = _BACKOFF.wait_s(failures)
        what = {"platform": platform.name, "reason": reason, "wait_s": round(wait_s, 1)}
        logger.warning("stream cut off; connecting again", extra=what)
        await asyncio.sleep(wait_s)


class _Follower:
    def __init__(self, platform: Streaming, store: Store, tags: Callable[[], Set[str]]) -> None:
        self._platform = platform
        self._store = store
        self._tags = tags
        self._target = Target(platform.name, "stream", "posts")
        self._known: set[str] = set()
        self.pages = 0

    async def take_in(self) -> None:
        cursor = await self._store.cursors.get(self._target.key)
        run = Run(self._target, times.now())
        writer = PageWriter(self._platform, run, self._store)
        watched: dict[str, datetime] = {}
        started_at = until = run.started_at
        pages = self._platform.stream(self._tags, cursor.value)
        async with AsyncExitStack() as stack:
            closing = await stack.enter_async_context(aclosing(pages))
            # A stream that is cut off often is in the ledger all the same.
            stack.push_async_callback(lambda: self._enter(run, watched, until))
            async for page in closing:
                if page.overlaps is False:  # the platform no longer holds what lies between
                    await self._enter_gap(run, cursor.covered_until, page.observed_at)
                    watched.clear()
                    cursor = replace(cursor, covered_until=page.observed_at)
                since = cursor.covered_until or page.observed_at
                await self._enter_missed(run, self._tags() - self._known, since)
                for tag in self._tags():
                    watched.setdefault(tag, since)
                cursor = await self._keep(writer, page, cursor)
                self.pages, until = self.pages + 1, page.observed_at
                if page.observed_at - started_at >= _LEDGER:
                    await self._enter(run, watched, page.observed_at)
                    run = Run(self._target, page.observed_at)
                    writer = PageWriter(self._platform, run, self._store)
                    started_at, watched = page.observed_at, {}

    async def _keep(self, writer: PageWriter, page: Page, cursor: Cursor) -> Cursor:
        await writer.land(await writer.submit(page))
        new = replace(cursor, value=page.cursor, covered_until=page.observed_at)
        return await self._store.cursors.move(self._target.key, writer.run.id, old=cursor, new=new)

    async def _enter_gap(self, run: Run, since: datetime | None, until: datetime) -> None:
        """What the platform forgot before we came back is a gap of every hashtag."""
        if since is not None and since < until:
            await self._enter_gaps(run, dict.fromkeys(self._tags(), since), until, "no_overlap")

    async def _enter_missed(self, run: Run, tags: Set[str], since: datetime) -> None:
        """A hashtag that is wanted again was not watched in between, though the stream went on."""
        self._known |= tags
        ended = await covered_until(self._store, self._platform.name, tags) if tags else {}
        missed = {tag: until for tag, until in ended.items() if until + _LEDGER < since}
        await self._enter_gaps(run, missed, since, "overdue")

    async def _enter_gaps(
        self, run: Run, since: Mapping[str, datetime], until: datetime, reason: Reason
    ) -> None:
        entries = []
        for tag, start in since.items():
            part = self._part(run, tag, start)
            part.id = f"{part.id}-gap"
            part.gap = Gap(start, until, reason)
            entries.append(part.document(self._store.layout, until))
        if entries:
            await (await self._store.writer.submit(entries)).done()

    async def _enter(self, run: Run, watched: dict[str, datetime], until: datetime) -> None:
        """One entry of the ledger for the stream, and what it covered for each hashtag."""
        entries = [run.document(self._store.layout, until)]
        for tag, since in watched.items():
            part = self._part(run, tag, since)
            part.covered = (since, until)
            entries.append(part.document(self._store.layout, until))
        await (await self._store.writer.submit(entries)).done()

    def _part(self, run: Run, tag: str, since: datetime) -> Run:
        due = Due(since, _LEDGER.total_seconds())
        part = Run(Target(self._platform.name, "hashtag", tag), since, due=due)
        part.id = f"{run.id}-{tag}"
        return part
