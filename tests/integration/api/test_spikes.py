"""Spiking posts of the API against plain Python over the same posts."""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import pytest

from api.answers.spikes import spikes
from lake.records import Author, Post
from lake.store import Store
from tests.fakes import plain_peaks as plain
from tests.fakes.campaign_posts import END, START
from tests.fakes.running_api import Api

HOUR = timedelta(hours=1)


def observations(post: Post) -> Sequence[tuple[datetime, int]]:
    """What a post's engagement was at up to three times: it grew, fell or is new."""
    rng = random.Random(post.native_id)
    first = rng.randrange(10)
    gained = rng.choice([-2, 1, 2, 3, 5]) + (4000 if rng.random() < 0.05 else 0)
    seen = [
        (post.created_at + HOUR, 0),
        (post.created_at + 2 * HOUR, first),
        (post.created_at + 6 * HOUR, first + gained),
    ]
    return seen[: rng.choice([1, 3, 3, 3, 3])]


def speeds(posts: Sequence[Post]) -> dict[str, float]:
    found = {}
    for post in posts:
        seen = observations(post)
        if len(seen) == 3 and seen[2][1] >= seen[1][1]:
            found[post.native_id] = (seen[2][1] - seen[1][1]) / 4
    return found


async def test_every_spike_equals_a_count_by_hand(api: Api, store: Store) -> None:
    posts = plain.engaging_posts(7)
    await plain.seed(store, posts, {})
    await plain.seed_observations(store, posts, observations)
    own = plain.own_posts(posts)
    by_rate = plain.spikes_by_rate(own)
    reddit = [post for post in own if post.platform == "reddit"]
    by_speed = plain.spikes_by_speed(reddit, speeds(own))
    path = f"/v1/campaigns/{await api.create()}/spikes"

    answer = await api.get(path, k=0, limit=100)

    inside = [post for post in own if START <= post.created_at < END]
    assert answer["n"] == len(inside)
    assert (answer["exact"], answer["sampled"], answer["posts_read"]) == (True, False, _read(own))
    found = {row["post"]["id"]: row for row in answer["spikes"]}
    rows = {name: row for name, row in found.items() if row["z_of"] == "engagement_rate"}
    assert {name: row["z"] for name, row in rows.items()} == pytest.approx(by_rate)
    assert len(by_rate) >= 2
    fast = {name: row for name, row in found.items() if row["post"]["platform"] == "reddit"}
    assert {name: row["z"] for name, row in fast.items()} == pytest.approx(by_speed)
    assert len(by_speed) >= 2
    elsewhere = plain.spikes_by_speed([p for p in own if p.platform == "x"], speeds(own))
    for name, row in found.items():
        if row["post"]["platform"] == "x" and row["z_of"] == "velocity":
            assert row["z"] == pytest.approx(elsewhere[name])
            assert plain.rate(next(post for post in own if post.native_id == name)) is None
    assert all(row["found_by"] == [row["z_of"]] for row in answer["spikes"])
    assert answer["value"] == len(found)
    zs = [row["z"] for row in answer["spikes"]]
    assert zs == sorted(zs, reverse=True)


def _read(own: Sequence[Post]) -> int:
    return sum(START - plain.WEEK <= post.created_at < END for post in own)


async def test_the_top_by_comments_of_each_platform_are_found_too(api: Api, store: Store) -> None:
    posts = plain.engaging_posts(4)
    await plain.seed(store, posts, {})
    path = f"/v1/campaigns/{await api.create()}/spikes"

    answer = await api.get(path, k=3, limit=100)

    rows: list[Any] = [row for row in answer["spikes"] if "comments" in row["found_by"]]
    for platform in ("x", "reddit"):
        here = sorted(
            (row["comments_rank"], row["post"]["metrics"]["comments"])
            for row in rows
            if row["post"]["platform"] == platform
        )
        counts = sorted(
            (
                post.metrics.get("comments", 0)
                for post in plain.own_posts(posts)
                if post.platform == platform and START <= post.created_at < END
            ),
            reverse=True,
        )
        assert here == list(enumerate(counts[:3], start=1))
    assert answer["by_rule"]["comments"] == 6
    first = (await api.get(path, k=3, limit=1))["spikes"]
    assert first == answer["spikes"][:1]


async def test_of_very_many_posts_a_sample_is_the_reference_and_hits_are_still_found(
    api: Api, store: Store
) -> None:
    usual = [_liked(f"u{place}", place * 310, 5 + place % 10) for place in range(3000)]
    hits = [_liked(f"hit{place}", 400_000 + place, 9_000) for place in range(3)]
    few = [_liked(f"few{place}", place * 3100, 5 + place, platform="y") for place in range(200)]
    await plain.seed(store, [*usual, *hits, *few], {})
    campaign = await store.campaigns.get(await api.create())

    answer = await spikes(store, campaign, k=0, most_read=600)

    assert (answer["exact"], answer["sampled"]) == (False, True)
    assert (
        150 + 200 < answer["posts_read"] < 600 + 200
    )  # a sample of one platform, all of the other
    assert {row["post"]["id"] for row in answer["spikes"]} == {"hit0", "hit1", "hit2"}
    assert all(30 <= row["n"] < 600 for row in answer["spikes"])
    assert answer["error_bound"] == max(row["error_bound"] for row in answer["spikes"]) > 0
    exact = await spikes(store, campaign, k=0)
    assert {row["post"]["id"] for row in exact["spikes"]} == {"hit0", "hit1", "hit2"}


def _liked(native_id: str, after_s: int, likes: int, platform: str = "x") -> Post:
    return Post(
        platform=platform,
        kind="post",
        native_id=native_id,
        created_at=START + timedelta(seconds=after_s),
        observed_at=END,
        text="liked",
        author=Author("a1", followers=500),
        hashtags=("acme",),
        metrics={"likes": likes},
    )


async def test_a_campaign_without_posts_has_no_spikes(api: Api) -> None:
    path = f"/v1/campaigns/{await api.create()}/spikes"

    answer = await api.get(path)

    assert (answer["value"], answer["n"], answer["missing"], answer["spikes"]) == (0, 0, 0, [])
    assert (await api.refusal("GET", path, params={"limit": "101"}))[0] == 422
    assert (await api.refusal("GET", path, params={"k": "-1"}))[0] == 422
