"""The stream, against a WebSocket server on loopback."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing
from typing import Any

import pytest

from ingestors.platform import Page
from ingestors.platforms.bluesky import Options, connect
from lake.records import Erasure, Post
from tests.fakes import jetstream as fakes
from tests.fakes.jetstream import (
    START_US,
    FakeJetstream,
    delete_event,
    post_event,
    run_jetstream,
)
from tests.fakes.jetstream_pages import (
    BEGINNING,
    VANS,
    keys,
    pages_until,
    pages_until_cut,
    records,
    stream,
)


@pytest.fixture
async def fake() -> AsyncIterator[FakeJetstream]:
    async with run_jetstream() as server:
        yield server


async def test_posts_with_a_wanted_hashtag_are_given_as_they_came(fake: FakeJetstream) -> None:
    wanted = post_event(2, "VANS")
    fake.send(post_event(1, "other"), wanted, post_event(3, text="no tag"))
    fake.send(post_event(4, text="a bot's #Vans"), post_event(5, "vans", operation="update"))

    pages = await pages_until(stream(fake), {"+key5"})

    assert keys(pages) == ["+key2", "+key4", "+key5"]
    assert pages[0].payloads[0].body == wanted
    assert fake.queries[0]["wantedCollections"] == "app.bsky.feed.post"
    assert fake.queries[0]["cursor"] == str(START_US - 5_000_000)
    [post, *_] = records(pages)
    assert isinstance(post, Post)
    assert post.native_id == "at://did:plc:ann/app.bsky.feed.post/key2"
    assert (post.hashtags, post.metrics, post.metrics_missing) == (("vans",), {}, ())


async def test_the_hashtags_are_asked_for_at_every_message(fake: FakeJetstream) -> None:
    tags = {"vans"}
    found: list[Page] = []
    async with asyncio.timeout(60):
        source = stream(fake).pages(lambda: tags, BEGINNING)
        fake.send(post_event(1, "dogs"), post_event(2, "vans"))
        async with aclosing(source):
            async for page in source:
                found.append(page)
                if keys(found) == ["+key2"] and "dogs" not in tags:
                    tags.add("dogs")
                    fake.send(post_event(3, "dogs"))
                if "+key3" in keys(found):
                    break

    assert keys(found) == ["+key2", "+key3"]


async def test_every_deletion_of_a_post_is_given_as_an_erasure(fake: FakeJetstream) -> None:
    other = delete_event(3, 9)
    other["commit"]["collection"] = "app.bsky.feed.like"
    fake.send(post_event(1, "vans"), delete_event(2, 1), other, delete_event(4, 777))

    pages = await pages_until(stream(fake), {"-key777"})

    assert keys(pages) == ["+key1", "-key1", "-key777"]
    erasures = [one for one in records(pages) if isinstance(one, Erasure)]
    assert [one.native_id.rpartition("/")[2] for one in erasures] == ["key1", "key777"]


async def test_a_page_comes_even_when_nothing_happens(fake: FakeJetstream) -> None:
    fake.send(post_event(7, "other"))
    source = stream(fake).pages(lambda: VANS, BEGINNING)
    async with asyncio.timeout(60), aclosing(source):
        async for page in source:
            assert page.payloads == []
            assert page.cursor is not None
            if page.cursor == str(START_US + 7_000):
                break


async def test_a_stream_without_a_cursor_begins_now(fake: FakeJetstream) -> None:
    fake.send(post_event(1, "vans"))

    async with asyncio.timeout(60):
        source = stream(fake).pages(lambda: VANS, None)
        async with aclosing(source):
            page = await anext(source)

    assert "cursor" not in fake.queries[0]
    assert keys([page]) == []
    assert int(page.cursor or "") > START_US


@pytest.mark.parametrize("cursor", ["9" * 17, "9" * 19, "tomorrow", "-1", "1.5", ""])
async def test_a_cursor_that_is_no_past_time_does_not_end_in_silence(
    fake: FakeJetstream, cursor: str
) -> None:
    async with asyncio.timeout(60):
        source = stream(fake).pages(lambda: VANS, cursor)
        async with aclosing(source):
            page = await anext(source)

    asked = fake.queries[0].get("cursor")
    assert asked is None or int(asked) <= int(page.cursor or "")
    assert len(page.cursor or "") == 16


@pytest.mark.parametrize("cut", [fakes.cut_after, lambda events: fakes.closing_after(events, 1008)])
async def test_a_stream_that_is_cut_anywhere_goes_on_without_a_loss_or_a_double(
    fake: FakeJetstream, cut: Any
) -> None:
    fake.send(*(post_event(number, "vans") for number in range(40)))
    for events in (0, 1, 17, 39):
        fake.turns.append(cut(events))
    source, found, cursor = stream(fake), list[Page](), str(START_US)
    for _ in range(4):
        pages, cursor = await pages_until_cut(source, cursor)
        found += pages

    found += await pages_until(source, {"+key39"} - set(keys(found)), cursor)

    assert keys(found) == [f"+key{number}" for number in range(40)]


async def test_what_was_given_and_written_is_not_given_again(fake: FakeJetstream) -> None:
    fake.send(post_event(1, "vans"))
    source, found, cursor = stream(fake), list[Page](), BEGINNING
    async with asyncio.timeout(60), aclosing(source.pages(lambda: VANS, cursor)) as pages:
        async for page in pages:
            if keys(found) == ["+key1"]:  # this page was asked for after the one with the post
                break
            found.append(page)
            cursor = page.cursor or cursor
    fake.send(post_event(2, "vans"))

    again = await pages_until(source, {"+key2"}, cursor)

    assert int(fake.queries[1]["cursor"]) < START_US
    assert keys(again) == ["+key2"]


@pytest.mark.parametrize(("first_ms", "overlaps"), [(1, True), (59_000, True), (61_000, False)])
async def test_an_absence_longer_than_the_server_remembers_is_told(
    fake: FakeJetstream,
    first_ms: int,
    overlaps: bool,
) -> None:
    fake.send(post_event(first_ms, "vans"), post_event(first_ms + 200_000, "vans"))

    pages = await pages_until(stream(fake), {f"+key{first_ms + 200_000}"})

    assert {page.overlaps for page in pages} - {None} == {overlaps}
    assert sum(page.overlaps is not None for page in pages) == 1


async def test_what_was_not_written_is_sent_again(fake: FakeJetstream) -> None:
    fake.send(post_event(1, "vans"))
    source = stream(fake)

    given = await pages_until(source, {"+key1"})  # and closed before the next page is asked for
    again = await pages_until(source, {"+key1"})

    assert keys(given) == keys(again) == ["+key1"]


async def test_the_platform_streams_where_no_account_is_named(fake: FakeJetstream) -> None:
    fake.send(post_event(1, "vans"))
    options = Options(jetstream=fake.url)

    async with connect(options) as platform, asyncio.timeout(60):
        source = platform.stream(lambda: VANS, BEGINNING)
        async with aclosing(source):
            page = await anext(source)

    assert platform.streams
    assert keys([page]) == ["+key1"]
    assert not Options(identifier="ann", app_password="x").streams
    assert Options(identifier="ann", app_password="x", stream=True).streams
    assert not Options(stream=False).streams


@pytest.mark.parametrize(
    "address", ["https://a.test", "wss://", "wss://a.test/x?cursor=1", "wss://me:pw@a.test", "a"]
)
def test_a_stream_has_a_plain_address(address: str) -> None:
    with pytest.raises(ValueError, match="must be such as wss://"):
        Options(jetstream=address)
