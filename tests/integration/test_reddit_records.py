from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from lake.records import Erasure, Post
from tests.fakes.reddit import FakeReddit, run_reddit
from tests.fakes.reddit_poll import of, records

LINK = "t3_s000000"


@pytest.fixture
async def fake() -> AsyncIterator[FakeReddit]:
    async with run_reddit() as server:
        yield server


async def test_a_submission_becomes_a_post(fake: FakeReddit) -> None:
    fake.add(1, title="New shoes", selftext="My #Vans \\#off\\_the\\_wall, by u/Ann_Bee")

    [post] = await records(fake)

    assert isinstance(post, Post)
    assert (post.platform, post.kind, post.native_id) == ("reddit", "post", LINK)
    assert post.text == "New shoes\n\nMy #Vans \\#off\\_the\\_wall, by u/Ann_Bee"
    assert (post.hashtags, post.mentions) == (("vans", "off_the_wall"), ("ann_bee",))
    assert post.url == "https://www.reddit.com/r/shoes/comments/s000000/shoes/"
    assert (post.author.id, post.author.handle, post.author.name) == ("t2_ann1", "ann", None)
    assert post.created_at == fake.start
    assert post.metrics == {"score": 12, "comments": 3, "shares": 0}
    assert post.metrics_missing == ()


@pytest.mark.parametrize(
    ("title", "matched", "bare"),
    [
        ("I love my VANS!", ("vans",), ()),
        ("vans", ("vans",), ()),
        ("#Vans and vans", ("vans",), ("vans",)),
        ("caravans or vans_old", (), ()),
        ("#shoes by Vans", ("shoes", "vans"), ("shoes",)),
    ],
)
async def test_a_bare_word_counts_as_the_hashtag_where_that_is_wanted(
    fake: FakeReddit, title: str, matched: tuple[str, ...], bare: tuple[str, ...]
) -> None:
    fake.add(1, title=title, selftext="")

    [with_match] = await records(fake)
    [without] = await records(fake, keyword_match=False)

    assert isinstance(with_match, Post)
    assert isinstance(without, Post)
    assert (with_match.hashtags, without.hashtags) == (matched, bare)


@pytest.mark.parametrize(
    ("changes", "kind", "media"),
    [
        ({"is_self": False, "is_video": True}, "post", ("video",)),
        ({"is_self": False, "post_hint": "image"}, "post", ("photo",)),
        ({"is_self": False, "post_hint": "rich:video"}, "post", ("video",)),
        ({"is_self": False, "domain": "i.redd.it"}, "post", ("photo",)),
        ({"is_self": False, "is_gallery": True}, "post", ("photo",)),
        ({"is_self": False, "domain": "example.org"}, "post", ("link",)),
        ({"poll_data": {"options": []}}, "post", ("poll",)),
        ({"post_hint": "self"}, "post", ()),
        ({"crosspost_parent": "t3_abc", "is_self": False}, "reshare", ("link",)),
    ],
)
async def test_what_is_attached_is_told(
    fake: FakeReddit, changes: dict[str, Any], kind: str, media: tuple[str, ...]
) -> None:
    fake.add(1, **changes)

    [post] = await records(fake)

    assert isinstance(post, Post)
    assert (post.kind, post.media) == (kind, media)
    assert post.reply_to == changes.get("crosspost_parent")


async def test_numbers_that_are_not_there_are_missing_and_a_score_may_be_negative(
    fake: FakeReddit,
) -> None:
    fake.add(1, score=None, ups="-7", num_comments=None, num_crossposts="3")

    [post] = await records(fake)

    assert isinstance(post, Post)
    assert post.metrics == {"score": -7, "shares": 3}
    assert post.metrics_missing == ("comments",)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"removed_by_category": "moderator", "selftext": "[removed]"}, "removed by moderators"),
        ({"removed_by_category": "deleted"}, "deleted by its author"),
        ({"removed_by_category": "anti_evil_ops"}, "removed by Reddit"),
        ({"removed_by_category": "something new"}, "removed (something new)"),
        ({"selftext": "[removed]"}, "removed by moderators"),
        ({"selftext": "[deleted]"}, "deleted by its author"),
        ({"title": "[deleted by user]", "selftext": ""}, "deleted by its author"),
        ({"title": "[ Removed by Reddit ]"}, "removed by Reddit"),
        ({"selftext": "[ Removed by moderator ]"}, "removed by moderators"),
        ({"removal_reason": "legal"}, "removed for legal reasons"),
    ],
)
async def test_what_was_removed_is_marked_and_its_text_not_kept(
    fake: FakeReddit, changes: dict[str, Any], reason: str
) -> None:
    fake.add(1, **changes | {"author": "[deleted]"})

    [erasure] = await records(fake, of("posts", LINK))

    assert isinstance(erasure, Erasure)
    assert (erasure.native_id, erasure.reason, erasure.text_goes) == (LINK, reason, True)


async def test_what_a_deleted_account_wrote_stays(fake: FakeReddit) -> None:
    fake.add(1, author="[deleted]", author_fullname=None, selftext="#vans [removed] it")

    [post] = await records(fake)

    assert isinstance(post, Post)
    assert post.author.key() is None
    assert "#vans" in post.text
