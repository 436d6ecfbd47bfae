"""The sample's payloads have the platforms' shapes, and the seam serves all of them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from functools import cache

import pytest

from ingestors.platform import Page, Payload, Target
from ingestors.platforms import mastodon
from lake.errors import InvalidError
from lake.records import Post, Record
from lake.text import normal_hashtag
from taglake.sample import shape_mastodon
from taglake.sample.campaign import SAMPLE, window
from taglake.sample.drafts import Draft
from taglake.sample.people import PLATFORMS
from taglake.sample.platform import SamplePlatform, targets
from taglake.sample.stream import SamplePage, native_id, payload_pages, sightings
from taglake.sample.truth import truth

END = datetime(2026, 11, 1, 17, 42, tzinfo=UTC)
SEED = 7


@cache
def the_pages() -> tuple[SamplePage, ...]:
    return tuple(payload_pages(SEED, END))


def payload_id(platform: str, payload: Payload) -> str:
    if platform == "x":
        return str(payload.body["data"]["id"])
    return str(payload.body["uri"])


def mastodon_drafts() -> list[Draft]:
    seen = sightings(SEED, END, "mastodon", 6000)
    return [one.draft for poll in range(3) for one in seen(poll) if not one.again]


def test_mastodon_statuses_become_posts_with_the_text_and_tags_that_were_meant():
    normalise = mastodon.normalise
    for draft in mastodon_drafts():
        payload = shape_mastodon.payload(draft, END)

        (post,) = normalise(payload, END)

        assert isinstance(post, Post)
        assert post.native_id == native_id(draft)
        assert post.kind == draft.kind
        assert post.created_at == draft.created
        assert post.author.followers == draft.author.followers
        assert set(post.hashtags) == {normal_hashtag(tag) for tag in draft.tags}
        assert post.text.endswith(draft.text.strip())


def test_x_payloads_join_author_parent_and_offsets():
    for page in the_pages():
        for payload in page.payloads if page.platform == "x" else ():
            tweet, includes = payload.body["data"], payload.body["includes"]
            assert tweet["author_id"] in {user["id"] for user in includes["users"]}
            for reference in tweet.get("referenced_tweets", ()):
                assert reference["id"] in {parent["id"] for parent in includes["tweets"]}
            text = tweet.get("note_tweet", tweet)["text"]
            for tag in tweet["entities"]["hashtags"]:
                assert text[tag["start"] : tag["end"]] == f"#{tag['tag']}"


def test_bluesky_facets_index_the_bytes_of_their_hashtags():
    for page in the_pages():
        for payload in page.payloads if page.platform == "bluesky" else ():
            record = payload.body["record"]
            data = record["text"].encode()
            for facet in record["facets"]:
                index, (feature,) = facet["index"], facet["features"]
                found = data[index["byteStart"] : index["byteEnd"]].decode()
                assert found == f"#{feature['tag']}"


def reject(payload: Payload, observed_at: datetime) -> Sequence[Record]:
    raise AssertionError("pages() normalises nothing")


def sample_platform(name: str) -> SamplePlatform:
    return SamplePlatform(name, reject, seed=SEED, end=END)


async def pages_after(platform: SamplePlatform, target: Target, cursor: str | None) -> list[Page]:
    return [page async for page in platform.pages(target, cursor)]


async def test_the_targets_hold_every_post_and_a_post_with_two_tags_twice():
    ids: dict[str, list[set[str]]] = {name: [] for name in PLATFORMS}
    for target in targets():
        pages = await pages_after(sample_platform(target.platform), target, None)
        found = {payload_id(target.platform, p) for page in pages for p in page.payloads}
        ids[target.platform].append(found)

    for name, parts in ids.items():
        assert len(set().union(*parts)) == truth(SEED, END).platforms[name]
        assert sum(map(len, parts)) > truth(SEED, END).platforms[name]


async def test_a_walk_goes_on_after_any_cursor():
    target = Target("x", "hashtag", SAMPLE.hashtags[1])
    whole = await pages_after(sample_platform("x"), target, None)

    for number, page in list(enumerate(whole))[::4]:
        rest = await pages_after(sample_platform("x"), target, page.cursor)
        assert rest == whole[number + 1 :]


async def test_the_sample_platform_normalises_like_the_real_one():
    normalise = mastodon.normalise
    platform = SamplePlatform("mastodon", normalise, seed=SEED, end=END)
    page = (await pages_after(platform, Target("mastodon", "hashtag", "ospreth"), None))[0]

    posts = [platform.normalise(payload, page.observed_at) for payload in page.payloads]

    assert all(isinstance(post, Post) and "ospreth" in post.hashtags for (post,) in posts)


async def test_a_target_that_is_no_hashtag_is_refused():
    with pytest.raises(InvalidError):
        await pages_after(sample_platform("x"), Target("x", "profile", "wyndhollow"), None)


async def test_the_cursor_of_another_sample_begins_anew_and_a_damaged_one_is_refused():
    target = Target("x", "hashtag", "wyndhollow")
    whole = await pages_after(sample_platform("x"), target, None)
    cursor = whole[0].cursor or ""

    assert await pages_after(sample_platform("x"), target, "another/12") == whole
    with pytest.raises(InvalidError):
        await pages_after(sample_platform("x"), target, cursor + "x")


@pytest.mark.parametrize(("seed", "posts"), [(-1, 6000), (1, 0), (1, 499), (1, 1 << 40)])
def test_a_sample_that_cannot_be_made_is_refused(seed: int, posts: int):
    with pytest.raises(InvalidError):
        next(payload_pages(seed, END, posts))


def test_an_unknown_platform_is_refused():
    with pytest.raises(InvalidError, match="no platform reddit"):
        sample_platform("reddit")


def test_an_end_without_a_time_zone_is_refused():
    with pytest.raises(ValueError, match="time zone"):
        window(END.replace(tzinfo=None))


def test_another_seed_makes_other_posts():
    ours = next(payload_pages(1, END, 500))
    theirs = next(payload_pages(2, END, 500))

    assert ours.payloads != theirs.payloads


def test_the_window_is_thirty_days_that_end_on_the_hour():
    start, end = window(END)

    assert end == datetime(2026, 11, 1, 17, tzinfo=UTC)
    assert end - start == timedelta(days=30)
