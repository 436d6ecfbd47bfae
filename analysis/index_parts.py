"""A window cut where one index of posts ends and the next begins."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import pairwise

from lake import times
from lake.layout import Layout
from lake.records import Json

# Each part is a list of authors of its own in one answer, whose buckets are limited.
MOST_PARTS = 12


def index_parts(layout: Layout, start: datetime, end: datetime) -> list[Json | None]:
    """Filters that split the window's posts so that each part lies in one index.

    One None where it is all in one index; nothing where there would be more than ``MOST_PARTS``.
    """
    by_month = layout.posts_by == "month"
    start, end = start.astimezone(UTC), end.astimezone(UTC)
    months = (end.year - start.year) * 12 + end.month - start.month
    if months >= MOST_PARTS * (1 if by_month else 12):
        return []
    cuts = [start, *(cut for cut in _firsts(start, end, by_month=by_month) if cut < end), end]
    if len(cuts) == 2:
        return [None]
    if len(cuts) > MOST_PARTS + 1:
        return []
    return [_between(begins, ends) for begins, ends in pairwise(cuts)]


def _firsts(start: datetime, end: datetime, *, by_month: bool) -> Iterator[datetime]:
    """The first of each year or month after ``start``."""
    for year in range(start.year, end.year + 1):
        for month in range(1, 13 if by_month else 2):
            first = datetime(year, month, 1, tzinfo=UTC)
            if first > start:
                yield first


def _between(start: datetime, end: datetime) -> Json:
    return {"range": {"@timestamp": {"gte": times.to_text(start), "lt": times.to_text(end)}}}
