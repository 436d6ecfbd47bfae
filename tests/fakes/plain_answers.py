"""The answers once more, in plain Python over the posts: nothing of ``analysis`` is used here."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from lake.engagement import current_definition
from lake.records import Post

KINDS = {"post", "reshare", "quote", "reply"}


@dataclass(frozen=True)
class Plain:
    """Posts of a campaign and their scores."""

    posts: Sequence[Post]
    scores: Mapping[str, tuple[str, float]]

    def by_author(self) -> dict[str, list[Post]]:
        found: dict[str, list[Post]] = {}
        for post in self.posts:
            if author := key_of(post):
                found.setdefault(author, []).append(post)
        return found

    def followers(self) -> dict[str, int | None]:
        return {author: latest_followers(posts) for author, posts in self.by_author().items()}

    def reaches(self) -> dict[str, int | None]:
        """The highest count at the time of a post, else the latest."""
        found = self.followers()
        for author, posts in self.by_author().items():
            then = [count for post in posts if (count := followers_then(post)) is not None]
            found[author] = max(then) if then else found[author]
        return found

    def labels(self) -> dict[str, int]:
        count = Counter(
            self.scores[post.native_id][0] for post in self.posts if post.native_id in self.scores
        )
        return {label: count[label] for label in ("positive", "neutral", "negative", "unsure")}


@dataclass(frozen=True)
class Seeded:
    """A registered campaign, its posts, and those of its whole panel."""

    campaign: str
    own: Plain
    panel: Plain


def chosen(posts: Sequence[Post], tags: set[str], start: datetime, end: datetime) -> list[Post]:
    return [
        post
        for post in posts
        if post.kind in KINDS and start <= post.created_at < end and tags & set(post.hashtags)
    ]


def key_of(post: Post) -> str | None:
    name = post.author.id or (post.author.handle or "").lower()
    return f"{post.platform}:{name}" if name else None


def latest_followers(posts: Sequence[Post]) -> int | None:
    known = [
        (post.observed_at, post.created_at, post.author.followers)
        for post in posts
        if post.author.followers is not None
    ]
    return max(known)[2] if known else None


def followers_then(post: Post) -> int | None:
    """The followers at the time of posting, which a sight within a week tells."""
    near = abs(post.observed_at - post.created_at) <= timedelta(days=7)
    return post.author.followers if near else None


def followed(post: Post, followers: Mapping[str, int | None]) -> int | None:
    then = followers_then(post)
    return followers.get(key_of(post) or "") if then is None else then


def number(post: Post, metric: str) -> int | None:
    if metric == "engagement":
        return current_definition().value(post.platform, post.metrics)
    return post.metrics.get(metric)


def summed(posts: Sequence[Post], metric: str) -> tuple[int | None, int]:
    """The sum, and how many posts do not tell."""
    known = [value for post in posts if (value := number(post, metric)) is not None]
    return (sum(known) if known else None), len(posts) - len(known)


def potential_impressions(plain: Plain) -> tuple[int, int]:
    followers = plain.followers()
    value = missing = 0
    for post in plain.posts:
        own = followed(post, followers)
        if post.kind == "reply":
            value += 1
        elif own is None:
            missing += 1
        else:
            value += own
    return value, missing


def mean_rate(plain: Plain) -> float:
    followers = plain.followers()
    rates = [
        100 * engagement / own
        for post in plain.posts
        if (own := followed(post, followers))
        and (engagement := number(post, "engagement")) is not None
    ]
    return math.fsum(rates) / len(rates)


def pooled_rate(posts: Sequence[Post], followers: Mapping[str, int | None]) -> float | None:
    pairs = [
        (engagement, own)
        for post in posts
        if (own := followed(post, followers)) is not None
        and (engagement := number(post, "engagement")) is not None
    ]
    below = sum(own for _, own in pairs)
    return 100 * sum(engagement for engagement, _ in pairs) / below if below else None


def weighted_tone(plain: Plain) -> float:
    pairs = [
        (math.log(1 + max(0, engagement)), plain.scores[post.native_id][1])
        for post in plain.posts
        if post.native_id in plain.scores and (engagement := number(post, "engagement")) is not None
    ]
    return math.fsum(w * s for w, s in pairs) / math.fsum(w for w, _ in pairs)


def influencer_rows(plain: Plain) -> dict[str, dict[str, Any]]:
    followers, reaches = plain.followers(), plain.reaches()
    rows = {}
    for author, posts in plain.by_author().items():
        shares, hidden = summed(posts, "shares")
        tones = [plain.scores[p.native_id][1] for p in posts if p.native_id in plain.scores]
        rows[author] = {
            "posts": len(posts),
            "followers": reaches[author],
            "engagement": summed(posts, "engagement")[0],
            "likes": summed(posts, "likes")[0],
            "shares": shares,
            "comments": summed(posts, "comments")[0],
            "er_pooled": pooled_rate(posts, followers),
            "amplification": None if shares is None else shares / (len(posts) - hidden),
            "sentiment_mean": math.fsum(tones) / len(tones) if tones else None,
        }
    for author, score in influencer_scores(rows).items():
        rows[author]["score"] = score
    return rows


def influencer_scores(rows: Mapping[str, Mapping[str, Any]]) -> dict[str, float]:
    weights = {
        "engagement": 0.35,
        "followers": 0.25,
        "er_pooled": 0.2,
        "amplification": 0.1,
        "posts": 0.05,
        "sentiment_mean": 0.05,
    }
    return {author: _score(row, rows, weights) for author, row in rows.items()}


def _score(row: Mapping[str, Any], rows: Mapping[str, Any], weights: Mapping[str, float]) -> float:
    points = weight = 0.0
    for name, share in weights.items():
        if row[name] is None:
            continue
        others = [other[name] for other in rows.values() if other[name] is not None]
        below = sum(_near(value, row[name], lambda a, b: a < b) for value in others)
        equal = sum(_near(value, row[name], lambda a, b: a == b) for value in others)
        points += share * (below + equal / 2) / len(others)
        weight += share
    return 100 * points / weight


def _near(a: float, b: float, compare: Callable[[float, float], bool]) -> bool:
    return compare(round(a, 9), round(b, 9))


def brand_numbers(
    brands: Mapping[str, set[str]], plain: Plain, *, fractional: bool
) -> dict[str, dict[str, float]]:
    followers = plain.reaches()
    found = {
        name: dict.fromkeys(("posts", "users", "engagement", "potential_reach"), 0.0)
        for name in brands
    }
    for post in plain.posts:
        named = [name for name, tags in brands.items() if tags & set(post.hashtags)]
        for name in named:
            part = 1 / len(named) if fractional else 1
            found[name]["posts"] += part
            found[name]["engagement"] += part * (number(post, "engagement") or 0)
    for author, posts in plain.by_author().items():
        said = {tag for post in posts for tag in post.hashtags}
        named = [name for name, tags in brands.items() if tags & said]
        for name in named:
            part = 1 / len(named) if fractional else 1
            found[name]["users"] += part
            found[name]["potential_reach"] += part * (followers[author] or 0)
    return found
