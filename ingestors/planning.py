"""What a campaign will cost, before anything runs: calls, money, and the interval that is feasible.

Pure: facts that the platforms state, the settings, and how many posts a hashtag is expected to get.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ingestors.about import About, Limit
from ingestors.pace import interval_by_bucket
from lake.config import IngestConfig

_DAY_S = 86_400.0
_H_A_DAY = 24


@dataclass(frozen=True, slots=True)
class BucketPlan:
    """What a day of a campaign takes of one limit.

    Args:
        bucket: What is limited.
        calls_per_day: Calls for the campaign's hashtags at the planned interval.
        allowed_per_day: What all credentials together may make in a day.
        shortest_interval_s: The shortest interval that the limit carries for them.
    """

    bucket: str
    calls_per_day: float
    allowed_per_day: float
    shortest_interval_s: float


@dataclass(frozen=True, slots=True)
class PlatformPlan:
    """What a campaign takes on one platform.

    Args:
        platform: Its name.
        targets: Hashtags that are polled.
        interval_s: The shortest planned interval: by velocity, and no shorter than quotas carry.
        buckets: Each limit.
        cost_per_day_usd: By the configured prices; None: free.
        warnings: What the person should know, each in one line.
    """

    platform: str
    targets: int
    interval_s: float
    buckets: tuple[BucketPlan, ...]
    cost_per_day_usd: float | None
    warnings: tuple[str, ...]


def plan(
    platform: str,
    about: About,
    posts_per_day: Mapping[str, float | None],
    settings: IngestConfig,
    *,
    others: int = 0,
) -> PlatformPlan:
    """A campaign's day on one platform.

    Args:
        platform: Its name.
        about: What it is about.
        posts_per_day: Hashtag to posts that it is expected to get; None: nobody knows.
        settings: Intervals.
        others: Hashtags of other campaigns that share the quotas.
    """
    ideals = [_ideal_s(posts, settings) for posts in posts_per_day.values()]
    wanted_s = min(ideals, default=settings.interval_s)
    floors = interval_by_bucket(about, len(posts_per_day) + others)
    floor_s = max(floors.values(), default=0.0)
    interval_s = max(wanted_s, floor_s)
    polls = sum(_DAY_S / max(ideal, floor_s) for ideal in ideals)  # each at its own velocity
    known = sum(posts for posts in posts_per_day.values() if posts is not None)
    further = known / about.page_posts if about.page_posts else 0.0
    buckets = tuple(_bucket_plan(about, limit, polls, further, floors) for limit in about.limits)
    cost = _cost(about, polls, known)
    warnings = _warnings(about, wanted_s, interval_s, settings, buckets)
    if about.price is not None and None in posts_per_day.values():
        warnings = (
            *warnings,
            "posts are paid and nobody knows how many there will be; tell --posts-per-day",
        )
    return PlatformPlan(platform, len(posts_per_day), interval_s, buckets, cost, warnings)


def _ideal_s(posts_per_day: float | None, settings: IngestConfig) -> float:
    if posts_per_day is None:
        return settings.interval_s
    ideal = settings.posts_per_poll * _DAY_S / posts_per_day if posts_per_day else float("inf")
    return min(max(ideal, settings.min_interval_s), settings.max_interval_s)


def _bucket_plan(
    about: About, limit: Limit, polls: float, further: float, floors: Mapping[str, float]
) -> BucketPlan:
    calls = polls * about.poll_calls.get(limit.bucket, 0.0)
    if limit.bucket == about.page_bucket:
        calls += further
    allowed = limit.calls * about.credentials * _DAY_S / limit.per_s
    return BucketPlan(limit.bucket, calls, allowed, floors.get(limit.bucket, 0.0))


def _cost(about: About, polls: float, posts: float) -> float | None:
    price = about.price
    if price is None:
        return None
    calls = sum(usd * about.poll_calls.get(name, 0.0) for name, usd in price.per_call_usd.items())
    # At most one author a post; an author who writes twice a day is paid once.
    return polls * calls + posts * (price.per_post_usd + price.per_author_usd)


def _warnings(
    about: About,
    wanted_s: float,
    interval_s: float,
    settings: IngestConfig,
    buckets: tuple[BucketPlan, ...],
) -> tuple[str, ...]:
    found: list[str] = []
    if about.off_because:
        found.append(f"{about.label} is off: {about.off_because}")
    if not about.can("posts"):
        found.append(f"{about.label} gives no posts with these settings")
    if interval_s > wanted_s:
        tight = max(buckets, key=lambda one: one.shortest_interval_s).bucket
        found.append(
            f"the quota {tight} carries one poll a hashtag each {interval_s:,.0f} s only, "
            f"{wanted_s:,.0f} s were wanted"
        )
    if interval_s > settings.max_interval_s:
        found.append(
            "the quota cannot carry this campaign within ingest.max_interval_s: fewer hashtags, "
            "fewer platforms or further credentials of yours"
        )
    found += [
        f"{one.bucket}: {one.calls_per_day:,.0f} calls a day are more than the "
        f"{one.allowed_per_day:,.0f} that are allowed"
        for one in buckets
        if one.calls_per_day > one.allowed_per_day
    ]
    return tuple(found)
