"""The authors of posts, each with exact totals, gathered page by page.

A page asks for pairs of author and follower count, because that needs no document: the newest of an
author's counts is the one whose posts were observed last. All other totals simply add up.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from analysis.numbers import ratio
from analysis.parts import SCORED, aggregations, sum_and_count, sums
from lake.records import Json

SUMMED = ("engagement", "likes", "shares", "comments")


@dataclass(slots=True)
class Author:
    """One author's totals over the posts in question.

    Args:
        key: ``<platform>:<id or handle>``.
        posts: Their posts.
        replies: How many of these are replies.
        followers: The latest follower count that is known.
        sums: Sum of each of ``SUMMED``.
        known: How many posts show each of ``SUMMED``.
        score_sum: Sum of the sentiment scores.
        scored: How many posts have one.
        brands: Places, in the panel, of the brands that the posts name; only where it was asked.
    """

    key: str
    posts: int = 0
    replies: int = 0
    followers: int | None = None
    sums: dict[str, float] = field(default_factory=lambda: dict.fromkeys(SUMMED, 0.0))
    known: dict[str, int] = field(default_factory=lambda: dict.fromkeys(SUMMED, 0))
    score_sum: float = 0.0
    scored: int = 0
    brands: set[int] = field(default_factory=set)
    _seen: tuple[float, float, int] = (-1.0, -1.0, -1)

    def total(self, metric: str) -> float | None:
        """The sum of a metric; None where no post shows it."""
        return self.sums[metric] if self.known[metric] else None

    def impressions(self) -> float | None:
        """Potential impressions: followers for each post, 1 for each reply; None if unknown."""
        if self.posts == self.replies:
            return self.replies
        if self.followers is None:
            return None
        return (self.posts - self.replies) * self.followers + self.replies

    def engagement_rate(self) -> float | None:
        """Pooled engagement rate by followers, in percent."""
        found = ratio(
            self.total("engagement"), self.known["engagement"] * (self.followers or 0) or None
        )
        return None if found is None else 100 * found

    def amplification(self) -> float | None:
        """Shares for each post that shows them."""
        return ratio(self.total("shares"), self.known["shares"])

    def sentiment(self) -> float | None:
        """Mean score of the scored posts."""
        return ratio(self.score_sum, self.scored)

    def add(self, bucket: Json) -> None:
        """Adds one pair of author and follower count."""
        self.posts += bucket["doc_count"]
        self.replies += bucket["replies"]["doc_count"]
        for metric in SUMMED:
            found, known = sum_and_count(bucket, metric)
            self.sums[metric] += found
            self.known[metric] += known
        found, known = sum_and_count(bucket["scored"], "score")
        self.score_sum += found
        self.scored += known
        self.brands.update(_brands(bucket))
        followers = bucket["key"]["followers"]
        if followers is not None:
            seen = (bucket["observed"]["value"] or 0, bucket["posted"]["value"] or 0, followers)
            if seen > self._seen:
                self._seen, self.followers = seen, followers


def _brands(bucket: Json) -> Iterable[int]:
    found: dict[str, Any] = bucket.get("brands", {}).get("buckets", {})
    return [int(place) for place, brand in found.items() if brand["doc_count"]]


def authors_body(
    query: Json, *, after: Json | None, size: int, brands: Iterable[Json] = ()
) -> Json:
    """A request for the next ``size`` pairs of author and follower count.

    Args:
        query: The posts in question.
        after: The ``next_page`` of the page before.
        size: Pairs in the page; with brands, ``size`` times their number is counted as buckets, of
            which a cluster allows 65,536 in one answer.
        brands: What tells each brand's posts.
    """
    sources: list[Json] = [
        {"author": {"terms": {"field": "author.key"}}},
        {"followers": {"terms": {"field": "author.followers", "missing_bucket": True}}},
    ]
    composite: Json = {"size": size, "sources": sources}
    if after is not None:
        composite["after"] = after
    below: Json = {
        **sums(*SUMMED),
        "replies": {"filter": {"term": {"kind": "reply"}}},
        "observed": {"max": {"field": "observed_at"}},
        "posted": {"max": {"field": "@timestamp"}},
        "scored": {"filter": SCORED, "aggs": {"score": {"stats": {"field": "sentiment.score"}}}},
    }
    filters = {str(place): brand for place, brand in enumerate(brands)}
    if filters:
        below["brands"] = {"filters": {"filters": filters}}
    return {
        "size": 0,
        "track_total_hits": False,
        "query": query,
        "aggs": {"authors": {"composite": composite, "aggs": below}},
    }


def gather(authors: dict[str, Author], answer: Json) -> Json | None:
    """Adds a page to ``authors``; gives where the next page starts, None after the last."""
    found = aggregations(answer).get("authors", {})
    for bucket in found.get("buckets", []):
        key = bucket["key"]["author"]
        author = authors.get(key)
        if author is None:
            author = authors[key] = Author(key)
        author.add(bucket)
    after: Json | None = found.get("after_key")
    return after
