from __future__ import annotations

import json
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest

from ingestors.platform import Page, Target
from ingestors.platforms.threads import connect
from lake.errors import (
    RateLimitedError,
    RetryError,
    UnavailableError,
)
from tests.fakes import threads as fakes
from tests.fakes.threads import (
    START,
    TOKEN,
    VANS,
    FakeThreads,
    Fault,
    ids,
    last_cursor,
    options,
    poll,
    run_threads,
)

FAULTS: dict[str, Fault] = {
    "code 1": fakes.refusing(1),
    "code 2": fakes.refusing(2, status=500),
    "code 4": fakes.refusing(4, status=403),
    "503 as a page for people": fakes.saying("<html>", "text/html", 503),
    "429 without JSON": fakes.saying("slow down", "text/plain", 429),
    "cut off": fakes.cut_off,
    "nothing": fakes.saying(""),
    "no page": fakes.saying("{}"),
    "a list": fakes.saying("[]"),
    "silence": fakes.silent,
    "an empty page with more": fakes.empty_with_more,
}
BOTH = ["TAG", "KEYWORD"]
WINDOW = Target(
    "threads", "hashtag", "vans", (START + timedelta(minutes=5), START + timedelta(minutes=40))
)


@pytest.fixture
async def fake() -> AsyncIterator[FakeThreads]:
    async with run_threads() as server:
        yield server


async def test_a_first_poll_gives_every_post_once(fake: FakeThreads) -> None:
    posted = fake.add(35)

    pages = await poll(fake)

    assert ids(pages) == posted[::-1]
    assert {page.overlaps for page in pages} == {None}
    assert [page.cursor is None for page in pages] == [True, True, True, False]
    first = {key: fake.queries()[0].get(key) for key in ("q", "search_type", "limit", "since")}
    assert first == {"q": "vans", "search_type": "RECENT", "limit": "100", "since": None}


async def test_topics_and_texts_are_searched_apart(fake: FakeThreads) -> None:
    [topic] = fake.add(1, text="Nothing in the text", topic_tag="Vans")
    [text] = fake.add(1, topic_tag=None)
    fake.add(1, text="Two vans in the yard", topic_tag=None)

    pages = await poll(fake, modes=BOTH)

    assert set(ids(pages)) == {topic, text}
    asked = [(query["search_mode"], query["q"]) for query in fake.queries()]
    assert asked == [("TAG", "vans"), ("KEYWORD", "#vans")]


async def test_a_later_poll_reads_what_is_new(fake: FakeThreads) -> None:
    fake.add(30)
    cursor = last_cursor(await poll(fake, modes=BOTH))
    new = fake.add(15)

    pages = await poll(fake, cursor, modes=BOTH, lookback_s=0)

    assert set(new) <= set(ids(pages))
    assert len(set(ids(pages))) == 16, "the newest known one is met again"
    assert [page.overlaps for page in pages] == [None, None, None, True]
    since = {query["since"] for query in fake.queries()[-4:]}
    assert since == {str(int((START + timedelta(minutes=29)).timestamp()))}


async def test_a_poll_that_reaches_its_page_cap_tells_of_the_gap(fake: FakeThreads) -> None:
    fake.add(1)
    cursor = last_cursor(await poll(fake))
    posted = fake.add(50)

    pages = await poll(fake, cursor, max_pages=2)

    assert ids(pages) == posted[:-21:-1]
    assert pages[-1].overlaps is False


async def test_a_hashtag_that_nobody_uses_has_no_gap(fake: FakeThreads) -> None:
    first = await poll(fake, modes=BOTH)
    second = await poll(fake, last_cursor(first), modes=BOTH)

    assert [page.overlaps for page in second] == [None, True]


async def test_a_search_that_finds_nothing_is_free(fake: FakeThreads) -> None:
    async with connect(options(fake, searches_per_day=2)) as platform:
        for _ in range(5):
            assert len(await _all(platform, VANS)) == 1
        fake.add(15)
        assert len(ids(await _all(platform, VANS))) == 15
        state = platform.limits.state()
        with pytest.raises(RateLimitedError, match="quota of 2 searches") as caught:
            await _all(platform, VANS)
    async with connect(options(fake, searches_per_day=2)) as restarted:
        restarted.limits.restore(json.loads(json.dumps(state)))
        with pytest.raises(RateLimitedError):
            await _all(restarted, VANS)

    assert 80_000 < (caught.value.after_s or 0) <= 90_000
    assert len(fake.calls) == 7


async def test_several_accounts_share_the_searches(fake: FakeThreads) -> None:
    fake.tokens.add("THAA-second")
    fake.add(15)
    tokens = [TOKEN, "THAA-second"]

    async with connect(options(fake, searches_per_day=2, access_token=tokens)) as platform:
        for _ in range(2):
            assert len(ids(await _all(platform, VANS))) == 15
        with pytest.raises(RateLimitedError):
            await _all(platform, VANS)

    used = [query["access_token"] for query in fake.queries()]
    assert {token: used.count(token) for token in tokens} == dict.fromkeys(tokens, 2)


async def test_a_token_that_is_refused_is_left_out(fake: FakeThreads) -> None:
    posted = fake.add(3)
    tokens = ["THAA-dead", TOKEN]

    async with connect(options(fake, access_token=tokens)) as platform:
        for _ in range(2):
            assert ids(await _all(platform, VANS)) == posted[::-1]

    assert [query["access_token"] for query in fake.queries()].count("THAA-dead") <= 1


@pytest.mark.parametrize("fault", FAULTS.values(), ids=list(FAULTS))
async def test_a_fault_loses_and_doubles_nothing(fake: FakeThreads, fault: Fault) -> None:
    posted = fake.add(25)
    later = None if fault is fakes.empty_with_more else fault
    fake.faults.extend([fault, None, later])

    assert ids(await poll(fake)) == posted[::-1]


async def test_a_page_that_is_repeated_for_ever_is_no_endless_loop(fake: FakeThreads) -> None:
    fake.add(25)
    fake.faults.extend([None, *[fakes.repeating] * 50])

    given: list[Page] = []
    with pytest.raises(UnavailableError, match="repeated a page"):
        await poll(fake, into=given)

    assert (len(given), last_cursor(given), len(fake.calls)) == (1, None, 4)


async def test_empty_pages_for_ever_end_at_the_page_cap(fake: FakeThreads) -> None:
    fake.faults.extend([fakes.empty_with_more] * 50)
    cursor = json.dumps({"TAG": "2026-11-20T00:00:00.000Z"})

    pages = await poll(fake, cursor, max_pages=5)

    assert (len(fake.calls), pages[-1].overlaps) == (5, False)


async def test_an_outage_ends_the_poll_after_its_attempts(fake: FakeThreads) -> None:
    fake.faults.extend([fakes.refusing(2)] * 50)

    with pytest.raises(RetryError):
        await poll(fake)

    assert len(fake.calls) == 3


async def test_a_window_gives_all_that_was_posted_in_it(fake: FakeThreads) -> None:
    posted = fake.add(60)

    pages = await poll(fake, target=WINDOW, modes=BOTH)

    assert set(ids(pages)) == set(posted[5:40])
    assert len(ids(pages)) == 2 * 35, "both searches find them"
    assert all(page.cursor for page in pages)


async def test_a_window_that_is_cut_off_anywhere_is_gone_on_with(fake: FakeThreads) -> None:
    posted = fake.add(60)
    fake.add(3, minute=20, topic_tag=None)
    whole = await poll(fake, target=WINDOW, modes=BOTH, lookback_s=120)
    wanted = set(ids(whole))
    for given in range(len(whole) + 1):
        written = whole[:given]
        fake.calls.clear()

        cursor = last_cursor(written)
        rest = await poll(fake, cursor, target=WINDOW, modes=BOTH, lookback_s=120)

        assert set(ids(written) + ids(rest)) == wanted, given
        assert len(fake.calls) <= len(whole) - given + 1
    assert wanted == set(posted[5:40]) | {one["id"] for one in fake.posts[60:]}


async def _all(platform: Any, target: Target) -> list[Page]:
    return [page async for page in platform.pages(target, None)]
