"""How many of a hashtag's posts the lake has, by capture and recapture: METRICS 41.

Two ways of collecting that know nothing of each other find n1 and n2 posts of an hour, m of them
both; then about n1 n2 / m were written (C. G. J. Petersen 1896, F. C. Lincoln 1930,
https://en.wikipedia.org/wiki/Mark_and_recapture#Lincoln%E2%80%93Petersen_estimator). Where the two
tend to find the same posts the estimate is too low, so the share is an upper bound.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

from analysis.authenticity import next_page
from analysis.membership import also
from analysis.numbers import ratio
from analysis.parts import aggregations
from lake import times
from lake.records import Json

LEAST_BOTH = 7
MOST_CAPTURES = 6
_MOST_TARGETS = 1_000
_MOST_HOURS = 200
_ARCHIVE = "archive"


@dataclass(frozen=True, slots=True)
class Hour:
    """What two captures found of an hour.

    Args:
        start: When it begins, in milliseconds since 1970.
        one: Posts that the first found.
        other: Posts that the second found.
        both: Posts that both found.
    """

    start: int
    one: int
    other: int
    both: int

    @property
    def seen(self) -> int:
        """Posts that either found."""
        return self.one + self.other - self.both

    @property
    def estimate(self) -> float | None:
        """How many were written; None where too few were found by both."""
        return lincoln_petersen(self.one, self.other, self.both)


def lincoln_petersen(one: int, other: int, both: int) -> float | None:
    """``one`` x ``other`` / ``both``; None where ``both`` is below ``LEAST_BOTH``."""
    return None if both < LEAST_BOTH else one * other / both


def captures_body(query: Json, tags: Sequence[str]) -> Json:
    """A request for the targets that found the posts of each hashtag, by platform."""
    targets = {"terms": {"field": "provenance.targets", "size": _MOST_TARGETS}}
    platforms = {"terms": {"field": "platform", "size": 100}, "aggs": {"targets": targets}}
    filters = {tag: {"term": {"hashtags": tag}} for tag in tags}
    return {
        "size": 0,
        "track_total_hits": False,
        "query": query,
        "aggs": {"tags": {"filters": {"filters": filters}, "aggs": {"platforms": platforms}}},
    }


def captures_in(answer: Json) -> dict[tuple[str, str], list[str]]:
    """The ways in which each (platform, hashtag) was collected, where there are several.

    Those of most posts first, at most ``MOST_CAPTURES``. What is polled below a post, of an account
    or by known ids finds posts for other reasons than the hashtag, so it is no capture of it.
    """
    found: dict[tuple[str, str], list[str]] = {}
    tags = aggregations(answer).get("tags", {}).get("buckets", {})
    for tag, bucket in sorted(tags.items()):
        for platform in bucket["platforms"]["buckets"]:
            keys = [one["key"] for one in platform["targets"]["buckets"]]
            own = [key for key in keys if _is_capture(key, platform["key"], tag)]
            if len(own) > 1:
                found[platform["key"], tag] = own[:MOST_CAPTURES]
    return found


def _is_capture(key: str, platform: str, tag: str) -> bool:
    of, _, rest = key.partition(":")
    kind, _, value = rest.partition(":")
    if of == _ARCHIVE:
        return kind == "file"
    if of != platform:
        return False
    return kind in ("stream", "push") or (kind == "hashtag" and value.partition("@")[0] == tag)


def hours_body(
    query: Json, platform: str, tag: str, captures: Sequence[str], *, after: Json | None, size: int
) -> Json:
    """A request for the next ``size`` hours of a hashtag: what each capture and each two found."""
    filters: dict[str, Json] = {str(place): _found_by(key) for place, key in enumerate(captures)}
    for one, other in combinations(range(len(captures)), 2):
        both = [_found_by(captures[one]), _found_by(captures[other])]
        filters[f"{one}.{other}"] = {"bool": {"filter": both}}
    hour = {"date_histogram": {"field": "@timestamp", "fixed_interval": "1h"}}
    composite: Json = {"size": size, "sources": [{"hour": hour}]}
    if after is not None:
        composite["after"] = after
    narrowed = also(query, {"term": {"hashtags": tag}}, {"term": {"platform": platform}})
    return {
        "size": 0,
        "track_total_hits": False,
        "query": narrowed,
        "aggs": {
            "hours": {
                "composite": composite,
                "aggs": {"found": {"filters": {"filters": filters}}},
            }
        },
    }


def _found_by(capture: str) -> Json:
    return {"term": {"provenance.targets": capture}}


Pairs = dict[tuple[int, int], list[Hour]]


def add_hours(pairs: Pairs, answer: Json, *, size: int) -> Json | None:
    """Adds a page's hours to each pair; gives where the next page starts, None after the last."""
    found = aggregations(answer).get("hours", {})
    for bucket in found.get("buckets", []):
        counts = {key: one["doc_count"] for key, one in bucket["found"]["buckets"].items()}
        for key in counts:
            first, dot, second = key.partition(".")
            if dot:
                hour = Hour(bucket["key"]["hour"], counts[first], counts[second], counts[key])
                pairs.setdefault((int(first), int(second)), []).append(hour)
    return next_page(found, size)


def target_row(
    target: tuple[str, str], captures: Sequence[str], pairs: Mapping[tuple[int, int], list[Hour]]
) -> dict[str, Any]:
    """A hashtag's estimate by the two captures that have most posts in common.

    Args:
        target: Platform and hashtag.
        captures: The keys of its captures.
        pairs: Hours by the places of two captures.
    """
    best = min(pairs, key=lambda pair: (-sum(hour.both for hour in pairs[pair]), pair))
    hours = [hour for hour in pairs[best] if hour.seen]
    told = [(hour, hour.estimate) for hour in hours if hour.estimate is not None]
    seen = sum(hour.seen for hour, _ in told)
    estimate = math.fsum(found for _, found in told if found is not None) if told else None
    part = ratio(seen, estimate)
    return {
        "platform": target[0],
        "hashtag": target[1],
        "captures": [captures[place] for place in best],
        "value": None if part is None else min(1.0, part),
        "estimate": estimate,
        "seen": seen,
        "n": len(hours),
        "missing": len(hours) - len(told),
        "hours": [
            {
                "hour": times.to_text(times.from_epoch_s(hour.start / 1000)),
                "n1": hour.one,
                "n2": hour.other,
                "m": hour.both,
                "estimate": found,
            }
            for hour, found in told[-_MOST_HOURS:]
        ],
    }


def overall(rows: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """All hashtags together: what was seen in the hours that tell, over their estimates.

    ``n`` counts hours, ``missing`` those of which too few posts were found by both captures.
    """
    found = list(rows)
    estimates = [row["estimate"] for row in found if row["estimate"] is not None]
    estimate = math.fsum(estimates) if estimates else None
    seen = sum(row["seen"] for row in found)
    part = ratio(seen, estimate)
    return {
        "value": None if part is None else min(1.0, part),
        "estimate": estimate,
        "seen": seen,
        "n": sum(row["n"] for row in found),
        "missing": sum(row["missing"] for row in found),
    }
