from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from ingestors.instagram_place import read_place
from ingestors.platform import Page
from ingestors.platforms.instagram import normalise
from lake.errors import RetryError, UnavailableError
from lake.records import Post
from tests.fakes import instagram as fakes
from tests.fakes.instagram import AFTER, TAG_ID, TOKEN, FakeInstagram, Fault, run_instagram
from tests.fakes.instagram_poll import ids, last_cursor, options, poll

FAULTS: dict[str, Fault] = {
    "code 1": fakes.refusing(1),
    "code 2": fakes.refusing(2, status=500),
    "code 4": fakes.refusing(4, status=403),
    "an answer with an error and a good status": fakes.refusing(2, status=200),
    "500": fakes.saying("{}", status=500),
    "503 as a page for people": fakes.saying("<html>", "text/html", 503),
    "429 without JSON": fakes.saying("slow down", "text/plain", 429),
    "cut off": fakes.cut_off,
    "nothing": fakes.saying(""),
    "no page": fakes.saying('{"id": "1"}'),
    "a list": fakes.saying("[]"),
    "data that is no list": fakes.saying('{"data": {}}'),
    "silence": fakes.silent,
}


@pytest.fixture
async def fake() -> AsyncIterator[FakeInstagram]:
    async with run_instagram() as server:
        yield server


async def test_a_first_poll_gives_every_post_once_though_the_cursor_never_changes(
    fake: FakeInstagram,
) -> None:
    posted = fake.add(35)

    pages = await poll(fake)

    assert ids(pages) == posted[::-1]
    assert {page.overlaps for page in pages} == {None}
    assert [query.get("after") for _, query in fake.calls[1:]] == [None, AFTER, AFTER, AFTER]
    assert [page.cursor is None for page in pages] == [True, True, True, False]


async def test_a_later_poll_stops_at_what_it_knows(fake: FakeInstagram) -> None:
    old = fake.add(60, age=timedelta(hours=3))
    cursor = last_cursor(await poll(fake))
    new = fake.add(15)
    fake.calls.clear()

    pages = await poll(fake, cursor)

    assert set(new) <= set(ids(pages))
    assert len(set(ids(pages)) & set(old)) < 20, "not the whole list again"
    assert (pages[-1].overlaps, fake.count("recent_media")) == (True, 3)
    assert read_place(last_cursor(pages)).known[0] == new[-1]


async def test_the_hashtags_id_is_asked_for_once_for_ever(fake: FakeInstagram) -> None:
    fake.add(3)

    cursor = last_cursor(await poll(fake))
    await poll(fake, cursor)

    assert fake.count("ig_hashtag_search") == 1
    assert read_place(cursor).tag_id == TAG_ID


async def test_posts_that_are_out_of_order_are_no_reason_to_stop(fake: FakeInstagram) -> None:
    old = fake.add(30, age=timedelta(hours=5))
    cursor = last_cursor(await poll(fake))
    new = fake.add(12)
    order = [old[-1], *new[::-1][:11], old[-2], new[0], *old[::-1][2:]]
    fake.posts = {id_: fake.posts[id_] for id_ in order}

    pages = await poll(fake, cursor)

    assert set(new) <= set(ids(pages))
    assert pages[-1].overlaps is True


async def test_a_quiet_hashtag_overlaps_where_its_whole_day_was_read(fake: FakeInstagram) -> None:
    first = await poll(fake)
    second = await poll(fake, last_cursor(first))
    two_days_ago = read_place(last_cursor(second))
    assert two_days_ago.at is not None
    stale = two_days_ago.to_text().replace(f"{two_days_ago.at:%Y-%m-%d}", "2026-01-01")
    fake.add(3)

    third = await poll(fake, last_cursor(second))
    after_two_days = await poll(fake, stale)

    told = [pages[-1].overlaps for pages in (first, second, third, after_two_days)]
    assert told == [None, True, True, False]


async def test_a_poll_that_reaches_its_page_cap_tells_of_the_gap(fake: FakeInstagram) -> None:
    fake.add(5, age=timedelta(hours=9))
    cursor = last_cursor(await poll(fake))
    posted = fake.add(60)

    pages = await poll(fake, cursor, max_pages=2)

    assert ids(pages) == posted[:-21:-1]
    assert pages[-1].overlaps is False
    assert read_place(last_cursor(pages)).known[0] == posted[-1]


async def test_top_posts_come_in_one_page_at_the_end(fake: FakeInstagram) -> None:
    posted = fake.add(12)
    fake.top = posted[:3]

    pages = await poll(fake, top_posts=True)

    assert ids(pages[-1:]) == posted[:3]
    assert (pages[-1].cursor, fake.count("top_media")) == (None, 1)
    assert last_cursor(pages) == pages[-2].cursor


async def test_an_empty_page_is_the_end_although_it_links_to_more(fake: FakeInstagram) -> None:
    posted = fake.add(35)
    fake.script("recent_media", None, None, fakes.empty_with_more)

    pages = await poll(fake)

    assert ids(pages) == posted[:-21:-1]
    assert fake.count("recent_media") == 3


@pytest.mark.parametrize("fault", FAULTS.values(), ids=list(FAULTS))
async def test_a_fault_loses_and_doubles_nothing(fake: FakeInstagram, fault: Fault) -> None:
    posted = fake.add(25)
    fake.script("recent_media", None, fault)
    fake.script("ig_hashtag_search", fault)

    assert ids(await poll(fake)) == posted[::-1]


async def test_a_page_that_is_repeated_is_asked_for_again(fake: FakeInstagram) -> None:
    posted = fake.add(25)
    fake.script("recent_media", None, fakes.repeating)

    assert ids(await poll(fake)) == posted[::-1]


async def test_a_page_that_is_repeated_for_ever_is_no_endless_loop(fake: FakeInstagram) -> None:
    fake.add(25)
    fake.script("recent_media", None, *[fakes.repeating] * 50)

    given: list[Page] = []
    with pytest.raises(UnavailableError, match="repeated a page"):
        await poll(fake, into=given)

    assert (len(given), last_cursor(given)) == (1, None)
    assert fake.count("recent_media") == 4


async def test_an_outage_ends_the_poll_after_its_attempts(fake: FakeInstagram) -> None:
    fake.script("recent_media", *[fakes.refusing(2)] * 50)

    with pytest.raises(RetryError):
        await poll(fake)

    assert fake.count("recent_media") == 3


async def test_a_walk_that_is_cut_off_anywhere_starts_again_without_a_loss(
    fake: FakeInstagram,
) -> None:
    fake.add(5, age=timedelta(hours=4))
    start = last_cursor(await poll(fake))
    posted = fake.add(25)
    whole = await poll(fake, start)
    for given in range(len(whole) + 1):
        written = whole[:given]

        rest = await poll(fake, last_cursor(written, start))

        assert set(posted) <= set(ids(written) + ids(rest)), given


async def test_a_part_that_is_no_post_is_reported_and_no_obstacle(fake: FakeInstagram) -> None:
    [id_] = fake.add(1)
    body = fakes.page(["junk", fake.posts[id_]], more=False)
    fake.script("recent_media", fakes.saying(str(body).replace("'", '"')))

    pages = await poll(fake)

    assert ids(pages) == [id_]
    assert [part.text for page in pages for part in page.unreadable] == ['"junk"']


async def test_the_token_is_in_no_payload_and_no_cursor(fake: FakeInstagram) -> None:
    fake.add(35)

    pages = await poll(fake)

    assert TOKEN not in str(pages)
    assert all(query["access_token"] == TOKEN for _, query in fake.calls)


async def test_a_hidden_like_count_is_missing_and_a_post_has_no_author(
    fake: FakeInstagram,
) -> None:
    [id_] = fake.add(1)
    del fake.posts[id_]["like_count"]

    pages = await poll(fake)
    [post] = normalise(pages[0].payloads[0], pages[0].observed_at)

    assert isinstance(post, Post)
    assert (post.native_id, post.author.key(), post.hashtags) == (id_, None, ("vans",))
    assert (dict(post.metrics), post.metrics_missing) == ({"comments": 2}, ("likes",))


async def test_full_usage_headers_stop_the_next_call_before_it_is_made(
    fake: FakeInstagram,
) -> None:
    fake.add(35)
    fake.usage = {"X-App-Usage": '{"call_count":100,"total_time":9,"total_cputime":9}'}

    with pytest.raises(RetryError, match="takes no calls for") as caught:
        await poll(fake)

    assert len(fake.calls) == 1
    assert 3_500 < (caught.value.after_s or 0) <= 3_600


async def test_options_show_no_secret() -> None:
    assert TOKEN not in repr(options(FakeInstagram(base="https://x.example")))
