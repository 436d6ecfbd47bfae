"""Where a worker's batches come from: what is new, what has waited, what is scored again.

**New posts** are looked for every second, newest first.

**The rest** is walked in parts, in an order of each worker's own. A walk into a part begins with a
small batch: where others changed most of it, somebody else is in that part, and the walk goes
elsewhere. So many workers share without knowing of each other, and little is scored twice. What is
in a part is asked of Elasticsearch when the walk comes there: what others did before is not found.
"""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from dataclasses import dataclass
from datetime import timedelta

from enrichment.lanes import Lane, Lanes, WaitingBatch
from enrichment.pacing import Pace
from lake import times
from lake.errors import RetryError
from lake.pending import PendingPost, PendingPosts
from lake.retry import Backoff

logger = logging.getLogger(__name__)

_NEW_FOR = timedelta(minutes=1)
_SIDE_BY_SIDE = 2  # walks: while one goes into its next part, the other's posts are scored
_FIRST_OF_A_PART = 8  # the first batch is this part of a full one
_LEAST = 8
_BACKOFF = Backoff(base_s=0.5, cap_s=5.0)


@dataclass(slots=True)
class Tour:
    """What one walk over all parts found.

    Args:
        found: Posts that waited.
        written: Posts that were given back with something new.
        elsewhere: Posts that others changed while this worker was at them.
    """

    found: int = 0
    written: int = 0
    elsewhere: int = 0


class Walks:
    """Brings posts to the lanes.

    Args:
        pending: The posts that wait.
        lanes: Where batches go.
        pace: How large they are.
        most: Posts of a full batch.
        slices: Into how many parts what waits is split at most.
        look_s: Seconds between two looks for new posts, at most.
    """

    def __init__(
        self,
        pending: PendingPosts,
        lanes: Lanes,
        pace: Pace,
        *,
        most: int,
        slices: int,
        look_s: float,
    ) -> None:
        self._pending = pending
        self._lanes = lanes
        self._pace = pace
        self._most = most
        self._slices = slices
        self._look_s = look_s

    async def watch(self) -> None:
        """Brings new posts, until it is cancelled."""
        failures = 0
        while True:
            # Not all workers at the same moment, or all would score the same posts.
            await asyncio.sleep(self._look_s * random.uniform(0.7, 1.0))  # noqa: S311
            try:
                await self._look()
                failures = 0
            except RetryError as exc:
                logger.debug("new posts cannot be looked for: %s", exc)
                await asyncio.sleep(_BACKOFF.wait_s(failures, exc.after_s))
                failures += 1

    async def _look(self) -> None:
        found = await self._pending.newest(times.now() - _NEW_FOR, self._pace.posts())
        new = [post for post in found if not self._lanes.holds(post)]
        if posts := await self._pending.unchanged(new):
            await self._lanes.put(WaitingBatch(Lane.FRESH, posts))

    async def tour(self, posts: Callable[[], PendingPosts], lane: Lane, count: int) -> Tour:
        """Goes once over all parts of what waits; returns when all of it is written.

        Args:
            posts: What to walk; asked anew for each part.
            lane: In which lane it goes.
            count: About how many there are.
        """
        tour = Tour()
        parts = parts_of(count, self._most, self._slices)
        order = iter(random.sample(range(parts), parts))

        async def walk() -> None:
            for part in order:
                size = _Sizes(self._pace)
                await self._part(posts().pages(part, parts, size), size, lane, tour)

        async with asyncio.TaskGroup() as group:
            for _ in range(_SIDE_BY_SIDE):
                group.create_task(walk())
        return tour

    async def _part(
        self,
        pages: AsyncGenerator[list[PendingPost], None],
        size: _Sizes,
        lane: Lane,
        tour: Tour,
    ) -> None:
        under_way: list[WaitingBatch] = []
        async with aclosing(pages):
            async for page in pages:
                tour.found += len(page)
                mine = [post for post in page if not self._lanes.holds(post)]
                tour.elsewhere += len(page) - len(mine)
                if size.pages == 1:
                    left = await _asked(self._pending, mine)
                    tour.elsewhere += len(mine) - len(left)
                    if len(left) < len(mine) / 2:
                        break
                    mine = left
                if mine:
                    batch = WaitingBatch(lane, mine)
                    await self._lanes.put(batch)
                    under_way.append(batch)
                if await _is_shared(under_way, tour, wait=size.pages == 1):
                    break
        while under_way:
            await _is_shared(under_way, tour, wait=True)


class _Sizes:
    """A small page first, then as large as the pace allows."""

    def __init__(self, pace: Pace) -> None:
        self._pace = pace
        self.pages = 0

    def __call__(self) -> int:
        self.pages += 1
        full = self._pace.posts()
        return min(full, max(_LEAST, full // _FIRST_OF_A_PART)) if self.pages == 1 else full


def parts_of(count: int, batch: int, most: int) -> int:
    """Into how many parts so many posts are split: a power of two.

    So that workers who count differently split alike: their parts lie within each other.

    Args:
        count: Posts that wait.
        batch: Posts of a full batch.
        most: The most parts; the power of two below it counts.
    """
    wanted = max(1, min(most, count // batch))
    return 1 << (wanted.bit_length() - 1)


async def _asked(pending: PendingPosts, posts: list[PendingPost]) -> list[PendingPost]:
    try:
        return await pending.unchanged(posts)
    except RetryError:
        return posts  # compare-and-set will tell


async def _is_shared(under_way: list[WaitingBatch], tour: Tour, *, wait: bool) -> bool:
    """Counts what became of batches; whether others were at the same posts.

    Args:
        under_way: The oldest first; those that are done are taken out.
        tour: Where they are counted.
        wait: Whether to wait for the oldest.
    """
    shared = False
    while under_way and (wait or under_way[0].done.done()):
        batch = under_way.pop(0)
        done = await batch.done
        wait = False
        tour.written += len(done.written)
        tour.elsewhere += len(done.changed_meanwhile)
        shared = shared or len(done.changed_meanwhile) > len(batch.posts) / 2
    return shared
