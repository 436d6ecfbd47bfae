"""Signing in, refusals, profiles and replies; how hashtags are walked is in test_bluesky.py."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from ingestors.platform import Page, Payload, Target
from ingestors.platforms.bluesky import connect
from lake.errors import (
    BlockedError,
    InvalidError,
    NotFoundError,
    RateLimitedError,
    TaglakeError,
    UnauthorizedError,
    UnavailableError,
)
from lake.records import Post, Profile
from tests.fakes import bluesky as fakes
from tests.fakes.bluesky import DID, FakeBluesky, Fault, labelled, post, run_bluesky
from tests.fakes.bluesky_poll import VANS, options, poll, uris

LONG_AGO = "2026-08-31T00:00:00.000Z"
ROOT = f"at://{DID}/app.bsky.feed.post/0"


@pytest.fixture
async def fake() -> AsyncIterator[FakeBluesky]:
    async with run_bluesky() as server:
        yield server


async def test_a_dead_token_is_renewed_and_the_password_sent_once(fake: FakeBluesky) -> None:
    fake.add(1)

    async with connect(options(fake)) as platform:
        for _ in range(3):
            assert len([page async for page in platform.pages(VANS, None)]) == 3
            fake.expire()

    assert (fake.count("createSession"), fake.count("refreshSession")) == (1, 2)


async def test_where_renewing_fails_the_password_is_sent_again(fake: FakeBluesky) -> None:
    fake.refresh_works = False

    async with connect(options(fake)) as platform:
        for _ in range(2):
            assert [page async for page in platform.pages(VANS, None)]
            fake.expire()

    assert fake.count("createSession") == 2


async def test_a_wrong_password_is_one_clear_line_and_sent_once(fake: FakeBluesky) -> None:
    async with connect(options(fake, app_password="wrong-secret")) as platform:
        for _ in range(2):
            with pytest.raises(UnauthorizedError, match="app_password") as caught:
                await anext(platform.pages(VANS, None))

    assert "wrong-secret" not in str(caught.value)
    assert fake.count("createSession") == 1


async def test_searching_without_an_account_is_refused_before_any_call(fake: FakeBluesky) -> None:
    with pytest.raises(UnauthorizedError, match="set identifier and app_password"):
        await poll(fake, identifier=None, app_password=None, stream=False)

    assert fake.calls == []


async def test_without_an_account_a_hashtags_posts_are_the_streams_business(
    fake: FakeBluesky,
) -> None:
    assert await poll(fake, identifier=None, app_password=None) == []
    assert fake.calls == []


async def test_half_a_login_is_refused(fake: FakeBluesky) -> None:
    with pytest.raises(ValueError, match="belong together"):
        options(fake, identifier=None)


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        (fakes.refusing("AuthMissing", 401), UnauthorizedError),
        (fakes.refusing("Forbidden", 403), BlockedError),
        (fakes.refusing("AccountTakedown", 400), BlockedError),
        (fakes.refusing("BadQueryString", 400), InvalidError),
        (fakes.saying("<html>log in</html>"), BlockedError),
        (fakes.refusing("RateLimitExceeded", 429, reset_s=5_000), RateLimitedError),
    ],
)
async def test_a_refusal_is_not_tried_again(
    fake: FakeBluesky, fault: Fault, error: type[Exception]
) -> None:
    fake.faults.extend([fault] * 20)

    with pytest.raises(error):
        await poll(fake)

    assert fake.count("searchPostsV2") <= 2


async def test_the_older_search_is_remembered(fake: FakeBluesky) -> None:
    fake.has_v2 = False
    posted = fake.add(120)

    pages = await poll(fake)

    assert sorted(uris(pages)) == sorted(posted)
    assert fake.count("searchPostsV2") == 1
    asked = next(query for name, query in fake.calls if name == "searchPosts")
    assert asked == {"q": "#vans", "tag": "vans", "sort": "latest", "limit": "1"}


async def test_a_search_that_is_taken_away_on_the_way_is_replaced(fake: FakeBluesky) -> None:
    posted = fake.add(250)
    fake.faults.extend([None, None, fakes.refusing("MethodNotImplemented", 501)])

    assert sorted(uris(await poll(fake, LONG_AGO))) == sorted(posted)


async def test_a_501_that_says_nothing_more_is_a_server_without_the_new_search(
    fake: FakeBluesky,
) -> None:
    posted = fake.add(3)
    fake.faults.append(fakes.saying("Not Implemented", "text/plain", 501))

    assert sorted(uris(await poll(fake))) == sorted(posted)
    assert sum(method == "searchPostsV2" for method, _ in fake.calls) == 1


async def test_a_server_without_any_search_is_blocked(fake: FakeBluesky) -> None:
    fake.faults.extend([fakes.refusing("MethodNotImplemented", 501)] * 4)

    with pytest.raises(BlockedError, match="has no search"):
        await poll(fake)


async def test_posts_for_signed_in_eyes_only_are_left_out(fake: FakeBluesky) -> None:
    public = fake.add(3)
    fake.add(120, author=labelled())

    pages = await poll(fake)

    assert sorted(uris(pages)) == sorted(public)
    assert "no-unauthenticated" not in str([page.payloads for page in pages])


async def test_a_post_that_is_no_object_is_reported_and_no_obstacle(fake: FakeBluesky) -> None:
    [posted] = fake.add(1)
    fake.faults.extend([None, fakes.saying({"posts": ["junk", fake.posts[0]]})])

    pages = await poll(fake)

    assert uris(pages) == [posted]
    assert [part.text for page in pages for part in page.unreadable] == ['"junk"']


async def of(fake: FakeBluesky, kind: Any, value: str) -> list[Page]:
    """The pages of a target that needs no account."""
    target = Target("bluesky", kind, value)
    async with connect(options(fake, identifier=None, app_password=None)) as platform:
        return [page async for page in platform.pages(target, None)]


async def test_a_profile_needs_no_account(fake: FakeBluesky) -> None:
    fake.profile = {
        "did": DID,
        "handle": "ann.bsky.social",
        "followersCount": 12,
        "postsCount": 3,
        "verification": {"verifiedStatus": "valid"},
    }

    [page] = await of(fake, "profile", "@ann.bsky.social")
    async with connect(options(fake)) as platform:
        [profile] = platform.normalise(page.payloads[0], page.observed_at)

    assert isinstance(profile, Profile)
    assert (profile.author.id, profile.author.followers, profile.posts) == (DID, 12, 3)
    assert (profile.author.verified, profile.following) == (True, None)
    assert profile.url == "https://bsky.app/profile/ann.bsky.social"
    assert fake.calls == [("getProfile", {"actor": "ann.bsky.social"})]


async def test_a_profile_for_signed_in_eyes_only_is_left_out(fake: FakeBluesky) -> None:
    fake.profile = labelled(followersCount=12)

    [page] = await of(fake, "profile", "ann.bsky.social")

    assert page.payloads == []


async def test_an_account_or_a_post_that_is_not_there_is_not_found(fake: FakeBluesky) -> None:
    with pytest.raises(NotFoundError, match="no account 'bob'"):
        await of(fake, "profile", "bob")
    with pytest.raises(NotFoundError, match="is not there"):
        await of(fake, "comments", ROOT)


@pytest.mark.parametrize(
    ("state", "error"), [("notFound", NotFoundError), ("blocked", InvalidError)]
)
async def test_a_threads_post_that_is_gone_is_not_found_and_a_blocked_one_is_not_shown(
    fake: FakeBluesky, state: str, error: type[TaglakeError]
) -> None:
    kind = f"app.bsky.feed.defs#{state}Post"
    fake.thread = {"$type": kind, "uri": ROOT, state: True}

    with pytest.raises(error, match=r"the post .at://"):
        await of(fake, "comments", ROOT)


@pytest.mark.parametrize(
    "fault",
    [
        fakes.saying({}),
        fakes.saying({"thread": {"$type": "app.bsky.feed.defs#threadViewPost"}}),
        fakes.saying("<html>", "text/html", 404),
        fakes.refusing("MethodNotImplemented", 501),
        fakes.refusing("InvalidRequest", 400),
    ],
)
async def test_who_tells_nothing_of_a_post_does_not_say_that_it_is_gone(
    fake: FakeBluesky, fault: Fault
) -> None:
    fake.post_faults.extend([fault] * 5)

    with pytest.raises((UnavailableError, InvalidError)):
        await of(fake, "comments", ROOT)


async def test_replies_at_any_depth_are_given_without_deleted_and_blocked_ones(
    fake: FakeBluesky,
) -> None:
    deep = {"post": post(3), "replies": []}
    fake.thread = {
        "post": post(0),
        "parent": {"post": post(-1)},
        "replies": [
            {"post": post(1), "replies": [deep]},
            {"$type": "app.bsky.feed.defs#notFoundPost", "uri": "at://a", "notFound": True},
            {"$type": "app.bsky.feed.defs#blockedPost", "uri": "at://b", "blocked": True},
            {"post": post(2), "replies": [deep]},
            {"post": post(4, author=labelled())},
            "junk",
        ],
    }

    pages = await of(fake, "comments", ROOT)

    assert uris(pages) == [post(number)["uri"] for number in (1, 3, 2)]


async def test_what_names_nothing_that_can_be_polled_is_invalid(fake: FakeBluesky) -> None:
    for kind, value in (("comments", "17"), ("file", "a.json"), ("hashtag", " "), ("profile", "@")):
        with pytest.raises(InvalidError, match="cannot poll"):
            await of(fake, kind, value)


async def test_posts_with_replies_suggest_them(fake: FakeBluesky) -> None:
    async with connect(options(fake)) as platform:
        with_some = Payload("post", post(0, replyCount=2))
        [target] = platform.related(with_some)
        [record] = platform.normalise(with_some, fakes.START)

        assert isinstance(record, Post)
        assert target == Target("bluesky", "comments", record.native_id)
        for nothing in (post(0), {"uri": 3, "replyCount": 2}, {}):
            assert platform.related(Payload("post", nothing)) == ()
        assert platform.related(Payload("profile", {"replyCount": 2, "uri": ROOT})) == ()
