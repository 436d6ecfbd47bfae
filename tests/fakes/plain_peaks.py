"""Posts hour by hour with bursts in them, and their peaks and spikes in plain Python.

Nothing of ``analysis`` is used here.
"""

from __future__ import annotations

import math
import random
import re
import statistics
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from lake.layout import native_key
from lake.records import Author, Post
from lake.store import Store
from tests.fakes.campaign_posts import END, START, seed_store
from tests.fakes.plain_answers import KINDS, number

HOUR, WEEK = timedelta(hours=1), timedelta(days=7)
_POSTS_A_REQUEST = 400
OWN = {"acme", "acmelove"}
Score = tuple[str, float]
# Burst by burst: where it begins, how many posts in its hours.
BURSTS: Mapping[datetime, Sequence[int]] = {
    START + timedelta(days=2, hours=9): (30, 45, 20),
    START + timedelta(days=2, hours=20): (25,),
    START + timedelta(days=8, hours=3): (60,),
}


def hourly_posts(seed: int) -> tuple[list[Post], dict[str, Score]]:
    """A few posts in each hour of five weeks before the window and of the window, and bursts."""
    rng = random.Random(seed)
    posts: list[Post] = []
    hour = START - 5 * WEEK
    while hour < END:
        for _ in range(rng.choice([0, 1, 1, 2, 3])):
            posts.append(_post(rng, len(posts), hour, burst=False))
        hour += HOUR
    for begins, counts in BURSTS.items():
        for place, count in enumerate(counts):
            for _ in range(count):
                posts.append(_post(rng, len(posts), begins + place * HOUR, burst=True))
    labels = ("positive", "neutral", "negative")
    scores = {
        post.native_id: (rng.choice(labels), rng.uniform(-1, 1))
        for post in posts
        if rng.random() < 0.8
    }
    return posts, scores


def _post(rng: random.Random, place: int, hour: datetime, *, burst: bool) -> Post:
    sites = ["news.example", "WWW.Blog.example", "shop.example"]
    text = f"post {place} https://{rng.choice(sites)}/{place}" if rng.random() < 0.5 else "none"
    tags = rng.sample(["spring", "sale", "other"], rng.randrange(3))
    if burst and rng.random() < 0.7:
        text, tags = f"https://launch.example/{place} now", ["launch", *tags]
    handle = "loud" if burst and rng.random() < 0.4 else f"person{rng.randrange(20)}"
    own = [rng.choice(["acme", "acmelove"])] if rng.random() < 0.95 else ["elsewhere"]
    return Post(
        platform=rng.choice(["x", "mastodon"]),
        kind=rng.choice(["post", "post", "reshare", "reply", "comment"]),
        native_id=f"h{place}",
        created_at=hour + timedelta(seconds=rng.randrange(3600)),
        observed_at=END,
        text=text,
        author=Author(None, handle, handle.title()),
        hashtags=(*own, *tags),
        metrics={"likes": rng.randrange(1000)} if rng.random() < 0.9 else {},
    )


async def seed(store: Store, posts: Sequence[Post], scores: Mapping[str, Score]) -> None:
    """Writes posts, some hundred at a time."""
    for place in range(0, len(posts), _POSTS_A_REQUEST):
        await seed_store(store, posts[place : place + _POSTS_A_REQUEST], scores)


def own_posts(posts: Iterable[Post]) -> list[Post]:
    return [post for post in posts if post.kind in KINDS and OWN & set(post.hashtags)]


@dataclass(frozen=True)
class PlainHour:
    """An hour of the window that is a peak."""

    start: datetime
    posts: int
    z: float
    kind: str
    reference: tuple[datetime, ...]


def peak_hours(
    posts: Sequence[Post],
    zone: str = "UTC",
    k: float = 3,
    watched: Callable[[datetime], bool] = lambda hour: True,
) -> list[PlainHour]:
    counts = Counter(_hour(post.created_at) for post in posts)
    there = ZoneInfo(zone)
    hours = [START - 4 * WEEK - 2 * HOUR + place * HOUR for place in range(28 * 24 + 11 * 24 + 2)]
    by_clock: dict[datetime, list[datetime]] = {}
    for hour in hours:
        by_clock.setdefault(hour.astimezone(there).replace(tzinfo=None), []).append(hour)
    found = []
    for hour in hours:
        if hour < START:
            continue
        clock = hour.astimezone(there).replace(tzinfo=None)
        weeks = [[h for h in by_clock.get(clock - w * WEEK, []) if watched(h)] for w in range(1, 5)]
        kind, reference = "hour_of_week", sorted(h for week in weeks for h in week)
        if not all(weeks):
            kind = "trailing_7d"
            reference = [h for h in hours if hour - WEEK <= h < hour and watched(h)]
        values = [counts[h] for h in reference]
        middle = statistics.median(values)
        mad = statistics.median([abs(value - middle) for value in values])
        z = (counts[hour] - middle) / max(1.4826 * mad, math.sqrt(max(middle, 1)))
        if z >= k and counts[hour] >= max(10, 2 * middle):
            found.append(PlainHour(hour, counts[hour], z, kind, tuple(reference)))
    return found


def merged(hours: Sequence[PlainHour]) -> list[list[PlainHour]]:
    runs: list[list[PlainHour]] = []
    for hour in hours:
        if runs and runs[-1][-1].start + HOUR == hour.start:
            runs[-1].append(hour)
        else:
            runs.append([hour])
    return runs


def _hour(moment: datetime) -> datetime:
    return moment.replace(minute=0, second=0, microsecond=0)


def of_hours(posts: Iterable[Post], hours: Iterable[datetime]) -> list[Post]:
    wanted = set(hours)
    return [post for post in posts if _hour(post.created_at) in wanted]


def parts(post: Post, name: str) -> set[str]:
    match name:
        case "authors":
            return {f"{post.platform}:{post.author.handle}"}
        case "hashtags":
            return set(post.hashtags) - OWN
        case _:
            found = re.findall(r"https://([^/]*)/", post.text)
            return {host.lower().removeprefix("www.") for host in found}


def lifts(name: str, peak: Sequence[Post], usual: Sequence[Post]) -> list[tuple[str, float]]:
    """The five parts whose share rose most, and by how much."""
    here = Counter(part for post in peak for part in parts(post, name))
    there = Counter(part for post in usual for part in parts(post, name))
    rose = {part: here[part] / len(peak) - there[part] / len(usual) for part in here}
    return sorted(
        ((part, lift) for part, lift in rose.items() if lift > 0), key=lambda row: (-row[1], row[0])
    )[:5]


def mean_tone(posts: Iterable[Post], scores: Mapping[str, Score]) -> float:
    return statistics.fmean(scores[p.native_id][1] for p in posts if p.native_id in scores)


def engaging_posts(seed: int) -> list[Post]:
    """Posts of two platforms, one of which tells followers; now and then one is a hit."""
    rng = random.Random(seed)
    posts = []
    for place in range(600):
        platform = "x" if place % 4 else "reddit"
        likes = rng.randrange(20) + (rng.randrange(3000) if rng.random() < 0.015 else 0)
        metrics = {"likes" if platform == "x" else "score": likes}
        if rng.random() < 0.8:
            metrics["comments"] = rng.choice([0, 1, 2, 3, 40])
        followers = rng.choice([None, 0, 500, 600]) if platform == "x" else None
        posts.append(
            Post(
                platform=platform,
                kind=rng.choice(["post", "post", "quote", "comment"]),
                native_id=f"e{place}",
                created_at=START + timedelta(seconds=rng.randrange(-9 * 86_400, 11 * 86_400)),
                observed_at=END,
                text=f"post {place}",
                author=Author(f"a{place}", None, None, followers),
                hashtags=("acme",) if rng.random() < 0.95 else ("elsewhere",),
                metrics=metrics,
            )
        )
    return posts


def rate(post: Post) -> float | None:
    engagement, followers = number(post, "engagement"), post.author.followers
    return 100 * engagement / followers if followers and engagement is not None else None


def before(posts: Iterable[Post], one: Post) -> list[Post]:
    start = one.created_at - WEEK
    return [
        post
        for post in posts
        if post.platform == one.platform and start <= post.created_at < one.created_at
    ]


def spikes_by_rate(posts: Sequence[Post]) -> dict[str, float]:
    found = {}
    for post in posts:
        rates = [value for other in before(posts, post) if (value := rate(other)) is not None]
        own = rate(post)
        if post.created_at < START or own is None or len(rates) < 30:
            continue
        z = (own - statistics.fmean(rates)) / statistics.stdev(rates)
        if z > 5:
            found[post.native_id] = z
    return found


def spikes_by_speed(posts: Sequence[Post], speeds: Mapping[str, float]) -> dict[str, float]:
    found = {}
    for post in posts:
        known = [
            math.log1p(speeds[other.native_id])
            for other in before(posts, post)
            if other.native_id in speeds
        ]
        if post.created_at < START or post.native_id not in speeds or len(known) < 5:
            continue
        middle = statistics.median(known)
        mad = statistics.median([abs(value - middle) for value in known])
        z = (math.log1p(speeds[post.native_id]) - middle) / (1.4826 * mad)
        if z >= 3.5:
            found[post.native_id] = z
    return found


async def seed_observations(
    store: Store, posts: Iterable[Post], values: Callable[[Post], Sequence[tuple[datetime, int]]]
) -> None:
    """Writes what each post's engagement was at some times."""
    operations: list[dict[str, Any]] = []
    for post in posts:
        for at, value in values(post):
            key = native_key(post.platform, post.native_id)
            operations.append({"index": {"_index": store.layout.metrics(at)}})
            operations.append(
                {
                    "@timestamp": at,
                    "platform": post.platform,
                    "entity": {"type": "post", "id": key},
                    "run": "run-1",
                    "metrics": {"likes": value},
                    "engagement": {"value": value, "definition": "engagement.v1"},
                }
            )
    answer = await store.client.bulk(operations=operations, refresh=True)
    assert not answer["errors"]
