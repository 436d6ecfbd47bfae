"""Numbers that rest on follower counts: impressions, reach, frequency, engagement rates. Pure."""

from __future__ import annotations

import math
from collections.abc import Collection
from dataclasses import dataclass

from analysis.authors import Author
from analysis.numbers import ratio


@dataclass(frozen=True, slots=True)
class Known:
    """A number with how many things were looked at and how many of them do not tell it."""

    value: float | None
    n: int
    missing: int


def impressions(authors: Collection[Author], *, posts: int, replies: int) -> Known:
    """Potential impressions of ``posts`` posts, ``replies`` of them replies.

    Posts of unknown authors are in these two numbers and in no author's totals.
    """
    known = replies
    value: float = replies
    for author in authors:
        if author.followers is not None:
            known += author.posts - author.replies
            value += (author.posts - author.replies) * author.followers
    return Known(value if known or not posts else None, posts, posts - known)


def reach(authors: Collection[Author]) -> Known:
    """Potential reach: each distinct author's followers, once."""
    counts = [author.followers for author in authors if author.followers is not None]
    value = sum(counts) if counts or not authors else None
    return Known(value, len(authors), len(authors) - len(counts))


def rate_pooled(authors: Collection[Author], *, posts: int) -> Known:
    """Engagement rate by followers, in percent: sum of engagement by sum of followers."""
    rated = [author for author in authors if author.followers is not None]
    engagement = math.fsum(author.sums["engagement"] for author in rated)
    followers = sum(author.known["engagement"] * (author.followers or 0) for author in rated)
    known = sum(author.known["engagement"] for author in rated)
    found = ratio(engagement, followers)
    return Known(None if found is None else 100 * found, posts, posts - known)


def rate_mean(authors: Collection[Author], *, posts: int) -> Known:
    """Engagement rate by followers, in percent: the mean of the posts' own rates.

    One follower count holds for all posts of an author, so their rates add up author by author.
    """
    rated = [author for author in authors if author.followers]
    rates = math.fsum(author.sums["engagement"] / (author.followers or 1) for author in rated)
    known = sum(author.known["engagement"] for author in rated)
    found = ratio(rates, known)
    return Known(None if found is None else 100 * found, posts, posts - known)
