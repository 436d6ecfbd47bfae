"""A campaign's posts over time: calendar intervals in a time zone, without holes.

The intervals are cut here, not by Elasticsearch: its Java may know another edition of the time zone
rules than we do, and an interval that nobody posted in must be there too.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, time, timedelta
from functools import cache
from itertools import pairwise
from typing import Any, Literal, get_args
from zoneinfo import ZoneInfo, available_timezones

from analysis.numbers import whole
from analysis.parts import aggregations, label_filters, labels_in, sum_and_count, sums
from lake import times
from lake.errors import InvalidError
from lake.records import Json

Interval = Literal["hour", "day", "week", "month"]
INTERVALS: tuple[str, ...] = get_args(Interval)
# With its labels an interval is about six buckets; a cluster allows 65,536 in one answer.
MOST_INTERVALS = 5_000
_DAYS = {"hour": 1 / 24, "day": 1.0, "week": 7.0, "month": 28.0}
_HOUR = timedelta(hours=1)
_SUMS = ("engagement", "likes", "shares", "comments")


def cuts(interval: str, zone: str, start: datetime, end: datetime) -> list[datetime]:
    """Where the intervals that hold [start, end) begin, in UTC, and at last where the last ends.

    Args:
        interval: One of ``INTERVALS``; a week begins on Monday.
        zone: The IANA time zone in which hours, days, weeks and months begin.
        start: The window's start.
        end: The window's end, exclusive.

    Raises:
        InvalidError: There is no such interval or time zone, or the window has too many of them.
    """
    if interval not in INTERVALS:
        raise _invalid("interval", f"must be one of {', '.join(INTERVALS)}")
    if zone not in _zones():
        raise _invalid("tz", f"{zone[:60]!r} is no IANA time zone; write Europe/Paris or UTC")
    _check_length(interval, (end - start) / timedelta(days=1))
    there = ZoneInfo(zone)
    try:
        found = [_begin(interval, start.astimezone(there))]
        if interval == "hour" and zone == "UTC":  # where no clock is changed it is quickly done
            hours = -(-max(timedelta(), end - found[0]) // _HOUR)
            return [found[0] + hour * _HOUR for hour in range(hours + 1)]
        while found[-1] < end:
            found.append(_following(interval, found[-1].astimezone(there)))
    except (OverflowError, ValueError) as exc:  # before year 1, after year 9999
        raise _invalid("interval", "the campaign's window has no such calendar") from exc
    return found


@cache
def _zones() -> frozenset[str]:
    # Reading the names of all zones from the disk takes 50 ms. What the machine calls "localtime"
    # differs from machine to machine.
    return frozenset(available_timezones() - {"localtime"})


def _check_length(interval: str, days: float) -> None:
    fitting = [name for name in INTERVALS if days / _DAYS[name] <= MOST_INTERVALS]
    if interval not in fitting:
        mend = f"ask for interval={fitting[0]}" if fitting else "shorten the campaign's window"
        raise _invalid(
            "interval", f"the window has more than {MOST_INTERVALS:,} {interval}s; {mend}"
        )


def _invalid(field: str, message: str) -> InvalidError:
    return InvalidError(f"{field}: {message}", errors=({"field": field, "message": message},))


def _begin(interval: str, moment: datetime) -> datetime:
    if interval == "hour":
        return moment.astimezone(UTC) - _since_hour(moment)
    day = moment.date()
    if interval == "week":
        day -= timedelta(days=day.weekday())
    if interval == "month":
        day = day.replace(day=1)
    return datetime.combine(day, time(), moment.tzinfo).astimezone(UTC)


def _following(interval: str, start: datetime) -> datetime:
    if interval == "hour":
        return start.astimezone(UTC) + timedelta(hours=1) - _since_hour(start)
    ahead = {"day": timedelta(days=1), "week": timedelta(days=7), "month": timedelta(days=32)}
    day = start.date() + ahead[interval]
    if interval == "month":
        day = day.replace(day=1)
    return datetime.combine(day, time(), start.tzinfo).astimezone(UTC)


def _since_hour(moment: datetime) -> timedelta:
    return timedelta(minutes=moment.minute, seconds=moment.second, microseconds=moment.microsecond)


def timeline_body(query: Json, found: Sequence[datetime]) -> Json:
    """The request for every interval between the cuts."""
    intervals = _hours(found) or _ranges(found)
    below = {**sums(*_SUMS), "sentiment": label_filters()}
    return {
        "size": 0,
        "track_total_hits": True,
        "query": query,
        "aggs": {"intervals": intervals | {"aggs": below}},
    }


def _ranges(found: Sequence[datetime]) -> Json:
    texts = [times.to_text(cut) for cut in found]
    ranges = [{"from": begins, "to": ends} for begins, ends in pairwise(texts)]
    return {"date_range": {"field": "@timestamp", "ranges": ranges}}


def _hours(found: Sequence[datetime]) -> Json | None:
    """Hours as a histogram, a shorter answer than thousands of ranges; None of other cuts."""
    hour_ms = 3_600_000
    starts = [_epoch_ms(cut) for cut in found]
    if any(end - start != hour_ms for start, end in pairwise(starts)):
        return None
    histogram = {"field": "@timestamp", "fixed_interval": "1h", "min_doc_count": 1}
    return {"date_histogram": histogram | {"offset": f"{starts[0] % hour_ms}ms"}}


def timeline_buckets(
    answer: Json, found: Sequence[datetime], *, start: datetime, end: datetime
) -> list[dict[str, Any]]:
    """The intervals in order; a ``partial`` one is not wholly within [start, end)."""
    counted = {
        int(bucket.get("from", bucket.get("key"))): bucket
        for bucket in aggregations(answer).get("intervals", {}).get("buckets", [])
    }
    texts = pairwise([times.to_text(cut) for cut in found])
    return [
        {
            "start": first,
            "end": last,
            "partial": begins < start or ends > end,
            **_numbers(counted.get(_epoch_ms(begins), {})),
        }
        for (begins, ends), (first, last) in zip(pairwise(found), texts, strict=True)
    ]


def _epoch_ms(moment: datetime) -> int:
    return (moment - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(milliseconds=1)


def _numbers(bucket: Json) -> dict[str, Any]:
    posts = bucket.get("doc_count", 0)
    found: dict[str, Any] = {"posts": posts}
    for name in _SUMS:
        value, known = sum_and_count(bucket, name)
        found[name] = whole(value) if known or not posts else None
    return found | {"sentiment": labels_in(bucket.get("sentiment", {}))}
