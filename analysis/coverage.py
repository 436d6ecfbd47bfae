"""How much of a campaign's window was watched, when nobody watched, and why: METRICS 40.

Pure interval arithmetic over the ledger of runs. Each poll covers the time since the one before, so
from a target's first poll to its last everything was watched but the gaps that polls tell of: no
overlap with what was known, a poll overdue by more than two intervals, or a block. So the gaps are
all that needs to be read, however many polls there were.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from analysis.numbers import mean
from analysis.parts import aggregations
from lake import times
from lake.campaign import Campaign
from lake.records import Json

Target = tuple[str, str]  # platform, hashtag
Span = tuple[datetime, datetime]

NOT_POLLED = "not_polled"
_MOST_PLATFORMS = 100
_OVERDUE_INTERVALS = 2


@dataclass(frozen=True, slots=True)
class Blind:
    """A time that nobody watched.

    Args:
        start: Its beginning, aware UTC.
        end: Its end, exclusive.
        reason: ``no_overlap``, ``overdue``, ``blocked``, or ``not_polled``.
        recovered: Whether the posts of that time were read later.
    """

    start: datetime
    end: datetime
    reason: str
    recovered: bool = False


@dataclass(slots=True)
class Seen:
    """What the ledger says of one target.

    Args:
        first: Start of what polls covered; None: no poll could vouch for anything.
        last: End of what polls covered. Between the two everything was watched but the gaps.
        windows: Stretches of the past that were walked as a whole.
        gaps: What polls say nobody watched.
        last_poll: When the last poll began.
        interval_s: Seconds between polls as they were last scheduled; None: polled by hand.
        answered: Whether any poll succeeded; where none did, nothing was watched.
    """

    first: datetime | None = None
    last: datetime | None = None
    windows: list[Span] = field(default_factory=list)
    gaps: list[Blind] = field(default_factory=list)
    last_poll: datetime | None = None
    interval_s: float | None = None
    answered: bool = True

    @property
    def can_tell(self) -> bool:
        """Whether polls could vouch for anything, or say that they missed something."""
        missed = any(gap.reason != "overdue" for gap in self.gaps)
        return self.first is not None or missed or not self.answered


def targets_body(campaign: Campaign, tags: Sequence[str]) -> Json:
    """A request for the polled hashtags and platforms: what polls covered, and the last of them."""
    last = {
        "size": 1,
        "sort": [{"@timestamp": "desc"}],
        "_source": ["@timestamp", "interval_s"],
    }
    tag_counts = {
        "terms": {"field": "value", "size": max(1, len(tags))},
        "aggs": {
            "first": {"min": {"field": "covered.start"}},
            "until": {"max": {"field": "covered.end"}},
            "last": {"top_hits": last},
            "answered": {"filter": {"bool": {"must_not": [{"exists": {"field": "error.class"}}]}}},
        },
    }
    return {
        "size": 0,
        "track_total_hits": False,
        "query": {
            "bool": {
                "filter": _of_the_campaign(campaign, tags),
                "must_not": [{"exists": {"field": "window.start"}}],
            }
        },
        "aggs": {
            "platforms": {
                "terms": {"field": "platform", "size": _MOST_PLATFORMS},
                "aggs": {"tags": tag_counts},
            }
        },
    }


def targets_in(answer: Json) -> dict[Target, Seen]:
    """The polled targets, without their gaps and windows yet."""
    found: dict[Target, Seen] = {}
    for platform in aggregations(answer).get("platforms", {}).get("buckets", []):
        for tag in platform["tags"]["buckets"]:
            last = tag["last"]["hits"]["hits"][0]["_source"]
            found[platform["key"], tag["key"]] = Seen(
                first=_moment(tag["first"]),
                last=_moment(tag["until"]),
                last_poll=times.from_text(last["@timestamp"]),
                interval_s=last.get("interval_s"),
                answered=tag["answered"]["doc_count"] > 0,
            )
    return found


def _moment(aggregation: Json) -> datetime | None:
    value = aggregation.get("value")
    return None if value is None else times.from_epoch_s(value / 1000)


def gaps_body(
    campaign: Campaign, tags: Sequence[str], *, size: int, after: Sequence[Any] | None
) -> Json:
    """A request for a page of the window's gaps, and of the past that was walked or not offered."""
    inside = [
        {
            "bool": {
                "filter": [
                    {"range": {f"{name}.start": {"lt": times.to_text(campaign.end)}}},
                    {"range": {f"{name}.end": {"gt": times.to_text(_begin(campaign))}}},
                ]
            }
        }
        for name in ("gap", "window")
    ]
    body: Json = {
        "size": size,
        "track_total_hits": False,
        "query": {
            "bool": {
                "filter": _of_the_campaign(campaign, tags),
                "should": inside,
                "minimum_should_match": 1,
            }
        },
        "sort": [{"@timestamp": "asc"}, {"run": "asc"}],
        "_source": ["platform", "value", "covered", "gap", "window", "error"],
    }
    if after is not None:
        body["search_after"] = list(after)
    return body


def _begin(campaign: Campaign) -> datetime:
    return campaign.baseline or campaign.start


def _of_the_campaign(campaign: Campaign, tags: Sequence[str]) -> list[Json]:
    filters: list[Json] = [{"term": {"kind": "hashtag"}}, {"terms": {"value": list(tags)}}]
    if campaign.platforms:
        filters.append({"terms": {"platform": list(campaign.platforms)}})
    return filters


def add_run(seen: Mapping[Target, Seen], source: Json) -> None:
    """Adds a run's gap and window to its target; a target that nobody polls is left out."""
    entry = seen.get((source["platform"], source["value"]))
    if entry is None:
        return
    if source.get("window") and (covered := source.get("covered")):
        entry.windows.append(_span(covered))
    if gap := source.get("gap"):
        entry.gaps.append(Blind(*_span(gap), gap["reason"], bool(gap.get("recovered"))))


def _span(source: Json) -> Span:
    return times.from_text(source["start"]), times.from_text(source["end"])


def coverage(targets: Mapping[Target, Seen], start: datetime, end: datetime) -> float | None:
    """The mean, over the polled targets, of how much of [start, end) was watched.

    None where nothing was polled that can tell, or the window is empty (it has not begun).
    """
    if end <= start:
        return None
    known = [seen for seen in targets.values() if seen.can_tell]
    return mean([1 - blind_s(blind(seen, start, end)) / _s(start, end) for seen in known])


def blind(seen: Seen, start: datetime, end: datetime) -> list[Blind]:
    """The times of [start, end) that nobody watched, in order, each with its reason.

    The time since the last poll counts as watched until the next one is overdue.

    Args:
        seen: What the ledger says.
        start: Start of the window.
        end: Its end, or now where that is earlier.
    """
    holes = [(gap.start, gap.end) for gap in seen.gaps]
    watched = _union([*_without(_polled(seen, end), holes), *seen.windows], start, end)
    found: list[Blind] = []
    for begins, ends in _without([(start, end)] if start < end else [], watched):
        found += _reasons(begins, ends, seen.gaps)
    return found


def _polled(seen: Seen, now: datetime) -> list[Span]:
    """From the first poll to the last; and to now, if the next one is not overdue yet."""
    if seen.first is None or seen.last is None:
        return []
    if seen.interval_s is None or now <= seen.last:
        return [(seen.first, seen.last)]
    due = seen.last + timedelta(seconds=_OVERDUE_INTERVALS * seen.interval_s)
    return [(seen.first, now if now <= due else seen.last)]


def blind_s(blinds: Iterable[Blind]) -> float:
    """Seconds in all."""
    return sum(_s(one.start, one.end) for one in blinds)


def _reasons(start: datetime, end: datetime, gaps: Sequence[Blind]) -> list[Blind]:
    """A blind time cut where its reason changes; of several reasons the earliest gap's holds.

    Of those that begin together it is the longest: each poll that is refused tells of the same gap,
    and at last the one that ends it, which alone knows whether the posts were read later.
    """
    found: list[Blind] = []
    reached = start
    for gap in sorted(gaps, key=lambda gap: (gap.start, -gap.end.timestamp())):
        begins, ends = max(gap.start, reached), min(gap.end, end)
        if ends <= begins:
            continue
        if begins > reached:
            found.append(Blind(reached, begins, NOT_POLLED))
        if found and found[-1].end == begins and found[-1].reason == gap.reason:
            last = found.pop()
            found.append(Blind(last.start, ends, gap.reason, last.recovered and gap.recovered))
        else:
            found.append(Blind(begins, ends, gap.reason, gap.recovered))
        reached = ends
    if reached < end:
        found.append(Blind(reached, end, NOT_POLLED))
    return found


def union_length(spans: Iterable[Span], start: datetime, end: datetime) -> timedelta:
    """How much of [start, end) lies in at least one of the spans."""
    return sum((e - s for s, e in _union(spans, start, end)), timedelta())


def _union(spans: Iterable[Span], start: datetime, end: datetime) -> list[Span]:
    """The parts of [start, end) that lie in at least one of the spans, in order."""
    found: list[Span] = []
    for begins, ends in sorted(spans):
        begins, ends = max(begins, start), min(ends, end)
        if ends <= begins:
            continue
        if found and begins <= found[-1][1]:
            found[-1] = (found[-1][0], max(found[-1][1], ends))
        else:
            found.append((begins, ends))
    return found


def _without(spans: Sequence[Span], holes: Sequence[Span]) -> list[Span]:
    """What is left of ordered spans when the holes are cut out."""
    left: list[Span] = []
    for start, end in spans:
        reached = start
        for begins, ends in _union(holes, start, end):
            if begins > reached:
                left.append((reached, begins))
            reached = ends
        if reached < end:
            left.append((reached, end))
    return left


def _s(start: datetime, end: datetime) -> float:
    return (end - start).total_seconds()
