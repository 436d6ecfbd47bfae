from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest

from ingestors.platform import Page, Target, Window
from ingestors.platforms.tiktok import connect, normalise
from lake.errors import InvalidError, NotFoundError, UnavailableError
from lake.records import Post, Profile
from tests.fakes import tiktok_research as fakes
from tests.fakes.tiktok_poll import ids, walk
from tests.fakes.tiktok_research import NOW, FakeResearch, Fault, run_research

VIDEO = "research_video"
FAULTS: dict[str, Fault] = {
    "500": fakes.refusing(500, "internal_error"),
    "503 HTML": fakes.saying("<html>", 503, "text/html"),
    "504 without a body": fakes.saying("", 504),
    "time-out with status 200": fakes.refusing(200, "timeout"),
    "cut off": fakes.cut_off,
    "nothing": fakes.saying(""),
    "another thing": fakes.saying("[]"),
    "token ran out": fakes.refusing(401, "access_token_invalid"),
    "forgotten search": fakes.refusing(400, "invalid_params", "Search Id is invalid or expired"),
    "another word for it": fakes.refusing(400, "invalid_params", "Invalid count or cursor"),
    "silence": fakes.silent,
}


@pytest.fixture
async def fake() -> AsyncIterator[FakeResearch]:
    async with run_research() as server:
        yield server


async def poll(
    fake: FakeResearch,
    cursor: str | None = None,
    *,
    window: Window | None = None,
    into: list[Page] | None = None,
    **changes: Any,
) -> list[Page]:
    async with connect(fake.options(**changes), clock=fake.clock) as tiktok:
        return await walk(tiktok, cursor=cursor, window=window, into=into)


async def test_a_first_poll_goes_back_some_days_and_takes_every_video_once(
    fake: FakeResearch,
) -> None:
    fake.add(9, days_ago=8)
    posted = fake.add(250)

    pages = await poll(fake)

    assert ids(pages, VIDEO) == posted
    assert [body["start_date"] for body in fake.bodies()] == ["20261119"] * 3
    assert {body["end_date"] for body in fake.bodies()} == {"20261121"}
    assert {page.overlaps for page in pages} == {None}
    [post] = normalise(pages[0].payloads[0], pages[0].observed_at)
    assert isinstance(post, Post)
    assert (post.native_id, post.metrics) == (posted[0], {"likes": 0, "comments": 1})


async def test_a_later_poll_begins_two_days_before_the_last_one(fake: FakeResearch) -> None:
    cursor = (await poll(fake))[-1].cursor
    late = fake.add(1, days_ago=1.5)
    fake.clock.now += timedelta(days=10)

    pages = await poll(fake, cursor)

    assert ids(pages, VIDEO) == late
    spans = [(body["start_date"], body["end_date"]) for body in fake.bodies()[1:]]
    assert spans == [("20261119", "20261125"), ("20261126", "20261201")]
    assert [page.overlaps for page in pages] == [None, True]


async def test_a_query_asks_for_the_hashtag_and_names_its_search_from_page_two(
    fake: FakeResearch,
) -> None:
    fake.add(101)

    await poll(fake)

    first, second = fake.bodies()
    condition = {"operation": "EQ", "field_name": "hashtag_name", "field_values": ["vans"]}
    assert first["query"] == {"and": [condition]}
    assert (first["max_count"], first.get("search_id"), first.get("cursor")) == (100, None, None)
    assert second["cursor"] == 100
    assert second["search_id"] in fake.searches


@pytest.mark.parametrize("fault", FAULTS.values(), ids=list(FAULTS))
async def test_no_fault_loses_or_doubles_a_video(fake: FakeResearch, fault: Fault) -> None:
    posted = fake.add(250)
    fake.fault("video/query", None, fault)

    pages = await poll(fake, timeout_s=2)

    assert ids(pages, VIDEO) == posted
    assert not fake.faults["video/query"]


@pytest.mark.parametrize("after", [1, 2, 3, 4])
async def test_a_killed_walk_goes_on_where_it_was(fake: FakeResearch, after: int) -> None:
    posted = fake.add(250, days_ago=1.9) + fake.add(150, days_ago=1)
    before: list[Page] = []
    fake.fault("video/query", *[None] * after, *[fakes.refusing(500, "internal_error")] * 4)
    with pytest.raises(UnavailableError):
        await poll(fake, into=before, window_days=1)
    fake.clock.now += timedelta(days=1)
    fake.searches.clear()  # the server has forgotten all of them meanwhile

    rest = await poll(fake, before[-1].cursor, window_days=1)

    assert {*ids(before, VIDEO), *ids(rest, VIDEO)} == set(posted)
    assert fake.bodies()[-1]["end_date"] == "20261122", "it ends where the killed poll would have"
    assert rest[-1].overlaps is True


async def test_a_window_is_walked_whole_and_exactly(fake: FakeResearch) -> None:
    fake.add(1, days_ago=101)
    posted = [*fake.add(120, days_ago=99), *fake.add(3, days_ago=20)]
    fake.add(1, days_ago=9.9)
    window = (NOW - timedelta(days=100), NOW - timedelta(days=10))

    pages = await poll(fake, window=window, window_days=30)

    assert ids(pages, VIDEO) == posted
    assert all(len(page.cursor or "") < 4_000 for page in pages)
    assert fake.bodies()[0]["start_date"] == "20260813"
    assert fake.bodies()[-1]["end_date"] == "20261111"
    assert len(fake.bodies()) == 5


async def test_a_window_is_resumed(fake: FakeResearch) -> None:
    posted = fake.add(250, days_ago=50)
    window = (NOW - timedelta(days=60), NOW - timedelta(days=40))
    whole = await poll(fake, window=window, window_days=30)

    rest = await poll(fake, whole[0].cursor, window=window, window_days=30)

    assert ids(rest, VIDEO) == posted[100:]


async def test_an_empty_page_with_more_is_no_end(fake: FakeResearch) -> None:
    posted = fake.add(150)
    first = fakes.giving(videos=[], cursor=100, has_more=True, search_id=71)
    fake.fault("video/query", first)

    pages = await poll(fake)

    assert ids(pages, VIDEO) == posted  # 71 is a search that the server has forgotten
    assert [len(page.payloads) for page in pages] == [0, 100, 50]
    assert fake.bodies()[1]["search_id"] == "71"


async def test_a_cursor_that_repeats_is_an_error(fake: FakeResearch) -> None:
    again = fakes.giving(videos=[], cursor=0, has_more=True, search_id="7")
    fake.fault("video/query", again)

    with pytest.raises(UnavailableError, match="circle"):
        await poll(fake)


async def test_a_search_that_is_always_forgotten_is_an_error(fake: FakeResearch) -> None:
    fake.add(150)
    forgotten = fakes.refusing(400, "invalid_params", "Search Id is invalid")
    fake.fault("video/query", *[None, forgotten] * 9)

    with pytest.raises(UnavailableError, match="forgets"):
        await poll(fake)

    assert len(fake.bodies()) < 12


@pytest.mark.parametrize("cursor", ["", "rubbish", "[]", '{"day": 3, "known": "x", "began": []}'])
async def test_a_cursor_that_cannot_be_read_is_a_first_poll(
    fake: FakeResearch, cursor: str
) -> None:
    posted = fake.add(3)

    assert ids(await poll(fake, cursor), VIDEO) == posted


async def test_known_videos_are_asked_for_together_and_the_absent_are_gone(
    fake: FakeResearch,
) -> None:
    old, there, new = (
        fake.add(2, days_ago=80),
        fake.add(101, days_ago=10),
        fake.add(2, days_ago=0.5),
    )
    for gone in (old[0], there[0], new[0]):
        del fake.videos[gone]
    wanted = " ".join([*new, *there, *old, "7"])

    async with connect(fake.options(), clock=fake.clock) as tiktok:
        pages = await walk(tiktok, "posts", wanted)

    assert set(ids(pages, VIDEO)) == {*old[1:], *there[1:], new[1]}
    assert sorted(ids(pages, "gone")) == sorted([old[0], there[0]]), "a new one may come late"
    assert [len(b["query"]["and"][0]["field_values"]) for b in fake.bodies()] == [2, 100, 3]


async def test_a_profile_and_one_that_is_not_there(fake: FakeResearch) -> None:
    async with connect(fake.options(), clock=fake.clock) as tiktok:
        [page] = await walk(tiktok, "profile", "@ann")
        with pytest.raises(NotFoundError):
            await walk(tiktok, "profile", "nobody")

    [profile] = normalise(page.payloads[0], page.observed_at)
    assert isinstance(profile, Profile)
    assert (profile.author.handle, profile.author.followers) == ("ann", 427682)


async def test_at_most_a_thousand_comments_can_be_asked_for(fake: FakeResearch) -> None:
    fake.comments = [fakes.comment(number) for number in range(1_200)]

    async with connect(fake.options(comment_page_cap=99), clock=fake.clock) as tiktok:
        pages = await walk(tiktok, "comments", "7444705554666130708")

    assert len(ids(pages, "research_comment")) == 1_000
    assert fake.bodies("video/comment/list")[0]["video_id"] == 7444705554666130708


async def test_what_the_archive_cannot_be_asked_for_is_refused(fake: FakeResearch) -> None:
    async with connect(fake.options(), clock=fake.clock) as tiktok:
        for kind, value in (("posts", "a b"), ("posts", " "), ("comments", "x"), ("hashtag", "#")):
            with pytest.raises(InvalidError, match="cannot poll"):
                tiktok.pages(Target("tiktok", kind, value), None)  # type: ignore[arg-type]
