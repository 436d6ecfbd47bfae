"""The poll loop: pages → records → store → cursor, and the only place that knows this order.

Several pages may be on their way into the lake at once, but a cursor moves only when its page and
all pages before it are there. So a run that is killed anywhere goes on where it was, and what it
had written already is met again and changes nothing.
"""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable
from contextlib import aclosing, suppress
from dataclasses import dataclass, replace
from datetime import datetime

from ingestors.drift import Radar
from ingestors.gaps import gap_at_failure, gap_before
from ingestors.platform import Page, Payload, Platform, Target, Unreadable
from ingestors.run import Run
from lake import times
from lake.batch import Batch
from lake.cursors import Cursor
from lake.dead_letters import DeadLetter
from lake.documents import Origin, RawPayload
from lake.erasure import erase
from lake.errors import ConflictError, NotFoundError, PayloadError, StopProcessError, TaglakeError
from lake.json_text import dumps
from lake.meter import metered
from lake.records import Erasure
from lake.store import Sighting, Store

logger = logging.getLogger(__name__)

_PAGES_IN_FLIGHT = 16
_MOST_RELATED = 100


@dataclass(frozen=True, slots=True)
class _Flight:
    batch: Batch
    cursor: str | None


async def poll(
    platform: Platform,
    target: Target,
    store: Store,
    *,
    run: Run | None = None,
    max_pages: int | None = None,
    on_page: Callable[[Run], None] | None = None,
) -> Run:
    """Polls a target once, from its cursor to its end, and enters the run in the ledger.

    Args:
        platform: Where the target is.
        target: What is polled.
        store: Where everything goes.
        run: The run to count into; a new one by default.
        max_pages: Stop after so many pages; the next poll goes on from there.
        on_page: Called after each page with the run so far.

    Raises:
        RetryError: The platform did not answer. What came before is in the lake.
        StopPlatformError: The platform refuses us.
        ConflictError: Another program polls the same target.
        StopProcessError: The lake or a folder cannot be written.
    """
    poller = _Poller(platform, target, store, run or Run(target, times.now()))
    try:
        with metered(poller.run.meter):
            await poller.walk(max_pages, on_page)
    except TaglakeError as exc:
        await poller.enter(exc)
        raise
    await poller.enter(None)
    return poller.run


class _Poller:
    def __init__(self, platform: Platform, target: Target, store: Store, run: Run) -> None:
        self._platform = platform
        self._target = target
        self._store = store
        self.run = run
        self._origin = Origin(run.id, target.key, platform.context)
        self._flights: deque[_Flight] = deque()
        self._cursor = Cursor()
        self._overlaps: bool | None = None
        self._cut_off = False
        self._radar = Radar(platform.name, self.run.id)
        self._erasures: list[Erasure] = []

    async def walk(self, max_pages: int | None, on_page: Callable[[Run], None] | None) -> None:
        self._cursor = await self._store.cursors.get(self._target.key)
        pages = self._platform.pages(self._target, self._cursor.value)
        async with aclosing(pages) as closing:
            async for page in closing:
                await self._take(page)
                if on_page is not None:
                    on_page(self.run)
                if max_pages is not None and self.run.pages >= max_pages:
                    self._cut_off = True
                    break
        while self._flights:
            await self._land()
        self.run.erased += await erase(self._store, self._erasures)
        await self._finish()
        if on_page is not None:
            on_page(self.run)

    async def _take(self, page: Page) -> None:
        # Whichever page tells: a walk that met what was known did so wherever it says so.
        self._overlaps = (
            page.overlaps if self._overlaps is None else (self._overlaps or bool(page.overlaps))
        )
        letters = [self._unreadable(part, page) for part in page.unreadable]
        sightings: list[Sighting] = []
        for payload in page.payloads:
            try:
                sightings.append(self._sighting(payload, page.observed_at))
            except PayloadError as exc:
                self._radar.saw(payload, None)
                letters.append(self._letter(payload, page, exc))
        self.run.pages += 1
        self.run.payloads += len(page.payloads) + len(page.unreadable)
        self.run.dead_letters += len(letters)
        batch = await self._store.submit(sightings, self._origin, letters)
        self._flights.append(_Flight(batch, page.cursor))
        while len(self._flights) > _PAGES_IN_FLIGHT or (
            self._flights and self._flights[0].batch.ended
        ):
            await self._land()

    def _sighting(self, payload: Payload, observed_at: datetime) -> Sighting:
        records = self._platform.normalise(payload, observed_at)
        self._radar.saw(payload, records)
        self._erasures += [record for record in records if isinstance(record, Erasure)]
        if len(self.run.related) < _MOST_RELATED:
            self.run.related += self._platform.related(payload)
        seen_at = records[0].observed_at if records else observed_at
        raw = RawPayload(payload.kind, payload.body, seen_at, payload.place, payload.source)
        return Sighting(raw, records)

    async def _land(self) -> None:
        """Waits for the oldest page; moves the cursor behind it and later ones that landed."""
        value: str | None = None
        changed = False
        while self._flights:
            flight = self._flights.popleft()
            written = await flight.batch.done()
            self.run.written.add(written)
            changed = changed or bool(written.created or written.updated or written.rejected)
            value = flight.cursor or value
            if not self._flights or not self._flights[0].batch.ended:
                break
        # A file that is imported again writes nothing at all, so not its cursor either.
        if value is not None and (changed or self._target.kind != "file"):
            await self._move(replace(self._cursor, value=value))

    async def _finish(self) -> None:
        """The walk is over: a file starts anew next time, a poll says what it covered."""
        if self._target.kind == "file":
            if self._cursor.value is not None:
                await self._move(replace(self._cursor, value=None))
            return
        if self._target.kind != "hashtag" or self._cut_off:  # what it missed is not covered
            return
        if self._target.window is not None:
            self.run.covered = self._target.window
            await self._move(replace(self._cursor, covered_until=self._target.window[1]))
            return
        started_at, start = self.run.started_at, self._cursor.covered_until
        # A first poll, or one that did not reach what was known, vouches for nothing: how far back
        # it is whole only the posts' own dates could tell, and authors choose those freely.
        if self._overlaps and start is not None and start < started_at:
            self.run.covered = (start, started_at)
        self.run.gap = gap_before(
            started_at,
            watched_until=start,
            overlaps=self._overlaps,
            interval_s=self.run.due.interval_s if self.run.due else None,
            blocked=self._cursor.blocked,
        )
        await self._move(replace(self._cursor, covered_until=started_at, blocked=False))

    async def _move(self, new: Cursor) -> None:
        self._cursor = await self._store.cursors.move(
            self._target.key, self.run.id, old=self._cursor, new=new
        )

    async def enter(self, error: TaglakeError | None) -> None:
        """Enters the run in the ledger, unless it is the lake that cannot be written."""
        if isinstance(error, StopProcessError):
            return
        if error is not None:
            await self._enter_failure(error)
        now = times.now()
        self.run.drift = await self._radar.report(self._store, now)
        entry = self.run.document(self._store.layout, now, error)
        await (await self._store.writer.submit([entry])).done()
        await self._store.limits.save(self._platform.name, self._platform.limits)

    async def _enter_failure(self, error: TaglakeError) -> None:
        """A refusal begins a gap; a post whose comments are not found is gone."""
        target = self._target
        if target.kind == "comments" and isinstance(error, NotFoundError):
            gone = Erasure(target.platform, target.value, times.now(), "not found")
            self.run.erased += await erase(self._store, [gone])
        gap = gap_at_failure(times.now(), watched_until=self._cursor.covered_until, error=error)
        if target.kind == "hashtag" and target.window is None and gap is not None:
            self.run.gap = gap
            if self._cursor.covered_until is not None and not self._cursor.blocked:
                with suppress(ConflictError):
                    await self._move(replace(self._cursor, blocked=True))

    def _unreadable(self, part: Unreadable, page: Page) -> DeadLetter:
        logger.warning("unreadable", extra={"place": part.place, "reason": part.reason})
        return DeadLetter(
            origin=self._origin,
            stage="read",
            reason=part.reason,
            payload=part.text,
            observed_at=page.observed_at,
            place=part.place,
        )

    def _letter(self, payload: Payload, page: Page, exc: PayloadError) -> DeadLetter:
        logger.warning("payload unusable", extra={"place": payload.place, "reason": str(exc)})
        return DeadLetter(
            origin=self._origin,
            stage="normalise",
            reason=str(exc),
            payload=dumps(payload.body).decode(),
            observed_at=page.observed_at,
            kind=payload.kind,
            place=payload.place,
            source=payload.source,
        )
