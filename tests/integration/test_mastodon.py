from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from ingestors.mastodon_places import places_text
from ingestors.platforms.mastodon import connect
from lake.errors import RetryError, UnavailableError
from tests.fakes import mastodon as fakes
from tests.fakes.mastodon import FakeMastodon, Fault, run_mastodon, status_id
from tests.fakes.mastodon_poll import VANS, host, ids, last_place, options, poll

FAULTS: dict[str, Fault] = {
    "429 with a reset": fakes.refusing(429, reset_s=0.3),
    "429 without a reset": fakes.refusing(429),
    "500": fakes.refusing(500),
    "503 with a reset": fakes.refusing(503, reset_s=0.2),
    "cut off": fakes.cut_off,
    "nothing": fakes.saying(""),
    "no list": fakes.not_a_list,
    "silence": fakes.silent,
    "an empty page with more": fakes.empty_with_more,
}


@pytest.fixture
async def fake() -> AsyncIterator[FakeMastodon]:
    async with run_mastodon() as server:
        yield server


async def test_a_first_poll_gives_the_history_and_then_every_status_once(
    fake: FakeMastodon,
) -> None:
    posted = fake.add(100)

    pages = await poll(fake)

    assert [payload.kind for payload in pages[0].payloads] == ["tag"]
    assert sorted(ids(pages)) == sorted(posted)
    assert last_place(pages) == posted[-1]
    assert [page.overlaps for page in pages[:-1]] == [None] * (len(pages) - 1)
    assert pages[-1].overlaps is True  # the timeline was walked to its very end


async def test_the_first_polls_cursor_comes_with_its_last_page_only(fake: FakeMastodon) -> None:
    fake.add(100)

    pages = await poll(fake)

    assert [page.cursor is None for page in pages] == [True] * (len(pages) - 1) + [False]


async def test_the_first_poll_goes_back_as_far_as_it_is_told(fake: FakeMastodon) -> None:
    posted = fake.add(200)

    pages = await poll(fake, first_poll_pages=2)

    assert sorted(ids(pages)) == posted[-80:]
    assert last_place(pages) == posted[-1]


async def test_what_arrives_during_a_first_poll_is_in_the_next(fake: FakeMastodon) -> None:
    posted = fake.add(90)
    fake.when_called = lambda: posted.extend(fake.add(1))

    first = await poll(fake)
    fake.when_called = lambda: None
    second = await poll(fake, last_place(first))

    assert sorted(ids(first) + ids(second)) == sorted(posted)


async def test_later_polls_walk_forward_without_a_gap(fake: FakeMastodon) -> None:
    posted = fake.add(10)
    cursor = last_place(await poll(fake))
    new = fake.add(130)

    pages = await poll(fake, cursor)

    assert ids(pages) != []
    assert sorted(ids(pages)) == new
    assert [page.overlaps for page in pages[1:]] == [True] * (len(pages) - 1)
    assert last_place(pages) == new[-1] > posted[-1]


async def test_a_walk_ends_although_statuses_keep_arriving(fake: FakeMastodon) -> None:
    cursor = fake.add(1)[0]
    pending = [300]

    def post() -> None:
        if pending[0]:
            pending[0] -= 30
            fake.add(30)

    fake.when_called = post
    pages = await poll(fake, cursor)

    assert len(ids(pages)) == len(set(ids(pages))) == 300


async def test_a_poll_with_nothing_new_says_that_nothing_was_missed(fake: FakeMastodon) -> None:
    posted = fake.add(5)

    pages = await poll(fake, posted[-1])

    assert ids(pages) == []
    assert [(page.cursor, page.overlaps) for page in pages] == [(None, None), (None, True)]


async def test_an_unused_tag_moves_no_cursor(fake: FakeMastodon) -> None:
    pages = await poll(fake)

    assert ids(pages) == []
    assert last_place(pages) is None


@pytest.mark.parametrize("fault", FAULTS.values(), ids=list(FAULTS))
@pytest.mark.parametrize("place", [0, 1, 2])
@pytest.mark.parametrize("start", [None, 0])
async def test_no_fault_loses_or_doubles_a_status(
    fake: FakeMastodon, fault: Fault, place: int, start: int | None
) -> None:
    posted = fake.add(100)
    fake.faults.extend([None] * place + [fault])

    pages = await poll(fake, None if start is None else status_id(-1))

    assert sorted(ids(pages)) == sorted(posted)
    assert last_place(pages) == posted[-1]
    assert not fake.faults


@pytest.mark.parametrize("start", [None, 0])
async def test_a_page_that_is_repeated_is_asked_for_again(
    fake: FakeMastodon, start: int | None
) -> None:
    posted = fake.add(100)
    fake.faults.extend([None, fakes.repeating, fakes.repeating])

    pages = await poll(fake, None if start is None else status_id(-1))

    assert sorted(ids(pages)) == sorted(posted)


async def test_a_server_that_repeats_a_page_for_ever_is_no_endless_loop(
    fake: FakeMastodon,
) -> None:
    fake.add(100)
    fake.faults.extend([None, *[fakes.repeating] * 50])

    with pytest.raises(UnavailableError, match="repeated a page"):
        await poll(fake, status_id(-1))


async def test_an_empty_page_that_leads_nowhere_ends_the_walk(fake: FakeMastodon) -> None:
    [posted] = fake.add(1)
    fake.faults.extend([None, *[fakes.empty_with_itself] * 50])

    assert ids(await poll(fake, status_id(-1))) == [posted]


async def test_a_server_that_counts_min_id_in_comes_to_an_end(fake: FakeMastodon) -> None:
    [posted] = fake.add(1)
    fake.faults.extend([None, fakes.repeating])

    pages = await poll(fake, status_id(-1), attempts=1)

    assert ids(pages) == [posted]


async def test_an_outage_ends_the_poll_after_its_attempts(fake: FakeMastodon) -> None:
    fake.add(10)
    fake.faults.extend([fakes.refusing(503)] * 50)

    with pytest.raises(RetryError):
        await poll(fake, attempts=3)

    assert sum("/timelines/" in path for path in fake.paths) == 3


async def test_a_walk_that_is_cut_off_anywhere_resumes_without_a_loss(
    fake: FakeMastodon,
) -> None:
    posted = fake.add(170)
    for start in (None, status_id(-1)):
        whole = await poll(fake, start)
        for given in range(len(whole) + 1):
            written = whole[:given]
            cursor = last_place(written, start)

            rest = await poll(fake, cursor)

            assert set(ids(written) + ids(rest)) == set(posted), (start, given)


async def test_every_status_id_is_a_place_to_resume(fake: FakeMastodon) -> None:
    posted = fake.add(60)

    async with connect(options(fake)) as platform:
        for number, cursor in enumerate(posted):
            place = places_text({host(fake): cursor})
            pages = [page async for page in platform.pages(VANS, place)]
            assert sorted(ids(pages)) == posted[number + 1 :]


async def test_a_status_that_federated_late_is_found(fake: FakeMastodon) -> None:
    posted = fake.add(50)
    cursor = posted[-1]
    [late] = fake.add(1, first_s=20.5)
    new = fake.add(1, first_s=60)

    without = await poll(fake, cursor, lookback_s=0)
    pages = await poll(fake, cursor, lookback_s=40)

    assert late not in ids(without)
    assert {late, *new} <= set(ids(pages))
    assert len(ids(pages)) == len(set(ids(pages)))
    assert last_place(pages) == new[0]


async def test_looking_back_moves_no_cursor_backwards(fake: FakeMastodon) -> None:
    posted = fake.add(100)

    pages = await poll(fake, posted[-1], lookback_s=90)

    assert len(ids(pages)) > 80
    assert {page.cursor for page in pages} == {None}


async def test_statuses_that_are_not_public_are_left_out(fake: FakeMastodon) -> None:
    public = fake.add(3)
    fake.add(45, visibility="private")
    more = fake.add(2)

    assert sorted(ids(await poll(fake))) == public + more


async def test_an_item_that_is_no_object_is_reported_and_no_obstacle(fake: FakeMastodon) -> None:
    [posted] = fake.add(1)
    body = f'["junk", {{"id": "{posted}"}}]'
    fake.faults.append(fakes.saying(body))

    pages = await poll(fake)

    assert ids(pages) == [posted]
    assert [part.text for page in pages for part in page.unreadable] == ['"junk"']
