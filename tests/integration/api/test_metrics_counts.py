"""Metrics that are counts and sums of posts, by their numbers: small vectors over HTTP."""

from __future__ import annotations

import math
from datetime import timedelta
from typing import Any

import pytest

from lake.records import Kind
from lake.store import Store
from tests.fakes.campaign_posts import START
from tests.fakes.found_posts import a_post, seed_found
from tests.fakes.running_api import Api

_KINDS: tuple[Kind, ...] = ("post", "post", "reshare", "quote", "reply", "comment")


@pytest.fixture
async def answers(api: Api, store: Store) -> dict[str, Any]:
    """Summary, sentiment and share of voice of eight posts by two accounts."""
    at = START + timedelta(hours=1)
    kinds = [a_post(f"p{n}", at, kind=kind, author="ab"[n % 2]) for n, kind in enumerate(_KINDS)]
    good = a_post("good", at, tags=("acme",), author="a", likes=9, shares=10, views=100)
    bad = a_post("bad", at, tags=("acme", "rival"), author="b", likes=1, views=20)
    theirs = a_post("theirs", at, tags=("rival",), author="c", likes=4)
    await seed_found(store, kinds)
    await seed_found(store, [good, theirs], score=0.5)
    await seed_found(store, [bad], score=-1.0)
    path = f"/v1/campaigns/{await api.create()}"
    names = ("summary", "sentiment", "share-of-voice")
    return {name: await api.get(f"{path}/{name}") for name in names}


async def test_metric_1_2_3_8_posts_users_and_views(answers: dict[str, Any]) -> None:
    metrics = answers["summary"]["metrics"]

    posts, users, views = (metrics[name] for name in ("posts", "authors", "views"))
    assert posts["by_kind"] == {"post": 4, "reshare": 1, "quote": 1, "reply": 1}
    assert posts["value"] == sum(posts["by_kind"].values()) == 7
    assert users["value"] == 2
    assert posts["value"] / users["value"] == 3.5
    assert (views["value"], views["n"], views["missing"]) == (120, 7, 5)


async def test_metric_21_means_of_sentiment(answers: dict[str, Any]) -> None:
    metrics = answers["sentiment"]["metrics"]

    heavy, light = math.log(1 + 19), math.log(1 + 1)
    weighted = (0.5 * heavy - 1.0 * light) / (heavy + light)
    assert metrics["sentiment_mean"]["value"] == pytest.approx(-0.25)
    assert metrics["sentiment_weighted_mean"]["value"] == pytest.approx(weighted)


async def test_metric_23_share_of_voice_with_tone(answers: dict[str, Any]) -> None:
    own, rival, *others = answers["share-of-voice"]["brands"]

    assert own["positive_posts"] == {"value": 1, "share": 50}
    assert rival["positive_posts"] == {"value": 1, "share": 50}
    assert {brand["positive_posts"]["share"] for brand in others} == {0}
    assert (own["net_sentiment"], rival["net_sentiment"]) == (0, 0)
