"""How far a walk over the Research API's archive has come: days, and a place in one search. Pure.

A query covers at most 30 days and gives pages of a search that the server remembers for a while.
Where it has forgotten one, the query's days are walked again from their start.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

from ingestors.fields import mapping, moment, string, whole
from lake.times import to_text

_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Place:
    """A hashtag's cursor, within a walk or between two.

    Args:
        known: When the last walk that came to its end began; None before that.
        began: When this walk began; None between two.
        day: The first day of the query at hand, UTC.
        until: The last day of this walk.
        offset: Where the next page of the query begins.
        search: The server's id of the query; None before its first page.
    """

    known: datetime | None = None
    began: datetime | None = None
    day: date | None = None
    until: date | None = None
    offset: int = 0
    search: str | None = None

    def started(self, now: datetime, first: timedelta, lookback: timedelta) -> Place:
        """The place itself where a walk is under way, else the start of a new one."""
        if self.began is not None and self.day is not None and self.until is not None:
            return self
        start = now - first if self.known is None else min(self.known, now) - lookback
        return Place(self.known, now, start.astimezone(UTC).date(), now.astimezone(UTC).date())

    def query(self, days: int) -> dict[str, Any]:
        """The part of a query that says where: days, offset, search."""
        day, last = self._days(days)
        found: dict[str, Any] = {"start_date": f"{day:%Y%m%d}", "end_date": f"{last:%Y%m%d}"}
        found |= {"cursor": self.offset} if self.offset else {}
        return found | ({"search_id": self.search} if self.search else {})

    def forgotten(self) -> Place:
        """The server has forgotten the search."""
        return replace(self, offset=0, search=None)

    def further(self, offset: int, search: str | None) -> Place:
        """The query's next page."""
        return replace(self, offset=offset, search=search or self.search)

    def next_query(self, days: int) -> Place:
        """Behind the query at hand; between two walks where it was the last."""
        _, last = self._days(days)
        if self.until is None or last >= self.until:
            return Place(known=self.began)
        return replace(self, day=last + _DAY, offset=0, search=None)

    @property
    def is_over(self) -> bool:
        """Whether no query is left."""
        return self.began is None

    def to_text(self) -> str:
        """The cursor."""
        return json.dumps(
            {
                "known": to_text(self.known) if self.known else None,
                "began": to_text(self.began) if self.began else None,
                "day": f"{self.day}" if self.day else None,
                "until": f"{self.until}" if self.until else None,
                "offset": self.offset,
                "search": self.search,
            }
        )

    def _days(self, days: int) -> tuple[date, date]:
        if self.day is None or self.until is None:
            raise ValueError("no walk is under way")
        return self.day, min(self.day + (days - 1) * _DAY, self.until)


def read_place(cursor: str | None) -> Place:
    """What a cursor says; what cannot be read is a start from nothing."""
    try:
        body = mapping(json.loads(cursor or "{}"))
    except (ValueError, RecursionError):
        return Place()
    place = Place(
        known=moment(body.get("known")),
        began=moment(body.get("began")),
        day=_day(body.get("day")),
        until=_day(body.get("until")),
        offset=whole(body.get("offset")) or 0,
        search=string(body.get("search")),
    )
    is_under_way = None not in (place.began, place.day, place.until)
    return place if is_under_way else Place(known=place.known)


def window_place(cursor: str | None, window: tuple[datetime, datetime]) -> Place:
    """Where a walk over the posts of [start, end) stands."""
    place = read_place(cursor)
    if not place.is_over:
        return place
    start, end = (side.astimezone(UTC) for side in window)
    last = (end - timedelta(microseconds=1)).date()
    return Place(began=end, day=start.date(), until=max(last, start.date()))


def _day(value: Any) -> date | None:
    try:
        return date.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None
