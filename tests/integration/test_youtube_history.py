from __future__ import annotations

from collections import deque
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest
from aiohttp import web

from ingestors.platform import Page, Target, Window
from ingestors.platforms.youtube import connect
from lake.errors import RateLimitedError, UnavailableError
from tests.fakes import youtube as fakes
from tests.fakes.youtube import START, FakeYoutube, run_youtube
from tests.fakes.youtube_poll import ids, options, poll


@pytest.fixture
async def fake() -> AsyncIterator[FakeYoutube]:
    async with run_youtube() as server:
        yield server


def window(first: float, last: float) -> Window:
    """From one minute of the fake's to another."""
    return START + timedelta(minutes=first), START + timedelta(minutes=last)


async def polled(
    fake: FakeYoutube,
    wanted: Window,
    cursor: str | None = None,
    *,
    into: list[Page] | None = None,
    **changes: Any,
) -> list[Page]:
    given: list[Page] = [] if into is None else into
    async with connect(options(fake, **changes)) as platform:
        async for page in platform.pages(Target("youtube", "hashtag", "vans", wanted), cursor):
            given.append(page)
    return given


def last_cursor(pages: list[Page], cursor: str | None = None) -> str | None:
    return next((page.cursor for page in reversed(pages) if page.cursor), cursor)


async def many_polls(fake: FakeYoutube, cursor: str | None, polls: int) -> list[list[Page]]:
    """Polls with a single search each, one after the other."""
    found = []
    for _ in range(polls):
        found.append(await poll(fake, cursor, max_search_pages_per_poll=1))
        cursor = last_cursor(found[-1], cursor)
    return found


@pytest.mark.parametrize("new", [49, 50, 51, 130, 260])
async def test_polls_with_one_search_each_take_everything_in_the_end(
    fake: FakeYoutube, new: int
) -> None:
    fake.add(1)
    [first] = await many_polls(fake, None, 1)
    posted = fake.add(new)

    polls = await many_polls(fake, last_cursor(first), 8)

    assert {id_ for pages in polls for id_ in ids(pages)} >= set(posted)
    assert polls[-1][-1].overlaps is True
    assert '"gap": null' in (last_cursor(polls[-1]) or last_cursor(polls[-2]) or "")


async def test_a_poll_that_leaves_a_rest_says_that_it_did(fake: FakeYoutube) -> None:
    fake.add(1)
    [first] = await many_polls(fake, None, 1)
    fake.add(130)

    polls = await many_polls(fake, last_cursor(first), 5)

    assert [pages[-1].overlaps for pages in polls] == [False, False, False, True, True]


async def test_what_comes_while_a_rest_is_fetched_is_taken_after_it(fake: FakeYoutube) -> None:
    posted = fake.add(1)
    found = await many_polls(fake, None, 1)
    cursor = last_cursor(found[0])
    for _ in range(4):
        posted += fake.add(40)
        polls = await many_polls(fake, cursor, 1)
        cursor = last_cursor(polls[0], cursor)
        found += polls

    found += await many_polls(fake, cursor, 6)

    assert {id_ for pages in found for id_ in ids(pages)} == set(posted)


async def test_a_later_poll_that_is_killed_anywhere_loses_nothing(fake: FakeYoutube) -> None:
    known = fake.add(1)
    [first] = await many_polls(fake, None, 1)
    posted = known + fake.add(230)
    whole = await poll(fake, last_cursor(first))

    for taken in range(len(whole) + 1):
        cursor = last_cursor(whole[:taken], last_cursor(first))
        rest = await poll(fake, cursor)

        assert {*ids(whole[:taken]), *ids(rest)} == set(posted), taken
    assert all(page.cursor for page in whole)


async def test_videos_out_of_order_at_the_end_of_a_page_are_not_skipped(
    fake: FakeYoutube,
) -> None:
    fake.add(1)
    [first] = await many_polls(fake, None, 1)
    posted = fake.add(120)

    async def shuffled(fake: FakeYoutube, request: web.Request) -> web.Response:
        answer = fake.search(dict(request.query) | {"maxResults": "54"})
        body = fakes.json_of(answer)
        body["items"] = body["items"][:47] + body["items"][51:54]
        return web.json_response(body)

    fake.faults["search"] = deque([shuffled])
    polls = await many_polls(fake, last_cursor(first), 6)

    assert {id_ for pages in polls for id_ in ids(pages)} >= set(posted)


async def test_a_rest_that_leads_in_a_circle_is_kept_and_what_is_newer_is_taken(
    fake: FakeYoutube,
) -> None:
    posted = fake.add(1)
    [first] = await many_polls(fake, None, 1)
    posted += fake.add(130)
    [short] = await many_polls(fake, last_cursor(first), 1)
    new = fake.add(10)
    fake.faults["search"] = deque([fakes.empty_with_more("50")] * 6)

    pages = await poll(fake, last_cursor(short))
    assert set(new) <= set(ids(pages))
    rest = await poll(fake, last_cursor(pages))

    assert {*ids(short), *ids(pages), *ids(rest)} == {*posted, *new}
    assert '"gap": null' in (last_cursor(rest) or "")


@pytest.mark.parametrize("query_ends", [500, 450])
async def test_a_window_gives_its_videos_once_each_however_many(
    fake: FakeYoutube, query_ends: int
) -> None:
    posted = fake.add(1_300)
    fake.query_ends = query_ends

    pages = await polled(fake, window(10, 1_250), max_search_pages_per_poll=1)

    assert sorted(ids(pages)) == posted[10:1_250]
    assert {page.overlaps for page in pages} == {None}


async def test_a_window_goes_on_after_any_page_and_loses_nothing(fake: FakeYoutube) -> None:
    posted = fake.add(300)
    wanted = window(20, 280)
    whole = await polled(fake, wanted)

    for taken in range(len(whole) + 1):
        rest = await polled(fake, wanted, last_cursor(whole[:taken]))

        assert {*ids(whole[:taken]), *ids(rest)} == set(posted[20:280]), taken
    assert rest == []


async def test_a_window_waits_for_the_quota_and_then_goes_on(fake: FakeYoutube) -> None:
    posted = fake.add(300)
    wanted = window(0, 300)
    given: list[Page] = []

    with pytest.raises(RateLimitedError):
        await polled(fake, wanted, into=given, search_calls_per_day=3, attempts=1)
    rest = await polled(fake, wanted, last_cursor(given))

    assert {*ids(given), *ids(rest)} == set(posted)
    assert len(ids(rest)) < 160


async def test_a_window_that_was_walked_to_its_end_asks_nobody_again(fake: FakeYoutube) -> None:
    fake.add(60)
    cursor = last_cursor(await polled(fake, window(0, 60)))
    fake.calls.clear()

    assert await polled(fake, window(0, 60), cursor) == []
    assert fake.calls == []


@pytest.mark.parametrize("cursor", [None, "rubbish"])
async def test_a_window_without_videos_ends_too(fake: FakeYoutube, cursor: str | None) -> None:
    [page] = await polled(fake, window(0, 60), cursor)

    assert page.payloads == []
    assert await polled(fake, window(0, 60), page.cursor) == []


async def test_a_window_of_parts_of_a_second_holds_what_is_in_it(fake: FakeYoutube) -> None:
    posted = fake.add(5)
    half = timedelta(seconds=0.5)
    start, end = window(1, 3)

    pages = await polled(fake, (start - half, end + half))
    inner = await polled(fake, (start + half, end - half))

    assert sorted(ids(pages)) == posted[1:4]
    assert sorted(ids(inner)) == posted[2:3]


@pytest.mark.parametrize(
    "fault",
    [
        fakes.refusing(400, "invalidPageToken"),
        fakes.empty_with_more("50"),
        fakes.refusing(500),
        fakes.cut_off,
    ],
)
async def test_no_fault_loses_a_video_of_a_window(fake: FakeYoutube, fault: fakes.Fault) -> None:
    posted = fake.add(300)
    fake.faults["search"] = deque([None, None, fault])

    pages = await polled(fake, window(0, 300))

    assert sorted(ids(pages)) == posted


async def test_a_window_whose_search_leads_in_a_circle_is_not_taken_for_walked(
    fake: FakeYoutube,
) -> None:
    posted = fake.add(300)
    wanted = window(0, 300)
    fake.faults["search"] = deque([None, *[fakes.empty_with_more("50")] * 90])
    given: list[Page] = []

    with pytest.raises(UnavailableError, match="in a circle"):
        await polled(fake, wanted, into=given)
    asked = fake.count("search")
    fake.faults.clear()
    rest = await polled(fake, wanted, last_cursor(given))

    assert asked < 20
    assert {*ids(given), *ids(rest)} == set(posted)


async def test_empty_pages_with_ever_new_tokens_are_no_endless_loop(fake: FakeYoutube) -> None:
    tokens = [fakes.empty_with_more(f"t{number}") for number in range(500)]
    fake.faults["search"] = deque(tokens)

    with pytest.raises(UnavailableError, match="in a circle"):
        await polled(fake, window(0, 300), search_calls_per_day=1_000)

    assert fake.count("search") < 100
