"""What the payloads of X, rtweet and Bluesky mean, where it is easily got wrong."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from ingestors.formats import bluesky, rtweet, x_v2
from ingestors.platform import Payload, Unreadable
from lake.errors import PayloadError
from lake.records import Post

SEEN = datetime(2026, 1, 1, tzinfo=UTC)
TWEET: dict[str, Any] = {
    "id": "1674000000000000000",
    "author_id": "7",
    "text": "a &amp; b #tag",
    "created_at": "2023-06-28T10:00:00.000Z",
    "public_metrics": {"retweet_count": 1, "reply_count": 2, "like_count": 3, "quote_count": 4},
}
VIEW: dict[str, Any] = {
    "uri": "at://did:plc:abc/app.bsky.feed.post/3lt4",
    "author": {"did": "did:plc:abc", "handle": "ann.test"},
    "record": {"text": "Grüße @bob.test", "createdAt": "2025-07-02T17:02:16-05:00"},
    "indexedAt": "2025-07-02T22:02:20Z",
    "likeCount": 1,
}


def of_x(tweet: dict[str, Any], includes: dict[str, Any] | None = None) -> Post:
    body = {"data": tweet, "includes": includes or {}}
    (post,) = x_v2.normalise(Payload("tweet", body), SEEN)
    assert isinstance(post, Post)
    return post


def of_bluesky(**changes: Any) -> Post:
    (post,) = bluesky.normalise(Payload("post", VIEW | changes), SEEN)
    return post


def test_a_post_of_x_is_joined_with_its_author():
    user = {"id": "7", "username": "Ann", "name": "A", "public_metrics": {"followers_count": 9}}

    post = of_x(TWEET, {"users": [{"id": "8"}, user]})
    alone = of_x(TWEET)

    assert (post.author.id, post.author.handle, post.author.followers) == ("7", "Ann", 9)
    assert post.url == "https://x.com/Ann/status/1674000000000000000"
    assert (alone.author.id, alone.author.handle) == ("7", None)
    assert post.text == "a & b #tag"
    assert post.metrics == {"shares": 1, "comments": 2, "likes": 3, "quotes": 4}
    assert post.metrics_missing == ()


def test_the_old_and_the_new_names_of_x_are_read():
    new = {
        **TWEET,
        "public_metrics": {"repost_count": 5, "bookmark_count": 6},
        "note_post": {"text": "the long text #long", "entities": {"hashtags": [{"tag": "long"}]}},
        "referenced_posts": [{"type": "quoted", "id": "3"}],
    }

    post = of_x(new)

    assert post.metrics == {"shares": 5, "saves": 6}
    assert set(post.metrics_missing) == {"likes", "comments", "quotes", "views"}
    assert (post.kind, post.reply_to) == ("quote", "3")
    assert post.text == "the long text #long"
    assert post.hashtags == ("long",)


def test_views_that_nobody_counted_are_missing_not_zero():
    numbers = {**TWEET["public_metrics"], "impression_count": 0}

    old = of_x({**TWEET, "created_at": "2022-09-25T23:59:59Z", "public_metrics": numbers})
    new = of_x({**TWEET, "public_metrics": numbers})

    assert "views" in old.metrics_missing
    assert new.metrics["views"] == 0


def test_a_retweet_has_the_originals_hashtags_and_no_numbers_of_its_own():
    original = {**TWEET, "id": "5", "entities": {"hashtags": [{"tag": "Cut"}, {"tag": "tag"}]}}
    retweet = {
        **TWEET,
        "text": "RT @ann: a #tag …",
        "entities": {"hashtags": [{"tag": "tag"}]},
        "referenced_tweets": [{"type": "retweeted", "id": "5"}],
    }

    post = of_x(retweet, {"tweets": [original]})

    assert (post.kind, post.reply_to) == ("reshare", "5")
    assert post.hashtags == ("tag", "cut")
    assert post.metrics == {}
    assert post.metrics_missing == ()


def test_media_are_told_by_their_object_or_by_their_key():
    keys = {"attachments": {"media_keys": ["3_1", "16_2", "13_3", "99_4"], "poll_ids": ["1"]}}

    post = of_x(TWEET | keys, {"media": [{"media_key": "3_1", "type": "photo"}]})

    assert post.media == ("photo", "gif", "video", "poll")


def test_a_post_of_x_without_a_time_takes_it_from_its_id():
    known = {key: value for key, value in TWEET.items() if key != "created_at"}

    assert of_x(known).created_at.date().isoformat() == "2023-06-28"
    with pytest.raises(PayloadError):
        of_x({**known, "id": "20"})


def test_a_page_of_x_is_split_into_posts_with_only_what_each_needs():
    page = {
        "data": [{**TWEET, "referenced_tweets": [{"type": "quoted", "id": "5"}]}, 3],
        "includes": {
            "users": [{"id": "7"}, {"id": "8"}, {"id": "9"}],
            "tweets": [{"id": "5", "author_id": "8"}, {"id": "6"}],
        },
        "errors": [{"title": "Forbidden"}],
    }

    first, second = x_v2.split(page, "a:1")

    assert isinstance(first, Payload)
    assert first.body["data"] is page["data"][0]
    assert first.body["includes"] == {
        "users": [{"id": "7"}, {"id": "8"}],
        "tweets": [{"id": "5", "author_id": "8"}],
    }
    assert isinstance(second, Unreadable)


def test_an_error_of_x_is_unreadable_and_an_empty_answer_is_nothing():
    (error,) = x_v2.split({"errors": [{"title": "ConnectionException"}]}, "a:1")

    assert isinstance(error, Unreadable)
    assert error.reason == "X answered with an error: ConnectionException"
    assert list(x_v2.split({"meta": {"result_count": 0}}, "a:2")) == []


@pytest.mark.parametrize(
    ("changes", "kind", "reply_to", "tags"),
    [
        ({"is_retweet": True, "retweet_status_id": "x5"}, "reshare", "5", ("a",)),
        ({"is_quote": "TRUE", "quoted_status_id": "6"}, "quote", "6", ("a",)),
        ({"reply_to_status_id": "7"}, "reply", "7", ("a",)),
        ({"hashtags": None}, "post", None, ()),
        ({"hashtags": [None]}, "post", None, ()),
        ({"hashtags": "b C"}, "post", None, ("b", "c")),
    ],
)
def test_rtweet_rows_are_read_in_every_dialect(changes, kind, reply_to, tags):
    body = {"status_id": "x1", "text": "#a", "created_at": "2018-12-19T05:41:40Z", **changes}

    (post,) = rtweet.normalise(Payload("tweet", body), SEEN)

    assert (post.native_id, post.kind, post.reply_to, post.hashtags) == ("1", kind, reply_to, tags)


def test_a_bluesky_post_counts_bytes_and_trusts_the_earlier_time():
    facet = {
        "index": {"byteStart": 8, "byteEnd": 17},
        "features": [{"$type": "app.bsky.richtext.facet#mention", "did": "did:plc:b"}],
    }
    tag = {"index": {}, "features": [{"$type": "app.bsky.richtext.facet#tag", "tag": "RStats"}]}
    record = {**VIEW["record"], "facets": [facet, tag], "tags": ["hidden"], "langs": ["de"]}

    post = of_bluesky(record=record)
    late = of_bluesky(record={**record, "createdAt": "2999-01-01T00:00:00Z"})
    absurd = of_bluesky(record={**record, "createdAt": "whenever"})

    assert post.mentions == ("bob.test",)
    assert post.hashtags == ("rstats", "hidden")
    assert post.created_at == datetime(2025, 7, 2, 22, 2, 16, tzinfo=UTC)
    assert late.created_at == absurd.created_at == datetime(2025, 7, 2, 22, 2, 20, tzinfo=UTC)
    assert post.url == "https://bsky.app/profile/ann.test/post/3lt4"
    assert post.metrics == {"likes": 1}
    assert post.metrics_missing == ("comments", "shares", "quotes")


def test_a_bluesky_quote_a_reply_and_an_embedded_feed_are_told_apart():
    quoted = {"uri": "at://did:plc:b/app.bsky.feed.post/1"}
    embedded = {"uri": "at://did:plc:b/app.bsky.feed.generator/1"}
    reply = {"parent": {"uri": "at://p"}, "root": {"uri": "at://r"}}
    with_media = {
        "$type": "app.bsky.embed.recordWithMedia",
        "record": {"record": quoted},
        "media": {"$type": "app.bsky.embed.images"},
    }

    quote = of_bluesky(record={**VIEW["record"], "embed": with_media})
    answer = of_bluesky(record={**VIEW["record"], "reply": reply, "embed": {"record": embedded}})

    assert (quote.kind, quote.reply_to, quote.media) == ("quote", quoted["uri"], ("photo",))
    assert (answer.kind, answer.reply_to) == ("reply", "at://p")


def test_a_bluesky_repost_is_a_post_of_its_own():
    reason = {
        "$type": "app.bsky.feed.defs#reasonRepost",
        "by": {"did": "did:plc:r", "handle": "rob.test"},
        "indexedAt": "2025-07-03T00:00:00Z",
    }

    post, repost = bluesky.normalise(Payload("feed", {"post": VIEW, "reason": reason}), SEEN)

    assert (post.kind, repost.kind) == ("post", "reshare")
    assert repost.reply_to == post.native_id != repost.native_id
    assert (repost.author.handle, repost.metrics) == ("rob.test", {})
    assert repost.created_at == datetime(2025, 7, 3, tzinfo=UTC)
