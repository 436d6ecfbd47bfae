"""The orders in which authors can be listed: METRICS 33. What each needs, and how sure it is."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal, get_args

from analysis.authors import Author

Ranking = Literal[
    "score",
    "engagement",
    "posts",
    "originals",
    "likes",
    "shares",
    "comments",
    "reach",
    "impact",
    "er",
    "positive",
    "negative",
    "new",
]
RANKINGS: tuple[str, ...] = get_args(Ranking)
# A rate or a mean of one or two posts says little of an author.
LEAST_POSTS = 3
AtMost = Mapping[str, float | None]


@dataclass(frozen=True, slots=True)
class Order:
    """One order of authors.

    Args:
        title: What people call it.
        number: What it goes by; None of an author whose number is unknown.
        leads: By which of ``analysis.leaders.LEADS`` the first ones are found among very many.
        at_most: What an author who is in none of these lists has at most; None where that cannot
            be told, so that only all authors give the order.
        ascending: Whether the lowest comes first.
        counted: How many posts the number rests on; the author needs ``LEAST_POSTS`` of them.
    """

    title: str
    number: Callable[[Author], float | None]
    leads: tuple[str, ...] = ("posts",)
    at_most: Callable[[AtMost], float | None] | None = None
    ascending: bool = False
    counted: Callable[[Author], int] | None = None

    def lists(self, author: Author) -> bool:
        """Whether an author is in the list at all."""
        if self.counted is None:
            return True
        return self.counted(author) >= LEAST_POSTS and self.number(author) is not None

    def place(self, author: Author) -> tuple[float, str]:
        """What to sort by: the first first, unknown last, ties by key."""
        return self.sorts(self.number(author)), author.key

    def sorts(self, value: float | None) -> float:
        """A value so that the first are the smallest, and unknown the largest."""
        if value is None:
            return float("inf")
        return value if self.ascending else -value


def _summed(metric: str, title: str) -> Order:
    return Order(
        title,
        lambda author: author.total(metric),
        (metric,),
        lambda most: most[metric],
    )


def _impact(most: AtMost) -> float | None:
    posts, followers = most["posts"], most["reach"]
    # Where a reply counts 1, so does an account that nobody follows.
    return None if posts is None or followers is None else posts * max(1.0, followers)


ORDERS: Mapping[str, Order] = {
    "engagement": _summed("engagement", "highest engagement"),
    "posts": Order("most active", lambda author: author.posts, at_most=lambda most: most["posts"]),
    "originals": Order(
        "most original",
        lambda author: author.originals,
        ("originals",),
        lambda most: most["originals"],
    ),
    "likes": _summed("likes", "most liked"),
    "shares": _summed("shares", "most reshared"),
    "comments": _summed("comments", "most commented"),
    "reach": Order(
        "most popular",
        lambda author: author.reach,
        ("reach",),
        lambda most: most["reach"],
    ),
    "impact": Order("highest impact", Author.impressions, ("impact", "posts", "reach"), _impact),
    "er": Order(
        "best engagement rate",
        Author.engagement_rate,
        ("engagement", "posts"),
        counted=lambda author: author.posts,
    ),
    "positive": Order(
        "most positive", Author.sentiment, ("posts",), counted=lambda author: author.scored
    ),
    "negative": Order(
        "most negative",
        Author.sentiment,
        ("posts",),
        ascending=True,
        counted=lambda author: author.scored,
    ),
    "new": Order("new voices", lambda author: author.posts, at_most=lambda most: most["posts"]),
}
# The score is a number of all authors together: analysis.influencers.
SCORE_LEADS = ("engagement", "reach")
