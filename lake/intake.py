"""What the API was given and must not lose: to the inbox, or to disk while the lake is away."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import orjson

from lake.documents import Document
from lake.errors import RetryError, StopProcessError
from lake.inbox import Inbox
from lake.json_text import dumps
from lake.retry import Backoff, retrying
from lake.spool import Segment, Spool

logger = logging.getLogger(__name__)

_BACKOFF = Backoff(base_s=0.5, cap_s=5.0)
_LOOK_S = 30.0  # what another process left behind is looked for so often
_STUCK_S = 30.0


class Intake:
    """Keeps what comes; made by ``receiving``.

    Args:
        inbox: Where it goes.
        spool: Where it waits while the inbox cannot be written.
    """

    def __init__(self, inbox: Inbox, spool: Spool) -> None:
        self._inbox = inbox
        self._spool = spool
        self._wake = asyncio.Event()

    async def take(self, documents: Sequence[Document]) -> None:
        """Returns when the documents are durable: in the lake or on the disk.

        While anything waits on the disk, what comes waits behind it.

        Raises:
            UnavailableError: Neither could take them.
            StopProcessError: The lake refuses this user.
        """
        if await asyncio.to_thread(self._spool.is_empty):
            try:
                await self._inbox.put(documents)
            except RetryError as exc:
                logger.warning("inbox away; spooling to disk", extra={"reason": str(exc)})
            else:
                return
        lines = [_line(document) for document in documents]
        await asyncio.to_thread(self._spool.append, lines)
        self._wake.set()

    async def relay(self) -> None:
        """Brings what waits on the disk to the inbox, in order, until it is cancelled."""
        while True:
            self._wake.clear()
            try:
                moved = await self._move()
            except StopProcessError as exc:
                logger.error("spool cannot be emptied", extra={"reason": str(exc)})  # noqa: TRY400
                await asyncio.sleep(_STUCK_S)
                continue
            if not moved:
                await self._idle()

    async def _idle(self) -> None:
        try:
            async with asyncio.timeout(_LOOK_S):
                await self._wake.wait()
        except TimeoutError:
            return

    async def _taken(self) -> Segment | None:
        taking = asyncio.ensure_future(asyncio.to_thread(self._spool.take))
        try:
            return await asyncio.shield(taking)
        except asyncio.CancelledError:  # the thread goes on, and what it locked is given back
            segment = await taking
            if segment is not None:
                self._spool.release(segment)
            raise

    async def _move(self) -> bool:
        """Whether there was a segment; it is in the inbox now."""
        segment = await self._taken()
        if segment is None:
            return False
        done = False
        try:
            documents, damaged = _documents(segment)
            await retrying(
                lambda: self._inbox.put(documents),
                backoff=_BACKOFF,
                attempts=None,
                on_wait=_told,
            )
            done = True
        finally:
            if not done:
                self._spool.release(segment)
        await asyncio.to_thread(self._spool.finish, segment, damaged=damaged > 0)
        what = {"lines": len(documents), "damaged": damaged}
        logger.info("spool emptied into the inbox", extra=what)
        return True


@asynccontextmanager
async def receiving(inbox: Inbox, spool: Spool) -> AsyncIterator[Intake]:
    """An intake that empties its spool while the block runs."""
    intake = Intake(inbox, spool)
    relay = asyncio.create_task(intake.relay())
    try:
        yield intake
    finally:
        relay.cancel()
        await asyncio.gather(relay, return_exceptions=True)
        spool.close()


def _told(exc: RetryError, wait_s: float) -> None:
    what = {"reason": str(exc), "wait_s": round(wait_s, 2)}
    logger.warning("spool waits for the inbox", extra=what)


def _line(document: Document) -> bytes:
    return dumps([document.index, document.id, document.source])


def _documents(segment: Segment) -> tuple[list[Document], int]:
    """The documents of a segment, and how many of its lines hold none."""
    documents: list[Document] = []
    for line in segment.lines:
        try:
            index, key, source = orjson.loads(line)
            documents.append(Document(index, key, dict(source)))
        except (ValueError, TypeError):
            continue
    damaged = len(segment.lines) - len(documents)
    if damaged:
        what = {"path": str(segment.path), "lines": damaged}
        logger.error("spool segment damaged; its file is kept", extra=what)
    return documents, damaged
