"""What platforms themselves count of a hashtag, and how fast it grows: METRICS 36.

A platform counts either all use since the hashtag's beginning, each time it is asked, or the use of
a closed period. Of a total, growth is the difference of its first and last snapshot over the hours
between them; of periods, their sum over the hours that they had run when they were counted.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from analysis.numbers import ratio
from analysis.parts import MOST_PLATFORMS, aggregations
from lake import times
from lake.layout import native_key
from lake.records import Json

MOST_SNAPSHOTS = 5_000
_MOST_SHOWN = 500
_NUMBERS = ("posts", "authors", "views")
# Authors of two periods may be the same people, so they do not add up.
_GROWING = ("posts", "views")


@dataclass(frozen=True, slots=True)
class Snapshot:
    """One count of a hashtag's use.

    Args:
        at: When it was counted, aware UTC.
        numbers: Posts, authors and views, as far as they were told.
        start: Start of the counted period; None of a total.
        end: End of the counted period, exclusive.
    """

    at: datetime
    numbers: dict[str, int]
    start: datetime | None = None
    end: datetime | None = None

    def hours(self) -> float:
        """Hours of the period that had passed when it was counted; 0 of a total."""
        if self.start is None or self.end is None:
            return 0.0
        return max(0.0, _hours(min(self.at, self.end) - self.start))

    def to_json(self) -> dict[str, Any]:
        """The snapshot as answers show it."""
        period = {} if self.start is None or self.end is None else _span(self.start, self.end)
        known = {name: self.numbers.get(name) for name in _NUMBERS}
        return {"at": times.to_text(self.at), **period, **known}


def _span(start: datetime, end: datetime) -> dict[str, str]:
    return {"from": times.to_text(start), "to": times.to_text(end)}


def _hours(span: timedelta) -> float:
    return span / timedelta(hours=1)


def counting_body() -> Json:
    """A request for the platforms that count hashtags."""
    return {
        "size": 0,
        "track_total_hits": False,
        "query": {"term": {"entity.type": "tag"}},
        "aggs": {"platforms": {"terms": {"field": "platform", "size": MOST_PLATFORMS}}},
    }


def counting_in(answer: Json) -> list[str]:
    """The platforms that count hashtags, by name."""
    buckets = aggregations(answer).get("platforms", {}).get("buckets", [])
    return sorted(bucket["key"] for bucket in buckets)


def counters_query(tag: str, platforms: Iterable[str]) -> Json:
    """All counts of a hashtag, whenever they were made."""
    keys = [native_key(platform, tag) for platform in platforms]
    return {"bool": {"filter": [{"term": {"entity.type": "tag"}}, {"terms": {"entity.id": keys}}]}}


def counters_body(query: Json, start: datetime, end: datetime) -> Json:
    """A request for the counts of [start, end), newest first: periods that begin in it, totals.

    Args:
        query: The hashtag's counts.
        start: Aware UTC.
        end: What was counted later is not known yet.
    """
    inside = {"gte": times.to_text(start), "lt": times.to_text(end)}
    is_period: Json = {"exists": {"field": "period.start"}}
    total: Json = {"bool": {"filter": [{"range": {"@timestamp": inside}}], "must_not": [is_period]}}
    period: Json = {"range": {"period.start": inside}}
    either = {"bool": {"should": [total, period], "minimum_should_match": 1}}
    return {
        "size": MOST_SNAPSHOTS,
        "track_total_hits": True,
        "query": {"bool": {"filter": [query, either]}},
        "sort": [{"@timestamp": {"order": "desc"}}, {"entity.id": {"order": "asc"}}],
        "_source": ["@timestamp", "platform", "source", "period", "metrics"],
    }


def series_in(answer: Json) -> dict[tuple[str, str], list[Snapshot]]:
    """The snapshots of each (platform, source), oldest first; the source is empty where it is one.

    A source that counts totals and periods is two: ``source`` and ``source, periods``.
    """
    found: dict[tuple[str, str], list[Snapshot]] = {}
    for hit in answer["hits"]["hits"]:
        source = hit["_source"]
        period = source.get("period") or {}
        name = source.get("source", "")
        key = (source["platform"], f"{name}, periods".lstrip(", ") if period else name)
        start, end = (period.get(edge) for edge in ("start", "end"))
        snapshot = Snapshot(
            times.from_text(source["@timestamp"]),
            source.get("metrics", {}),
            times.from_text(start) if start else None,
            times.from_text(end) if end else None,
        )
        found.setdefault(key, []).append(snapshot)
    for snapshots in found.values():
        snapshots.sort(key=lambda one: (one.start or one.at, one.at))
    return found


def growth(snapshots: Sequence[Snapshot], number: str) -> dict[str, Any]:
    """How fast a number grows, by the hour.

    Args:
        snapshots: Of one source, oldest first.
        number: ``posts`` or ``views``.

    Returns:
        ``value``, None where too few snapshots tell; ``hours`` that were covered; ``n`` snapshots,
        of which ``missing`` do not tell the number. A total may shrink: posts are deleted.
    """
    known = [one for one in snapshots if one.numbers.get(number) is not None]
    periods = [one for one in known if one.start is not None]
    if periods:
        hours = sum(one.hours() for one in periods)
        value = ratio(sum(one.numbers[number] for one in periods), hours)
    elif len(known) > 1:
        hours = _hours(known[-1].at - known[0].at)
        value = ratio(known[-1].numbers[number] - known[0].numbers[number], hours)
    else:
        hours, value = 0.0, None
    missing = len(snapshots) - len(known)
    return {"value": value, "hours": hours, "n": len(snapshots), "missing": missing}


def counter_rows(answer: Json) -> list[dict[str, Any]]:
    """Each source's count with its growth and its last snapshots."""
    return [
        {
            "platform": platform,
            "source": source or None,
            "counts": "periods" if snapshots[0].start is not None else "total",
            "growth_per_h": {name: growth(snapshots, name) for name in _GROWING},
            "latest": snapshots[-1].to_json(),
            "snapshots_total": len(snapshots),
            "snapshots": [one.to_json() for one in snapshots[-_MOST_SHOWN:]],
        }
        for (platform, source), snapshots in sorted(series_in(answer).items())
    ]
