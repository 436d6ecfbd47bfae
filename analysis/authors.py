"""The authors of posts, each with exact totals: all of them page by page, or some by their keys.

All totals of an author simply add up but the follower count. Posts that tell that of the time of
posting have their own (``analysis.at_post``). For the others the latest holds: that of the post
that was observed last. Nearly all posts of an author tell the same count or close ones, so totals
come with the lowest and the highest, and only where these differ is the latest looked up.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from analysis.at_post import FOLLOWERS_THEN, NUMBERS_THEN, AtPost
from analysis.membership import also
from analysis.numbers import ratio
from analysis.parts import SCORED, aggregations, sum_and_count, sums
from lake.records import Json

SUMMED = ("engagement", "likes", "shares", "comments")
# Of one author in an answer: its bucket and three filters; each brand adds one.
BUCKETS_AN_AUTHOR = 4


@dataclass(slots=True)
class Author:
    """One author's totals over the posts in question.

    Args:
        key: ``<platform>:<id or handle>``.
        posts: Their posts.
        replies: How many of these are replies.
        originals: How many of these are neither replies nor reshares nor quotes.
        followers: The latest follower count; the highest of the posts' until that was looked up.
        lowest: The lowest that it can be.
        then: What posts tell of the time when they were posted.
        follower_sum: Sum of the follower counts that the posts tell.
        sums: Sum of each of ``SUMMED``.
        known: How many posts show each of ``SUMMED``.
        score_sum: Sum of the sentiment scores.
        scored: How many posts have one.
        brands: Places, in the panel, of the brands that the posts name; only where it was asked.
    """

    key: str
    posts: int = 0
    replies: int = 0
    originals: int = 0
    followers: int | None = None
    lowest: int | None = None
    then: AtPost = field(default_factory=AtPost)
    follower_sum: float = 0.0
    sums: dict[str, float] = field(default_factory=lambda: dict.fromkeys(SUMMED, 0.0))
    known: dict[str, int] = field(default_factory=lambda: dict.fromkeys(SUMMED, 0))
    score_sum: float = 0.0
    scored: int = 0
    brands: set[int] = field(default_factory=set)
    _seen: tuple[float, float, int] = (-1.0, -1.0, -1)

    @property
    def platform(self) -> str:
        """Where the account is."""
        return self.key.partition(":")[0]

    @property
    def doubt(self) -> int:
        """By how much the latest follower count may be too high; 0 once it was looked up."""
        if self.followers is None or self.lowest is None:
            return 0
        return self.followers - self.lowest

    @property
    def is_unsure(self) -> bool:
        """Whether some post goes by the latest follower count, and that is not known for sure."""
        return bool(self.doubt) and self.then.posts < self.posts

    @property
    def reach(self) -> int | None:
        """F of the author: the highest of the posts' at the time of posting, else the latest."""
        return self.followers if self.then.followers is None else self.then.followers

    @property
    def reach_doubt(self) -> int:
        """By how much ``reach`` may be too high."""
        return self.doubt if self.then.followers is None else 0

    @property
    def late_shown(self) -> int:
        """Posts but replies that go by the latest follower count."""
        return self.posts - self.replies - self.then.shown_posts

    @property
    def late_rated(self) -> int:
        """Posts of known engagement that go by the latest follower count."""
        return self.known["engagement"] - self.then.rated_posts

    def shown_followers(self) -> float:
        """Sum of F over the posts that are no replies; unknown counts are left out."""
        return self.then.shown + self.late_shown * (self.followers or 0)

    def rated_followers(self) -> float:
        """Sum of F over the posts of known engagement; unknown counts are left out."""
        return self.then.rated + self.late_rated * (self.followers or 0)

    def rates(self) -> tuple[float, int]:
        """Sum of the posts' own engagement rates in percent, and how many have one."""
        if not self.followers:
            return self.then.rates, self.then.rates_posts
        late = 100 * (self.sums["engagement"] - self.then.engagement) / self.followers
        return self.then.rates + late, self.then.rates_posts + self.late_rated

    def total(self, metric: str) -> float | None:
        """The sum of a metric; None where no post shows it."""
        return self.sums[metric] if self.known[metric] else None

    def impressions(self) -> float | None:
        """Potential impressions: followers for each post, 1 for each reply; None if unknown."""
        if self.followers is None and self.posts != self.replies:
            return None
        return self.shown_followers() + self.replies

    def engagement_rate(self) -> float | None:
        """Pooled engagement rate by followers, in percent."""
        found = ratio(self.total("engagement"), self.rated_followers())
        return None if found is None else 100 * found

    def amplification(self) -> float | None:
        """Shares for each post that shows them."""
        return ratio(self.total("shares"), self.known["shares"])

    def sentiment(self) -> float | None:
        """Mean score of the scored posts."""
        return ratio(self.score_sum, self.scored)

    def add(self, bucket: Json) -> None:
        """Adds posts."""
        self.posts += bucket["doc_count"]
        if "replies" in bucket:
            self.replies += bucket["replies"]["doc_count"]
        if "originals" in bucket:
            self.originals += bucket["originals"]["doc_count"]
        for metric in SUMMED:
            if metric in bucket:
                found, known = sum_and_count(bucket, metric)
                self.sums[metric] += found
                self.known[metric] += known
        if "scored" in bucket:
            found, known = sum_and_count(bucket["scored"], "score")
            self.score_sum += found
            self.scored += known
        self.brands.update(_brands(bucket))
        self._add_followers(bucket["followers"])
        self.then.add(bucket)

    def _add_followers(self, followers: Json) -> None:
        if followers["count"]:
            self.follower_sum += followers["sum"]
            high, low = int(followers["max"]), int(followers["min"])
            self.followers = high if self.followers is None else max(high, self.followers)
            self.lowest = low if self.lowest is None else min(low, self.lowest)

    def observe(self, followers: int, observed: float, posted: float) -> None:
        """Takes a follower count as the latest if its post was observed after the others'."""
        seen = (observed, posted, followers)
        if seen > self._seen:
            self._seen, self.followers, self.lowest = seen, followers, followers


def _brands(bucket: Json) -> Iterable[int]:
    found: dict[str, Any] = bucket.get("brands", {}).get("buckets", {})
    return [int(place) for place, brand in found.items() if brand["doc_count"]]


_TOTALS: Json = {
    **sums(*SUMMED),
    "replies": {"filter": {"term": {"kind": "reply"}}},
    "originals": {"filter": {"term": {"kind": "post"}}},
    "scored": {"filter": SCORED, "aggs": {"score": {"stats": {"field": "sentiment.score"}}}},
    **NUMBERS_THEN,
}
ALL_TOTALS: tuple[str, ...] = tuple(_TOTALS)


def _totals(brands: Iterable[Json], totals: Iterable[str]) -> Json:
    found: Json = {
        **sums("followers"),
        **FOLLOWERS_THEN,
        **{name: _TOTALS[name] for name in totals},
    }
    filters = {str(place): brand for place, brand in enumerate(brands)}
    if filters:
        found["brands"] = {"filters": {"filters": filters}}
    return found


def body_of(query: Json, authors: Json, below: Json) -> Json:
    """A request for authors: how they are listed, and what of each."""
    return {
        "size": 0,
        "track_total_hits": False,
        "query": query,
        "aggs": {"authors": authors | {"aggs": below}},
    }


def page_of(sources: Sequence[Json], after: Json | None, size: int) -> Json:
    """The next ``size`` combinations of what ``sources`` name, in their order."""
    composite: Json = {"size": size, "sources": list(sources)}
    return {"composite": composite if after is None else composite | {"after": after}}


def authors_body(
    query: Json, *, after: Json | None, size: int, brands: Iterable[Json] = ()
) -> Json:
    """A request for the next ``size`` authors.

    Args:
        query: The posts in question.
        after: The ``next_page`` of the page before.
        size: Authors in the page; each is counted as ``BUCKETS_AN_AUTHOR`` buckets and one for
            each brand, of which a cluster allows 65,536 in one answer.
        brands: What tells each brand's posts.
    """
    sources = [{"author": {"terms": {"field": "author.key"}}}]
    return body_of(query, page_of(sources, after, size), _totals(brands, ALL_TOTALS))


def some_authors_body(
    query: Json,
    keys: Sequence[str],
    *,
    brands: Iterable[Json] = (),
    totals: Iterable[str] = ALL_TOTALS,
) -> Json:
    """A request for some authors.

    Args:
        query: The posts in question.
        keys: The authors; their number is counted as in a page.
        brands: What tells each brand's posts.
        totals: Of ``ALL_TOTALS``, what is wanted besides posts and followers; each takes its time.
    """
    terms = {"terms": {"field": "author.key", "size": max(1, len(keys))}}
    return body_of(by_keys(query, keys), terms, _totals(brands, totals))


def by_keys(query: Json, keys: Sequence[str]) -> Json:
    """``query`` narrowed to some authors' posts."""
    return also(query, {"terms": {"author.key": list(keys)}})


def gather(authors: dict[str, Author], answer: Json) -> Json | None:
    """Adds a page to ``authors``; gives where the next page starts, None after the last."""
    found = aggregations(answer).get("authors", {})
    for bucket in found.get("buckets", []):
        key = bucket["key"]["author"] if isinstance(bucket["key"], Mapping) else bucket["key"]
        author = authors.get(key)
        if author is None:
            author = authors[key] = Author(key)
        author.add(bucket)
    after: Json | None = found.get("after_key")
    return after
