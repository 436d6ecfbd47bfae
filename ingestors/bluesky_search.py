"""Walking back through what a search finds, and remembering how far. Pure.

A search's own cursor is an offset that ends near 10,000, so a walk is cut into slices: each goes
as deep as is safe and the next begins at the time where the last page was. A slice that shows
nothing new is the end; a cursor that is merely missing is not.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from ingestors.bluesky_records import sorted_out
from ingestors.fields import mapping, moment, string, whole
from ingestors.platform import Page, Window
from lake.errors import UnavailableError
from lake.http_answer import Answer
from lake.json_text import dumps
from lake.text import digest
from lake.times import to_text

PAGE_SIZE = 100  # the most that a search gives
SLICE_DEPTH = 9_000  # offsets near 10,000 are answered with 502, or with no cursor
PLAUSIBLE_DEPTH = 1_000  # an outage this deep in a slice may be the offset's fault
BARREN_PAGES = 5  # so many pages with nothing new are no search any more
_BEFORE_BLUESKY = datetime(2019, 1, 1, tzinfo=UTC)
_TICK = timedelta(milliseconds=1)  # ``until`` is exclusive


@dataclass(frozen=True, slots=True)
class Place:
    """How far the polls of a hashtag are: the cursor, as text in ``text`` and ``place``.

    Args:
        known: Every post up to this time was met.
        until: Where a walk towards ``known`` was cut off; None where none was.
        newest: What will be known once that walk is done.
    """

    known: datetime
    until: datetime | None = None
    newest: datetime | None = None

    @property
    def text(self) -> str:
        """``known``, or ``known|until|newest``."""
        parts = (self.known, self.until, self.newest)
        return "|".join(to_text(part) for part in parts if part is not None)


def place(cursor: str | None) -> Place | None:
    """The place that a cursor names; None where it names none."""
    parts = [moment(part) for part in (cursor or "").split("|")]
    if len(parts) not in (1, 3) or parts[0] is None:
        return None
    known = max(parts[0], _BEFORE_BLUESKY)
    if len(parts) == 1 or parts[1] is None or parts[2] is None:
        return Place(known)
    return Place(known, parts[1], parts[2])


@dataclass(frozen=True, slots=True)
class Hits:
    """One page of a search.

    Args:
        views: Its posts as they came.
        newest: The latest time by which the search sorted one of them.
        cursor: Where the search goes on; None where it says that it ends.
        answer: All that came.
    """

    views: Sequence[Any]
    newest: datetime | None
    cursor: str | None
    answer: Answer

    def page(self, cursor: str | None) -> Page:
        """The hits as the poll loop takes them."""
        payloads, unreadable = sorted_out(self.views)
        return Page(payloads, self.answer.received_at, cursor, None, unreadable)


def query(tag: str, *, v2: bool) -> dict[str, str]:
    """A search for a hashtag, newest first, in the words of searchPostsV2 or searchPosts."""
    if v2:
        return {"hashtags": tag, "sort": "recent", "allTime": "true"}
    return {"q": f"#{tag}", "tag": tag, "sort": "latest"}


def read_hits(answer: Answer, asked_cursor: str | None, *, v2: bool) -> Hits:
    """A page of a search.

    Raises:
        UnavailableError: It holds no list of posts, or leads back to itself.
    """
    views = mapping(answer.body).get("posts")
    if not isinstance(views, list):
        raise UnavailableError("Bluesky answered a search that is no list of posts")
    found = mapping(answer.body).get("cursor")
    cursor = str(found) if whole(found) is not None else string(found)
    if cursor is not None and cursor == asked_cursor:
        raise UnavailableError("Bluesky's search leads back to the same page")
    times = [time for view in views if (time := _sorted_by(view, v2=v2)) is not None]
    newest = min(max(times), answer.received_at) if times else None
    return Hits(views, newest, cursor, answer)


@dataclass(slots=True)
class Walk:
    """Where in a search the next page lies.

    Args:
        since: No post before it is asked for.
        until: Nor one from it on.
        offset: The search's own cursor within the slice.
        lowest: From where on everything was met, for a walk that is taken up again.
        done: Whether there is nothing more.
    """

    since: datetime | None = None
    until: datetime | None = None
    offset: str | None = None
    lowest: datetime | None = None
    done: bool = False
    _seen: set[str] = field(default_factory=set)
    _in_slice: int = 0
    _new_in_slice: int = 0
    _barren: int = 0

    def params(self) -> dict[str, str]:
        """What the next call asks for besides the hashtag."""
        times = {"since": self.since, "until": self.until}
        asked = {name: to_text(time) for name, time in times.items() if time is not None}
        asked["limit"] = str(PAGE_SIZE)
        return asked | ({"cursor": self.offset} if self.offset is not None else {})

    def take(self, hits: Hits) -> Hits:
        """What of a page was not met before; the walk stands at the next one then.

        Raises:
            UnavailableError: Page after page shows nothing new.
        """
        named = {_uri(view): view for view in hits.views}
        fresh = [view for uri, view in named.items() if uri not in self._seen]
        self._seen.update(named)
        self._in_slice += len(hits.views)
        self._new_in_slice += len(fresh)
        self._barren = 0 if fresh else self._barren + 1
        if hits.newest is not None:
            # The page's latest time, not its last: one odd date must not make the walk jump.
            lowest = hits.newest + _TICK
            self.lowest = min(lowest, self.lowest or lowest)
        if hits.cursor is None or self._in_slice >= SLICE_DEPTH:
            self._end_slice()
        elif self._barren >= BARREN_PAGES:
            raise UnavailableError("Bluesky's search repeats itself")
        else:
            self.offset = hits.cursor
        return replace(hits, views=fresh)

    def skip(self) -> bool:
        """Gives up a slice whose depth may be why it fails; False where that is no reason."""
        if self.offset is None or self._in_slice < PLAUSIBLE_DEPTH or not self._new_in_slice:
            return False
        self._end_slice()
        return not self.done

    def _end_slice(self) -> None:
        self.done = self._in_slice < PAGE_SIZE or not self._new_in_slice or self.lowest is None
        self.until, self.offset = self.lowest, None
        self._in_slice = self._new_in_slice = self._barren = 0


def window_walk(window: Window, cursor: str | None, lookback: timedelta) -> Walk:
    """A walk down through a window of time, from where an earlier one was cut off.

    It begins ``lookback`` after the window's end: what was written in it may be indexed later.
    """
    place_there = moment(cursor)
    return Walk(since=window[0], until=place_there or window[1] + lookback)


def within(hits: Hits, window: Window) -> Hits:
    """Hits without the posts that were surely written outside of a window."""
    kept = [
        view
        for view in hits.views
        if (time := _sorted_by(view, v2=False)) is None or window[0] <= time < window[1]
    ]
    return replace(hits, views=kept)


def _uri(view: Any) -> str:
    return string(mapping(view).get("uri")) or digest(dumps(view))


def _sorted_by(view: Any, *, v2: bool) -> datetime | None:
    """The time by which a search sorts: when it was indexed, or the client's if that is earlier.

    What clients write as ``createdAt`` may lie anywhere; only searchPosts heeds it.
    """
    indexed = moment(mapping(view).get("indexedAt"))
    if v2 or indexed is None:
        return indexed
    written = moment(mapping(mapping(view).get("record")).get("createdAt"))
    return min(indexed, written or indexed)
