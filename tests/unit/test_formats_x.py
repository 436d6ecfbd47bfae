"""What X's other forms mean, where it is easily got wrong: v1.1, tweets.js, twint, web pages."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from ingestors.files.x_graphql import result_status
from ingestors.files.x_status import post_of
from ingestors.formats import twint, x_v1, x_v2
from ingestors.platform import Payload, Unreadable
from ingestors.platforms.archive import Options, connect, target_of
from lake.errors import PayloadError
from lake.records import Author, Erasure, Post
from tests.fakes import archive_x as made

SEEN = datetime(2026, 1, 1, tzinfo=UTC)
Json = dict[str, Any]


def v1(tweet: Json, kind: str = "tweet") -> Post:
    (post,) = x_v1.normalise(Payload(kind, tweet), SEEN)
    assert isinstance(post, Post)
    return post


def web(n: int) -> Post:
    return post_of(result_status(made.result(n)), SEEN)


def of_twint(n: int, **changes: Any) -> tuple[Post, ...]:
    return twint.normalise(Payload("tweet", made.twint(n) | changes), SEEN)


def test_a_tweet_of_v1_has_its_author_numbers_and_plain_text():
    post = v1(made.tweet_v1(6) | {"created_at": "Wed Aug 27 13:08:45 +0000 2008"})

    assert post.created_at == datetime(2008, 8, 27, 13, 8, 45, tzinfo=UTC)
    assert post.author == Author("76", "ann_6", "Ann 6", 906, verified=True)
    assert (post.text, post.hashtags, post.mentions) == ("@Bob hello & #One 6", ("one",), ("bob",))
    assert post.metrics == {"likes": 12, "shares": 6}
    assert post.metrics_missing == ("comments", "quotes"), "only the premium API told them"
    assert post.url == f"https://x.com/ann_6/status/{made.tweet_id(6)}"


def test_the_text_form_of_an_id_wins_over_a_rounded_number():
    assert v1(made.tweet_v1(0) | {"id": 1674000000000000100}).native_id == str(made.FIRST_ID)


def test_what_a_tweet_refers_to_is_told():
    first = str(made.FIRST_ID)

    kinds = [(post.kind, post.reply_to) for post in map(v1, map(made.tweet_v1, range(4)))]

    assert kinds == [("post", None), ("reply", first), ("quote", first), ("reshare", first)]


def test_a_retweet_has_the_originals_hashtags_and_no_numbers():
    post = v1(made.tweet_v1(3))

    assert post.hashtags == ("one", "cut")
    assert (post.metrics, post.metrics_missing) == ({}, ())


def test_a_long_tweet_of_the_stream_is_read_whole():
    post = v1(made.tweet_v1(4))

    assert post.text == "the whole text #One #Two"
    assert post.hashtags == ("one", "two")
    assert post.media == ("gif",)
    assert v1(made.tweet_v1(5)).media == ("photo", "video")


def test_an_entry_of_an_own_archive_has_numbers_as_text_and_no_author():
    plain, retweet = (v1(made.archived(n)["tweet"], "archived") for n in (0, 3))

    assert plain.metrics == {"likes": 10, "shares": 0}
    assert plain.author == Author()
    assert plain.url == f"https://x.com/i/web/status/{made.FIRST_ID}"
    assert (retweet.kind, retweet.reply_to, retweet.metrics) == ("reshare", None, {})


def test_a_stream_tells_of_deletions_and_of_itself():
    deletion: Json = {"delete": {"status": {"id_str": "12", "user_id_str": "3"}}}
    answer: Json = {"errors": [{"code": 88, "message": "Rate limit exceeded"}]}

    (payload,) = x_v1.split(deletion, "a:1")
    (refused,) = x_v1.split(answer, "a:2")

    assert isinstance(payload, Payload)
    assert x_v1.normalise(payload, SEEN) == (Erasure("x", "12", SEEN, "deleted"),)
    assert list(x_v1.split({"limit": {"track": 5}}, "a:3")) == []
    assert isinstance(refused, Unreadable)
    assert refused.reason == "X answered with an error: Rate limit exceeded"


@pytest.mark.parametrize("gone", ["text", "id"])
def test_a_tweet_without_what_it_needs_is_refused(gone):
    tweet = {name: one for name, one in made.tweet_v1(0).items() if not name.startswith(gone)}

    with pytest.raises(PayloadError, match="no id or no text"):
        v1(tweet)


def test_a_post_of_the_web_pages_is_read_before_and_after_its_author_moved():
    old, new = web(0), web(1)

    assert old.author == Author("70", "ann_0", "Ann 0", 900, verified=False)
    assert new.author == Author("71", "ann_1", "Ann 1", 901, verified=True)
    assert (old.text, new.text) == ("hello & #One 0", "the whole text #One #Two")
    assert new.hashtags == ("one", "two")
    assert new.metrics == {
        "likes": 2, "comments": 3, "shares": 1, "quotes": 0, "saves": 1, "views": 1001,
    }  # fmt: skip
    assert [(web(n).kind, web(n).reply_to) for n in (2, 3)] == [
        ("quote", str(made.FIRST_ID)),
        ("reshare", str(made.FIRST_ID)),
    ]


def test_the_web_pages_of_before_2022_and_lists_of_answers_name_their_author():
    legacy = made.result(0)["legacy"]
    old = {"id": 1, "legacy": legacy, "type": "adaptive", "user": made.user_v1(0)}
    answer = made.result(0) | {"user": {"id": "70", "unique_id": "other"}}

    assert post_of(result_status(old), SEEN).author.handle == "ann_0"
    assert post_of(result_status(answer), SEEN).author.handle == "ann_0"
    assert post_of(result_status({"legacy": legacy}), SEEN).author == Author("70")


def test_views_that_nobody_counted_are_missing_and_a_hidden_post_is_refused():
    result = made.result(0) | {"views": {"state": "Enabled"}}
    limited = {"__typename": "TweetWithVisibilityResults", "tweet": made.result(0)}
    hidden = {"__typename": "TweetTombstone", "tombstone": {"text": {"text": "Suspended"}}}

    assert post_of(result_status(result), SEEN).metrics_missing == ("views",)
    assert post_of(result_status(limited), SEEN).native_id == str(made.FIRST_ID)
    with pytest.raises(PayloadError, match=r"does not show the post \(Suspended\)"):
        result_status(hidden)


def test_the_time_of_twint_is_the_ids_for_its_zone_is_no_zone():
    (post,) = of_twint(0, timezone="CEST", time="23:59:59")
    (old,) = of_twint(0, id=12, conversation_id="12", timezone="+0200")

    assert post.created_at == datetime(2023, 6, 28, 10, 21, 16, tzinfo=UTC)
    assert old.created_at == datetime(2023, 6, 28, 14, tzinfo=UTC)
    with pytest.raises(PayloadError, match=r"no zone that can be trusted \(CEST\)"):
        of_twint(0, id=12, timezone="CEST")


def test_a_retweet_that_twint_found_is_a_post_beside_the_original():
    original, retweet = of_twint(2)

    assert (original.author.handle, original.metrics["likes"]) == ("ann_2", 4)
    assert (retweet.kind, retweet.reply_to) == ("reshare", original.native_id)
    assert (retweet.author.handle, retweet.author.id) == ("carl", "99")
    assert retweet.native_id == str(made.tweet_id(102))
    assert retweet.metrics == {}
    assert of_twint(2, retweet_id="")[1:] == ()


def test_a_row_of_twint_means_what_its_line_means():
    for n in range(6):
        row = {name: str(value) for name, value in made.twint(n).items()}
        assert twint.normalise(Payload("tweet", row), SEEN) == of_twint(n)


def test_posts_that_4cat_flattened_have_their_author_and_media():
    (payload,) = x_v2.split(made.flat_v2(1), "a:1")
    assert isinstance(payload, Payload)

    (post,) = x_v2.normalise(payload, SEEN)

    assert isinstance(post, Post)
    assert (post.author.handle, post.author.followers, post.media) == ("ann_1", 901, ("photo",))


async def test_authors_are_joined_from_the_file_that_academictwitter_keeps_beside(tmp_path):
    bare = [{k: v for k, v in made.flat_v2(n).items() if k != "author"} for n in (0, 2)]
    users = [made.flat_v2(n)["author"] for n in (0, 2)]
    data, beside = tmp_path / "data_1.json", tmp_path / "users_1.json"
    data.write_text(json.dumps(bare))
    alone = target_of(Options(path=data))
    beside.write_text(json.dumps({"users": users, "tweets": []}))

    options = Options(path=data)
    async with connect(options) as archive:
        pages = [page async for page in archive.pages(target_of(options), None)]
        posts = [archive.normalise(one, SEEN)[0] for page in pages for one in page.payloads]

    assert [post.author.handle for post in posts if isinstance(post, Post)] == ["ann_0", "ann_2"]
    assert target_of(options) != alone, "with its authors it is read anew"
