"""Who goes first, and that little waits at once."""

from __future__ import annotations

import asyncio

import pytest

from enrichment.lanes import Lane, Lanes, WaitingBatch
from enrichment.walks import parts_of
from lake.pending import PendingPost


def _batch(lane: Lane, number: int = 1) -> WaitingBatch:
    return WaitingBatch(lane, [PendingPost("posts-2026", f"{lane}:{number}", 1, 1, "a", "h")])


async def _is_waiting(task: asyncio.Task[object]) -> bool:
    for _ in range(20):  # every step that could be taken is taken
        await asyncio.sleep(0)
    return not task.done()


async def test_a_higher_lane_goes_first_whatever_came_first() -> None:
    lanes = Lanes()
    for lane in reversed(Lane):
        await lanes.put(_batch(lane))

    taken = [(await lanes.take()).lane for _ in Lane]

    assert taken == [Lane.FRESH, Lane.BACKLOG, Lane.RESCORE]


async def test_a_lane_lets_one_batch_wait_and_no_more() -> None:
    lanes = Lanes()
    await lanes.put(_batch(Lane.BACKLOG, 1))

    second = asyncio.create_task(lanes.put(_batch(Lane.BACKLOG, 2)))
    assert await _is_waiting(second)
    await lanes.put(_batch(Lane.FRESH))  # the others' is no matter of theirs

    assert (await lanes.take()).lane is Lane.FRESH
    await lanes.take()
    await asyncio.wait_for(second, 10)
    assert (await lanes.take()).posts[0].id.endswith(":2")


async def test_a_lane_whose_scores_are_not_written_holds_up_no_other() -> None:
    lanes = Lanes()
    in_writing = []
    for number in range(2):
        await lanes.put(_batch(Lane.BACKLOG, number))
        in_writing.append(await lanes.take())
    await lanes.put(_batch(Lane.BACKLOG, 2))

    third = asyncio.create_task(lanes.take())
    assert await _is_waiting(third)
    await lanes.put(_batch(Lane.RESCORE))
    assert (await asyncio.wait_for(third, 10)).lane is Lane.RESCORE

    await lanes.wrote(in_writing[0])
    assert (await asyncio.wait_for(lanes.take(), 10)).lane is Lane.BACKLOG


async def test_it_knows_what_is_on_its_way_and_when_nothing_is() -> None:
    lanes = Lanes()
    batch = _batch(Lane.FRESH)
    post = batch.posts[0]
    await lanes.put(batch)
    empty = asyncio.create_task(lanes.empty())

    assert lanes.holds(post)
    await lanes.take()
    assert lanes.holds(post)
    assert await _is_waiting(empty)
    await lanes.wrote(batch)

    assert not lanes.holds(post)
    await asyncio.wait_for(empty, 10)


@pytest.mark.parametrize(
    ("count", "batch", "most", "parts"),
    [
        (0, 500, 32, 1),
        (999, 500, 32, 1),
        (1_000, 500, 32, 2),
        (3_900, 500, 32, 4),
        (200_000, 500, 32, 32),
        (200_000, 500, 48, 32),
        (10**9, 1, 1, 1),
    ],
)
def test_what_waits_is_split_into_a_power_of_two(
    count: int, batch: int, most: int, parts: int
) -> None:
    assert parts_of(count, batch, most) == parts
