"""The way into the lake: a bounded queue, several bulk requests in flight, nothing lost.

::

    submit() ──▶ queue (documents, bytes) ──▶ chunk ──▶ bulk ─┬─▶ created
       waits while it is full                  ▲              ├─▶ taken: get, merge, compare-and-set
                                               └──────────────┼── 429/503: again after a wait
                                                              └─▶ refused: dead letter

While Elasticsearch is away a chunk tries again for ever; so the queue fills, and whoever submits
waits too.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Iterable
from types import TracebackType

from lake.batch import Batch
from lake.bulk import Write, create_lines
from lake.config import WriterConfig
from lake.delivery import Delivery, Entry

_TURN = 64
_LINGER_S = 0.01  # how long a chunk that is not full waits for company


class Writer:
    """Writes documents; use it as an async context manager, whose end waits for what is queued.

    Args:
        delivery: Delivers chunks.
        limits: Sizes of chunks and of the queue.
    """

    def __init__(self, delivery: Delivery, limits: WriterConfig) -> None:
        self._delivery = delivery
        self._limits = limits
        self._queue: deque[Entry] = deque()
        self._queued_bytes = 0
        self._held_docs = 0
        self._held_bytes = 0
        self._room = asyncio.Event()
        self._room.set()
        self._has_room = True  # the same as the event, for a look that costs nothing
        self._flights: set[asyncio.Task[None]] = set()
        self._linger: asyncio.TimerHandle | None = None

    async def __aenter__(self) -> Writer:
        """Nothing is started: the first submission does."""
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        _exc: BaseException | None,
        _traceback: TracebackType | None,
    ) -> None:
        """Waits for what is queued; after an error or a cancellation drops it instead."""
        if exc_type is None:
            await self.flush()
        if self._linger is not None:
            self._linger.cancel()
        self._queue.clear()
        for flight in self._flights:
            flight.cancel()
        await asyncio.gather(*self._flights, return_exceptions=True)

    async def flush(self) -> None:
        """Returns when everything that was submitted is settled or has failed."""
        while self._queue or self._flights:
            self._launch()
            await asyncio.wait(self._flights, return_when=asyncio.FIRST_COMPLETED)

    async def submit(self, writes: Iterable[Write]) -> Batch:
        """Queues writes, waiting while the queue is full; the batch tells when they are safe."""
        batch, limits = Batch(), self._limits
        batch.hold()
        for number, write in enumerate(writes, start=1):
            if not self._has_room:
                await self._room.wait()
            elif number % _TURN == 0:
                await asyncio.sleep(0)  # flights start and land while a long batch is queued
            lines = create_lines(write)
            batch.hold()
            self._queue.append((write, batch, lines))
            size = len(lines)
            self._queued_bytes += size
            self._held_bytes += size
            self._held_docs += 1
            if len(self._flights) < limits.in_flight:
                self._consider()
            if self._held_docs >= limits.queue_docs or self._held_bytes >= limits.queue_bytes:
                self._close_door()
        batch.settle(None)
        return batch

    def _consider(self) -> None:
        """A flight is free: sends a chunk that is full, waits a moment for one that is not."""
        limits = self._limits
        if len(self._queue) >= limits.bulk_docs or self._queued_bytes >= limits.bulk_bytes:
            self._launch()
        elif self._linger is None:
            loop = asyncio.get_running_loop()
            self._linger = loop.call_later(_LINGER_S, self._lingered)

    def _close_door(self) -> None:
        self._has_room = False
        self._room.clear()

    def _lingered(self) -> None:
        self._linger = None
        self._launch()

    def _launch(self) -> None:
        """Sends what is queued, as far as flights are free; each landing launches again."""
        while self._queue and len(self._flights) < self._limits.in_flight:
            flight = asyncio.get_running_loop().create_task(self._fly(self._take()))
            self._flights.add(flight)
            flight.add_done_callback(self._landed)

    def _take(self) -> list[Entry]:
        queue = self._queue
        chunk = [queue.popleft()]
        size = len(chunk[0][2])
        while queue and len(chunk) < self._limits.bulk_docs:
            more = len(queue[0][2])
            if size + more > self._limits.bulk_bytes:
                break
            size += more
            chunk.append(queue.popleft())
        self._queued_bytes -= size
        return chunk

    def _landed(self, flight: asyncio.Task[None]) -> None:
        self._flights.discard(flight)
        if self._linger is None:
            self._launch()

    async def _fly(self, chunk: list[Entry]) -> None:
        docs, size = len(chunk), sum(len(lines) for _, _, lines in chunk)
        batches = {id(batch): batch for _, batch, _ in chunk}
        try:
            await self._delivery.deliver(chunk)
        except BaseException as exc:
            # Whatever it is, those who wait for the batch must hear of it; nothing is swallowed.
            for batch in batches.values():
                batch.fail(exc)
            if not isinstance(exc, Exception):
                raise
        finally:
            self._held_docs -= docs
            self._held_bytes -= size
            limits = self._limits
            if self._held_docs < limits.queue_docs and self._held_bytes < limits.queue_bytes:
                self._has_room = True
                self._room.set()
