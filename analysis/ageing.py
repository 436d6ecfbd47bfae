"""How posts' engagement grows with their age: METRICS 27 and 28. Pure.

Posts of an earlier window had longer to collect likes; at the same age all are comparable. What is
known of a post are observations, written whenever its numbers changed.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import groupby, pairwise
from statistics import median
from typing import Any

from analysis.envelope import Context, Envelope
from analysis.numbers import mean, ratio
from lake import times
from lake.records import Json

# Age in hours and the engagement then, by age.
Snapshot = tuple[float, float]
AGES_H = {"1h": 1.0, "24h": 24.0, "7d": 168.0}
# Up to the first, reading each post's observations costs little; above the second nobody waits.
FEW_POSTS = 1_000
MOST_POSTS = 50_000
_WEEK_H = AGES_H["7d"]
_NEAR = 0.25
_HOUR_MS = 3_600_000
_TIME: Json = {"field": "@timestamp", "format": "epoch_millis"}


def engagement_at(snapshots: Sequence[Snapshot], age_h: float) -> float | None:
    """The engagement at an age, on the straight line between the snapshots around it.

    None where there is none before or none after, or neither is within 25 % of the age.
    """
    before = [shot for shot in snapshots if shot[0] <= age_h]
    after = [shot for shot in snapshots if shot[0] >= age_h]
    if not before or not after:
        return None
    (low, start), (high, end) = before[-1], after[0]
    if min(age_h - low, high - age_h) > _NEAR * age_h:
        return None
    return start if high == low else start + (end - start) * (age_h - low) / (high - low)


@dataclass(frozen=True, slots=True)
class Step:
    """What changed from one snapshot to the next.

    Args:
        hours: Between the two.
        delta: Interactions that came; below 0 where some were taken back.
    """

    hours: float
    delta: float

    @property
    def per_h(self) -> float:
        """The velocity."""
        return self.delta / self.hours


def steps(snapshots: Sequence[Snapshot]) -> list[Step]:
    """The changes between consecutive snapshots, in order."""
    return [Step(two[0] - one[0], two[1] - one[1]) for one, two in pairwise(snapshots)]


def gained_per_h(changes: Iterable[Step]) -> float | None:
    """What came, by the hours in all; what was taken back is not in it. None without changes."""
    changes = list(changes)
    return ratio(
        sum(step.delta for step in changes if step.delta > 0), sum(step.hours for step in changes)
    )


def lost(changes: Iterable[Step]) -> float:
    """What was taken back in all, as a number of 0 or less."""
    return sum(step.delta for step in changes if step.delta < 0)


@dataclass(frozen=True, slots=True)
class HalfLife:
    """When a post had half of its engagement at 7 days.

    Args:
        hours: Its age then.
        at_most: The first snapshot is past it already, so it was at this age or earlier.
    """

    hours: float
    at_most: bool


def half_life(snapshots: Sequence[Snapshot]) -> HalfLife | None:
    """The first age with half of the engagement at 7 days; None where that is unknown or 0."""
    week = engagement_at(snapshots, _WEEK_H)
    if week is None or week <= 0:
        return None
    half = week / 2
    if snapshots[0][1] >= half:
        return HalfLife(snapshots[0][0], at_most=True)
    for (low, start), (high, end) in pairwise(snapshots):
        if end >= half:
            hours = low + (high - low) * (half - start) / (end - start)
            return HalfLife(hours, at_most=False)
    return None


@dataclass(slots=True)
class Ages:
    """What many posts' snapshots come to, while they come in.

    Args:
        at: Engagement of the posts at each of ``AGES_H``, where it is known.
        half_lives: Of the posts that have one.
        gains: Gained interactions per hour, of the posts of two snapshots or more.
        lost: What was taken back from all of them.
    """

    at: dict[str, list[float]] = field(default_factory=lambda: {name: [] for name in AGES_H})
    half_lives: list[HalfLife] = field(default_factory=list)
    gains: list[float] = field(default_factory=list)
    lost: float = 0

    def add(self, snapshots: Sequence[Snapshot]) -> None:
        """Adds a post."""
        for name, age_h in AGES_H.items():
            value = engagement_at(snapshots, age_h)
            if value is not None:
                self.at[name].append(value)
        half = half_life(snapshots)
        if half is not None:
            self.half_lives.append(half)
        changes = steps(snapshots)
        gain = gained_per_h(changes)
        if gain is not None:
            self.gains.append(gain)
            self.lost += lost(changes)


def ages_json(ages: Ages | None, posts: int | None, context: Context) -> dict[str, Any]:
    """The blocks ``age_normalised`` and ``ageing``.

    Args:
        ages: None where the posts were not read one by one.
        posts: How many there are; None where the window has not begun.
        context: What the numbers share.
    """
    found, n = ages or Ages(), posts or 0

    def envelope(values: Sequence[float], value: float | None, definition: str) -> dict[str, Any]:
        return Envelope(value, n, n - len(values), definition, context).to_json()

    hours = [half.hours for half in found.half_lives]
    return {
        "age_normalised": {
            name: {
                "mean": envelope(values, mean(values), "engagement_at_age_mean"),
                "median": envelope(values, _median(values), "engagement_at_age_median"),
            }
            for name, values in found.at.items()
        },
        "ageing": {
            "half_life": envelope(hours, _median(hours), "half_life")
            | {"at_most": sum(half.at_most for half in found.half_lives)},
            "velocity": envelope(found.gains, _median(found.gains), "velocity")
            | {"lost": found.lost if found.gains else None},
        },
    }


def _median(values: Sequence[float]) -> float | None:
    return median(values) if values else None


def ages_body(query: Json, *, size: int, after: Sequence[Any] | None) -> Json:
    """A request for a page of posts, of which only id and time are needed."""
    return _page(query, ["_shard_doc"], [_TIME], size=size, after=after)


def born(answer: Json) -> dict[str, int]:
    """When the posts of a page were created, in ms since 1970, by document id."""
    return {
        hit["_id"]: int(hit["fields"]["@timestamp"][0])
        for hit in answer["hits"]["hits"]
        if "@timestamp" in hit.get("fields", {})
    }


def observations_body(
    posts: Iterable[str], until: datetime, *, size: int, after: Sequence[Any] | None
) -> Json:
    """A request for a page of the posts' observations, post by post, each by time.

    Args:
        posts: Their document ids.
        until: Later observations are not of the answer's moment.
        size: Observations in the page.
        after: ``sort`` of the last one of the page before.
    """
    filters: list[Json] = [
        {"term": {"entity.type": "post"}},
        {"terms": {"entity.id": sorted(posts)}},
        {"range": {"@timestamp": {"lte": times.to_text(until)}}},
        {"exists": {"field": "engagement.value"}},
    ]
    order: list[Any] = [{"entity.id": "asc"}, {"@timestamp": "asc"}]
    query: Json = {"bool": {"filter": filters}}
    body = _page(query, order, ["engagement.value"], size=size, after=after)
    # Without their ids nothing of them is read but columns.
    return body | {"stored_fields": "_none_"}


def _page(
    query: Json, sort: list[Any], fields: list[Any], *, size: int, after: Sequence[Any] | None
) -> Json:
    body: Json = {
        "size": size,
        "track_total_hits": False,
        "query": query,
        "sort": sort,
        "_source": False,
        "docvalue_fields": fields,
    }
    if after is not None:
        body["search_after"] = list(after)
    return body


def snapshots_in(hits: Iterable[Json], created_ms: Mapping[str, int]) -> dict[str, list[Snapshot]]:
    """Snapshots by post out of observations that are in order; one before the post is no age.

    Ages only grow: of two observations of one moment the later one in order counts.
    """
    found: dict[str, list[Snapshot]] = {}
    for post, group in groupby(hits, key=lambda hit: str(hit["sort"][0])):
        for hit in group:
            age_ms = hit["sort"][1] - created_ms[post]
            if age_ms < 0:
                continue
            shots = found.setdefault(post, [])
            if shots and shots[-1][0] == age_ms / _HOUR_MS:
                shots.pop()
            shots.append((age_ms / _HOUR_MS, float(hit["fields"]["engagement.value"][0])))
    return found
