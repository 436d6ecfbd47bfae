from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from ingestors.platform import Page
from lake.errors import RetryError, UnavailableError
from tests.fakes import x as fakes
from tests.fakes.x import FakeX, Fault, post_id, run_x
from tests.fakes.x_poll import ids, last_cursor, poll

OLD_LIMIT = {"errors": [{"code": 88, "message": "Rate limit exceeded"}]}
NEW_LIMIT = {"title": "Too Many Requests", "detail": "Slow", "type": "about:blank", "status": 429}
FAULTS: dict[str, Fault] = {
    "429 as v1.1 says it": fakes.refusing(429, OLD_LIMIT, reset_s=0.3),
    "429 as a problem": fakes.refusing(429, NEW_LIMIT, reset_s=0.3),
    "429 without a reset": fakes.refusing(429, NEW_LIMIT),
    "429 without JSON": fakes.saying("slow down", "text/plain", 429),
    "a rate limit problem": fakes.problem(403, "rate-limit-exceeded", "Rate limited"),
    "500": fakes.refusing(500),
    "503": fakes.refusing(503, {"title": "Service Unavailable", "status": 503}),
    "503 as a page for people": fakes.saying("<html>", "text/html", 503),
    "cut off": fakes.cut_off,
    "nothing": fakes.saying(""),
    "no page": fakes.saying('{"errors": [{"message": "Sorry"}]}'),
    "a list": fakes.saying("[]"),
    "data that is no list": fakes.saying('{"data": {}, "meta": {"result_count": 1}}'),
    "silence": fakes.silent,
    "an empty page with more": fakes.empty_with_more,
}


@pytest.fixture
async def fake() -> AsyncIterator[FakeX]:
    async with run_x() as server:
        yield server


async def test_a_first_poll_counts_and_then_gives_every_post_once(fake: FakeX) -> None:
    posted = fake.add(35)

    pages = await poll(fake)

    assert [payload.kind for payload in pages[0].payloads] == ["counts"]
    assert ids(pages) == posted[::-1]
    assert {page.overlaps for page in pages} == {None}


@pytest.mark.parametrize("start", [None, 0])
async def test_the_cursor_comes_with_the_last_page_only(fake: FakeX, start: int | None) -> None:
    fake.add(1, first_s=-1)
    posted = fake.add(35, first_s=0)

    pages = await poll(fake, None if start is None else post_id(-1))

    assert [page.cursor for page in pages] == [None] * (len(pages) - 1) + [posted[-1]]


async def test_a_later_poll_reads_what_is_new_and_says_that_nothing_lies_between(
    fake: FakeX,
) -> None:
    cursor = fake.add(15)[-1]
    new = fake.add(25)

    pages = await poll(fake, cursor)

    assert ids(pages) == new[::-1]
    assert [page.overlaps for page in pages] == [None, None, None, True]
    assert last_cursor(pages) == new[-1]
    assert {query["since_id"] for query in fake.searches()} == {cursor}


async def test_nothing_new_moves_no_cursor_and_misses_nothing(fake: FakeX) -> None:
    cursor = fake.add(3)[-1]

    pages = await poll(fake, cursor)

    assert ids(pages) == []
    assert [(page.cursor, page.overlaps) for page in pages] == [(None, None), (None, True)]


async def test_an_unused_tag_moves_no_cursor(fake: FakeX) -> None:
    pages = await poll(fake)

    assert ids(pages) == []
    assert last_cursor(pages) is None


async def test_a_poll_that_reaches_its_page_cap_tells_of_the_gap(fake: FakeX) -> None:
    cursor = fake.add(1)[0]
    posted = fake.add(50)

    pages = await poll(fake, cursor, max_pages=2)

    assert ids(pages) == posted[:-21:-1]
    assert (last_cursor(pages), pages[-1].overlaps) == (posted[-1], False)
    assert len(fake.searches()) == 2


async def test_a_cursor_of_more_than_seven_days_ago_falls_back_to_them(fake: FakeX) -> None:
    posted = fake.add(5)

    pages = await poll(fake, post_id(-8 * 86_400))

    assert ids(pages) == posted[::-1]
    assert (last_cursor(pages), pages[-1].overlaps) == (posted[-1], False)
    assert [sorted({"since_id", "start_time"} & query.keys()) for query in fake.searches()] == [
        ["start_time"]
    ]


async def test_a_cursor_that_only_x_finds_too_old_falls_back_as_well(fake: FakeX) -> None:
    [cursor, *posted] = fake.add(5)
    refusal = fakes.invalid("'since_id' must be a tweet id created after [then]", "since_id")
    fake.faults.append(fakes.saying(refusal.text or "", status=400))

    pages = await poll(fake, cursor)

    assert set(posted) < set(ids(pages))
    assert pages[-1].overlaps is False


async def test_a_cursor_that_is_none_of_xs_starts_with_the_seven_days(fake: FakeX) -> None:
    posted = fake.add(5)

    assert ids(await poll(fake, "nonsense")) == posted[::-1]


@pytest.mark.parametrize("fault", FAULTS.values(), ids=list(FAULTS))
@pytest.mark.parametrize("place", [0, 1])
@pytest.mark.parametrize("start", [None, 0])
async def test_no_fault_loses_or_doubles_a_post(
    fake: FakeX, fault: Fault, place: int, start: int | None
) -> None:
    posted = fake.add(25)
    fake.faults.extend([None] * place + [fault])

    pages = await poll(fake, None if start is None else post_id(-1))

    assert ids(pages) == posted[::-1]
    assert last_cursor(pages) == posted[-1]
    assert pages[-1].overlaps is (None if start is None else True)
    assert not fake.faults


async def test_a_fault_of_the_counts_is_waited_out(fake: FakeX) -> None:
    fake.count_faults.extend([fakes.refusing(429, NEW_LIMIT, reset_s=0.2), fakes.refusing(503)])

    pages = await poll(fake)

    assert [payload.kind for page in pages for payload in page.payloads] == ["counts"]


async def test_a_page_that_is_repeated_is_asked_for_again(fake: FakeX) -> None:
    posted = fake.add(35)
    fake.faults.extend([None, fakes.repeating, fakes.repeating])

    assert ids(await poll(fake)) == posted[::-1]


@pytest.mark.parametrize("fault", [fakes.repeating, fakes.empty_with_itself])
async def test_a_page_that_is_repeated_for_ever_is_no_endless_loop(
    fake: FakeX, fault: Fault
) -> None:
    fake.add(35)
    fake.faults.extend([None, *[fault] * 50])

    given: list[Page] = []
    with pytest.raises(UnavailableError, match="X repeated"):
        await poll(fake, into=given)

    assert len(given) > 1
    assert last_cursor(given) is None
    assert len(fake.searches()) < 10


async def test_empty_pages_for_ever_end_at_the_page_cap(fake: FakeX) -> None:
    fake.faults.extend([fakes.empty_with_more] * 50)

    pages = await poll(fake, post_id(0), max_pages=5)

    assert len(fake.searches()) == 5
    assert (last_cursor(pages), pages[-1].overlaps) == (None, False)


async def test_an_outage_ends_the_poll_after_its_attempts(fake: FakeX) -> None:
    fake.faults.extend([fakes.refusing(503)] * 50)

    with pytest.raises(RetryError):
        await poll(fake, attempts=3)

    assert len(fake.searches()) == 3


async def test_a_walk_that_is_cut_off_anywhere_starts_again_without_a_loss(fake: FakeX) -> None:
    posted = fake.add(35)
    for start in (None, post_id(-1)):
        whole = await poll(fake, start)
        for given in range(len(whole) + 1):
            written = whole[:given]

            rest = await poll(fake, last_cursor(written, start))

            assert set(ids(written) + ids(rest)) == set(posted), (start, given)


async def test_a_page_with_errors_beside_its_posts_is_taken(fake: FakeX) -> None:
    posted = fake.add(15)
    fake.errors = [{"title": "Forbidden", "detail": "User has been suspended: [7].", "value": "7"}]

    assert ids(await poll(fake)) == posted[::-1]


async def test_a_part_that_is_no_post_is_reported_and_no_obstacle(fake: FakeX) -> None:
    body = '{"data": ["junk", {"id": "2000000000000000001", "text": "a"}], "meta": {}}'
    fake.faults.append(fakes.saying(body))

    pages = await poll(fake)

    assert ids(pages) == ["2000000000000000001"]
    assert [part.text for page in pages for part in page.unreadable] == ['"junk"']


@pytest.mark.parametrize(
    ("changes", "query"),
    [
        ({}, "#vans -is:retweet"),
        ({"include_reposts": True}, "#vans"),
        ({"language": "de"}, "#vans -is:retweet lang:de"),
    ],
)
async def test_the_query_is_as_the_options_say(
    fake: FakeX, changes: dict[str, Any], query: str
) -> None:
    await poll(fake, **changes)

    assert [one["query"] for one in fake.searches()] == [query]
    assert fake.calls[0][1]["query"] == query.partition(" lang")[0]
    assert fake.calls[0][1]["granularity"] == "hour"


async def test_counts_or_posts_can_be_left_out(fake: FakeX) -> None:
    fake.add(3)

    only_posts = await poll(fake, counts=False)
    only_counts = await poll(fake, posts=False)

    assert len(ids(only_posts)) == 3
    assert [payload.kind for payload in only_posts[0].payloads] == ["tweet"] * 3
    assert [payload.kind for page in only_counts for payload in page.payloads] == ["counts"]
