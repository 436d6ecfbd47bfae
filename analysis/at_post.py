"""Followers at the time of posting, as far as sights of the posts tell (``lake.at_post``).

F of a post is the author's follower count in the sight nearest to posting where that is within 7
days of it, else the latest. Of an author with several such counts the highest is the author's own:
reach is an upper bound.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from analysis.parts import sum_and_count
from lake.records import Json

AT_POST = "at_post.followers"


def _stats(name: str) -> Json:
    return {"stats": {"field": f"at_post.{name}"}}


FOLLOWERS_THEN: Json = {"then": _stats("followers")}
"""The aggregation that every question about followers needs."""
NUMBERS_THEN: Json = {
    "then_shown": _stats("impressions"),
    "then_rated": _stats("rated_followers"),
    "then_engagement": _stats("rated_engagement"),
    "then_rate": _stats("rate"),
}
"""What impressions and engagement rates need besides."""


@dataclass(slots=True)
class AtPost:
    """What some posts of one author tell of the time when they were posted.

    Args:
        followers: The highest follower count; None where no post tells.
        posts: How many posts tell.
        shown: Sum of the counts of those that are no replies.
        shown_posts: How many these are.
        rated: Sum of the counts of those whose engagement is known.
        rated_posts: How many these are.
        engagement: Their engagement.
        rates: Sum of their engagement rates, in percent.
        rates_posts: How many of them have a rate: followers above 0.
    """

    followers: int | None = None
    posts: int = 0
    shown: float = 0.0
    shown_posts: int = 0
    rated: float = 0.0
    rated_posts: int = 0
    engagement: float = 0.0
    rates: float = 0.0
    rates_posts: int = 0

    def add(self, bucket: Json) -> None:
        """Adds posts: what the aggregations above found of them."""
        found = bucket.get("then", {})
        if found.get("count"):
            self.posts += found["count"]
            self.followers = max(int(found["max"]), self.followers or 0)
        shown, shown_posts = sum_and_count(bucket, "then_shown")
        rated, rated_posts = sum_and_count(bucket, "then_rated")
        rates, rates_posts = sum_and_count(bucket, "then_rate")
        self.shown, self.shown_posts = self.shown + shown, self.shown_posts + shown_posts
        self.rated, self.rated_posts = self.rated + rated, self.rated_posts + rated_posts
        self.rates, self.rates_posts = self.rates + rates, self.rates_posts + rates_posts
        self.engagement += sum_and_count(bucket, "then_engagement")[0]


def source_of(at_post: float, latest: float, *, exact: bool | None) -> str:
    """What answers call where their follower counts are from.

    Args:
        at_post: How many posts tell the count of the time of posting.
        latest: Of how many others some count of the author is known.
        exact: Whether the latest one was looked up; where not, it is the highest.
    """
    last = "highest" if exact is False else "latest"
    if not latest:
        return "at_post" if at_post else last
    return f"at_post_or_{last}" if at_post else last


def followed(source: Json) -> tuple[int | None, str]:
    """A post's F and where it is from: ``at_post`` or ``latest``; None where nobody knows."""
    then: dict[str, Any] = source.get("at_post", {})
    if "followers" in then:
        return then["followers"], "at_post"
    return source.get("author", {}).get("followers"), "latest"
