"""Numbers that rest on follower counts: impressions, reach, frequency, engagement rates. Pure.

Where the authors are a sample, sums over posts lean on what all posts tell (a difference estimator:
Cochran, Sampling Techniques, 3rd ed., 7.10): only how authors differ from their posts is sampled.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from analysis.at_post import source_of
from analysis.authors import Author
from analysis.population import Beside, Estimate, Measure, Population
from lake.text import digest

DEFAULT_EFFICIENCY = 0.20


@dataclass(frozen=True, slots=True)
class Known:
    """A number with how many things were looked at and how many of them do not tell it.

    Args:
        value: The number; None where it is unknown.
        n: How many posts or authors were looked at.
        missing: How many of them do not tell it.
        error: Half the width of the interval around ``value``; 0 where it was counted.
    """

    value: float | None
    n: int
    missing: int
    error: float = 0.0


@dataclass(frozen=True, slots=True)
class PostSums:
    """What all posts tell, however many authors there are.

    Args:
        followers: Sum of the follower counts that the posts tell.
        engagement: Sum of their engagement.
    """

    followers: float
    engagement: float


@dataclass(frozen=True, slots=True)
class Efficiency:
    """Which part of an account's followers a post reaches, 0 to 1; a person configures it.

    Args:
        by_platform: For the platforms that are named.
        default: For all others.
    """

    by_platform: Mapping[str, float] = field(default_factory=dict)
    default: float = DEFAULT_EFFICIENCY

    def of(self, platform: str) -> float:
        """A platform's part."""
        return self.by_platform.get(platform, self.default)

    def key(self) -> str:
        """Stands for these values: estimates with different keys must not be compared."""
        parts = [f"{name}={value:.6f}" for name, value in sorted(self.by_platform.items())]
        return digest(f"default={self.default:.6f}", *parts)[:12]


def impressions(
    people: Population, *, posts: int, replies: int, told: PostSums | None = None
) -> Known:
    """Potential impressions of ``posts`` posts, ``replies`` of them replies.

    Posts of unknown authors are in these two numbers and in no author's totals.
    """
    beside = None if told is None else Beside(lambda author: author.follower_sum, told.followers)
    found = people.sum(lambda author: author.shown_followers(), beside)
    known = replies + people.sum(_known_shown).value
    doubt = people.sum(lambda author: author.late_shown * author.doubt).value
    value = replies + found.value if known or not posts else None
    return Known(value, posts, _missing(posts, known), found.error + doubt)


def _known_shown(author: Author) -> float:
    return 0 if author.followers is None else author.posts - author.replies


def reach(people: Population) -> Known:
    """Potential reach: each distinct author's followers, once."""
    return _over_authors(people, lambda _author: 1.0)


def estimated_reach(people: Population, efficiency: Efficiency) -> Known:
    """What is likely reached: of each distinct author's followers their platform's part, once."""
    return _over_authors(people, lambda author: efficiency.of(author.platform))


def _over_authors(people: Population, part: Measure) -> Known:
    found = people.sum(lambda author: part(author) * (author.reach or 0))
    doubt = people.sum(lambda author: part(author) * author.reach_doubt).value
    known = people.sum(lambda author: float(author.reach is not None)).value
    n = round(people.size)
    value = found.value if known or not people.size else None
    return Known(value, n, _missing(n, known), found.error + doubt)


def rate_pooled(people: Population, *, posts: int, told: PostSums | None = None) -> Known:
    """Engagement rate by followers, in percent: sum of engagement by sum of followers."""
    if told is None:
        over, under = None, None
    else:
        over = Beside(lambda author: author.sums["engagement"], told.engagement)
        under = Beside(lambda author: author.follower_sum, told.followers)
    found = people.ratio(_rated_engagement, Author.rated_followers, over, under)
    doubt = people.sum(lambda author: author.late_rated * author.doubt).value
    base = people.sum(Author.rated_followers, under).value
    return _rate(found, people, posts, doubt / base if base else 0.0)


def rate_mean(people: Population, *, posts: int) -> Known:
    """Engagement rate by followers, in percent: the mean of the posts' own rates."""
    found = people.ratio(lambda author: author.rates()[0], lambda author: author.rates()[1])
    known = people.sum(lambda author: author.rates()[1])
    doubts = people.sum(_relative_doubt).value
    value = None if found is None else found.value
    error = 0.0 if found is None else found.error + 100 * _part(doubts, known.value)
    return Known(value, posts, _missing(posts, known.value), error)


def _relative_doubt(author: Author) -> float:
    """By how much an author's posts' rates may be too low, in sum."""
    if not author.followers or not author.doubt or not author.lowest:
        return 0.0
    late = author.sums["engagement"] - author.then.engagement
    return late * (1 / author.lowest - 1 / author.followers)


def _part(above: float, below: float) -> float:
    return above / below if below else 0.0


def _rate(found: Estimate | None, people: Population, posts: int, doubt: float) -> Known:
    known = people.sum(
        lambda author: author.known["engagement"] if author.followers is not None else 0.0
    ).value
    if found is None:
        return Known(None, posts, _missing(posts, known))
    error = 100 * (found.error + found.value * doubt)
    return Known(100 * found.value, posts, _missing(posts, known), error)


def _rated_engagement(author: Author) -> float:
    return 0.0 if author.followers is None else author.sums["engagement"]


def _missing(n: int, known: float) -> int:
    return max(0, n - round(known))


def followers_told(people: Population) -> dict[str, Any]:
    """Where the posts' follower counts are from, and how many are of the time of posting."""
    then = people.sum(lambda author: author.then.posts).value
    known = people.sum(lambda author: 0 if author.followers is None else author.posts).value
    latest = round(known - then)
    return {
        "followers_source": source_of(round(then), latest, exact=people.exact),
        "followers_at_post": round(then),
    }
