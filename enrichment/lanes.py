"""Batches that wait to be scored, in lanes: a higher lane's always go first.

Each lane holds little: one batch that waits and two whose scores are being written. Whoever brings
more waits, so a slow Elasticsearch slows reading down instead of filling memory, and while it is
slow with one lane's batches the other lanes go on.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import IntEnum

from lake.enriching import Enriched
from lake.pending import PendingPost

_MOST_IN_WRITING = 2


class Lane(IntEnum):
    """Who goes first."""

    FRESH = 0
    BACKLOG = 1
    RESCORE = 2


@dataclass(slots=True, eq=False)
class WaitingBatch:
    """Posts on their way through a worker.

    Args:
        lane: Which lane they are in.
        posts: The posts.
        done: What became of them, once they are written.
    """

    lane: Lane
    posts: Sequence[PendingPost]
    done: asyncio.Future[Enriched] = field(default_factory=asyncio.Future)


class Lanes:
    """Where batches wait."""

    def __init__(self) -> None:
        self._waiting: dict[Lane, WaitingBatch | None] = dict.fromkeys(Lane)
        self._in_writing: dict[Lane, int] = dict.fromkeys(Lane, 0)
        self._ids: set[str] = set()
        self._changed = asyncio.Condition()

    def holds(self, post: PendingPost) -> bool:
        """Whether the post is on its way: from ``put`` to ``wrote``."""
        return post.id in self._ids

    async def put(self, batch: WaitingBatch) -> None:
        """Lets a batch wait; waits itself while another of its lane does."""
        async with self._changed:
            await self._changed.wait_for(lambda: self._waiting[batch.lane] is None)
            self._waiting[batch.lane] = batch
            self._ids.update(post.id for post in batch.posts)
            self._changed.notify_all()

    async def take(self) -> WaitingBatch:
        """The batch that goes first; waits while there is none.

        A lane that has two batches in writing gives no third.
        """
        async with self._changed:
            await self._changed.wait_for(lambda: self._first() is not None)
            batch = self._first()
            assert batch is not None  # noqa: S101
            self._waiting[batch.lane] = None
            self._in_writing[batch.lane] += 1
            self._changed.notify_all()
            return batch

    async def wrote(self, batch: WaitingBatch) -> None:
        """Says that a batch that was taken needs no room any more."""
        async with self._changed:
            self._in_writing[batch.lane] -= 1
            self._ids.difference_update(post.id for post in batch.posts)
            self._changed.notify_all()

    async def empty(self) -> None:
        """Waits until no batch is on its way."""
        async with self._changed:
            await self._changed.wait_for(
                lambda: not any(self._waiting.values()) and not any(self._in_writing.values())
            )

    def _first(self) -> WaitingBatch | None:
        ready = (lane for lane in Lane if self._in_writing[lane] < _MOST_IN_WRITING)
        return next((found for lane in ready if (found := self._waiting[lane]) is not None), None)
