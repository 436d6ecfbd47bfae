"""Windows of time, and the current numbers of known posts."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from aiohttp import web

from ingestors.mastodon_places import Address, discussion, home_of, places
from ingestors.platform import Page, Payload, Target, Window
from ingestors.platforms.mastodon import Mastodon, connect
from lake import http
from lake.errors import InvalidError, UnavailableError
from lake.http import HttpOptions
from lake.quota import LimitBook
from lake.records import Erasure, Post
from tests.fakes import mastodon as fakes
from tests.fakes.mastodon import START_MS, FakeMastodon, run_mastodon
from tests.fakes.mastodon_poll import host, ids, last_cursor, options, poll_all

START = datetime.fromtimestamp(START_MS / 1_000, UTC)
OUTAGE = [fakes.refusing(503)] * 20


@pytest.fixture
async def fake() -> AsyncIterator[FakeMastodon]:
    async with run_mastodon() as server:
        yield server


@pytest.fixture
async def other() -> AsyncIterator[FakeMastodon]:
    async with run_mastodon() as server:
        yield server


def window(first_s: float, end_s: float) -> Window:
    return START + timedelta(seconds=first_s), START + timedelta(seconds=end_s)


def past(first_s: float, end_s: float) -> Target:
    return Target("mastodon", "hashtag", "vans", window(first_s, end_s))


def known(*uris: str) -> Target:
    return Target("mastodon", "posts", " ".join(uris))


async def test_a_window_brings_its_posts_and_no_others(fake: FakeMastodon) -> None:
    posted = fake.add(1_000)

    pages = await poll_all(fake, target=past(300, 500))

    assert sorted(ids(pages)) == posted[300:500]
    timelines = [path for path in fake.paths if "/timelines/" in path]
    assert len(timelines) < 12, "what is newer than the window is not walked through"
    assert places(last_cursor(pages)) == {host(fake): "done"}


async def test_a_window_whose_ids_hold_no_time_is_walked_to_from_the_newest(
    fake: FakeMastodon,
) -> None:
    fake.add(300)
    small = {str(number): one for number, one in enumerate(fake.statuses.values(), start=1)}
    fake.statuses = {id_: one | {"id": id_} for id_, one in small.items()}

    pages = await poll_all(fake, target=past(100, 150))

    assert sorted(ids(pages), key=int) == [str(number) for number in range(101, 151)]
    assert sum("/timelines/" in path for path in fake.paths) < 8, "it ends below the window"


async def test_a_window_that_is_cut_off_anywhere_resumes_without_a_loss(
    fake: FakeMastodon, other: FakeMastodon
) -> None:
    posted = set(fake.add(300)[50:250] + other.add(200)[50:200])
    target = past(50, 250)
    whole = await poll_all(fake, other, target=target)
    for given in range(len(whole) + 1):
        written = whole[:given]

        rest = await poll_all(fake, other, cursor=last_cursor(written), target=target)

        assert set(ids(written)) | set(ids(rest)) == posted, given
    assert rest == []


async def test_a_window_is_whole_only_if_every_server_that_may_answer_did(
    fake: FakeMastodon, other: FakeMastodon
) -> None:
    posted = fake.add(10)
    other.faults.extend(OUTAGE)
    pages: list[Page] = []

    async def walk() -> None:
        async with connect(options(fake, other, attempts=2)) as platform:
            async for page in platform.pages(past(0, 100), None):
                pages.append(page)

    with pytest.raises(UnavailableError):
        await walk()

    assert sorted(ids(pages)) == posted
    other.faults.clear()
    rest = await poll_all(fake, other, cursor=last_cursor(pages), target=past(0, 100))
    assert places(last_cursor(rest)) == {host(fake): "done", host(other): "done"}


async def test_a_server_that_refuses_does_not_keep_a_window_open_for_ever(
    fake: FakeMastodon, other: FakeMastodon
) -> None:
    posted = fake.add(10)
    other.feed_access = {"local": "disabled", "remote": "disabled"}

    assert sorted(ids(await poll_all(fake, other, target=past(0, 100)))) == posted


@pytest.mark.parametrize("has_several", [True, False])
async def test_known_posts_are_read_again_in_few_calls(
    fake: FakeMastodon, *, has_several: bool
) -> None:
    fake.has_several = has_several
    uris = [fake.statuses[id_]["uri"] for id_ in fake.add(45, favourites_count=9)]

    pages = await poll_all(fake, target=known(*uris))

    assert [p.body["uri"] for page in pages for p in page.payloads] == uris
    assert len(fake.paths) == (3 if has_several else 46)
    [post] = await records(fake, pages[0].payloads[0])
    assert isinstance(post, Post)
    assert (post.metrics["likes"], post.is_home) == (9, True)


@pytest.mark.parametrize(("status", "reason"), [(404, "not found"), (410, "gone")])
async def test_a_post_that_is_gone_becomes_an_erasure(
    fake: FakeMastodon, status: int, reason: str
) -> None:
    uris = [fake.statuses[id_]["uri"] for id_ in fake.add(3)]
    del fake.statuses[uris[1].rpartition("/")[2]]
    fake.gone = status

    [page] = await poll_all(fake, target=known(*uris))

    assert [payload.kind for payload in page.payloads] == ["status", "gone", "status"]
    [erasure] = await records(fake, page.payloads[1])
    assert isinstance(erasure, Erasure)
    assert (erasure.native_id, erasure.reason) == (uris[1], reason)


@pytest.mark.parametrize("text", ["<html>not here</html>", "", '{"detail": "no"}', '{"error": ""}'])
async def test_only_the_server_itself_can_say_that_a_post_is_gone(
    fake: FakeMastodon, text: str
) -> None:
    async def before_the_server(_: FakeMastodon, request: web.Request) -> web.Response:
        return web.Response(text=text, status=404, content_type="application/json")

    uri = fake.statuses[fake.add(1)[0]]["uri"]
    fake.status_faults.extend([before_the_server] * 20)

    with pytest.raises(UnavailableError, match="did not say itself"):
        await poll_all(fake, target=known(uri), attempts=2)


async def test_a_server_that_fails_gives_no_numbers_and_erases_nothing(
    fake: FakeMastodon,
) -> None:
    uris = [fake.statuses[id_]["uri"] for id_ in fake.add(2)]
    fake.status_faults.extend(OUTAGE)

    with pytest.raises(UnavailableError):
        await poll_all(fake, target=known(*uris), attempts=2)


async def test_posts_of_other_servers_are_left_alone(
    fake: FakeMastodon, other: FakeMastodon
) -> None:
    uri = other.statuses[other.add(1)[0]]["uri"]

    assert await poll_all(fake, target=known(uri, "https://x.test/objects/1", "junk")) == []
    assert other.paths == fake.paths == []


async def test_where_it_is_allowed_every_posts_own_server_is_asked(
    fake: FakeMastodon, other: FakeMastodon
) -> None:
    uris = [server.statuses[server.add(1)[0]]["uri"] for server in (fake, other)]
    chosen = options(fake, ask_home_servers=True)
    async with http.connect(HttpOptions(timeout_s=0.5)) as client:
        platform = Mastodon(client, client, chosen)
        pages = [page async for page in platform.pages(known(*uris), None)]

    assert {p.body["uri"] for page in pages for p in page.payloads} == set(uris)
    assert other.paths == [f"/api/v1/statuses/{uris[1].rpartition('/')[2]}"]
    assert other.bearers == [""]


async def test_a_strangers_server_that_fails_is_no_reason_to_fail(
    fake: FakeMastodon, other: FakeMastodon
) -> None:
    uris = [server.statuses[server.add(1)[0]]["uri"] for server in (fake, other)]
    other.status_faults.append(fakes.refusing(500))
    async with http.connect(HttpOptions(timeout_s=0.5)) as client:
        platform = Mastodon(client, client, options(fake, ask_home_servers=True))
        pages = [page async for page in platform.pages(known(*uris), None)]

    assert [p.body["uri"] for page in pages for p in page.payloads] == uris[:1]
    assert len(other.paths) == 1


async def test_a_hostile_uri_reaches_no_server_on_this_machine(
    fake: FakeMastodon, other: FakeMastodon
) -> None:
    [id_] = other.add(1)
    port = host(other).partition(":")[2]
    names = (f"127.0.0.1:{port}", f"localhost:{port}", f"[::ffff:127.0.0.1]:{port}")
    uris = [f"http://{name}/users/ann/statuses/{id_}" for name in names]

    assert await poll_all(fake, target=known(*uris), ask_home_servers=True) == []
    assert other.paths == []


async def test_no_posts_are_no_target(fake: FakeMastodon) -> None:
    async with connect(options(fake)) as platform:
        with pytest.raises(InvalidError, match="cannot poll"):
            platform.pages(known(" "), None)


async def records(fake: FakeMastodon, payload: Payload) -> list[Any]:
    async with http.connect(HttpOptions(), limits=LimitBook()) as client:
        return list(Mastodon(client, client, options(fake)).normalise(payload, START))


@pytest.mark.parametrize(
    ("uri", "home"),
    [
        ("https://a.test/users/ann/statuses/115", ("https://a.test", "a.test", "115")),
        ("https://a.test/ap/users/7/statuses/115", ("https://a.test", "a.test", "115")),
        ("https://a.test/objects/4cf2", None),
        ("https://a.test/users/ann/statuses/115/activity", None),
        ("https://a.test/users/ann/statuses/../../x", None),
        ("https://a.test/users/ann/statuses/1?x=/users/b/statuses/2", None),
        ("https://me:pw@a.test/users/ann/statuses/1", None),
        ("ftp://a.test/users/ann/statuses/1", None),
        ("tag:a.test,2016-11-01:objectId=1:objectType=Status", None),
        ("https://[/users/ann/statuses/1", None),
    ],
)
def test_a_uri_tells_its_home_only_where_it_holds_the_id(uri: str, home: Any) -> None:
    assert home_of(uri) == (Address(*home, uri) if home else None)


def test_a_copys_replies_are_asked_of_the_server_that_has_it() -> None:
    uri = "https://a.test/users/ann/statuses/115"

    def named(source: str | None, **body: Any) -> str | None:
        return discussion(Payload("status", body, source=source))

    assert named("a.test", id="115", uri=uri) == uri
    assert named("b.test", id="115", uri=uri) == "b.test:115"
    assert named("a.test", id="9", uri=uri) == "a.test:9"
    assert named("a.test", id=9) == "a.test:9"
    assert named(None, id="9", uri=uri) is None
    assert named("a.test", id="../x", uri=uri) is None
