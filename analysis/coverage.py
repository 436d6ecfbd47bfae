"""How much of a campaign's window was watched, by the ledger of runs. Pure interval arithmetic."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from analysis.numbers import mean
from analysis.parts import aggregations
from lake import times
from lake.campaign import Campaign
from lake.records import Json

Target = tuple[str, str]  # platform, hashtag
Span = tuple[datetime, datetime]

_MOST_PLATFORMS = 100


def targets_body(campaign: Campaign, tags: Sequence[str]) -> Json:
    """A request for the polled hashtags and platforms: those of which a run says what it saw."""
    tag_counts = {"terms": {"field": "value", "size": len(tags)}}
    return {
        "size": 0,
        "track_total_hits": False,
        "query": _runs_query(campaign, tags),
        "aggs": {
            "platforms": {
                "terms": {"field": "platform", "size": _MOST_PLATFORMS},
                "aggs": {"tags": tag_counts},
            }
        },
    }


def targets_in(answer: Json) -> list[Target]:
    """The polled targets."""
    return [
        (platform["key"], tag["key"])
        for platform in aggregations(answer).get("platforms", {}).get("buckets", [])
        for tag in platform["tags"]["buckets"]
    ]


def spans_body(
    campaign: Campaign, tags: Sequence[str], *, size: int, after: Sequence[Any] | None
) -> Json:
    """A request for a page of what runs saw of the window."""
    inside: list[Json] = [
        {"range": {"covered.start": {"lt": times.to_text(campaign.end)}}},
        {"range": {"covered.end": {"gt": times.to_text(campaign.start)}}},
    ]
    body: Json = {
        "size": size,
        "track_total_hits": False,
        "query": {"bool": {"filter": [_runs_query(campaign, tags), *inside]}},
        "sort": [{"covered.start": "asc"}, {"run": "asc"}],
        "_source": ["platform", "value", "covered"],
    }
    if after is not None:
        body["search_after"] = list(after)
    return body


def _runs_query(campaign: Campaign, tags: Sequence[str]) -> Json:
    filters: list[Json] = [
        {"term": {"kind": "hashtag"}},
        {"terms": {"value": list(tags)}},
        {"exists": {"field": "covered.start"}},
    ]
    if campaign.platforms:
        filters.append({"terms": {"platform": list(campaign.platforms)}})
    return {"bool": {"filter": filters}}


def span_of(source: Json) -> tuple[Target, Span]:
    """What one run saw, and of which target."""
    covered = source["covered"]
    return (source["platform"], source["value"]), (
        times.from_text(covered["start"]),
        times.from_text(covered["end"]),
    )


def coverage(
    targets: Iterable[Target],
    spans: Mapping[Target, Sequence[Span]],
    start: datetime,
    end: datetime,
) -> float | None:
    """The mean, over the polled targets, of how much of [start, end) their runs saw.

    None where nothing was polled or the window is empty (it has not begun).
    """
    length = end - start
    if length <= timedelta():
        return None
    return mean([union_length(spans.get(target, ()), start, end) / length for target in targets])


def union_length(spans: Iterable[Span], start: datetime, end: datetime) -> timedelta:
    """How much of [start, end) lies in at least one of the spans."""
    found, reached = timedelta(), start
    for begins, ends in sorted(spans):
        begins, ends = max(begins, reached), min(ends, end)
        if ends > begins:
            found += ends - begins
            reached = ends
    return found
