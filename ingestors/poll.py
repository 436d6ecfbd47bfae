"""The poll loop: pages → records → store → cursor, and the only place that knows this order.

Several pages may be on their way into the lake at once, but a cursor moves only when its page and
all pages before it are there. So a run that is killed anywhere goes on where it was, and what it
had written already is met again and changes nothing.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from contextlib import aclosing, suppress
from dataclasses import replace
from datetime import datetime

from ingestors.gaps import Gap, gap_at_failure, gap_before
from ingestors.page_writer import Flight, PageWriter
from ingestors.platform import Page, Platform, Target
from ingestors.run import Run
from lake import times
from lake.bulk import Write
from lake.cursors import Cursor
from lake.erasure import erase
from lake.errors import ConflictError, NotFoundError, StopProcessError, TaglakeError
from lake.meter import metered
from lake.records import Erasure, Json
from lake.store import Store

_PAGES_IN_FLIGHT = 16


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
        self._writer = PageWriter(platform, run, store)
        self._flights: deque[Flight] = deque()
        self._cursor = Cursor()
        self._overlaps: bool | None = None
        self._cut_off = False
        self._pending: Cursor | None = None

    async def walk(self, max_pages: int | None, on_page: Callable[[Run], None] | None) -> None:
        self._cursor = await self._store.cursors.get(self._target.key)
        if self._cursor.gap is not None:
            await (await self._store.writer.submit([self._remembered(self._cursor.gap)])).done()
        try:
            await self._take_all(max_pages, on_page)
        except TaglakeError:
            await self._land_all()  # what came before the error is safe, and its cursor with it
            raise
        await self._land_all()
        await self._finish()
        if on_page is not None:
            on_page(self.run)

    async def _take_all(self, max_pages: int | None, on_page: Callable[[Run], None] | None) -> None:
        pages = self._platform.pages(self._target, self._cursor.value)
        async with aclosing(pages) as closing:
            async for page in closing:
                await self._take(page)
                if on_page is not None:
                    on_page(self.run)
                if max_pages is not None and self.run.pages >= max_pages:
                    self._cut_off = True
                    break

    async def _land_all(self) -> None:
        while self._flights:
            await self._land()

    async def _take(self, page: Page) -> None:
        # Whichever page tells: a walk that met what was known did so wherever it says so.
        self._overlaps = (
            page.overlaps if self._overlaps is None else (self._overlaps or bool(page.overlaps))
        )
        self._flights.append(await self._writer.submit(page))
        while len(self._flights) > _PAGES_IN_FLIGHT or (
            self._flights and self._flights[0].batch.ended
        ):
            await self._land()

    async def _land(self) -> None:
        """Waits for the oldest page; moves the cursor behind it and later ones that landed."""
        value: str | None = None
        changed = False
        while self._flights:
            flight = self._flights.popleft()
            written = await self._writer.land(flight)
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
            self._finish_window(*self._target.window)
            return
        started_at, cursor = self.run.started_at, self._cursor
        start = cursor.covered_until
        # A first poll, or one that did not reach what was known, vouches for nothing: how far back
        # it is whole only the posts' own dates could tell, and authors choose those freely.
        if self._overlaps and start is not None and start < started_at:
            self.run.covered = (start, started_at)
        self.run.gap = gap_before(
            started_at,
            watched_until=start,
            polled_at=cursor.polled_at,
            overlaps=self._overlaps,
            due=self.run.due,
            blocked=cursor.blocked,
        )
        # One that cannot tell leaves it to the next: what that meets, nobody missed.
        until = started_at if start is None or self._overlaps is not None else start
        gap = self.run.gap.as_json() | {"run": self.run.id} if self.run.gap else None
        self._pending = replace(
            cursor, covered_until=until, polled_at=started_at, blocked=False, gap=gap
        )

    def _finish_window(self, start: datetime, end: datetime) -> None:
        if self._overlaps is False:  # the platform's past ends within the window
            self.run.gap = Gap(start, end, "no_overlap")
        else:
            self.run.covered = (start, end)
        self._pending = replace(self._cursor, covered_until=end)

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
        self.run.drift = await self._writer.radar.report(self._store, now)
        entry = self.run.document(self._store.layout, now, error)
        # The cursor goes first: a poll that is killed here is missing in the ledger, which is read
        # as whole but for its gaps; and a gap the cursor remembers for the next poll to enter.
        if error is None and self._pending is not None:
            await self._move(self._pending)
        await (await self._store.writer.submit([entry])).done()
        await self._store.limits.save(self._platform.name, self._platform.limits)

    def _remembered(self, gap: Json) -> Write:
        """The gap of the poll before, for a ledger without it; one that is there stays as it is."""
        end = times.from_text(gap["end"])
        run = Run(self._target, end, id=gap["run"])
        entry = run.document(self._store.layout, end)
        bare = {name: value for name, value in gap.items() if name != "run"}
        entry.document.source["gap"] = bare
        return entry

    async def _enter_failure(self, error: TaglakeError) -> None:
        """A refusal begins a gap; a post whose comments are not found is gone."""
        target = self._target
        if target.kind == "comments" and isinstance(error, NotFoundError):
            gone = Erasure(target.platform, target.value, times.now(), "not found")
            self.run.erased += await erase(self._store, [gone])
        gap = gap_at_failure(times.now(), watched_until=self._cursor.polled_at, error=error)
        if target.kind == "hashtag" and target.window is None and gap is not None:
            self.run.gap = gap
            if self._cursor.covered_until is not None and not self._cursor.blocked:
                with suppress(ConflictError):
                    await self._move(replace(self._cursor, blocked=True))
