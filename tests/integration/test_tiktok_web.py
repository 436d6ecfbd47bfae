"""TikTok's site through the real TikTokApi and a real browser; one for all tests here.

Without a browser these tests fail: `apt-get install chromium`, or `python -m playwright install`.
"""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from ingestors.platform import Page, Payload, Target
from ingestors.platforms.tiktok import Tiktok, connect, normalise
from lake.errors import ConfigError, InvalidError, NotFoundError, UnavailableError
from lake.meter import Meter, metered
from lake.records import Post, Profile, TagCounter
from tests.fakes import tiktok_web as fakes
from tests.fakes.tiktok_poll import ids, walk
from tests.fakes.tiktok_web import FakeSite, Fault, run_site

LIST = "challenge/item_list"
FAULTS: dict[str, Fault] = {
    "empty": fakes.empty,
    "cut off": fakes.cut_off,
    "no JSON": fakes.saying("oops", 502),
    "no object": fakes.saying("[]"),
    "an empty object": fakes.saying("{}"),
    "an unknown code": fakes.telling(statusCode=10299, itemList=None),
    "the other code": fakes.telling(status_code=-1),
    "lost connection": fakes.lost,
}


@pytest.fixture(scope="module")
async def opened() -> AsyncIterator[tuple[Tiktok, FakeSite]]:
    async with run_site() as site, connect(site.options(ms_tokens=None)) as tiktok:
        yield tiktok, site


@pytest.fixture
def site(opened: tuple[Tiktok, FakeSite]) -> FakeSite:
    opened[1].clear()
    return opened[1]


@pytest.fixture
def tiktok(opened: tuple[Tiktok, FakeSite], site: FakeSite) -> Tiktok:
    return opened[0]


async def test_a_hashtag_is_its_counter_and_every_post_once(tiktok: Tiktok, site: FakeSite) -> None:
    posted = site.add(70)

    pages = await walk(tiktok)

    assert ids(pages) == posted
    assert [len(page.payloads) for page in pages] == [1, 30, 30, 10]
    assert {(page.cursor, page.overlaps) for page in pages} == {(None, None)}
    [counter] = normalise(pages[0].payloads[0], pages[0].observed_at)
    assert isinstance(counter, TagCounter)
    assert (counter.tag, counter.posts, counter.views) == ("vans", 42100000, 503200000000)
    [post] = normalise(pages[1].payloads[0], pages[1].observed_at)
    assert isinstance(post, Post)
    assert post.metrics == {"likes": 38884, "comments": 1, "views": 100}


async def test_the_calls_are_what_the_library_makes_and_are_counted(
    tiktok: Tiktok, site: FakeSite
) -> None:
    site.add(31)

    with metered(Meter()) as meter:
        await walk(tiktok)

    assert [path for path, _ in site.calls] == ["challenge/detail", LIST, LIST]
    assert meter.calls == 3
    queries = [query for _, query in site.calls]
    assert queries[0]["challengeName"] == "vans"
    assert [query["cursor"] for query in queries[1:]] == ["0", "30"]
    assert {query["challengeID"] for query in queries[1:]} == {fakes.TAG_ID}
    assert {query["msToken"] for query in queries} == {"of-the-visit"}


@pytest.mark.parametrize("fault", FAULTS.values(), ids=list(FAULTS))
async def test_no_fault_loses_or_doubles_a_post(
    tiktok: Tiktok, site: FakeSite, fault: Fault
) -> None:
    posted = site.add(50)
    site.fault(LIST, None, fault)

    pages = await walk(tiktok)

    assert ids(pages) == posted
    assert not site.faults[LIST]
    assert site.count(LIST) == 3


async def test_the_page_cap_ends_a_feed_that_does_not(tiktok: Tiktok, site: FakeSite) -> None:
    posted = site.add(400)

    assert ids(await walk(tiktok)) == posted[:150]


async def test_an_empty_page_with_more_is_no_end(tiktok: Tiktok, site: FakeSite) -> None:
    posted = site.add(90)
    site.fault(LIST, None, fakes.telling(itemList=[], hasMore=True, cursor="60", statusCode=0))

    pages = await walk(tiktok)

    assert ids(pages) == posted[:30] + posted[60:]


async def test_a_cursor_that_repeats_is_an_error_after_its_page(
    tiktok: Tiktok, site: FakeSite
) -> None:
    first = fakes.item(0)
    site.fault(LIST, fakes.telling(itemList=[first], hasMore=True, cursor="0", statusCode=0))
    got: list[Page] = []

    with pytest.raises(UnavailableError, match="circle"):
        await walk(tiktok, into=got)

    assert ids(got) == [first["id"]]


async def test_a_feed_that_repeats_itself_has_dried_up(tiktok: Tiktok, site: FakeSite) -> None:
    posted = site.add(30)
    again = fakes.telling(itemList=site.posts[:9], hasMore=True, cursor="60", statusCode=0)
    site.fault(LIST, fakes.telling(itemList=site.posts, hasMore=True, cursor="30"), again)

    assert ids(await walk(tiktok)) == posted
    assert site.count(LIST) == 2


async def test_what_is_no_item_is_kept_aside(tiktok: Tiktok, site: FakeSite) -> None:
    site.fault(LIST, fakes.telling(itemList=[None, fakes.item(0), 7], hasMore=False))

    page = (await walk(tiktok))[-1]

    assert [part.text for part in page.unreadable] == ["null", "7"]
    assert len(page.payloads) == 1


async def test_a_hashtag_that_nobody_used_is_no_error(tiktok: Tiktok, site: FakeSite) -> None:
    assert await walk(tiktok, value="unused") == []
    assert site.count(LIST) == 0


async def test_a_profile_is_one_payload(tiktok: Tiktok, site: FakeSite) -> None:
    [page] = await walk(tiktok, "profile", "@ann")

    [profile] = normalise(page.payloads[0], page.observed_at)
    assert isinstance(profile, Profile)
    assert (profile.author.handle, profile.author.followers) == ("ann", 427700)
    assert site.calls[0][1]["uniqueId"] == "ann"


@pytest.mark.parametrize("code", [10204, 10221])
async def test_a_code_that_says_gone_is_not_found(
    tiktok: Tiktok, site: FakeSite, code: int
) -> None:
    site.fault("user/detail", fakes.telling(statusCode=code))
    site.fault("comment/list", fakes.telling(status_code=code, comments=None))

    with pytest.raises(NotFoundError, match="gone"):
        await walk(tiktok, "profile", "ann")
    with pytest.raises(NotFoundError, match="gone"):
        await walk(tiktok, "comments", "7444705554666130708")


async def test_an_account_that_is_not_there_or_private_says_so(
    tiktok: Tiktok, site: FakeSite
) -> None:
    with pytest.raises(NotFoundError, match="nobody"):
        await walk(tiktok, "profile", "nobody")
    site.fault("user/detail", fakes.telling(statusCode=10222))
    with pytest.raises(InvalidError, match="private"):
        await walk(tiktok, "profile", "ann")


async def test_the_comments_below_a_video_are_all_taken(tiktok: Tiktok, site: FakeSite) -> None:
    written = site.comment(45)

    pages = await walk(tiktok, "comments", "7444705554666130708")

    assert ids(pages, "comment") == written
    assert {query["aweme_id"] for _, query in site.calls} == {"7444705554666130708"}


async def test_a_video_without_comments_has_an_empty_page(tiktok: Tiktok, site: FakeSite) -> None:
    [page] = await walk(tiktok, "comments", "7444705554666130708")

    assert page.payloads == []


async def test_what_the_site_cannot_be_asked_for_is_refused(tiktok: Tiktok) -> None:
    for kind, value in (("posts", "7444705554666130708"), ("comments", "x"), ("profile", "@")):
        with pytest.raises(InvalidError, match="cannot poll"):
            tiktok.pages(Target("tiktok", kind, value), None)  # type: ignore[arg-type]


async def test_a_commented_post_suggests_its_comments(tiktok: Tiktok) -> None:
    commented, plain = fakes.item(0), fakes.item(1) | {"statsV2": {}, "stats": {}}

    [target] = tiktok.related(Payload("item", commented))
    assert target == Target("tiktok", "comments", commented["id"])
    assert tiktok.related(Payload("item", plain)) == ()


async def test_a_process_has_one_browser(tiktok: Tiktok, site: FakeSite) -> None:
    with pytest.raises(ConfigError, match="once in a process"):
        async with connect(site.options()):
            raise AssertionError("a second one was opened")
    assert await tiktok.check() == "the site answers the browser"
