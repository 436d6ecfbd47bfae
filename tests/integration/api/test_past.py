"""Answers as of a moment that has passed: what comes later never changes them."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

from lake import times
from lake.documents import Origin, RawPayload
from lake.records import Post
from lake.store import Sighting, Store
from tests.fakes.campaign_posts import END, random_posts
from tests.fakes.running_api import Api

FIRST, LATER = END + timedelta(days=2), END + timedelta(days=5)
QUESTIONS = (
    *("summary", "timeline", "influencers", "share-of-voice", "sentiment", "coverage"),
    "posts?limit=500",
)


async def _see(store: Store, posts: Sequence[Post]) -> None:
    """The posts come in as from a poll: merged with what is there, and observed."""
    seen = [
        Sighting(RawPayload("post", {"id": post.native_id, "n": number}, post.observed_at), [post])
        for number, post in enumerate(posts)
    ]
    batch = await store.submit(seen, Origin(f"run-{random.random()}", "x:hashtag:acme"))
    await batch.done()
    await store.refresh()


def _again(posts: Sequence[Post], rng: random.Random) -> list[Post]:
    """Most of the posts, seen later, with other numbers and other followers."""
    found = []
    for post in posts:
        if rng.random() < 0.3:
            continue
        more = {name: value + rng.randrange(5) for name, value in post.metrics.items()}
        grown = (post.author.followers or 0) + 3 if more != post.metrics else post.author.followers
        author = replace(post.author, followers=grown if post.metrics else post.author.followers)
        found.append(replace(post, metrics=more, author=author, observed_at=LATER))
    return found


async def _answers(api: Api, campaign: str, as_of: str) -> dict[str, Any]:
    found = {}
    for question in QUESTIONS:
        path, _, limit = question.partition("?limit=")
        params = {"as_of": as_of} | ({"limit": limit} if limit else {})
        answer = await api.get(f"/v1/campaigns/{campaign}/{path}", **params)
        answer.pop("next", None)
        found[question] = answer
    return found


async def test_a_later_sight_changes_no_earlier_answer(api: Api, store: Store) -> None:
    rng = random.Random(3)
    posts = [replace(post, observed_at=END) for post in random_posts(5, 200)]
    late = [
        replace(post, native_id=f"late{post.native_id}", observed_at=LATER)
        for post in random_posts(6, 40)
    ]
    await _see(store, posts)
    campaign, moment = await api.create(), times.to_text(FIRST)
    before = await _answers(api, campaign, moment)

    await _see(store, [*_again(posts, rng), *late])

    after = await _answers(api, campaign, moment)
    now = await _answers(api, campaign, times.to_text(LATER + timedelta(hours=1)))
    for question in QUESTIONS:
        assert _differing(after[question], before[question], question) == []
    assert (
        now["summary"]["metrics"]["posts"]["value"] > before["summary"]["metrics"]["posts"]["value"]
    )
    engagement = [one["summary"]["metrics"]["engagement"]["value"] for one in (before, now)]
    assert engagement[1] > engagement[0] > 0
    reach = [one["summary"]["metrics"]["potential_reach"]["value"] for one in (before, now)]
    assert reach[1] != reach[0] > 0
    assert before["summary"]["as_of"] == moment
    await _nothing_is_left(store)


async def _nothing_is_left(store: Store) -> None:
    there = await store.client.indices.get(index=store.layout.every("past"), features="aliases")
    assert not dict(there)


async def test_pages_of_a_past_moment_go_on_with_its_numbers(api: Api, store: Store) -> None:
    posts = [replace(post, observed_at=END) for post in random_posts(8, 120)]
    await _see(store, posts)
    campaign, moment = await api.create(), times.to_text(FIRST)
    path = f"/v1/campaigns/{campaign}/posts"
    whole = await api.get(path, as_of=moment, limit=500)
    await _see(store, _again(posts, random.Random(4)))

    page = await api.get(path, as_of=moment, limit=20)
    items = page["items"]
    while page["next"]:
        status, problem = await api.refusal("GET", path, params={"cursor": page["next"]})
        assert (status, "another from, to, platform or as_of" in problem["detail"]) == (400, True)
        page = await api.get(path, as_of=moment, limit=20, cursor=page["next"])
        items += page["items"]

    assert items == whole["items"]
    await _nothing_is_left(store)


async def test_parts_of_a_campaign_add_up_and_unknown_parameters_are_named(
    api: Api, store: Store
) -> None:
    await _see(store, random_posts(9, 150))
    campaign = await api.create()
    path = f"/v1/campaigns/{campaign}"
    whole = (await api.get(f"{path}/summary"))["metrics"]["posts"]

    halves = [
        (await api.get(f"{path}/summary", **part))["metrics"]["posts"]["value"]
        for part in ({"to": "2025-04-02"}, {"from": "2025-04-02"})
    ]
    platforms = await asyncio.gather(
        *(api.get(f"{path}/summary", platform=name) for name in whole["by_platform"])
    )

    assert sum(halves) == whole["value"]
    counts = [one["metrics"]["posts"]["value"] for one in platforms]
    assert counts == list(whole["by_platform"].values())
    for query, says in (
        ({"form": "2025-04-02"}, "known are as_of, exact, from, platform, to"),
        ({"from": "x"}, "'x' is no time"),
        ({"from": "2025-04-02", "to": "2025-04-02"}, "is not before"),
        ({"platform": "X!"}, "pattern"),
    ):
        status, problem = await api.refusal("GET", f"{path}/summary", params=query)
        assert (status, says in problem["detail"]) == (422, True), problem
    status, problem = await api.refusal("GET", "/v1/campaigns", params={"x": "1"})
    assert (status, "takes none" in problem["detail"]) == (422, True)


async def test_an_answer_is_given_again_until_something_changes(api: Api, store: Store) -> None:
    await _see(store, random_posts(10, 50))
    campaign = await api.create()
    path = f"/v1/campaigns/{campaign}/summary"

    first = await api.get(path)
    again = await api.get(path)
    await _see(
        store, [replace(post, native_id=f"n{post.native_id}") for post in random_posts(10, 5)]
    )
    changed = await api.get(path)

    assert again == first
    assert changed["as_of"] > first["as_of"]
    async with api.session.patch(f"/v1/campaigns/{campaign}", json={"hashtags": ["x"]}) as answer:
        assert answer.status == 200
    assert (await api.get(path))["metrics"]["posts"]["value"] == 0


def _differing(one: Any, other: Any, where: str = "") -> list[str]:
    """The places where two answers differ."""
    if isinstance(one, dict) and isinstance(other, dict):
        return [
            line
            for key in sorted({*one, *other})
            for line in _differing(one.get(key), other.get(key), f"{where}.{key}")
        ]
    if isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
        pairs = enumerate(zip(one, other, strict=True))
        return [line for n, pair in pairs for line in _differing(*pair, f"{where}[{n}]")]
    return [] if one == other else [f"{where}: {one!r} != {other!r}"]
