"""What scrapers and research tools wrote, where it is easily got wrong."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from ingestors.files.nesting import nested
from ingestors.formats import (
    apify_instagram,
    apify_tiktok,
    fourcat,
    instaloader,
    phantombuster,
    zeeschuimer,
)
from ingestors.platform import Payload
from ingestors.platforms.archive import Options, connect, target_of
from lake.errors import PayloadError
from lake.records import Author, Post, Profile, Record
from tests.fakes import archive_web as made
from tests.fakes import archive_x as x
from tests.fakes.archive_files import lines

SEEN = datetime(2026, 1, 1, tzinfo=UTC)
COLLECTED = datetime(2023, 6, 29, 0, 36, 40, 123_000, tzinfo=UTC)
CREATED = datetime(2023, 6, 28, 13, 46, 40, tzinfo=UTC)
Json = dict[str, Any]
KINDS = {"is_retweet": "reshare", "is_quote_tweet": "quote", "is_reply": "reply"}


def one(records: tuple[Record, ...]) -> Post:
    (post,) = records
    assert isinstance(post, Post)
    return post


def collected(n: int, **changes: Any) -> tuple[Record, ...]:
    return zeeschuimer.normalise(Payload("item", made.zeeschuimer(n) | changes), SEEN)


def row(platform: str, n: int = 1, **changes: Any) -> Post:
    body = made.fourcat_row(n, platform) | changes
    return one(fourcat.normalise(Payload("row", body), SEEN))


def test_each_item_of_zeeschuimer_is_a_post_seen_when_it_was_collected():
    posts = [one(collected(n)) for n in range(4)]

    assert [post.platform for post in posts] == ["tiktok", "instagram", "x", "x"]
    assert {post.observed_at for post in posts} == {COLLECTED}
    assert posts[0].native_id == "7249000000000000000"
    assert posts[1].url == f"https://www.instagram.com/p/{made.code(1)}/"
    assert one(collected(0, timestamp_collected=None)).observed_at == SEEN


@pytest.mark.parametrize("site", ["threads.net", "9gag.com", "linkedin.com", "", None])
async def test_an_item_of_a_site_that_is_not_read_is_one_dead_letter_that_names_it(tmp_path, site):
    line = made.zeeschuimer(0)
    (tmp_path / "a.ndjson").write_bytes(
        lines(lambda n: line | {"source_platform": "tiktok.com" if n == 1 else site}, 3)
    )

    refused, read = list[str](), 0
    async with connect(Options(path=tmp_path / "a.ndjson")) as archive:
        async for page in archive.pages(target_of(Options(path=tmp_path / "a.ndjson")), None):
            for payload in page.payloads:
                try:
                    read += len(archive.normalise(payload, SEEN))
                except PayloadError as exc:
                    refused.append(f"{payload.place}: {exc}")

    assert read == 1
    assert [text.partition(": ")[0] for text in refused] == ["a.ndjson:1", "a.ndjson:3"]
    assert all(f"items of {site or 'an unnamed site'} are not read" in text for text in refused)


def test_an_advertisement_of_instagram_is_no_post():
    assert collected(1, data=made.instagram_item(1) | {"product_type": "ad"}) == ()


def test_an_item_of_4cat_is_what_zeeschuimer_kept():
    for n in range(4):
        assert fourcat.normalise(Payload("item", made.fourcat(n)), SEEN) == collected(n)


def test_what_4cat_collected_of_bluesky_has_its_numbers():
    post = one(fourcat.normalise(Payload("bluesky", made.fourcat_bluesky(5)), SEEN))

    assert post.metrics == {"likes": 5, "comments": 1, "shares": 2, "quotes": 0}
    assert (post.author.name, post.hashtags) == ("Ann", ("one",))
    assert post.observed_at == datetime(2024, 6, 28, 18, 40, tzinfo=UTC)


@pytest.mark.parametrize("platform", ["tiktok", "instagram", "x", "threads"])
def test_a_row_of_4cat_tells_its_platform_and_its_time_in_utc(platform):
    post = row(platform)

    assert post.platform == platform
    assert post.created_at == CREATED
    assert post.hashtags[:2] == ("one", "two")
    assert post.author.handle == "ann_1"


def test_zeros_by_which_4cat_says_unknown_are_missing():
    hidden = row("instagram", 1)
    shown = row("instagram", 0)

    assert hidden.metrics == {}
    assert hidden.metrics_missing == ("likes", "comments", "views")
    assert shown.metrics == {"likes": 8, "comments": 3}
    assert row("x", 0, impression_count=0).metrics["views"] == 0
    assert "views" not in row("x", 0, impression_count=0, unix_timestamp=1_600_000_000).metrics


def test_a_row_of_4cat_tells_what_a_post_is():
    kinds = {flag: row("x", 0, **{flag: "yes"}).kind for flag in KINDS}

    assert kinds == KINDS
    assert row("x", 0, is_retweet="yes").metrics == {}
    assert row("x", 0).media == ()
    assert row("x", 0, images="https://a.example/1.jpg").media == ("photo",)


def test_a_row_of_another_platform_says_how_else_to_import_it():
    body = {"id": "a-1", "thread_id": "a", "body": "hi", "author": "7", "timestamp": "2023-01-01"}

    assert not fourcat.detect(body)
    with pytest.raises(PayloadError, match="--format table --platform NAME"):
        fourcat.normalise(Payload("row", body), SEEN)


def test_a_post_of_instaloader_hides_likes_of_minus_one():
    hidden, shown = (
        one(instaloader.normalise(Payload("structure", made.instaloader(n)), SEEN)) for n in (2, 1)
    )

    assert hidden.metrics == {"comments": 3}
    assert hidden.metrics_missing == ("likes",)
    assert shown.metrics == {"likes": 2, "comments": 3, "views": 400}
    assert (shown.created_at, shown.media) == (CREATED, ("video",))


def test_instaloader_tells_authors_of_either_answer_and_profiles():
    node = made.graphql_node(0) | {"owner": {"id": "77"}}
    node["iphone_struct"] = {"user": {"pk": "77", "username": "ann", "full_name": "Ann"}}
    person = {"id": "77", "username": "ann", "edge_followed_by": {"count": 5}, "biography": "hi"}
    kept: Json = {"version": "4.14", "node_type": "Profile"}

    post = one(
        instaloader.normalise(Payload("structure", made.instaloader(0) | {"node": node}), SEEN)
    )
    (profile,) = instaloader.normalise(
        Payload("structure", {"node": person, "instaloader": kept}), SEEN
    )

    assert post.author == Author("77", "ann", "Ann")
    assert isinstance(profile, Profile)
    assert (profile.author.followers, profile.description) == (5, "hi")
    story = {"node": person, "instaloader": kept | {"node_type": "StoryItem"}}
    with pytest.raises(PayloadError, match="StoryItem"):
        instaloader.normalise(Payload("structure", story), SEEN)


APIFY = ((apify_instagram, made.apify_instagram), (apify_tiktok, made.apify_tiktok))


def test_a_post_of_apify_is_the_same_from_its_row():
    for n in range(6):
        for form, make in APIFY:
            kind = next(iter(form.split(make(n), "a:1"))).kind
            cells = {name: str(value) for name, value in made.flattened(make(n)).items()}
            of_json = form.normalise(Payload(kind, make(n)), SEEN)
            assert form.normalise(Payload(kind, cells), SEEN) == of_json


def test_numbers_of_apify_are_read_and_hidden_ones_are_missing():
    photo, video, album = (
        one(apify_instagram.normalise(Payload("post", made.apify_instagram(n)), SEEN))
        for n in (0, 1, 2)
    )

    assert photo.metrics == {"likes": 0, "comments": 3}
    assert video.metrics == {"likes": 2, "comments": 3, "views": 900}
    assert (album.metrics, album.metrics_missing) == ({"comments": 3}, ("likes",))
    assert album.media == ("photo", "video")
    clip = one(apify_tiktok.normalise(Payload("video", made.apify_tiktok(3)), SEEN))
    assert clip.metrics == {"likes": 6, "comments": 3, "shares": 4, "saves": 5, "views": 1000}
    assert (clip.media, clip.hashtags, clip.author.followers) == (("photo",), ("one",), 9)


def test_an_error_of_an_actor_is_told_in_its_words():
    error = {"error": "no_items", "errorDescription": "Empty or private data", "url": "https://x"}

    assert apify_instagram.detect(error)
    with pytest.raises(PayloadError, match="the actor says: Empty or private data"):
        apify_instagram.normalise(Payload("post", error), SEEN)


def test_numbers_of_phantombuster_are_read_as_people_mean_them():
    photo, reel = (
        one(phantombuster.normalise(Payload("post", made.phantombuster(n)), SEEN)) for n in (4, 1)
    )

    assert photo.metrics == {"likes": 541_200, "comments": 1_234, "views": 1_200_000}
    assert reel.metrics_missing == ("views",)
    assert photo.observed_at == datetime(2023, 7, 1, 10, tzinfo=UTC)
    assert photo.text == "a post #One @bob 4"
    body = made.phantombuster(0) | {"postUrl": "https://a.example/p/CuDE5f0NoPa/"}
    with pytest.raises(PayloadError, match="postUrl is no post of Instagram"):
        phantombuster.normalise(Payload("post", body), SEEN)


def test_one_post_of_instagram_has_one_id_whichever_tool_found_it():
    ids = {
        one(instaloader.normalise(Payload("structure", made.instaloader(3)), SEEN)).native_id,
        one(apify_instagram.normalise(Payload("post", made.apify_instagram(3)), SEEN)).native_id,
        one(phantombuster.normalise(Payload("post", made.phantombuster(3)), SEEN)).native_id,
        one(collected(1, data=made.instagram_item(3))).native_id,
        row("instagram", 3).native_id,
    }

    assert len(ids) == 1
    assert ids.pop().isdecimal()


def test_a_post_of_instagram_without_its_time_has_the_one_in_its_code():
    bare = {"timestamp": "0", "unix_timestamp": "0"}
    apify = made.apify_instagram(0) | {"timestamp": None}

    at = row("instagram", 0, **bare).created_at

    assert at == one(apify_instagram.normalise(Payload("post", apify), SEEN)).created_at
    assert abs(at - datetime(2023, 7, 1, tzinfo=UTC)) < timedelta(days=14)


def test_columns_that_are_paths_become_objects_and_lists():
    flat = {"a/b": "1", "t/0/name": "x", "t/10/name": "z", "t/2/name": "y", "n": "", "c": 0}

    assert nested(flat) == {"a": {"b": "1"}, "t": [{"name": n} for n in "xyz"], "c": 0}
    assert nested({"a": {"b/c": 1}}) == {"a": {"b/c": 1}}
    assert nested({"a": "1", "a/b": "2"}) == {"a": "1"}


def test_counts_below_zero_or_in_other_words_are_missing():
    body = made.phantombuster(0)

    for written in ("-1", "3,4 Tsd.", "many", "", "NA", "-1.2K"):
        post = one(phantombuster.normalise(Payload("post", body | {"likeCount": written}), SEEN))
        assert post.metrics_missing == ("likes",)


def test_result_of_x_is_told_from_rubbish():
    with pytest.raises(PayloadError, match="is no post of X"):
        collected(2, data={"rest_id": str(x.tweet_id(1))})
