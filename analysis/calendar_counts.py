"""How many posts each hour or day has, and which of them nobody watched. Pure.

Volume peaks and forecasts begin with these counts. A number of posts from a time that nobody
watched is not small but unknown.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise

from analysis.coverage import Seen, Target, blind, blind_s
from analysis.parts import aggregations
from lake import times
from lake.records import Json

Span = tuple[datetime, datetime]


@dataclass(frozen=True, slots=True)
class Stretch:
    """An hour or a day.

    Args:
        start: Its beginning, aware UTC.
        end: Its end, exclusive.
        posts: Posts created in it.
        watched: Whether somebody watched all the time.
        whole: Whether it is a full hour or day, none that a window cuts short.
    """

    start: datetime
    end: datetime
    posts: int
    watched: bool = True
    whole: bool = True


def counts_body(query: Json, cuts: Sequence[datetime]) -> Json:
    """A request for the posts between each two cuts."""
    texts = [times.to_text(cut) for cut in cuts]
    ranges = [{"from": begins, "to": ends} for begins, ends in pairwise(texts)]
    body: Json = {"size": 0, "track_total_hits": False, "query": query}
    if ranges:
        body["aggs"] = {"stretches": {"date_range": {"field": "@timestamp", "ranges": ranges}}}
    return body


def counts_in(answer: Json, cuts: Sequence[datetime]) -> list[int]:
    """The posts between each two cuts, in order."""
    buckets = aggregations(answer).get("stretches", {}).get("buckets", [])
    counted = {int(bucket["from"]): int(bucket["doc_count"]) for bucket in buckets}
    return [counted.get(epoch_ms(begins), 0) for begins in cuts[:-1]]


def first_posts(cuts: Sequence[datetime], counts: Sequence[int]) -> datetime | None:
    """Where the first hour or day with posts begins; None where there is none."""
    return next((begins for begins, posts in zip(cuts, counts, strict=False) if posts), None)


def epoch_ms(moment: datetime) -> int:
    """Milliseconds since 1970, as Elasticsearch counts."""
    return (moment - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(milliseconds=1)


def unwatched(
    targets: Mapping[Target, Seen], first: datetime | None, start: datetime, end: datetime
) -> list[Span]:
    """The times of [start, end) at which a hashtag was not watched on a platform.

    A hashtag and platform that nobody watched in all that time changes no comparison and is left
    out. Where nothing was polled, as after an import, the time before the first post is unknown.

    Args:
        targets: What the ledger of runs says.
        first: Where the first hour or day with posts begins.
        start: Start of the time in question.
        end: Its end, or now where that is earlier.
    """
    spans = {target: blind(seen, start, end) for target, seen in targets.items() if seen.can_tell}
    in_all_s = (end - start).total_seconds()
    told = [gaps for gaps in spans.values() if blind_s(gaps) < in_all_s]
    if told:
        return sorted({(gap.start, gap.end) for gaps in told for gap in gaps})
    return [(start, max(start, min(end, first or end)))]


def stretches(
    cuts: Sequence[datetime],
    counts: Sequence[int],
    gaps: Iterable[Span],
    *,
    whole: Sequence[bool] | None = None,
    spare: timedelta = timedelta(),
) -> list[Stretch]:
    """The hours or days between the cuts.

    Args:
        cuts: Where they begin, and at last where the last ends.
        counts: Their posts.
        gaps: When nobody watched.
        whole: Which are whole; None: all.
        spare: How much of one may have gone unwatched without making its count unknown.
    """
    lost = [timedelta()] * len(counts)
    for begins, ends in joined(gaps):
        place = max(0, bisect_right(cuts, begins) - 1)
        while place < len(counts) and cuts[place] < ends:
            lost[place] += max(timedelta(), min(cuts[place + 1], ends) - max(cuts[place], begins))
            place += 1
    return [
        Stretch(start, end, counts[place], lost[place] <= spare, whole is None or whole[place])
        for place, (start, end) in enumerate(pairwise(cuts))
    ]


def joined(spans: Iterable[Span]) -> list[Span]:
    """The spans in order; those that touch or overlap are one."""
    found: list[Span] = []
    for begins, ends in sorted(spans):
        if found and begins <= found[-1][1]:
            found[-1] = (found[-1][0], max(found[-1][1], ends))
        elif begins < ends:
            found.append((begins, ends))
    return found
