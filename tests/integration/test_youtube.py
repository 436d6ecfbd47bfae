from __future__ import annotations

from collections import deque
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest

from tests.fakes import youtube as fakes
from tests.fakes.youtube import START, FakeYoutube, Fault, run_youtube
from tests.fakes.youtube_poll import ids, poll

FAULTS: dict[str, Fault] = {
    "rate limit": fakes.refusing(403, "rateLimitExceeded", {"Retry-After": "0"}),
    "429 with a wait": fakes.refusing(429, headers={"Retry-After": "0"}),
    "500": fakes.refusing(500),
    "503 backendError": fakes.refusing(503, "backendError"),
    "cut off": fakes.cut_off,
    "nothing": fakes.saying(""),
    "no list": fakes.saying('{"items": 3}'),
    "another thing": fakes.saying("[]"),
    "silence": fakes.silent,
}


@pytest.fixture
async def fake() -> AsyncIterator[FakeYoutube]:
    async with run_youtube() as server:
        yield server


async def test_a_first_poll_gives_every_video_once_with_its_channel(fake: FakeYoutube) -> None:
    posted = fake.add(120)

    pages = await poll(fake)

    assert sorted(ids(pages)) == posted
    assert [page.cursor is None for page in pages] == [True, True, False]
    assert {page.overlaps for page in pages} == {None}
    assert {load.body["channel"]["id"] for load in pages[0].payloads} == {fakes.CHANNEL}
    assert (fake.count("search"), fake.count("videos"), fake.count("channels")) == (3, 3, 1)


async def test_a_payload_is_what_the_platform_sent(fake: FakeYoutube) -> None:
    [id_] = fake.add(1)

    [page] = await poll(fake)

    assert page.payloads[0].body == {"video": fake.videos[id_], "channel": fakes.channel()}


async def test_the_search_asks_as_it_is_told(fake: FakeYoutube) -> None:
    await poll(fake, region="de", language="de")

    [(method, query)] = fake.calls
    assert method == "search"
    assert (query["q"], query["type"], query["order"]) == ("#vans", "video", "date")
    assert (query["regionCode"], query["relevanceLanguage"]) == ("DE", "de")


async def test_a_later_poll_begins_where_the_last_one_was(fake: FakeYoutube) -> None:
    fake.add(60)
    cursor = (await poll(fake))[-1].cursor
    new = fake.add(70)

    pages = await poll(fake, cursor)

    assert sorted(ids(pages))[1:] == new  # the newest known is met again
    assert pages[-1].overlaps is True
    assert len(pages[-1].cursor or "") < 4_000


async def test_a_poll_looks_back_for_what_the_search_found_late(fake: FakeYoutube) -> None:
    fake.add(1, minute=100)
    cursor = (await poll(fake))[-1].cursor
    late = fake.add(1, minute=95)

    pages = await poll(fake, cursor, lookback_s=600)

    assert late[0] in ids(pages)


async def test_what_a_poll_had_no_pages_for_is_fetched_by_a_later_one(fake: FakeYoutube) -> None:
    posted = fake.add(1)
    cursor = (await poll(fake, max_search_pages_per_poll=1))[-1].cursor
    posted += fake.add(120)

    short = await poll(fake, cursor, max_search_pages_per_poll=1)
    rest = await poll(fake, short[-1].cursor)
    after = await poll(fake, rest[-1].cursor)

    assert [page.overlaps for page in short] == [False]
    assert rest[-1].overlaps is True
    assert {*ids(short), *ids(rest)} == set(posted)
    assert len(ids(rest)) == len(set(ids(rest)))
    assert len(after) == 1


async def test_a_query_that_ends_at_its_limit_is_no_end(fake: FakeYoutube) -> None:
    posted = fake.add(700)

    pages = await poll(fake)

    assert sorted(ids(pages)) == posted


async def test_a_video_that_is_gone_is_left_out(fake: FakeYoutube) -> None:
    gone, there = fake.add(2)
    fake.hidden.add(gone)

    assert ids(await poll(fake)) == [there]


async def test_an_unused_tag_moves_no_cursor(fake: FakeYoutube) -> None:
    [page] = await poll(fake)

    assert (page.payloads, page.cursor) == ([], None)


async def test_a_video_dated_ahead_does_not_move_the_cursor_ahead(fake: FakeYoutube) -> None:
    minutes = int((datetime(2999, 1, 1, tzinfo=UTC) - START) / timedelta(minutes=1))
    fake.add(1, minute=minutes)

    [page] = await poll(fake)

    assert page.cursor is not None
    assert "2999" not in page.cursor


@pytest.mark.parametrize("cursor", ["", "rubbish", "[]", '{"newest": 3, "gap": [1, 2]}'])
async def test_a_cursor_that_cannot_be_read_is_a_first_poll(fake: FakeYoutube, cursor: str) -> None:
    posted = fake.add(3)

    assert sorted(ids(await poll(fake, cursor))) == posted


@pytest.mark.parametrize("fault", FAULTS.values(), ids=list(FAULTS))
@pytest.mark.parametrize("place", [0, 1])
async def test_no_fault_loses_or_doubles_a_video(
    fake: FakeYoutube, fault: Fault, place: int
) -> None:
    posted = fake.add(70)
    fake.faults["search"] = deque([None] * place + [fault])

    pages = await poll(fake)

    assert sorted(ids(pages)) == posted
    assert not fake.faults["search"]


async def test_an_empty_page_with_more_is_no_end(fake: FakeYoutube) -> None:
    posted = fake.add(120)
    fake.faults["search"] = deque([None, fakes.empty_with_more("100")])

    pages = await poll(fake)

    assert sorted(ids(pages)) == sorted(posted[:20] + posted[70:])
    assert pages[1].payloads == []


async def test_a_token_that_repeats_for_ever_is_no_endless_loop(fake: FakeYoutube) -> None:
    fake.add(120)
    cursor = '{"newest": "2026-08-01T00:00:00Z", "gap": null}'
    fake.faults["search"] = deque([None, *[fakes.empty_with_more("50")] * 90])

    pages = await poll(fake, cursor)

    assert len(pages) < 15
    assert pages[-1].overlaps is False
    assert '"gap": ["2026-08-01' in (pages[-1].cursor or "")


@pytest.mark.parametrize("cursor", [None, '{"newest": "2026-08-01T00:00:00Z", "gap": null}'])
async def test_a_token_that_repeats_once_goes_on_by_time(
    fake: FakeYoutube, cursor: str | None
) -> None:
    posted = fake.add(220)
    fake.faults["search"] = deque([None, None, fakes.empty_with_more("50")])

    pages = await poll(fake, cursor)

    assert sorted(ids(pages)) == posted
    assert pages[-1].overlaps is (cursor is not None or None)


async def test_a_forgotten_token_starts_the_query_anew(fake: FakeYoutube) -> None:
    posted = fake.add(120)
    fake.faults["search"] = deque([None, fakes.refusing(400, "invalidPageToken")])

    pages = await poll(fake)

    assert sorted(ids(pages)) == posted
