from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any

import pytest

from ingestors.platform import Page, Payload, Target
from ingestors.platforms.x import connect
from lake.errors import (
    BlockedError,
    InvalidError,
    NotFoundError,
    StopPlatformError,
    UnauthorizedError,
    UnavailableError,
)
from lake.records import Post, Profile, Record
from tests.fakes import x as fakes
from tests.fakes.x import FakeX, Fault, run_x
from tests.fakes.x_poll import VANS, ids, last_cursor, options, poll

CAPPED = {"period": "Monthly", "scope": "Product", "detail": "Usage cap exceeded: Monthly"}
REFUSALS: dict[str, tuple[Fault, type[StopPlatformError], str]] = {
    "401": (fakes.problem(401, "about:blank", "Unauthorized"), UnauthorizedError, "bearer_token"),
    "401 without JSON": (fakes.saying("no", "text/plain", 401), UnauthorizedError, "401"),
    "client-forbidden": (
        fakes.problem(403, "client-forbidden", "Client Forbidden"),
        BlockedError,
        "refuses this app",
    ),
    "403": (fakes.refusing(403), BlockedError, "X refuses the call"),
    "402": (fakes.problem(402, "credits", "CreditsDepleted"), BlockedError, "credits"),
    "402 without JSON": (fakes.saying("pay", "text/plain", 402), BlockedError, "402"),
    "429 usage-capped": (
        fakes.problem(429, "usage-capped", "UsageCapExceeded", **CAPPED),
        BlockedError,
        "credits or its usage cap are used up .Usage cap exceeded",
    ),
    "403 usage-capped": (
        fakes.problem(403, "usage-capped", "UsageCapExceeded"),
        BlockedError,
        "credits",
    ),
    "a login page": (fakes.saying("<!DOCTYPE html>", "text/html"), BlockedError, "login wall"),
}


@pytest.fixture
async def fake() -> AsyncIterator[FakeX]:
    async with run_x() as server:
        yield server


def target(kind: Any, value: str) -> Target:
    return Target("x", kind, value)


async def polled(fake: FakeX, wanted: Target, cursor: str | None = None) -> list[Page]:
    async with connect(options(fake)) as platform:
        return [page async for page in platform.pages(wanted, cursor)]


async def records(fake: FakeX, wanted: Target) -> list[Record]:
    async with connect(options(fake)) as platform:
        return [
            record
            async for page in platform.pages(wanted, None)
            for payload in page.payloads
            for record in platform.normalise(payload, page.observed_at)
        ]


@pytest.mark.parametrize("case", REFUSALS.values(), ids=list(REFUSALS))
@pytest.mark.parametrize("of_counts", [True, False])
async def test_a_refusal_ends_the_platforms_work_at_once(
    fake: FakeX, case: tuple[Fault, type[StopPlatformError], str], of_counts: bool
) -> None:
    fault, error, said = case
    (fake.count_faults if of_counts else fake.faults).append(fault)

    with pytest.raises(error, match=said):
        await poll(fake)

    assert len(fake.calls) == (1 if of_counts else 2)


async def test_a_wrong_token_is_told_without_showing_it(fake: FakeX) -> None:
    with pytest.raises(UnauthorizedError) as caught:
        await poll(fake, bearer_token="wrong-secret")

    assert "wrong-secret" not in str(caught.value)


async def test_a_request_that_x_finds_wrong_concerns_its_target_only(fake: FakeX) -> None:
    refused = fakes.invalid("There were errors processing your request", "query")
    fake.faults.append(fakes.saying(refused.text or "", status=400))

    with pytest.raises(InvalidError, match="errors processing"):
        await poll(fake)


async def test_what_is_gone_is_not_found(fake: FakeX) -> None:
    fake.faults.append(fakes.problem(404, "resource-not-found", "Not Found Error"))

    with pytest.raises(NotFoundError):
        await poll(fake)


async def test_a_search_that_is_not_there_does_not_say_that_a_post_is_gone(fake: FakeX) -> None:
    fake.faults.append(fakes.problem(404, "resource-not-found", "Not Found Error"))

    with pytest.raises(UnavailableError):
        await polled(fake, target("comments", fakes.post_id(0)))


@pytest.mark.parametrize("handle", ["ann", "@ann"])
async def test_a_profile_is_looked_up(fake: FakeX, handle: str) -> None:
    [profile] = await records(fake, target("profile", handle))

    assert isinstance(profile, Profile)
    assert (profile.author.id, profile.author.handle) == ("7", "ann")
    assert (profile.author.followers, profile.following, profile.posts) == (11, 3, 120)


async def test_an_account_that_x_does_not_show_is_not_found(fake: FakeX) -> None:
    with pytest.raises(NotFoundError, match="Could not find user"):
        await polled(fake, target("profile", "nobody"))


async def test_comments_are_the_posts_of_a_conversation(fake: FakeX) -> None:
    [first] = fake.add(1)
    reference = [{"type": "replied_to", "id": first}]
    replies = fake.add(12, conversation_id=first, referenced_tweets=reference)
    del fake.posts[first]
    fake.add(3, first_s=100)

    pages = await polled(fake, target("comments", first))
    found = await records(fake, target("comments", first))
    again = await polled(fake, target("comments", first), last_cursor(pages))

    assert ids(pages) == replies[::-1]
    assert {(one.kind, one.reply_to) for one in found if isinstance(one, Post)} == {
        ("reply", first)
    }
    assert (ids(again), again[-1].overlaps) == ([], True)
    assert {query["query"] for query in fake.searches()} == {f"conversation_id:{first}"}


async def test_only_a_post_with_replies_suggests_its_conversation(fake: FakeX) -> None:
    [lonely] = fake.add(1)
    [post] = fake.add(1, public_metrics={"reply_count": 2})
    [reply] = fake.add(1, public_metrics={"reply_count": "1"}, conversation_id=lonely)
    rubbish = [
        Payload("tweet", {"data": {"id": "../x", "public_metrics": {"reply_count": 2}}}),
        Payload("tweet", {"data": []}),
        Payload("counts", {"data": {"id": post, "public_metrics": {"reply_count": 2}}}),
        Payload("user", {}),
    ]

    async with connect(options(fake)) as platform:
        loads = [load async for page in platform.pages(VANS, None) for load in page.payloads]
        suggested = [one for load in loads for one in platform.related(load)]
        of_rubbish = [one for load in rubbish for one in platform.related(load)]

    assert reply in [load.body["data"]["id"] for load in loads if load.kind == "tweet"]
    assert suggested == [target("comments", lonely), target("comments", post)]
    assert of_rubbish == []


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("file", "a.json"),
        ("hashtag", ""),
        ("hashtag", "123"),
        ("hashtag", "vans OR cats"),
        ("hashtag", "vans/"),
        ("hashtag", "v" * 500),
        ("profile", "@"),
        ("profile", "ann/tweets"),
        ("profile", "ann,bob"),
        ("posts", ""),
        ("posts", "1 x"),
        ("posts", "1,2"),
        ("comments", "../1"),
        ("comments", "1 OR vans"),
    ],
)
async def test_a_target_that_cannot_be_polled_is_refused(
    fake: FakeX, kind: Any, value: str
) -> None:
    with pytest.raises(InvalidError):
        await polled(fake, target(kind, value))

    assert fake.calls == []


async def test_a_tag_in_any_script_is_asked_for_as_it_is(fake: FakeX) -> None:
    await polled(fake, target("hashtag", "東京"))

    assert [query["query"] for query in fake.searches()] == ["#東京 -is:retweet"]


async def test_payload_bodies_are_parts_of_what_x_sent(fake: FakeX) -> None:
    [posted] = fake.add(1)

    [_, page] = await poll(fake)

    sent = json.loads(json.dumps(fake.posts[posted]))
    assert page.payloads[0].body == {"data": sent, "includes": {"users": [fakes.user()]}}


async def test_a_post_has_its_numbers_and_its_author(fake: FakeX) -> None:
    fake.add(1)

    [post] = [one for one in await records(fake, VANS) if isinstance(one, Post)]

    assert post.metrics == {
        "likes": 4,
        "comments": 0,
        "shares": 1,
        "quotes": 0,
        "saves": 0,
        "views": 90,
    }
    assert (post.author.handle, post.author.followers) == ("ann", 11)
    assert post.hashtags == ("vans",)
