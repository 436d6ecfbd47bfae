"""One poll's walk over ``search.list``: what to ask next, what was reached, where to go on. Pure.

A query gives some 500 results at most and forgets its page tokens, so what lasts between polls is
times: the newest video that was taken, and the one stretch that earlier polls had no pages for.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from ingestors.fields import mapping, mappings, moment, string
from lake.times import to_text

_QUERY_ENDS_NEAR = 450  # a query that gave so many may have been cut off at its 500
_SECOND = timedelta(seconds=1)  # publishedBefore is exclusive, and several share a second


@dataclass(frozen=True, slots=True)
class Place:
    """A hashtag's cursor.

    Args:
        newest: When the newest video that was taken was published; None before the first poll.
        gap: Start and end of a stretch that was not searched yet.
    """

    newest: datetime | None = None
    gap: tuple[datetime, datetime] | None = None

    def to_text(self) -> str | None:
        """The cursor; None where nothing was found yet."""
        if self.newest is None:
            return None
        gap = [to_text(end) for end in self.gap] if self.gap else None
        return json.dumps({"newest": to_text(self.newest), "gap": gap})


def read_place(cursor: str | None) -> Place:
    """What a cursor says; what cannot be read is a start from nothing."""
    try:
        body = mapping(json.loads(cursor or "{}"))
    except ValueError:
        return Place()
    newest = moment(body.get("newest"))
    ends = body.get("gap")
    found = [moment(end) for end in ends] if isinstance(ends, list) else []
    gap = (found[0], found[1]) if len(found) == 2 and found[0] and found[1] else None
    return Place(newest, gap if newest else None)


@dataclass(frozen=True, slots=True)
class Found:
    """One page of a search.

    Args:
        ids: Of videos, each once, in the order they came.
        times: When they were published, as far as the page tells.
        token: Of the next page.
        size: Entries on the page.
    """

    ids: Sequence[str]
    times: Sequence[datetime]
    token: str | None
    size: int


def read_found(body: Any) -> Found:
    """A search's answer; what is no video is left out."""
    items = mappings(mapping(body).get("items"))
    ids = [string(mapping(item.get("id")).get("videoId")) for item in items]
    times = [moment(mapping(item.get("snippet")).get("publishedAt")) for item in items]
    return Found(
        ids=list(dict.fromkeys(id_ for id_ in ids if id_)),
        times=[time for time in times if time],
        token=string(mapping(body).get("nextPageToken")),
        size=len(items),
    )


class Walk:
    """From the newest video back to where the last poll began, then into the gap.

    Args:
        start: The hashtag's cursor.
        lookback: How far before it the walk goes, for what the search found late.
    """

    def __init__(self, start: Place, lookback: timedelta) -> None:
        self._start = start
        self._lookback = lookback
        self._after = start.newest - lookback if start.newest else None
        self._before: datetime | None = None
        self._oldest: datetime | None = None
        self._newest = start.newest
        self._fresh_oldest: datetime | None = None
        self._fresh_ended = False
        self._in_gap = False
        self._gap_ended = False
        self.over = False
        self._token: str | None = None
        self._tokens: set[str] = set()
        self._taken = 0

    def params(self) -> dict[str, str]:
        """What the next call asks for."""
        ends = {"publishedAfter": self._after, "publishedBefore": self._before}
        found = {name: f"{end:%Y-%m-%dT%H:%M:%SZ}" for name, end in ends.items() if end}
        return found | ({"pageToken": self._token} if self._token else {})

    def has_token(self) -> bool:
        """Whether the next call goes on in a query that the server must remember."""
        return self._token is not None

    def forget_token(self) -> None:
        """The server does not know the token any more: a new query goes on by time."""
        self._begin_query()
        self._narrow()

    def take(self, found: Found, now: datetime) -> None:
        """Notes a page; ``over`` tells whether anything is left to ask."""
        self._taken += found.size
        if found.times:
            self._oldest = min([*found.times, *([self._oldest] if self._oldest else [])])
        if found.times and not self._in_gap:
            # A premiere may be dated ahead; a cursor ahead of now would skip what comes before.
            newest = min(max(found.times), now)
            self._newest = max(newest, self._newest or newest)
            self._fresh_oldest = self._oldest
        if found.token and found.token not in self._tokens:
            self._tokens.add(found.token)
            self._token = found.token
        elif found.token:
            self.over = True  # it leads in a circle: not the end, but no way on
        elif self._taken >= _QUERY_ENDS_NEAR and self._narrow():
            self._begin_query()
        else:
            self._end_stretch()

    @property
    def overlaps(self) -> bool | None:
        """Whether the walk reached what the last poll had taken; None in a first poll."""
        if self._start.newest is None:
            return None
        oldest = self._fresh_oldest
        return self._fresh_ended or (oldest is not None and oldest <= self._start.newest)

    def place(self) -> Place:
        """The cursor once everything that was taken is written."""
        return Place(self._newest, self._gap())

    def _gap(self) -> tuple[datetime, datetime] | None:
        old = self._start.gap
        if self._gap_ended:
            return None
        if self._in_gap and old and self._oldest:
            return (old[0], max(old[0], min(old[1], self._oldest + _SECOND)))
        if self.overlaps is False and self._fresh_oldest and self._after:
            # One stretch from the older gap's start: what lies within is asked for again.
            return (old[0] if old else self._after, self._fresh_oldest + _SECOND)
        return old

    def _begin_query(self) -> None:
        self._token = None
        self._tokens = set()
        self._taken = 0

    def _narrow(self) -> bool:
        """Ends the stretch at the oldest video seen; False where that changes nothing."""
        if self._oldest is None:
            return False
        before = self._oldest + _SECOND
        if self._before is not None and before >= self._before:
            return False
        self._before = before
        return True

    def _end_stretch(self) -> None:
        if self._in_gap:
            self._gap_ended = self.over = True
            return
        self._fresh_ended = True
        if self._start.gap is None:
            self.over = True
            return
        self._in_gap = True
        self._after, self._before = self._start.gap
        self._oldest = None
        self._begin_query()
