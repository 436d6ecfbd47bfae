from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from ingestors.platform import Page, Target, Window
from ingestors.platforms.x import connect
from lake.errors import InvalidError, UnavailableError
from tests.fakes import x as fakes
from tests.fakes.x import START_S, FakeX, run_x
from tests.fakes.x_poll import ids, last_cursor, options


@pytest.fixture
async def fake() -> AsyncIterator[FakeX]:
    async with run_x() as server:
        yield server


def at(seconds: float) -> datetime:
    """The time of the fake's post of so many seconds after its beginning."""
    return datetime.fromtimestamp(int((START_S + seconds) * 1_000) / 1_000, UTC)


async def polled(
    fake: FakeX,
    window: Window,
    cursor: str | None = None,
    *,
    into: list[Page] | None = None,
    **changes: Any,
) -> list[Page]:
    given: list[Page] = [] if into is None else into
    async with connect(options(fake, **changes)) as platform:
        async for page in platform.pages(Target("x", "hashtag", "vans", window), cursor):
            given.append(page)
    return given


async def test_a_window_gives_its_posts_once_each_and_no_others(fake: FakeX) -> None:
    posted = fake.add(60)

    pages = await polled(fake, (at(10), at(45)), max_pages=1)

    assert ids(pages) == posted[10:45][::-1]
    assert {path for path, _ in fake.calls} == {fakes.SEARCH}, "no counts are paid for"
    assert {page.overlaps for page in pages} == {None}


async def test_a_window_goes_on_after_any_page_and_loses_nothing(fake: FakeX) -> None:
    posted = fake.add(60)
    window = (at(10), at(45))
    whole = await polled(fake, window)

    for taken in range(len(whole) + 1):
        rest = await polled(fake, window, last_cursor(whole[:taken]))

        assert set(ids(whole[:taken]) + ids(rest)) == set(posted[10:45]), taken
        assert len(ids(rest)) <= max(0, 37 - 10 * taken)

    assert [page.cursor is None for page in whole] == [False] * len(whole)


async def test_a_window_that_was_walked_to_its_end_asks_nobody_again(fake: FakeX) -> None:
    fake.add(60)
    window = (at(10), at(45))
    cursor = last_cursor(await polled(fake, window))
    fake.calls.clear()

    assert await polled(fake, window, cursor) == []
    assert fake.calls == []


async def test_a_window_without_posts_ends_too(fake: FakeX) -> None:
    window = (at(10), at(45))

    [page] = await polled(fake, window)

    assert (page.payloads, await polled(fake, window, page.cursor)) == ([], [])


async def test_a_window_that_x_shows_no_more_is_refused_with_the_reason(fake: FakeX) -> None:
    now = datetime.now(UTC)

    with pytest.raises(InvalidError, match="the last 7 days only"):
        await polled(fake, (now - timedelta(days=30), now - timedelta(days=7)))

    assert fake.calls == []


async def test_a_window_that_x_shows_in_part_gives_that_part_and_is_not_taken_for_walked(
    fake: FakeX,
) -> None:
    posted = fake.add(25)
    window = (datetime.now(UTC) - timedelta(days=8), at(25))
    given: list[Page] = []

    with pytest.raises(InvalidError, match="the last 7 days only"):
        await polled(fake, window, into=given)
    calls = len(fake.calls)
    with pytest.raises(InvalidError):
        await polled(fake, window, last_cursor(given))

    assert ids(given) == posted[::-1]
    assert len(fake.calls) == calls, "nothing is paid for again"


async def test_a_window_of_just_seven_days_is_walked(fake: FakeX) -> None:
    posted = fake.add(5)
    now = datetime.now(UTC)

    pages = await polled(fake, (now - timedelta(days=7), now))

    assert ids(pages) == posted[::-1]
    assert "end_time" not in fake.searches()[0], "X refuses an end that is now"
    start = datetime.fromisoformat(fake.searches()[0]["start_time"])
    assert start > now - timedelta(days=7)


async def test_a_window_whose_rest_grew_too_old_is_refused(fake: FakeX) -> None:
    now = datetime.now(UTC)
    window = (now - timedelta(days=8), now - timedelta(days=1))

    with pytest.raises(InvalidError):
        await polled(fake, window, (now - timedelta(days=7, hours=12)).isoformat())


async def test_a_cursor_that_is_none_walks_the_window_from_its_end(fake: FakeX) -> None:
    posted = fake.add(20)

    assert ids(await polled(fake, (at(0), at(20)), "rubbish")) == posted[::-1]


async def test_empty_pages_with_more_go_on(fake: FakeX) -> None:
    posted = fake.add(25)
    fake.faults.extend([fakes.empty_with_more, None, fakes.empty_with_more])

    pages = await polled(fake, (at(0), at(25)))

    assert ids(pages) == posted[::-1]


async def test_empty_pages_for_ever_are_no_end_of_a_window(fake: FakeX) -> None:
    fake.faults.extend([fakes.empty_with_more] * 500)
    window = (at(0), at(25))
    given: list[Page] = []

    with pytest.raises(UnavailableError, match="empty pages only"):
        await polled(fake, window, into=given)

    assert len(fake.searches()) < 150
    fake.faults.clear()
    posted = fake.add(25)
    assert ids(await polled(fake, window, last_cursor(given))) == posted[::-1]


async def test_a_window_ignores_what_is_outside_of_it_though_x_gives_it(fake: FakeX) -> None:
    posted = fake.add(3)
    window = (at(1.5), at(2.5))

    pages = await polled(fake, window)

    assert ids(pages) == [posted[2]]
