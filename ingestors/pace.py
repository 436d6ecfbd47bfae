"""How often a target is polled: often enough for its posts, and no oftener than quotas carry. Pure.

The interval follows the target's velocity: a poll should find about ``posts_per_poll`` new posts.
It moves at most by half or to double a poll, so that one odd hour does not decide it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ingestors.about import About
from lake.config import IngestConfig

_SMOOTHING = 0.3  # the weight of the newest poll: the memory is some three polls long
_MOST_FASTER, _MOST_SLOWER = 0.25, 2.0
_NOTABLE = 0.2  # an interval that would change by less stays as it is
_QUOTA_SHARE = 0.9  # of a quota that hashtag polls may plan with; the rest is for everything else


@dataclass(frozen=True, slots=True)
class Pace:
    """How a target is polled now.

    Args:
        interval_s: Seconds from one poll to the next.
        posts_per_h: New posts an hour, smoothed; None until a second poll tells.
    """

    interval_s: float
    posts_per_h: float | None = None


def first_pace(settings: IngestConfig, floor_s: float) -> Pace:
    """How a target is polled of which nothing is known.

    Args:
        settings: Intervals.
        floor_s: The shortest interval that quotas carry.
    """
    return Pace(max(floor_s, _within(settings.interval_s, settings)))


def resumed_pace(
    settings: IngestConfig, floor_s: float, interval_s: float | None, posts_per_h: float | None
) -> Pace:
    """How a target goes on being polled after a restart.

    Args:
        settings: Intervals; the longest in them may have become shorter.
        floor_s: The shortest interval that quotas carry; it goes before the longest in settings.
        interval_s: The interval of its last poll; None: it was made by hand.
        posts_per_h: The velocity that was known then.
    """
    told_s = min(interval_s or settings.interval_s, settings.max_interval_s)
    return Pace(max(floor_s, told_s), posts_per_h)


def next_pace(
    pace: Pace, new_posts: int, elapsed_s: float, settings: IngestConfig, floor_s: float
) -> Pace:
    """The pace after a poll.

    Args:
        pace: Before it.
        new_posts: What it found.
        elapsed_s: Seconds since the poll before.
        settings: Bounds, and how many new posts a poll should find.
        floor_s: The shortest interval that quotas carry; it goes before the longest in settings.
    """
    if elapsed_s <= 0:
        return pace
    measured = new_posts * 3600 / elapsed_s
    before = pace.posts_per_h
    rate = measured if before is None else before + _SMOOTHING * (measured - before)
    ideal = settings.posts_per_poll * 3600 / rate if rate > 0 else float("inf")
    moved = min(max(ideal, pace.interval_s * _MOST_FASTER), pace.interval_s * _MOST_SLOWER)
    interval_s = max(floor_s, _within(moved, settings))
    is_slight = abs(interval_s - pace.interval_s) <= _NOTABLE * pace.interval_s
    bounds = (floor_s, settings.min_interval_s, settings.max_interval_s)
    return Pace(pace.interval_s if is_slight and interval_s not in bounds else interval_s, rate)


def _within(interval_s: float, settings: IngestConfig) -> float:
    return min(max(interval_s, settings.min_interval_s), settings.max_interval_s)


def floor_s(about: About, targets: int) -> float:
    """The shortest interval at which a platform's quotas carry so many hashtags; 0: any.

    Args:
        about: The platform's limits and the calls of a poll.
        targets: Hashtags that share the quotas.
    """
    return max(interval_by_bucket(about, targets).values(), default=0.0)


def interval_by_bucket(about: About, targets: int) -> Mapping[str, float]:
    """For each limited bucket, the shortest interval in seconds that it carries."""
    found: dict[str, float] = {}
    for limit in about.limits:
        calls = about.poll_calls.get(limit.bucket, 0.0) * targets
        if calls > 0:
            usable = limit.calls * about.credentials * _QUOTA_SHARE
            found[limit.bucket] = max(found.get(limit.bucket, 0.0), calls * limit.per_s / usable)
    return found
