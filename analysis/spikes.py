"""Posts that break out: METRICS 29. Pure.

A post is compared with the campaign's posts of its platform in the seven days before it: by its
engagement rate where enough of theirs are known, else by how fast its engagement grows.
"""

from __future__ import annotations

import math
from bisect import bisect_left, insort
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from statistics import median
from typing import Literal

from analysis.rates import er_by_followers

Rule = Literal["engagement_rate", "velocity", "comments"]
RULES: tuple[Rule, ...] = ("engagement_rate", "velocity", "comments")
MOST_SPIKES = 100
MOST_BY_COMMENTS = 100
TRAILING_MS = 7 * 86_400_000

_RATE_SD = 5.0
FEWEST_RATES = 30
_SPEED_Z = 3.5
_FEWEST_SPEEDS = 5
# The standard deviation of a normal distribution, in median and in mean absolute deviations
# (https://www.itl.nist.gov/div898/handbook/eda/section3/eda35h.htm has 3.5, too).
_MAD_SCALE = 1.4826
_MEAN_AD_SCALE = 1.2533
# Rates are summed as whole numbers of these parts, so that a sum from which a rate is taken away
# again is exactly what it was before.
_PARTS_OF_ONE = 1_000_000_000
_Z95 = 1.959963984540054

# A sample must hold enough posts of each platform's week to be a reference.
_FEWEST_SAMPLED = 3_000
_SAMPLED_A_WEEK = 100

Key = tuple[str, str]  # platform, native id


@dataclass(frozen=True, slots=True)
class Shown:
    """What a post shows of itself.

    Args:
        platform: Where it was posted.
        id: The platform's id of it.
        at_ms: When, in ms since 1970.
        engagement: Its interactions; None: unknown.
        followers: Its author's, as seen with the post; None: unknown.
        counts: Whether it is in references: one that was looked for because it stands out is not,
            where the others are drawn by chance.
    """

    platform: str
    id: str
    at_ms: int
    engagement: float | None
    followers: float | None
    counts: bool = True

    @property
    def key(self) -> Key:
        """What tells it from all other posts."""
        return self.platform, self.id

    @property
    def rate(self) -> float | None:
        """Its engagement rate by followers, in percent."""
        return er_by_followers(self.engagement, self.followers)


@dataclass(frozen=True, slots=True)
class Score:
    """How far a post stands out.

    Args:
        rule: By what: ``engagement_rate`` or ``velocity``.
        value: Its engagement rate in percent, or the interactions that it gains per hour.
        n: Posts in the reference.
        z: Deviations above the reference; None where nothing varies in it.
        error_bound: Half of the 95 % interval around ``z`` where the reference is a sample.
    """

    rule: Rule
    value: float
    n: int
    z: float | None
    error_bound: float | None = None

    @property
    def is_spike(self) -> bool:
        """Whether it stands out enough."""
        if self.z is None:
            return False
        return self.z > _RATE_SD if self.rule == "engagement_rate" else self.z >= _SPEED_Z


@dataclass(slots=True)
class _Sums:
    """Number, sum and sum of squares of rates that come and go."""

    n: int = 0
    total: int = 0
    squares: int = 0

    def change(self, parts: int | None, by: int) -> None:
        """Adds (1) or takes away (-1) a rate that is known, in parts of one."""
        if parts is not None:
            self.n += by
            self.total += by * parts
            self.squares += by * parts * parts

    def z(self, parts: int) -> float | None:
        """Standard deviations (of a sample) above the mean; None where nothing varies."""
        spread = self.n * self.squares - self.total * self.total
        if self.n < 2 or spread <= 0:
            return None
        deviation = math.sqrt(spread / (self.n * (self.n - 1)))
        return (self.n * parts - self.total) / self.n / deviation


def rate_scores(posts: Sequence[Shown], *, sampled: bool = False) -> dict[Key, Score]:
    """How each post's engagement rate stands out; only of posts with enough others before them.

    Args:
        posts: One platform's, in order of time.
        sampled: Whether they are a sample, so that every ``z`` is an estimate.
    """
    sums, found = _Sums(), {}
    rates = [post.rate for post in posts]
    parts = [None if rate is None else round(rate * _PARTS_OF_ONE) for rate in rates]
    counted = [own if post.counts else None for post, own in zip(posts, parts, strict=True)]
    first = last = 0
    for post, rate, own in zip(posts, rates, parts, strict=True):
        while posts[last].at_ms < post.at_ms:
            sums.change(counted[last], 1)
            last += 1
        while posts[first].at_ms < post.at_ms - TRAILING_MS:
            sums.change(counted[first], -1)
            first += 1
        if rate is not None and own is not None and sums.n >= FEWEST_RATES:
            z = sums.z(own)
            bound = _bound(z, sums.n) if sampled and z is not None else None
            found[post.key] = Score("engagement_rate", rate, sums.n, z, bound)
    return found


def sample_size(weeks: float, platforms: int, most: int) -> int:
    """How many posts to draw where there are more than ``most``."""
    enough = math.ceil(weeks) * platforms * _SAMPLED_A_WEEK
    return min(most, max(_FEWEST_SAMPLED, enough))


def _bound(z: float, n: int) -> float:
    """Half of the 95 % interval of a z whose mean and deviation are estimated from ``n`` values."""
    return _Z95 * math.sqrt(1 / n + z * z / (2 * n))


def speed_scores(
    posts: Sequence[Shown], speeds: Mapping[Key, float], wanted: Collection[Key], *, sampled: bool
) -> dict[Key, Score]:
    """How posts stand out by their velocity; only of posts with enough others before them.

    Args:
        posts: One platform's, in order of time.
        speeds: Interactions that each gains per hour; one that loses some has no speed here.
        wanted: Which posts to judge.
        sampled: Whether the speeds are of a sample, so that every ``z`` is an estimate.
    """
    # Each post's logarithm is drawn once, and the sorted ones follow the window.
    logs = [math.log1p(speeds[post.key]) if post.key in speeds else None for post in posts]
    counted = [log if post.counts else None for post, log in zip(posts, logs, strict=True)]
    trailing: list[float] = []
    found: dict[Key, Score] = {}
    first = last = 0
    for post, own in zip(posts, logs, strict=True):
        while posts[last].at_ms < post.at_ms:
            if (log := counted[last]) is not None:
                insort(trailing, log)
            last += 1
        while posts[first].at_ms < post.at_ms - TRAILING_MS:
            if (log := counted[first]) is not None:
                del trailing[bisect_left(trailing, log)]
            first += 1
        n = len(trailing)
        if own is not None and post.key in wanted and n >= _FEWEST_SPEEDS:
            z = robust_z(own, trailing)
            bound = _bound(z, n) if sampled and z is not None else None
            found[post.key] = Score("velocity", speeds[post.key], n, z, bound)
    return found


def robust_z(value: float, reference: Sequence[float]) -> float | None:
    """Deviations above the median: 0.6745 (x - median) / MAD.

    Where more than half are equal the mean absolute deviation stands in for the median one (B.
    Iglewicz and D. Hoaglin 1993). None where all are equal.
    """
    middle = median(reference)
    away = [abs(one - middle) for one in reference]
    deviation = _MAD_SCALE * median(away) or _MEAN_AD_SCALE * math.fsum(away) / len(away)
    return (value - middle) / deviation if deviation > 0 else None


def speed(observations: Sequence[tuple[int, float]]) -> float | None:
    """Interactions gained per hour between the last two observations.

    None where there are fewer, and where some were taken back: that is no growth.

    Args:
        observations: Time in ms since 1970 and engagement, in any order.
    """
    if len(observations) < 2:
        return None
    (before_ms, before), (after_ms, after) = sorted(observations)[-2:]
    if after_ms == before_ms or after < before:
        return None
    return (after - before) / ((after_ms - before_ms) / 3_600_000)


def without_score(posts: Iterable[Shown], scores: Mapping[Key, Score]) -> list[Shown]:
    """The posts that their engagement rate tells nothing of, so that their velocity must."""
    return [post for post in posts if (score := scores.get(post.key)) is None or score.z is None]


def to_observe(
    posts: Sequence[Shown], open_posts: Sequence[Shown], most: int
) -> tuple[list[Shown], bool]:
    """Whose velocities are needed to judge posts, in order of time, and whether some are left out.

    Needed are the posts to judge and those before them.

    Where these are too many, every so-manieth is kept as a sample, and the most engaged of the
    posts to judge, which are in no reference.

    Args:
        posts: One platform's, in order of time.
        open_posts: Those to judge, in order of time.
        most: At most so many, 2 or more.
    """
    times_ms = [post.at_ms for post in open_posts]
    needed = []
    for post in posts:
        place = bisect_left(times_ms, post.at_ms)
        if place < len(times_ms) and times_ms[place] <= post.at_ms + TRAILING_MS:
            needed.append(post)
    if len(needed) <= most:
        return needed, False
    half = most // 2
    sample = {post.key for post in needed[:: -(-len(needed) // half)]}
    engaged = sorted(open_posts, key=lambda post: (-(post.engagement or 0), post.key))
    extra = {post.key for post in engaged[:half]} - sample
    kept = [
        replace(post, counts=post.counts and post.key in sample)
        for post in needed
        if post.key in sample or post.key in extra
    ]
    return kept, True
