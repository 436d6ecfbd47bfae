"""One chunk of writes, sent until each of them is settled.

A write is settled when it is created, replaced an older state by compare-and-set, was there
already, or was refused and lies in the dead letters instead. Nothing else ends a delivery but an
error that a person must mend.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from elasticsearch import AsyncElasticsearch

from lake.batch import Batch
from lake.bulk import (
    ALL_WELL,
    WELL,
    Outcome,
    Stored,
    Write,
    create_lines,
    fetch,
    must_wait,
    replace_lines,
    send,
)
from lake.documents import Document
from lake.errors import RejectedError, RetryError
from lake.retry import Backoff

logger = logging.getLogger(__name__)

_BACKOFF = Backoff(base_s=0.5, cap_s=5.0)

Refused = Callable[[Write, str], Sequence[Write]]


@dataclass(slots=True)
class Item:
    """A write on its way.

    Args:
        write: What was asked for.
        batch: Who waits for it.
        lines: What is sent for it next.
        sent: The document that ``lines`` carry: the write's own, or the merged one.
        before: The stored state that ``sent`` replaces; None where it is created.
        counted: Whether the submitter counts it; what follows from a write is not counted.
    """

    write: Write
    batch: Batch
    lines: bytes
    sent: Document
    before: Document | None = None
    counted: bool = True


def item(write: Write, batch: Batch, *, counted: bool = True) -> Item:
    """A write as it is first sent, held by its batch."""
    batch.hold()
    counted = counted and write.counted
    return Item(write, batch, create_lines(write), write.document, counted=counted)


# A write as it waits in the queue: nearly all of them are created at the first try and never need
# more, so an Item is made only for those that do.
Entry = tuple[Write, Batch, bytes]


class Delivery:
    """Delivers chunks.

    Args:
        client: The connection.
        refused: What to write in place of a document that Elasticsearch refuses for good.
        sleep: Waits that many seconds.
    """

    def __init__(
        self,
        client: AsyncElasticsearch,
        refused: Refused,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._client = client
        self._refused = refused
        self._sleep = sleep

    async def deliver(self, entries: list[Entry]) -> None:
        """Returns when every entry, and every write that follows from one, is settled.

        Raises:
            ConfigError: The user may not write there.
            StorageError: A refused document could be kept nowhere.
        """
        waits = 0
        items = await self._first_try(entries)
        while items:
            try:
                outcomes = await self._send(items)
            except RetryError as exc:
                await self._wait(waits, str(exc), exc.after_s)
                waits += 1
                continue
            following, taken, late = self._sort(items, outcomes)
            following += await self._merge(taken)
            if late:
                await self._wait(waits, "Elasticsearch has no room")
            waits = waits + 1 if late else 0
            items = following + late

    async def _first_try(self, entries: list[Entry]) -> list[Item]:
        """Sends new entries; gives what is still to be sent for them."""
        try:
            outcomes = await send(self._client, [lines for _, _, lines in entries])
        except RetryError as exc:
            await self._wait(0, str(exc), exc.after_s)
            return [_sent(entry) for entry in entries]
        except RejectedError:
            return [_sent(entry) for entry in entries]
        if outcomes is ALL_WELL:
            return _all_created(entries)
        following, taken, late = self._sort([_sent(entry) for entry in entries], outcomes)
        following += await self._merge(taken)
        if late:
            await self._wait(0, "Elasticsearch has no room")
        return following + late

    async def _send(self, items: list[Item]) -> list[Outcome]:
        """Sends all items; a request that is refused whole is halved until the culprit is alone."""
        try:
            outcomes = await send(self._client, [item.lines for item in items])
            return [WELL] * len(items) if outcomes is ALL_WELL else outcomes
        except RejectedError as exc:
            if len(items) == 1:
                return [Outcome(400, "request_refused", str(exc))]
        middle = len(items) // 2
        return await self._send(items[:middle]) + await self._send(items[middle:])

    def _sort(
        self, items: list[Item], outcomes: Sequence[Outcome]
    ) -> tuple[list[Item], list[Item], list[Item]]:
        """Settles what is settled; gives what follows from it, what is taken, what must wait."""
        following: list[Item] = []
        taken: list[Item] = []
        late: list[Item] = []
        for entry, outcome in zip(items, outcomes, strict=True):
            if outcome.error is None:
                following += _settle(entry, "updated" if entry.before else "created")
            elif outcome.status == 409 and entry.write.merge:
                taken.append(entry)
            elif outcome.status == 409:
                following += _settle(entry, "unchanged")
            elif must_wait(outcome):
                late.append(entry)
            else:
                following += self._reject(entry, outcome.reason)
        return following, taken, late

    def _reject(self, entry: Item, reason: str) -> list[Item]:
        place = {"index": entry.sent.index, "id": entry.sent.id, "reason": reason[:500]}
        logger.warning("document refused", extra=place)
        letters = self._refused(entry.write, reason)
        following = [item(letter, entry.batch, counted=False) for letter in letters]
        # A refused payload counts too: it is a dead letter that somebody must look at.
        entry.batch.settle("rejected" if entry.write.origin is not None else None)
        return following

    async def _merge(self, taken: list[Item]) -> list[Item]:
        """What must be sent next for items whose id is taken."""
        if not taken:
            return []
        following: list[Item] = []
        for entry, stored in zip(taken, await self._fetch(taken), strict=True):
            following += _merged(entry, stored)
        return following

    async def _fetch(self, taken: list[Item]) -> list[Stored | None]:
        waits = 0
        while True:
            try:
                return await fetch(self._client, [entry.write.document for entry in taken])
            except RetryError as exc:
                await self._wait(waits, str(exc), exc.after_s)
                waits += 1

    async def _wait(self, waits: int, reason: str, after_s: float | None = None) -> None:
        wait_s = _BACKOFF.wait_s(waits, after_s)
        logger.warning(
            "waiting for Elasticsearch", extra={"reason": reason, "wait_s": round(wait_s, 2)}
        )
        await self._sleep(wait_s)


def _sent(entry: Entry) -> Item:
    write, batch, lines = entry
    return Item(write, batch, lines, write.document, counted=write.counted)


def _all_created(entries: list[Entry]) -> list[Item]:
    following: list[Item] = []
    for write, batch, _ in entries:
        if write.follow is not None:
            writes = write.follow(write.document, None, write.document)
            following += [item(each, batch, counted=False) for each in writes]
        batch.settle("created" if write.counted else None)
    return following


def _merged(entry: Item, stored: Stored | None) -> list[Item]:
    document = entry.write.document
    if stored is None or entry.write.merge is None:  # deleted since it was in the way
        entry.lines, entry.sent, entry.before = create_lines(entry.write), document, None
        return [entry]
    before = replace(document, source=stored.source)
    source = entry.write.merge(stored.source, document.source)
    if source is None:
        entry.sent = entry.before = before
        return _settle(entry, "unchanged")
    entry.sent, entry.before = replace(document, source=source), before
    entry.lines = replace_lines(entry.sent, stored.seq_no, stored.primary_term)
    return [entry]


def _settle(entry: Item, what: Literal["created", "updated", "unchanged"]) -> list[Item]:
    following: list[Item] = []
    if (follow := entry.write.follow) is not None:
        writes = follow(entry.write.document, entry.before, entry.sent)
        following = [item(write, entry.batch, counted=False) for write in writes]
    entry.batch.settle(what if entry.counted else None)
    return following
