"""Minutes in which more authors posted at once than chance would bring together.

The rule: a UTC minute is a burst where at least ``LEAST_AUTHORS`` authors posted in it, and a
Poisson distribution (https://en.wikipedia.org/wiki/Poisson_distribution) whose mean is the posts a
minute of its clock hour gives so many or more with a probability below ``CHANCE``. The mean counts
posts and the hour holds the burst, so the rule finds too little rather than too much. A reshare
follows its original by design, so it is not looked at.

A burst has many innocent reasons: a broadcast, posts scheduled for the full hour, or a file that
knows only the day.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from typing import Any

from analysis.authenticity import next_page
from analysis.envelope import Context, Envelope
from analysis.membership import also
from analysis.numbers import ratio
from analysis.parts import aggregations
from lake import times
from lake.records import Json

LEAST_AUTHORS = 5
CHANCE = 0.001
TOP_BURSTS = 10
_MINUTE_MS, _HOUR_MS = 60_000, 3_600_000


def tail(posts: int, mean: float) -> float:
    """The probability that a Poisson distribution gives ``posts`` or more."""
    if posts <= 0:
        return 1.0
    if mean <= 0:
        return 0.0
    # Of a mean above the number, the sum from below is the short one, and no digits are lost.
    if posts <= mean:
        return max(0.0, 1.0 - math.fsum(_poisson(number, mean) for number in range(posts)))
    found, number = 0.0, posts
    while (term := _poisson(number, mean)) > found * 1e-17:
        found += term
        number += 1
    return min(1.0, found)


def _poisson(number: int, mean: float) -> float:
    return math.exp(number * math.log(mean) - mean - math.lgamma(number + 1))


@lru_cache(maxsize=4_096)
def fewest(mean: float) -> int:
    """How many authors it takes to be a burst in a minute of so many posts on average."""
    authors = max(LEAST_AUTHORS, math.ceil(mean))
    while tail(authors, mean) >= CHANCE:
        authors += 1
    return authors


def is_burst(authors: int, mean: float) -> bool:
    """Whether so many authors in a minute of so many posts on average are a burst."""
    return authors >= fewest(mean)


def months_body(query: Json) -> Json:
    """A request for the number of posts, and for the months that may hold a burst."""
    return {
        "size": 0,
        "track_total_hits": True,
        "query": query,
        "aggs": {"months": _every("calendar_interval", "month")},
    }


def months_in(answer: Json) -> list[datetime]:
    """When the months of enough posts begin, in UTC."""
    buckets = aggregations(answer).get("months", {}).get("buckets", [])
    return [times.from_epoch_s(bucket["key"] / 1000) for bucket in buckets]


def _every(kind: str, interval: str) -> Json:
    return {
        "date_histogram": {"field": "@timestamp", kind: interval, "min_doc_count": LEAST_AUTHORS}
    }


def minutes_body(query: Json, month: datetime) -> Json:
    """A request for a month's posts by hour, and by those minutes that may be a burst.

    A month has fewer minutes and hours than a cluster allows buckets in an answer, 65,536.
    """
    start = times.to_text(month)
    inside = {"range": {"@timestamp": {"gte": start, "lt": f"{start}||+1M"}}}
    return {
        "size": 0,
        "track_total_hits": False,
        "query": also(query, inside),
        "aggs": {
            "hours": _every("fixed_interval", "1h"),
            "minutes": _every("fixed_interval", "1m"),
        },
    }


@dataclass(slots=True)
class Minutes:
    """Busy minutes while their pages come in.

    Args:
        start: Start of the window; of an hour that it cuts only the part inside counts.
        end: Its end, or now where that is earlier.
    """

    start: datetime
    end: datetime
    posts: dict[int, int] = field(default_factory=dict)
    means: dict[int, float] = field(default_factory=dict)

    def add(self, answer: Json) -> None:
        """Adds an answer to ``minutes_body``; keeps the minutes of enough posts to be a burst."""
        found = aggregations(answer)
        hours = {
            int(bucket["key"]): bucket["doc_count"] / self._minutes_of(int(bucket["key"]))
            for bucket in found.get("hours", {}).get("buckets", [])
        }
        for bucket in found.get("minutes", {}).get("buckets", []):
            minute, posts = int(bucket["key"]), bucket["doc_count"]
            mean = hours[minute // _HOUR_MS * _HOUR_MS]
            if is_burst(posts, mean):
                self.posts[minute], self.means[minute] = posts, mean

    def _minutes_of(self, hour: int) -> float:
        start, end = self.start.timestamp() * 1000, self.end.timestamp() * 1000
        inside = min(hour + _HOUR_MS, end) - max(hour, start)
        if inside <= 0:  # posts that claim to be of the future
            inside = _HOUR_MS
        return max(1.0, inside / _MINUTE_MS)

    def bursts(self, authors: Mapping[int, int]) -> list[dict[str, Any]]:
        """The bursts in order of time.

        Args:
            authors: Distinct authors of each minute that was kept.
        """
        return [
            {
                "minute": times.to_text(times.from_epoch_s(minute / 1000)),
                "posts": self.posts[minute],
                "authors": authors.get(minute, 0),
                "expected": self.means[minute],
                "chance": tail(authors.get(minute, 0), self.means[minute]),
            }
            for minute in sorted(self.posts)
            if is_burst(authors.get(minute, 0), self.means[minute])
        ]


def minute_authors_body(
    query: Json, minutes: Sequence[int], *, after: Json | None, size: int
) -> Json:
    """A request for the next ``size`` pairs of minute and author.

    Args:
        query: The posts.
        minutes: When the minutes begin, in milliseconds since 1970.
        after: Where the page starts.
        size: Pairs in it.
    """
    inside = [
        {"range": {"@timestamp": {"gte": one, "lt": one + _MINUTE_MS, "format": "epoch_millis"}}}
        for one in minutes
    ]
    sources: list[Json] = [
        {"minute": {"date_histogram": {"field": "@timestamp", "fixed_interval": "1m"}}},
        {"author": {"terms": {"field": "author.key"}}},
    ]
    composite: Json = {"size": size, "sources": sources}
    if after is not None:
        composite["after"] = after
    return {
        "size": 0,
        "track_total_hits": False,
        "query": also(query, {"bool": {"should": inside, "minimum_should_match": 1}}),
        "aggs": {"pairs": {"composite": composite}},
    }


def add_minute_authors(authors: dict[int, int], answer: Json, *, size: int) -> Json | None:
    """Counts a page's authors by minute; gives where the next page starts, None after the last."""
    found = aggregations(answer).get("pairs", {})
    for bucket in found.get("buckets", []):
        minute = int(bucket["key"]["minute"])
        authors[minute] = authors.get(minute, 0) + 1
    return next_page(found, size)


def synchrony(bursts: Iterable[Mapping[str, Any]], posts: int, context: Context) -> dict[str, Any]:
    """Posts that lie in bursts, in percent, in an envelope; with the largest bursts.

    Args:
        bursts: In order of time.
        posts: Posts that are no reshares.
        context: What the answer's numbers share.
    """
    found = list(bursts)
    inside = sum(burst["posts"] for burst in found)
    part = ratio(inside, posts)
    value = None if part is None else 100 * part
    largest = sorted(found, key=lambda burst: (-burst["authors"], burst["minute"]))[:TOP_BURSTS]
    return Envelope(value, posts, 0, "burst_synchrony", context, exact=True).to_json() | {
        "posts": inside,
        "bursts_total": len(found),
        "bursts": largest,
    }
