"""What holds for every answer, on a real node with a few examples."""

from __future__ import annotations

import random
from dataclasses import replace
from typing import Any

import pytest

from lake.store import Store
from tests.fakes.campaign_posts import END, START, random_posts, random_scores, seed_store
from tests.fakes.plain_answers import KINDS
from tests.fakes.running_api import Api

_QUESTIONS = (
    *("summary", "timeline", "influencers", "share-of-voice", "sentiment", "windows"),
    *("spikes", "peaks", "authenticity", "hashtags"),
)
_SUMS = ("posts", "engagement", "likes", "shares", "comments", "quotes", "saves", "views")


def _told(answer: Any) -> Any:
    """An answer without the moment when it was given."""
    if isinstance(answer, dict):
        return {key: _told(one) for key, one in answer.items() if key != "as_of"}
    return [_told(one) for one in answer] if isinstance(answer, list) else answer


@pytest.mark.parametrize("seed", [1, 2])
async def test_the_order_in_which_posts_came_changes_nothing(
    api: Api, store: Store, seed: int
) -> None:
    posts = random_posts(seed, 150)
    given = random_scores(seed, posts)  # eighths, whose sums are exact in any order
    scores = {key: (label, round(score * 8) / 8) for key, (label, score) in given.items()}
    path = f"/v1/campaigns/{await api.create()}"
    found = []
    for number in range(2):
        random.Random(number).shuffle(posts)
        if found:
            there = await store.client.indices.get(index=store.layout.every("posts"))
            await store.client.indices.delete(index=",".join(there.body))
        await seed_store(store, posts, scores)
        for name in (f"n{number}", "Acme spring"):  # a changed campaign is asked about anew
            async with api.session.patch(path, json={"name": name}) as answer:
                assert answer.status == 200
        found.append({name: _told(await api.get(f"{path}/{name}")) for name in _QUESTIONS})

    assert found[0]["summary"]["metrics"]["posts"]["value"] > 30
    for name in _QUESTIONS:
        assert found[0][name] == found[1][name], name


async def test_two_campaigns_of_disjoint_hashtags_add_up_to_their_merger(
    api: Api, store: Store
) -> None:
    rng = random.Random(5)
    posts = [
        replace(post, hashtags=(rng.choice(["acme", "rival"]),)) for post in random_posts(9, 200)
    ]
    await seed_store(store, posts, {})
    paths = [
        f"/v1/campaigns/{await api.create(name=f'c{n}', hashtags=tags, competitors=[])}"
        for n, tags in enumerate((["acme"], ["rival"], ["acme", "rival"]))
    ]

    one, other, both = [(await api.get(f"{path}/summary"))["metrics"] for path in paths]

    inside = [post for post in posts if post.kind in KINDS and START <= post.created_at < END]
    assert both["posts"]["value"] == len(inside) > 60
    for name in _SUMS:
        assert both[name]["value"] == one[name]["value"] + other[name]["value"], name
        assert both[name]["missing"] == one[name]["missing"] + other[name]["missing"], name
    days = [(await api.get(f"{path}/timeline"))["buckets"] for path in paths]
    for first, second, merged in zip(*days, strict=True):
        assert merged["posts"] == first["posts"] + second["posts"]
        known = [bucket["likes"] for bucket in (first, second) if bucket["likes"] is not None]
        assert (merged["likes"] or 0) == sum(known)
