"""What callers did, on its way to the lake: entries of the audit and the days of keys' last use.

Answers do not wait for it. What comes together within a second is written together, and kept while
Elasticsearch is away, as far as there is room.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import date, datetime
from uuid import uuid4

from lake import times
from lake.audit import Audit, Entry
from lake.errors import RejectedError, RetryError, TaglakeError
from lake.keys import Keys

logger = logging.getLogger(__name__)

_EVERY_S = 1.0
_MOST_ENTRIES = 20_000
_MOST_REFUSALS = 500  # that are told apart within a second
_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class Refusal:
    """A request that was refused, as the audit tells it; the same whoever sent it from there.

    Args:
        address: Where it came from.
        status: 401 or 403.
        reason: Why, in a few words.
        actor: ``key:<id>`` where the key is known, else ``address:<ip>``.
    """

    address: str
    status: int
    reason: str
    actor: str = field(compare=False)


@dataclass(slots=True)
class _Counted:
    first_at: datetime
    path: str
    count: int = 0


class Trail:
    """What waits to be written; made by ``trailing``."""

    def __init__(self, audit: Audit, keys: Keys) -> None:
        self._audit = audit
        self._keys = keys
        self._entries: dict[str, Entry] = {}
        self._refusals: dict[Refusal, _Counted] = {}
        self._used: dict[str, date] = {}
        self._days: dict[str, date] = {}
        self._lost = 0

    def add(self, entry: Entry) -> None:
        """Writes an entry soon. The oldest one goes where there is no room."""
        if len(self._entries) >= _MOST_ENTRIES:
            del self._entries[next(iter(self._entries))]
            self._lost += 1
        self._entries[uuid4().hex] = entry

    def refuse(self, refusal: Refusal, path: str) -> None:
        """Counts a refusal: of equal ones within a second one entry is written.

        Args:
            refusal: What is equal.
            path: What was asked for; the entry names the first one.
        """
        if refusal not in self._refusals and len(self._refusals) >= _MOST_REFUSALS:
            refusal = Refusal("many", refusal.status, refusal.reason, "address:many")
        counted = self._refusals.setdefault(refusal, _Counted(times.now(), path))
        counted.count += 1

    def use(self, key_id: str) -> None:
        """Keeps that a key was used today, once a day."""
        today = times.now().date()
        if self._days.get(key_id) != today:
            self._used[key_id] = today

    async def write(self) -> None:
        """Writes what waits.

        Raises:
            RetryError: Elasticsearch did not answer; what is not written waits on.
        """
        for refusal, counted in self._refusals.items():
            self.add(_refused(refusal, counted))
        self._refusals = {}
        if self._lost:
            logger.error("audit entries lost: too many waited", extra={"entries": self._lost})
            self._lost = 0
        while some := dict(list(self._entries.items())[:_AT_ONCE]):
            try:
                await self._audit.note_all(some)
            except RejectedError as exc:
                logger.error("audit entries refused", extra={"reason": str(exc)})  # noqa: TRY400
            for key in some:
                self._entries.pop(key, None)  # it may have had to make room meanwhile
        for key_id, day in list(self._used.items()):
            await self._keys.note_use(key_id, day)
            self._days[key_id] = day
            del self._used[key_id]

    async def write_forever(self) -> None:
        """Writes what waits every second, until it is cancelled."""
        while True:
            await asyncio.sleep(_EVERY_S)
            try:
                await self.write()
            except RetryError as exc:
                logger.warning("audit entries wait", extra={"reason": str(exc)})
            except TaglakeError as exc:
                self._drop(exc)

    async def write_rest(self) -> None:
        """Writes what waits, before the process ends."""
        try:
            await self.write()
        except TaglakeError as exc:
            self._drop(exc)

    def _drop(self, exc: TaglakeError) -> None:
        extra = {"entries": len(self._entries), "reason": str(exc)}
        logger.error("audit entries lost", extra=extra)
        self._entries = {}
        self._used = {}


@asynccontextmanager
async def trailing(audit: Audit, keys: Keys) -> AsyncIterator[Trail]:
    """A trail that is written for the length of the block, and to its end afterwards."""
    trail = Trail(audit, keys)
    writing = asyncio.create_task(trail.write_forever())
    try:
        yield trail
    finally:
        writing.cancel()
        await asyncio.gather(writing, return_exceptions=True)
        await trail.write_rest()


def _refused(refusal: Refusal, counted: _Counted) -> Entry:
    return Entry(
        actor=refusal.actor,
        action="api.refused",
        subject=refusal.address,
        at=counted.first_at,
        reason=refusal.reason,
        details={"status": refusal.status, "count": counted.count, "path": counted.path},
    )
