from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from ingestors.platforms.bluesky import normalise
from lake.errors import RetryError
from lake.records import TagCounter
from tests.fakes import bluesky as fakes
from tests.fakes.bluesky import START, FakeBluesky, Fault, run_bluesky, text_of
from tests.fakes.bluesky_poll import last_cursor, poll, uris

LONG_AGO = text_of(START - timedelta(days=1))
FAULTS: dict[str, Fault] = {
    "429 with a reset": fakes.refusing("RateLimitExceeded", 429, reset_s=0.3),
    "429 without a reset": fakes.refusing("RateLimitExceeded", 429),
    "500": fakes.refusing("InternalServerError", 500),
    "502": fakes.refusing("UpstreamFailure", 502),
    "a dead token": fakes.refusing("ExpiredToken", 400),
    "cut off": fakes.cut_off,
    "nothing": fakes.saying(""),
    "no list": fakes.saying({"posts": None}),
    "silence": fakes.silent,
    "an empty page with more": fakes.empty_with_more,
    "a page that leads to itself": fakes.same_cursor,
}


@pytest.fixture
async def fake() -> AsyncIterator[FakeBluesky]:
    async with run_bluesky() as server:
        yield server


async def test_a_first_poll_gives_a_count_and_every_post_once(fake: FakeBluesky) -> None:
    posted = fake.add(250)

    pages = await poll(fake)

    [counter] = normalise(pages[0].payloads[0], pages[0].observed_at)
    assert isinstance(counter, TagCounter)
    assert (counter.tag, counter.posts, counter.source) == ("vans", 250, "search")
    assert sorted(uris(pages)) == sorted(posted)
    assert [page.cursor is None for page in pages] == [True] * (len(pages) - 1) + [False]
    assert last_cursor(pages) == fake.posts[-1]["indexedAt"]
    assert {page.overlaps for page in pages} == {None}


async def test_the_first_poll_goes_back_as_far_as_it_is_told(fake: FakeBluesky) -> None:
    posted = fake.add(500)

    pages = await poll(fake, first_poll_pages=2)

    assert sorted(uris(pages)) == sorted(posted[-200:])
    assert last_cursor(pages) == fake.posts[-1]["indexedAt"]


@pytest.mark.parametrize("has_v2", [True, False])
async def test_a_later_poll_meets_what_is_new_and_says_that_it_did(
    fake: FakeBluesky, *, has_v2: bool
) -> None:
    fake.has_v2 = has_v2
    fake.add(50)
    cursor = last_cursor(await poll(fake))
    new = fake.add(330)

    pages = await poll(fake, cursor)

    assert set(new) <= set(uris(pages))
    assert len(uris(pages)) == len(set(uris(pages))) <= len(new) + 1
    assert last_cursor(pages) == fake.posts[-1]["indexedAt"]
    assert pages[-1].overlaps is True
    assert not any(page.overlaps for page in pages[:-1])


async def test_a_poll_with_nothing_new_says_that_nothing_was_missed(fake: FakeBluesky) -> None:
    fake.add(5)
    cursor = text_of(START + timedelta(seconds=60))

    pages = await poll(fake, cursor)

    assert uris(pages) == []
    assert last_cursor(pages) is None
    assert pages[-1].overlaps is True


async def test_an_unused_tag_moves_no_cursor(fake: FakeBluesky) -> None:
    pages = await poll(fake)

    assert uris(pages) == []
    assert last_cursor(pages) is None


async def test_what_was_indexed_late_is_found(fake: FakeBluesky) -> None:
    fake.add(50)
    cursor = last_cursor(await poll(fake))
    late = fake.add(1, first=20.5)

    assert set(late) <= set(uris(await poll(fake, cursor, lookback_s=40)))
    assert not set(late) & set(uris(await poll(fake, cursor)))


@pytest.mark.parametrize("has_v2", [True, False])
@pytest.mark.parametrize("fails_deep", [True, False])
async def test_a_search_that_ends_too_early_is_cut_into_slices(
    fake: FakeBluesky, *, has_v2: bool, fails_deep: bool
) -> None:
    fake.has_v2, fake.fails_deep, fake.deepest = has_v2, fails_deep, 1_000
    posted = fake.add(2_450)

    pages = await poll(fake, LONG_AGO, attempts=2)

    assert sorted(uris(pages)) == sorted(posted)
    assert pages[-1].overlaps is True


@pytest.mark.parametrize("fault", FAULTS.values(), ids=list(FAULTS))
@pytest.mark.parametrize("place", [0, 1, 2])
@pytest.mark.parametrize("start", [None, LONG_AGO])
async def test_no_fault_loses_or_doubles_a_post(
    fake: FakeBluesky, fault: Fault, place: int, start: str | None
) -> None:
    posted = fake.add(230)
    fake.faults.extend([None] * place + [fault])

    pages = await poll(fake, start)

    assert sorted(uris(pages)) == sorted(posted)
    assert last_cursor(pages) == fake.posts[-1]["indexedAt"]
    assert not fake.faults


async def test_a_walk_that_is_cut_off_anywhere_resumes_without_a_loss(fake: FakeBluesky) -> None:
    posted = fake.add(430)
    for start in (None, LONG_AGO):
        whole = await poll(fake, start)
        for given in range(len(whole) + 1):
            written = whole[:given]
            cursor = last_cursor(written, start)

            rest = await poll(fake, cursor)

            assert set(uris(written) + uris(rest)) == set(posted), (start, given)
            assert len(last_cursor(rest, cursor) or "") < 100


async def test_what_arrives_after_a_cut_off_walk_is_met_with_its_rest(fake: FakeBluesky) -> None:
    fake.add(300)
    cursor = last_cursor((await poll(fake, LONG_AGO))[:2])
    fake.add(120)

    pages = await poll(fake, cursor)

    assert {one["uri"] for one in fake.posts[:200] + fake.posts[300:]} <= set(uris(pages))
    assert last_cursor(pages) == fake.posts[-1]["indexedAt"]
    assert [page.overlaps for page in pages].count(True) == 1


@pytest.mark.parametrize("fault", [fakes.repeating, fakes.same_cursor])
async def test_a_search_that_repeats_itself_is_no_endless_loop(
    fake: FakeBluesky, fault: Fault
) -> None:
    fake.add(300)
    fake.faults.extend([None, *[fault] * 100])

    with pytest.raises(RetryError):
        await poll(fake)

    assert len(fake.calls) < 20
