"""Documents that were submitted together, and what became of them."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Literal

Fate = Literal["created", "updated", "unchanged", "rejected"]


@dataclass(slots=True)
class Written:
    """What became of documents, in numbers; what followed from one is not counted."""

    created: int = 0
    updated: int = 0
    unchanged: int = 0
    rejected: int = 0

    def add(self, other: Written) -> None:
        """Counts another batch into this one."""
        self.created += other.created
        self.updated += other.updated
        self.unchanged += other.unchanged
        self.rejected += other.rejected


class Batch:
    """Writes that were submitted together.

    The submitter holds the batch while it submits; each write holds it until it is settled.
    """

    def __init__(self) -> None:
        self._held = 0
        self._failure: BaseException | None = None
        self._ended = asyncio.Event()
        self._written = Written()

    def hold(self) -> None:
        """One more thing to wait for."""
        self._held += 1

    def settle(self, fate: Fate | None) -> None:
        """One thing less to wait for; ``fate`` is counted."""
        written = self._written
        if fate == "created":
            written.created += 1
        elif fate == "updated":
            written.updated += 1
        elif fate == "unchanged":
            written.unchanged += 1
        elif fate == "rejected":
            written.rejected += 1
        self._held -= 1
        if self._held == 0:
            self._ended.set()

    def fail(self, failure: BaseException) -> None:
        """Ends the batch: part of it cannot be written."""
        self._failure = self._failure or failure
        self._ended.set()

    @property
    def ended(self) -> bool:
        """Whether ``done`` would return at once."""
        return self._ended.is_set()

    async def done(self) -> Written:
        """What became of the batch, once every write is safe.

        Raises:
            StopProcessError: What kept the writer from going on; part of the batch is written,
                and writing it again is harmless.
        """
        await self._ended.wait()
        if self._failure is not None:
            raise self._failure
        return self._written
