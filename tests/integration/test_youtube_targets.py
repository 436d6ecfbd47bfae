from __future__ import annotations

from collections import deque
from collections.abc import AsyncIterator
from typing import Any

import pytest
from pydantic import ValidationError

from ingestors.platform import Page, Payload, Target
from ingestors.platforms.youtube import Options, connect
from lake.errors import (
    BlockedError,
    InvalidError,
    NotFoundError,
    PayloadError,
    UnavailableError,
)
from lake.records import Post, Profile
from lake.times import now
from tests.fakes import youtube as fakes
from tests.fakes.youtube import CHANNEL, KEY, FakeYoutube, Fault, run_youtube


@pytest.fixture
async def fake() -> AsyncIterator[FakeYoutube]:
    async with run_youtube() as server:
        yield server


def target(kind: Any, value: str) -> Target:
    return Target("youtube", kind, value)


def options(fake: FakeYoutube, **changes: Any) -> Options:
    quick = {"timeout_s": 0.5, "backoff_s": 0.001, "attempts": 2}
    return Options.model_validate({"base": fake.base, "key": KEY} | quick | changes)


async def poll(
    fake: FakeYoutube, kind: str, value: str, cursor: str | None = None, **changes: Any
) -> list[Page]:
    async with connect(options(fake, **changes)) as platform:
        return [page async for page in platform.pages(target(kind, value), cursor)]


async def records(fake: FakeYoutube, kind: str, value: str) -> list[Any]:
    async with connect(options(fake)) as platform:
        return [
            record
            async for page in platform.pages(target(kind, value), None)
            for payload in page.payloads
            for record in platform.normalise(payload, page.observed_at)
        ]


def ids(pages: list[Page]) -> list[str]:
    return [load.body["id"] for page in pages for load in page.payloads]


async def test_a_video_becomes_a_post(fake: FakeYoutube) -> None:
    [id_] = fake.add(1)

    [post] = await records(fake, "hashtag", "vans")

    assert isinstance(post, Post)
    assert (post.kind, post.native_id, post.media) == ("post", id_, ("video",))
    assert post.text == "Shoes #Vans\n\nMore #OffTheWall by @ann"
    assert (post.hashtags, post.mentions) == (("vans", "offthewall"), ("ann",))
    assert post.url == f"https://www.youtube.com/watch?v={id_}"
    author = post.author
    assert (author.id, author.handle, author.name) == (CHANNEL, "ann", "Ann")
    assert author.followers == 10_700_000
    assert post.metrics == {"comments": 3, "views": 12}
    assert post.metrics_missing == ("likes",)


async def test_hidden_followers_are_unknown(fake: FakeYoutube) -> None:
    [id_] = fake.add(1)
    hidden = fakes.channel(subscriberCount="0", hiddenSubscriberCount=True)
    body = {"video": fake.videos[id_], "channel": hidden}

    async with connect(options(fake)) as platform:
        [post] = platform.normalise(Payload("video", body), now())

    assert isinstance(post, Post)
    assert post.author.followers is None


@pytest.mark.parametrize("value", ["ann", "@ann", CHANNEL])
async def test_a_profile_is_found_by_handle_and_by_id(fake: FakeYoutube, value: str) -> None:
    [profile] = await records(fake, "profile", value)

    assert isinstance(profile, Profile)
    assert (profile.author.id, profile.posts) == (CHANNEL, 7)
    assert profile.created_at is not None


async def test_an_unknown_channel_is_not_found(fake: FakeYoutube) -> None:
    with pytest.raises(NotFoundError, match="knows no channel 'nobody'"):
        await poll(fake, "profile", "nobody")

    fake.faults["channels"] = deque([fakes.refusing(404, "channelNotFound")])
    with pytest.raises(NotFoundError, match="knows no channel"):
        await poll(fake, "profile", "ann")


async def test_comments_are_posts_below_the_video(fake: FakeYoutube) -> None:
    [id_] = fake.add(1)
    [comment_id] = fake.comment(id_, 1)

    [comment] = await records(fake, "comments", id_)

    assert isinstance(comment, Post)
    assert (comment.kind, comment.native_id, comment.reply_to) == ("comment", comment_id, id_)
    assert (comment.author.id, comment.author.handle) == ("UCbob", "bob")
    assert comment.metrics == {"likes": 0, "comments": 2}


async def test_every_comment_comes_once_and_later_polls_stop_at_what_is_known(
    fake: FakeYoutube,
) -> None:
    [id_] = fake.add(1)
    written = fake.comment(id_, 250)

    first = await poll(fake, "comments", id_)
    new = fake.comment(id_, 30)
    second = await poll(fake, "comments", id_, first[-1].cursor)

    assert sorted(ids(first)) == written
    assert [page.cursor is None for page in first] == [True, True, False]
    assert len(second) == 1
    assert set(new) <= set(ids(second))


async def test_a_poll_that_does_not_reach_what_is_known_keeps_the_cursor(
    fake: FakeYoutube,
) -> None:
    [id_] = fake.add(1)
    fake.comment(id_, 1)
    cursor = (await poll(fake, "comments", id_))[-1].cursor
    fake.comment(id_, 300)

    pages = await poll(fake, "comments", id_, cursor, max_comment_pages_per_poll=2)

    assert [page.cursor for page in pages] == [None, None]


async def test_a_forgotten_token_starts_the_comments_over(fake: FakeYoutube) -> None:
    [id_] = fake.add(1)
    written = fake.comment(id_, 150)
    fake.faults["commentThreads"] = deque([None, fakes.refusing(400, "invalidPageToken")])

    pages = await poll(fake, "comments", id_)

    assert sorted(ids(pages)) == written


async def test_comments_that_lead_in_a_circle_end(fake: FakeYoutube) -> None:
    [id_] = fake.add(1)
    fake.comment(id_, 150)
    fake.faults["commentThreads"] = deque([None, fakes.empty_with_more("100")])

    assert len(await poll(fake, "comments", id_)) == 2


async def test_comments_that_are_switched_off_are_no_block(fake: FakeYoutube) -> None:
    [id_] = fake.add(1)
    fake.faults["commentThreads"] = deque([fakes.refusing(403, "commentsDisabled")])

    assert await poll(fake, "comments", id_) == []


async def test_comments_that_are_forbidden_are_those_of_one_video(fake: FakeYoutube) -> None:
    [id_] = fake.add(1)
    fake.faults["commentThreads"] = deque([fakes.refusing(403, "forbidden")])

    with pytest.raises(InvalidError, match="does not show the comments"):
        await poll(fake, "comments", id_)


async def test_a_key_that_is_refused_is_a_block_also_at_comments(fake: FakeYoutube) -> None:
    [id_] = fake.add(1)
    details = [{"reason": "API_KEY_SERVICE_BLOCKED"}]
    fake.faults["commentThreads"] = deque([fakes.refusing(403, "forbidden", details=details)])

    with pytest.raises(BlockedError, match="restrictions"):
        await poll(fake, "comments", id_)


@pytest.mark.parametrize(
    "fault", [fakes.saying("<html>", "text/html", 404), fakes.refusing(404, "channelNotFound")]
)
async def test_who_says_nothing_of_the_video_does_not_say_that_it_is_gone(
    fake: FakeYoutube, fault: Fault
) -> None:
    [id_] = fake.add(1)
    fake.faults["commentThreads"] = deque([fault])

    with pytest.raises(UnavailableError, match="did not say itself"):
        await poll(fake, "comments", id_)


async def test_the_comments_of_a_deleted_video_are_not_found(fake: FakeYoutube) -> None:
    with pytest.raises(NotFoundError, match="has no video 'video000000'"):
        await poll(fake, "comments", "video000000")


async def test_what_is_no_object_is_kept_as_unreadable(fake: FakeYoutube) -> None:
    [id_] = fake.add(1)
    body = '{"kind": "youtube#commentThreadListResponse", "items": [3, null]}'
    fake.faults["commentThreads"] = deque([fakes.saying(body)])

    [page] = await poll(fake, "comments", id_)

    assert [part.text for part in page.unreadable] == ["3", "null"]


async def test_only_a_video_with_comments_suggests_them(fake: FakeYoutube) -> None:
    [id_] = fake.add(1)
    video = fake.videos[id_]
    lonely = video | {"statistics": {"commentCount": "0"}}

    async with connect(options(fake)) as platform:
        suggested = platform.related(Payload("video", {"video": video}))
        others = [
            platform.related(Payload("video", {"video": lonely})),
            platform.related(Payload("video", {"video": video | {"id": "../x"}})),
            platform.related(Payload("channel", fakes.channel())),
            platform.related(Payload("video", {})),
        ]

    assert suggested == (target("comments", id_),)
    assert others == [()] * 4


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("file", "a"),
        ("hashtag", "#"),
        ("profile", "@"),
        ("comments", "../videos"),
        ("comments", ""),
        ("posts", ""),
        ("posts", "video000000 ../x"),
    ],
)
async def test_a_target_that_cannot_be_polled_is_refused(
    fake: FakeYoutube, kind: str, value: str
) -> None:
    with pytest.raises(InvalidError):
        await poll(fake, kind, value)

    assert fake.calls == []


async def test_a_payload_of_another_platform_is_refused(fake: FakeYoutube) -> None:
    async with connect(options(fake)) as platform:
        with pytest.raises(PayloadError):
            platform.normalise(Payload("tweet", {}), now())


@pytest.mark.parametrize(
    "key", ["", "  ", "two words", "line\nbreak", [], ["", "good"], ["good", "not so"]]
)
def test_a_key_that_cannot_be_one_is_refused(key: str | list[str]) -> None:
    with pytest.raises(ValidationError, match="must be a key"):
        Options.model_validate({"key": key})


@pytest.mark.parametrize(
    "base", ["youtube", "ftp://a.test", "https://me:pw@a.test", "https://a/?b=c"]
)
def test_a_base_that_is_no_address_is_refused(base: str) -> None:
    with pytest.raises(ValidationError, match="must be an address"):
        Options.model_validate({"key": KEY, "base": base})
