from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
from pydantic import ValidationError

from ingestors.platform import Payload
from ingestors.platforms.reddit import Options, about, connect
from lake.errors import InvalidError, NotFoundError, PayloadError, RetryError
from lake.records import Erasure, Post, Profile
from lake.times import now
from tests.fakes import reddit_faults as faults
from tests.fakes.reddit import APP, SECRET, FakeReddit, listing, more, run_reddit, thing
from tests.fakes.reddit_poll import names, of, options, poll, records

LINK = "t3_s000000"


@pytest.fixture
async def fake() -> AsyncIterator[FakeReddit]:
    async with run_reddit() as server:
        yield server


async def test_an_account_becomes_a_profile(fake: FakeReddit) -> None:
    own = {"title": "Ann B", "subscribers": 0, "public_description": "I skate"}
    user = {"id": "ann1", "name": "Ann", "created_utc": fake.start.timestamp(), "verified": True}
    fake.users["ann"] = user | {"subreddit": own, "link_karma": 7}

    [profile] = await records(fake, of("profile", "u/Ann"))

    assert isinstance(profile, Profile)
    author = profile.author
    assert (author.id, author.handle, author.name) == ("t2_ann1", "Ann", "Ann B")
    assert (author.followers, author.verified, profile.posts) == (None, True, None)
    assert (profile.description, profile.created_at) == ("I skate", fake.start)


async def test_a_suspended_account_is_one_that_tells_little(fake: FakeReddit) -> None:
    fake.users["eve"] = {"name": "eve", "is_suspended": True}

    [profile] = await records(fake, of("profile", "eve"))

    assert isinstance(profile, Profile)
    assert (profile.author.key(), profile.created_at) == ("eve", None)


async def test_comments_come_once_each_from_every_part_of_the_tree(fake: FakeReddit) -> None:
    fake.add(1)
    below = fake.remark("c2", "t1_c1")
    top = fake.remark("c1", replies=listing([below, more("t1_c1")]))
    fake.remark("c3", "t1_c1")
    fake.trees["c1"] = [fake.remark("c9", "t1_c1"), top]
    late = [fake.remark(f"d{n}")["data"]["id"] for n in range(150)]
    fake.trees["s000000"] = [top, more(LINK, "c3", *late, "c3"), more(LINK, "c3")]

    pages = await poll(fake, target=of("comments", LINK))

    assert sorted(names(pages)) == sorted({LINK} | fake.comments.keys())
    assert [len(page.payloads) for page in pages] == [3, 100, 51, 1]
    assert [path for path, _ in fake.calls] == [
        "/comments/s000000",
        "/api/morechildren",
        "/api/morechildren",
        "/comments/s000000",
    ]
    assert fake.calls[1][1]["link_id"] == LINK
    asked = [id_ for _, query in fake.calls[1:3] for id_ in query["children"].split(",")]
    assert sorted(asked) == sorted(["c3", *late])
    assert "replies" not in pages[0].payloads[1].body["data"]


async def test_a_comment_becomes_a_post_below_another(fake: FakeReddit) -> None:
    fake.add(1)
    young = fake.remark("c2", "t1_c1", score=1, score_hidden=True, body="yes u/bob")
    fake.trees["s000000"] = [fake.remark("c1", replies=listing([young]))]

    [_, first, second] = await records(fake, of("comments", LINK))

    assert isinstance(first, Post)
    assert isinstance(second, Post)
    assert (first.kind, first.native_id, first.reply_to) == ("comment", "t1_c1", LINK)
    assert first.url == "https://www.reddit.com/comments/s000000/_/c1"
    assert (first.hashtags, first.metrics) == (("c1",), {"score": -2})
    assert (second.reply_to, second.mentions) == ("t1_c1", ("bob",))
    assert (second.metrics, second.metrics_missing) == ({}, ("score",))


@pytest.mark.parametrize("body", ["[deleted]", "[removed]", "[ Removed by Reddit ]"])
async def test_a_comment_without_its_text_is_gone(fake: FakeReddit, body: str) -> None:
    fake.add(1)
    fake.trees["s000000"] = [fake.remark("c1", body=body, author="[deleted]")]

    [_, erasure] = await records(fake, of("comments", LINK))

    assert isinstance(erasure, Erasure)
    assert erasure.native_id == "t1_c1"


async def test_comments_end_after_so_many_calls(fake: FakeReddit) -> None:
    fake.add(1)
    ids = [fake.remark(f"d{n}")["data"]["id"] for n in range(350)]
    fake.trees["s000000"] = [more(LINK, *ids)]

    pages = await poll(fake, target=of("comments", LINK), max_comment_calls=3)

    assert len(names(pages)) == 201
    assert len(fake.calls) == 3


async def test_more_comments_that_are_refused_are_asked_for_again(fake: FakeReddit) -> None:
    fake.add(1)
    fake.trees["s000000"] = [more(LINK, fake.remark("c1")["data"]["id"])]
    limited = '{"json": {"errors": [["RATELIMIT", "slow down", "ratelimit"]]}}'
    fake.faults.extend([None, faults.saying(limited), faults.saying('{"json": {}}')])

    assert names(await poll(fake, target=of("comments", LINK))) == [LINK, "t1_c1"]


async def test_known_posts_are_asked_for_a_hundred_at_a_time(fake: FakeReddit) -> None:
    posted = fake.add(150)
    remark = fake.remark("c1")["data"]["name"]

    pages = await poll(fake, target=of("posts", " ".join([*posted, remark, posted[0]])))

    assert names(pages) == [*posted, remark]
    assert [path for path, _ in fake.calls] == ["/api/info"] * 2


async def test_known_posts_that_are_not_shown_are_marked_and_keep_their_text(
    fake: FakeReddit,
) -> None:
    fake.add(1)

    [post, gone] = await records(fake, of("posts", f"{LINK} t1_zzz"))

    assert isinstance(post, Post)
    assert isinstance(gone, Erasure)
    assert (gone.native_id, gone.text_goes) == ("t1_zzz", False)


async def test_an_outage_is_not_taken_for_deletions(fake: FakeReddit) -> None:
    lost = " ".join(f"t3_{n}" for n in range(40))

    assert await records(fake, of("posts", lost)) == []


async def test_only_a_submission_with_comments_suggests_them(fake: FakeReddit) -> None:
    fake.add(1)
    link = fake.things[LINK]

    async with connect(options(fake)) as platform:
        suggested = platform.related(Payload("submission", thing("t3", link)))
        others = [
            platform.related(Payload("submission", thing("t3", link | {"num_comments": 0}))),
            platform.related(Payload("submission", thing("t3", link | {"name": "../x"}))),
            platform.related(Payload("submission", thing("t3", link | {"selftext": "[removed]"}))),
            platform.related(Payload("comment", fake.remark("c1"))),
            platform.related(Payload("user", {})),
        ]

    assert suggested == (of("comments", LINK),)
    assert others == [()] * 5


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("file", "a"),
        ("hashtag", "#"),
        ("hashtag", 'a" OR b'),
        ("profile", "u/"),
        ("profile", "../r/x"),
        ("comments", "t1_abc"),
        ("comments", "abc"),
        ("posts", " "),
        ("posts", "t3_a t5_b"),
    ],
)
async def test_a_target_that_cannot_be_polled_is_refused(
    fake: FakeReddit, kind: Any, value: str
) -> None:
    with pytest.raises(InvalidError, match="reddit cannot poll"):
        await poll(fake, target=of(kind, value))

    assert fake.calls == []


@pytest.mark.parametrize(("kind", "value"), [("profile", "nobody"), ("comments", "t3_nothing")])
async def test_what_is_not_there_is_not_found(fake: FakeReddit, kind: Any, value: str) -> None:
    with pytest.raises(NotFoundError, match=f"reddit has no .*{value}"):
        await poll(fake, target=of(kind, value))


async def test_an_answer_that_is_no_account_is_an_outage(fake: FakeReddit) -> None:
    fake.faults.extend([faults.saying("[]")] * 4)

    with pytest.raises(RetryError):
        await poll(fake, target=of("profile", "ann"))


async def test_a_payload_of_another_platform_is_refused(fake: FakeReddit) -> None:
    async with connect(options(fake)) as platform:
        with pytest.raises(PayloadError):
            platform.normalise(Payload("tweet", {}), now())


@pytest.mark.parametrize(
    "changes",
    [
        {"client_id": "two words"},
        {"client_secret": ""},
        {"user_agent": "me"},
        {"user_agent": "evil\r\nHost: x"},
        {"oauth_url": "https://oauth.reddit.com/r"},
        {"reddit_url": "ftp://reddit.com"},
        {"subreddits": ["a b"]},
        {"further_apps": [{"client_id": "x"}]},
    ],
)
def test_options_that_are_wrong_are_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(ValidationError) as refused:
        Options.model_validate({"client_id": APP, "client_secret": SECRET} | changes)

    assert SECRET not in str(refused.value)


def test_what_it_is_about_needs_no_credentials() -> None:
    shipped = about(None)

    app = {"client_id": APP, "client_secret": SECRET}
    given = about(Options.model_validate(app | {"further_apps": [app]}))
    assert set(shipped.capabilities) == {"posts", "profiles", "comments", "history", "refresh"}
    assert (shipped.credentials, given.credentials) == (1, 2)
    assert {key.page for key in shipped.keys} == {"https://www.reddit.com/prefs/apps"}
    assert [(one.bucket, one.calls, one.per_s) for one in shipped.limits] == [("api", 1_000, 600)]
