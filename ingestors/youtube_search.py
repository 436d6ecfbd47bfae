"""Walks over ``search.list``: what to ask next, what was reached, where to go on. Pure.

A query gives some 500 results at most and forgets its page tokens, so what lasts between polls is
times: the newest video that was taken, and the one stretch that earlier polls had no pages for.
That stretch is searched first, a poll's pages at a time, and only then what is newer; so there is
never more than one, and nothing is lost while the quota is larger than what is published.
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
_SECOND = timedelta(seconds=1)  # several videos share a second
_OUT_OF_ORDER = 4  # so many videos of a page may stand too early
_EMPTY_PAGES = 20  # so many empty pages in a row lead nowhere
_RESTARTS = 3


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


class Stretch:
    """A stretch of time, searched from its end down to its start.

    One query's pages are followed by their tokens. Where a query is cut off at its limit, or its
    token is forgotten or leads in a circle, a new query goes on below what was reached.

    Args:
        after: The start; None: as far back as one query goes.
        before: The end; None: now.
    """

    def __init__(self, after: datetime | None, before: datetime | None) -> None:
        self.after = after
        self._before = before
        self._reached: datetime | None = None
        self._oldest: datetime | None = None
        self._restarts = 0
        self.ended = False
        self.stuck = False
        self._token: str | None = None
        self._tokens: set[str] = set()
        self._taken = 0
        self._empty = 0

    def params(self) -> dict[str, str]:
        """What the next call asks for."""
        before = self._before
        if before is not None and before.microsecond:
            before = before.replace(microsecond=0) + _SECOND  # the API takes whole seconds
        ends = {"publishedAfter": self.after, "publishedBefore": before}
        found = {name: f"{end:%Y-%m-%dT%H:%M:%SZ}" for name, end in ends.items() if end}
        return found | ({"pageToken": self._token} if self._token else {})

    def take(self, found: Found) -> None:
        """Notes a page."""
        self._taken += found.size
        self._empty = 0 if found.size else self._empty + 1
        if found.times:
            # The order is not quite kept: some of the last may have later ones after them.
            reached = sorted(found.times)[min(_OUT_OF_ORDER, (len(found.times) - 1) // 2)]
            self._reached = min(reached, self._reached or reached)
            self._oldest = min([*found.times, *([self._oldest] if self._oldest else [])])
        if found.token and found.token not in self._tokens and self._empty < _EMPTY_PAGES:
            self._tokens.add(found.token)
            self._token = found.token
        elif found.token:
            self.begin_anew()
        elif self._taken < _QUERY_ENDS_NEAR or not self._narrow():
            self.ended = True
        else:
            self._begin_query()

    def begin_anew(self) -> None:
        """The token leads nowhere: a new query goes on by time, or ``stuck`` says that none can."""
        self._begin_query()
        if self._narrow():
            self._restarts = 0
        else:
            self._restarts += 1
            self.stuck = self._restarts >= _RESTARTS

    def has_reached(self, moment: datetime) -> bool:
        """Whether everything down to a time was taken."""
        return self.ended or (self._reached is not None and self._reached <= moment)

    @property
    def found_any(self) -> bool:
        """Whether any page had a video with a time."""
        return self._oldest is not None

    def rest(self) -> datetime | None:
        """Before which time another query would go on; None: now."""
        if self._reached is None or self._oldest is None:
            return self._before
        ways = (self._reached + _SECOND, self._oldest + _SECOND, self._oldest)
        return next((way for way in ways if not self._before or way < self._before), self._before)

    def _narrow(self) -> bool:
        """Ends the stretch where the next query goes on; False where that changes nothing."""
        rest = self.rest()
        if rest == self._before:
            return False
        self._before = rest
        self.ended = bool(rest and self.after and rest <= self.after)
        return True

    def _begin_query(self) -> None:
        self._token = None
        self._tokens = set()
        self._taken = self._empty = 0


class Walk:
    """First what earlier polls had no pages for, then from the newest video to what they took.

    Args:
        start: The hashtag's cursor.
        lookback: How far before the newest known the walk goes, for what the search found late.
    """

    def __init__(self, start: Place, lookback: timedelta) -> None:
        self._start = start
        self._after = start.newest - lookback if start.newest else None
        self._newest = start.newest
        self._in_gap = start.gap is not None
        self._stuck_gap: tuple[datetime, datetime] | None = None
        self._stretch = Stretch(*start.gap) if start.gap else Stretch(self._after, None)
        self.over = False

    def params(self) -> dict[str, str]:
        """What the next call asks for."""
        return self._stretch.params()

    def forget_token(self) -> None:
        """The server does not know the token any more: a new query goes on by time."""
        self._stretch.begin_anew()
        self._go_on()

    def take(self, found: Found, now: datetime) -> None:
        """Notes a page; ``over`` tells whether anything is left to ask."""
        if found.times and not self._in_gap:
            # A premiere may be dated ahead; a cursor ahead of now would skip what comes before.
            newest = min(max(found.times), now)
            self._newest = max(newest, self._newest or newest)
        self._stretch.take(found)
        self._go_on()

    @property
    def is_first(self) -> bool:
        """Whether no earlier poll took anything."""
        return self._start.newest is None

    @property
    def overlaps(self) -> bool | None:
        """Whether nothing lies between this poll and what is known; None in a first poll."""
        if self._start.newest is None:
            return None
        return not self._in_gap and self._stretch.has_reached(self._start.newest)

    def place(self) -> Place:
        """The cursor once everything that was taken is written."""
        if self._in_gap:
            return Place(self._newest, self._rest(self._stretch.after))
        if self.overlaps is False and self._stretch.found_any:
            # One stretch from the older gap's start: what lies within is asked for again.
            after = self._stuck_gap[0] if self._stuck_gap else self._after
            return Place(self._newest, self._rest(after))
        return Place(self._newest, self._stuck_gap)

    def _rest(self, after: datetime | None) -> tuple[datetime, datetime] | None:
        before = self._stretch.rest()
        return (after, before) if after and before and after < before else None

    def _go_on(self) -> None:
        if not self._in_gap:
            self.over = self._stretch.stuck or self._stretch.ended
        elif self._stretch.stuck or self._stretch.ended:
            # A gap that leads nowhere now must not keep us from what is newer.
            self._stuck_gap = None if self._stretch.ended else self._rest(self._stretch.after)
            self._in_gap = False
            self._stretch = Stretch(self._after, None)
