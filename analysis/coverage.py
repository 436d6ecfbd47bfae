"""How much of a campaign's window was watched, when nobody watched, and why: METRICS 40.

Pure interval arithmetic over the ledger of runs. A run says what it covered (the time since the
poll before, of which it met every post) and the gap that came before it: no overlap with what was
known, a poll overdue by more than two intervals, or a block.
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
        covered: What runs covered, each without the gap before it.
        gaps: What they say nobody watched; they give the reasons.
        last_poll: When the last run began that covered something or failed.
        interval_s: Seconds between polls as they were last scheduled; None: polled by hand.
    """

    covered: list[Span] = field(default_factory=list)
    gaps: list[Blind] = field(default_factory=list)
    last_poll: datetime | None = None
    interval_s: float | None = None


def targets_body(campaign: Campaign, tags: Sequence[str]) -> Json:
    """A request for the polled hashtags and platforms, each with its last run."""
    last = {
        "size": 1,
        "sort": [{"@timestamp": "desc"}],
        "_source": ["@timestamp", "interval_s"],
    }
    tag_counts = {
        "terms": {"field": "value", "size": len(tags)},
        "aggs": {"last": {"top_hits": last}},
    }
    return {
        "size": 0,
        "track_total_hits": False,
        "query": {
            "bool": {
                "filter": [*_of_the_campaign(campaign, tags), _tells_something()],
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
    """The polled targets, each with its last run and nothing covered yet."""
    found: dict[Target, Seen] = {}
    for platform in aggregations(answer).get("platforms", {}).get("buckets", []):
        for tag in platform["tags"]["buckets"]:
            last = tag["last"]["hits"]["hits"][0]["_source"]
            started_at = times.from_text(last["@timestamp"])
            seen = Seen(last_poll=started_at, interval_s=last.get("interval_s"))
            found[platform["key"], tag["key"]] = seen
    return found


def spans_body(
    campaign: Campaign, tags: Sequence[str], *, size: int, after: Sequence[Any] | None
) -> Json:
    """A request for a page of what runs saw and did not see of the window."""
    inside = [
        {
            "bool": {
                "filter": [
                    {"range": {f"{name}.start": {"lt": times.to_text(campaign.end)}}},
                    {"range": {f"{name}.end": {"gt": times.to_text(_begin(campaign))}}},
                ]
            }
        }
        for name in ("covered", "gap", "window")
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


def _tells_something() -> Json:
    fields = [{"exists": {"field": "covered.start"}}, {"exists": {"field": "gap.start"}}]
    return {"bool": {"should": fields, "minimum_should_match": 1}}


def _of_the_campaign(campaign: Campaign, tags: Sequence[str]) -> list[Json]:
    filters: list[Json] = [{"term": {"kind": "hashtag"}}, {"terms": {"value": list(tags)}}]
    if campaign.platforms:
        filters.append({"terms": {"platform": list(campaign.platforms)}})
    return filters


def add_run(seen: Mapping[Target, Seen], source: Json) -> None:
    """Adds what one run says to its target; a target that nobody polls is left out."""
    entry = seen.get((source["platform"], source["value"]))
    if entry is None:
        return
    holes: list[Span] = []
    if gap := source.get("gap"):
        holes.append(_span(gap))
        entry.gaps.append(Blind(*_span(gap), gap["reason"], bool(gap.get("recovered"))))
    # A run's gap is its own: what another run covered, it covered.
    if covered := source.get("covered"):
        entry.covered += _without([_span(covered)], holes)


def _span(source: Json) -> Span:
    return times.from_text(source["start"]), times.from_text(source["end"])


def coverage(targets: Mapping[Target, Seen], start: datetime, end: datetime) -> float | None:
    """The mean, over the polled targets, of how much of [start, end) was watched.

    None where nothing was polled or the window is empty (it has not begun).
    """
    if end <= start:
        return None
    return mean(
        [1 - blind_s(blind(seen, start, end)) / _s(start, end) for seen in targets.values()]
    )


def blind(seen: Seen, start: datetime, end: datetime) -> list[Blind]:
    """The times of [start, end) that nobody watched, in order, each with its reason.

    The time since the last poll counts as watched until the next one is overdue.

    Args:
        seen: What the ledger says.
        start: Start of the window.
        end: Its end, or now where that is earlier.
    """
    watched = _union([*seen.covered, *_not_overdue_yet(seen, end)], start, end)
    found: list[Blind] = []
    for begins, ends in _without([(start, end)] if start < end else [], watched):
        found += _reasons(begins, ends, seen.gaps)
    return found


def blind_s(blinds: Iterable[Blind]) -> float:
    """Seconds in all."""
    return sum(_s(one.start, one.end) for one in blinds)


def _not_overdue_yet(seen: Seen, now: datetime) -> list[Span]:
    until = max((end for _, end in seen.covered), default=None)
    if until is None or seen.interval_s is None or now <= until:
        return []
    due = until + timedelta(seconds=_OVERDUE_INTERVALS * seen.interval_s)
    return [(until, now)] if now <= due else []


def _reasons(start: datetime, end: datetime, gaps: Sequence[Blind]) -> list[Blind]:
    """A blind time cut where its reason changes; of several reasons the earliest gap's holds."""
    found: list[Blind] = []
    reached = start
    for gap in sorted(gaps, key=lambda gap: (gap.start, gap.end)):
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
