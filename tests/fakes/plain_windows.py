"""Posts around a campaign and what was observed of them; and their numbers in plain Python."""

from __future__ import annotations

import math
import random
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import pairwise
from statistics import median
from typing import Any

from lake import times
from lake.layout import native_key
from lake.records import Post
from lake.store import Store
from tests.fakes import plain_answers as plain
from tests.fakes.campaign_posts import END, START, random_posts

Shots = Sequence[tuple[float, float]]
HOUR = timedelta(hours=1)
AGES_H = {"1h": 1.0, "24h": 24.0, "7d": 168.0}


def posts_around(seed: int, count: int = 400) -> list[Post]:
    """Random posts, from 12 days before the campaign to 12 days after it, most of them during."""
    rng = random.Random(seed)
    span = END - START + timedelta(days=24)
    edges = [START - (END - START), START, END, END + (END - START)]
    edges += [edge - timedelta(milliseconds=1) for edge in edges]
    found = []
    for number, post in enumerate(random_posts(seed, count)):
        anywhere = START - timedelta(days=12) + span * rng.betavariate(2, 2)
        at = edges[number] if number < len(edges) else anywhere
        tags = ("acme",) if number < len(edges) else post.hashtags
        at = at.replace(microsecond=at.microsecond // 1000 * 1000)
        found.append(replace(post, created_at=at, hashtags=tags))
    return found


def random_shots(seed: int, posts: Sequence[Post]) -> dict[str, list[tuple[float, float]]]:
    """Ages in hours and engagement by native id: growing, with losses, some with few or none."""
    rng = random.Random(seed)
    found = {}
    for post in posts:
        if rng.random() < 0.1:
            continue
        ages = {0.5, 0.9, 1.5, 5.0, 20.0, 26.0, 60.0, 150.0, 170.0, 400.0, rng.randrange(1, 500)}
        kept = sorted(age for age in ages if rng.random() < 0.75)
        value, shots = 0.0, []
        for age in kept:
            value = max(0.0, value + rng.choice([-3, 0, 1, 5, 40]))
            shots.append((float(age), value))
        if shots:
            found[post.native_id] = shots
    return found


async def seed_shots(store: Store, posts: Sequence[Post], shots: Mapping[str, Shots]) -> None:
    """Writes observations, and such as must not count: too early, too late, of others, empty."""
    operations: list[dict[str, Any]] = []

    def put(post: Post, at: datetime, numbers: dict[str, Any], entity: str = "post") -> None:
        key = native_key(post.platform, post.native_id)
        operations.append({"index": {"_index": store.layout.metrics(at)}})
        operations.append(
            {
                "@timestamp": times.to_text(at),
                "platform": post.platform,
                "entity": {"type": entity, "id": key},
                "run": "run-1",
                "metrics": {"likes": 1},
                **numbers,
            }
        )

    for post in posts:
        for age, value in shots.get(post.native_id, ()):
            put(post, post.created_at + age * HOUR, _engagement(int(value)))
        put(post, post.created_at - HOUR, _engagement(7777))
        put(post, post.created_at + HOUR, {})
        put(post, post.created_at + HOUR, _engagement(8888), entity="tag")
        put(post, datetime(2098, 1, 1, tzinfo=START.tzinfo), _engagement(9999))
    for start in range(0, len(operations), 4_000):  # a body of 1 MB and more makes aiohttp warn
        answer = await store.client.bulk(operations=operations[start : start + 4_000])
        assert not answer["errors"]
    await store.client.indices.refresh(index=store.layout.every("metrics"))


def _engagement(value: int) -> dict[str, Any]:
    return {"engagement": {"value": value, "definition": "engagement.v1"}}


def window_numbers(own: plain.Plain, days: float) -> dict[str, tuple[float | None, float | None]]:
    """The total and the rate per day of each flow."""
    found: dict[str, float | None] = {
        "posts": len(own.posts),
        "authors": len(own.by_author()),
        "potential_impressions": plain.potential_impressions(own)[0],
    }
    for name in ("engagement", "likes", "shares", "comments", "quotes", "saves", "views"):
        found[name] = plain.summed(own.posts, name)[0] if own.posts else 0
    return {
        name: (value, None if value is None or not days else value / days)
        for name, value in found.items()
    }


def aged(posts: Sequence[Post], shots: Mapping[str, Shots]) -> dict[str, dict[str, Any]]:
    """Mean, median and number of the known engagements at each age."""
    found = {}
    for name, age in AGES_H.items():
        values = [_at(shots.get(post.native_id, ()), age) for post in posts]
        known = [value for value in values if value is not None]
        found[name] = {
            "n": len(known),
            "mean": math.fsum(known) / len(known) if known else None,
            "median": median(known) if known else None,
        }
    return found


def _at(shots: Shots, age: float) -> float | None:
    for (low, start), (high, end) in pairwise(shots):
        if low <= age <= high:
            near = age - low <= age / 4 or high - age <= age / 4
            part = (age - low) / (high - low)
            return start * (1 - part) + end * part if near else None
    return shots[0][1] if len(shots) == 1 and shots[0][0] == age else None


def half_lives(posts: Sequence[Post], shots: Mapping[str, Shots]) -> tuple[list[float], int]:
    """The half-lives that are known, and how many of them are only upper bounds."""
    found, bounds = [], 0
    for post in posts:
        own = shots.get(post.native_id, ())
        week = _at(own, 168)
        if not week:
            continue
        first = next(n for n, (_, value) in enumerate(own) if value >= week / 2)
        if first == 0:
            bounds += 1
            found.append(own[0][0])
        else:
            found.append(_crossing(own[first - 1], own[first], week / 2))
    return found, bounds


def _crossing(one: tuple[float, float], two: tuple[float, float], height: float) -> float:
    """Where a rising line passes a height, by halving."""
    low, high = one[0], two[0]
    for _ in range(80):
        middle = (low + high) / 2
        value = one[1] + (two[1] - one[1]) * (middle - one[0]) / (two[0] - one[0])
        low, high = (middle, high) if value < height else (low, middle)
    return high


def velocities(posts: Sequence[Post], shots: Mapping[str, Shots]) -> tuple[list[float], float]:
    """What each post of two observations or more gained per hour, and what all of them lost."""
    gains, lost = [], 0.0
    for post in posts:
        own = shots.get(post.native_id, ())
        if len(own) < 2:
            continue
        deltas = [two[1] - one[1] for one, two in pairwise(own)]
        gains.append(sum(d for d in deltas if d > 0) / (own[-1][0] - own[0][0]))
        lost += sum(d for d in deltas if d < 0)
    return gains, lost
