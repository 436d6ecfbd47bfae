"""What questions share while nothing changes in the lake."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from typing import Any

import pytest

from lake import sharing as sharing_module
from lake.errors import UnavailableError
from lake.shared import Shared
from lake.sharing import Sharing


class Lake:
    """A lake that counts what is asked of it."""

    def __init__(self) -> None:
        self.state: str | None = "one"
        self.opened = 0
        self.closed: list[str] = []
        self.asked = 0
        self.fails = False

    async def now(self) -> str | None:
        await asyncio.sleep(0)
        return self.state

    async def open(self) -> str:
        await asyncio.sleep(0)
        if self.fails:
            raise UnavailableError("no answer")
        self.opened += 1
        return f"view {self.opened}"

    async def close(self, view: str) -> None:
        await asyncio.sleep(0)
        self.closed.append(view)

    async def ask(self) -> tuple[dict[str, Any], int]:
        await asyncio.sleep(0)
        self.asked += 1
        return {"answer": self.asked}, 100

    def shared(self) -> Sharing:
        return Sharing(self.now, 60, self.open, self.close)


async def _view(sharing: Sharing, state: str | None) -> str | None:
    with sharing.about(state):
        async with sharing.view() as view:
            return view


async def test_equal_searches_of_one_state_are_made_once() -> None:
    lake = Lake()
    sharing = lake.shared()

    with sharing.about("one"):
        found = await asyncio.gather(
            *(sharing.search("posts", {"size": size}, lake.ask) for size in (1, 1, 2, 1))
        )
    with sharing.about("two"):
        other = await sharing.search("posts", {"size": 1}, lake.ask)
    metrics = await _about(sharing, "one", "metrics", lake)

    assert [one["answer"] for one in found] == [1, 1, 2, 1]
    assert (other["answer"], metrics["answer"]) == (3, 4)


async def _about(sharing: Sharing, state: str, what: str, lake: Lake) -> dict[str, Any]:
    with sharing.about(state):
        return await sharing.search(what, {"size": 1}, lake.ask)


async def test_a_question_that_names_no_state_shares_nothing() -> None:
    lake = Lake()
    sharing = lake.shared()

    found = [await sharing.search("posts", {}, lake.ask) for _ in range(2)]

    assert [one["answer"] for one in found] == [1, 2]
    assert await _view(sharing, None) is None
    assert lake.opened == 0


async def test_questions_about_one_state_read_one_view() -> None:
    lake = Lake()
    sharing = lake.shared()

    views = await asyncio.gather(*(_view(sharing, "one") for _ in range(5)))

    assert views == ["view 1"] * 5
    assert lake.closed == []
    await sharing.close()
    assert lake.closed == ["view 1"]


async def test_a_view_of_a_later_state_frees_the_earlier_one_once_nobody_reads_it() -> None:
    lake = Lake()
    sharing = lake.shared()
    async with AsyncExitStack() as stack:
        with sharing.about("one"):
            assert await stack.enter_async_context(sharing.view()) == "view 1"
        lake.state = "two"
        assert await _view(sharing, "two") == "view 2"
        assert lake.closed == []

    assert lake.closed == ["view 1"]


async def test_views_that_are_left_at_the_same_time_are_each_freed_once() -> None:
    lake = Lake()
    sharing = lake.shared()
    states = ("one", "two", "three", "four")
    entered = {state: asyncio.Event() for state in states}
    leaves = asyncio.Event()

    async def reads(state: str) -> None:
        with sharing.about(state):
            async with sharing.view():
                entered[state].set()
                await leaves.wait()

    reading = []
    for state in states:
        lake.state = state
        reading.append(asyncio.create_task(reads(state)))
        await entered[state].wait()
    leaves.set()
    await asyncio.gather(*reading)

    assert sorted(lake.closed) == ["view 1", "view 2", "view 3"]


async def test_a_view_that_may_hold_what_came_since_is_not_shared() -> None:
    lake = Lake()
    sharing = lake.shared()
    lake.state = "two"

    assert await _view(sharing, "one") is None
    assert lake.closed == ["view 1"]


async def test_a_view_that_cannot_be_opened_is_asked_for_again() -> None:
    lake = Lake()
    sharing = lake.shared()
    lake.fails = True

    with pytest.raises(UnavailableError):
        await _view(sharing, "one")
    lake.fails = False

    assert await _view(sharing, "one") == "view 1"


async def test_a_view_that_nobody_read_for_long_is_opened_anew(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    lake = Lake()
    sharing = lake.shared()
    await _view(sharing, "one")
    monkeypatch.setattr(sharing_module, "_MOST_IDLE_S", -1.0)

    assert await _view(sharing, "one") == "view 2"


async def test_a_view_that_was_lost_is_opened_anew_once_for_all_its_readers() -> None:
    lake = Lake()
    sharing = lake.shared()

    with sharing.about("one"):
        async with sharing.view() as lost:
            assert lost is not None
            found = await asyncio.gather(*(sharing.renewed(lost) for _ in range(3)))
            late = await sharing.renewed(lost)

    assert (found, late) == (["view 2"] * 3, "view 2")
    assert await _view(sharing, "one") == "view 2"
    await sharing.close()
    assert lake.closed == ["view 2"]  # nobody can close what is lost


async def test_a_view_that_was_lost_while_the_lake_changed_is_not_opened_anew() -> None:
    lake = Lake()
    sharing = lake.shared()

    with sharing.about("one"):
        async with sharing.view() as lost:
            lake.state = "two"
            assert lost is not None
            assert await sharing.renewed(lost) is None
    assert await sharing.renewed("of no state") is None

    assert lake.closed == ["view 2"]


async def test_what_is_too_large_is_made_again_and_errors_are_not_kept() -> None:
    shared: Shared[bytes] = Shared(60, 10, len)
    made = 0

    async def make(size: int) -> bytes:
        nonlocal made
        made += 1
        await asyncio.sleep(0)
        if size < 0:
            raise UnavailableError("no answer")
        return b"x" * size

    for size, times in ((4, 1), (11, 3), (-1, 3)):
        made = 0
        for _ in range(3):
            try:
                await shared.get(str(size), lambda size=size: make(size))  # type: ignore[misc]
            except UnavailableError:
                assert size < 0
        assert made == times, size


async def test_what_was_made_of_answers_is_shared_as_they_are() -> None:
    lake = Lake()
    sharing = lake.shared()
    made = 0

    async def make() -> list[int]:
        nonlocal made
        made += 1
        await asyncio.sleep(0)
        return [made]

    with sharing.about("one"):
        one, same = await asyncio.gather(sharing.made("a", make), sharing.made("a", make))
        other = await sharing.made("b", make)
    with sharing.about("two"):
        later = await sharing.made("a", make)
    alone = await sharing.made("a", make)

    assert one is same
    assert (one, other, later, alone) == ([1], [2], [3], [4])
