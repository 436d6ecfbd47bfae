"""Walking back through what a search of Reddit's finds, and remembering how far. Pure.

Endpoint: https://www.reddit.com/dev/api#GET_search. Reddit has no hashtags and its search drops
``#``, so a tag is searched for as the word that it is, in quotes. A search gives the newest first
and ends after some 250 results whatever there is: what lies beyond nobody can ask for.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from ingestors.fields import mapping, string
from ingestors.reddit_records import created_at, data_of, fullname
from lake.errors import UnavailableError
from lake.json_text import dumps
from lake.text import digest
from lake.times import to_text

PAGE_SIZE = 100  # the most that a listing gives
ENDS_NEAR = 200  # a search that ends after so many results ended because of its cap
BARREN_PAGES = 3  # so many pages with nothing new are no search any more
_MARGIN = timedelta(minutes=5)  # for the way to Reddit and for clocks that differ
# A month and a year are taken at their shortest.
_PERIODS = (
    ("hour", timedelta(hours=1)),
    ("day", timedelta(days=1)),
    ("week", timedelta(days=7)),
    ("month", timedelta(days=28)),
    ("year", timedelta(days=364)),
)


@dataclass(frozen=True, slots=True)
class Listing:
    """One page of a listing.

    Args:
        children: Its things as they came.
        after: Where it goes on; None at its end.
    """

    children: Sequence[Any]
    after: str | None


def period(since: datetime | None, now: datetime) -> str:
    """The shortest of the periods a search may cover that reaches back to a time; None: all."""
    if since is not None:
        age = now - since + _MARGIN
        for name, length in _PERIODS:
            if age <= length:
                return name
    return "all"


def query(tag: str, subreddits: Sequence[str], *, adult: bool) -> tuple[str, dict[str, str]]:
    """A search for a hashtag's word, newest first: its path and its parameters.

    Args:
        tag: In normal form. In quotes, so that ``or`` is no operator.
        subreddits: Where it is searched for; empty: everywhere.
        adult: Whether posts for adults are wanted.
    """
    params = {
        "q": f'"{tag}"',
        "sort": "new",
        "type": "link",
        "limit": str(PAGE_SIZE),
        "include_over_18": "on" if adult else "off",
        "restrict_sr": "true" if subreddits else "false",
    }
    return f"/r/{'+'.join(subreddits) or 'all'}/search", params


def read_listing(body: Any, asked_after: str | None = None) -> Listing:
    """A page of a listing.

    Raises:
        UnavailableError: It is none, or leads back to itself.
    """
    data = mapping(mapping(body).get("data"))
    children = data.get("children")
    if not isinstance(children, list):
        raise UnavailableError("reddit answered with something that is no listing")
    after = string(data.get("after"))
    if after is not None and after == asked_after:
        raise UnavailableError("reddit's listing leads back to the same page")
    return Listing(children, after)


@dataclass(slots=True)
class Walk:
    """From a search's newest result back to what is known.

    Args:
        known: Up to when an earlier poll met everything; None where none did.
        stop: The walk ends at the first page that reaches further back; None: at the search's end.
        most: Pages that it takes at most.
        after: Where its next page lies.
        done: Whether there is nothing more.
    """

    known: datetime | None
    stop: datetime | None
    most: int
    after: str | None = None
    done: bool = False
    _seen: set[str] = field(default_factory=set)
    _afters: set[str] = field(default_factory=set)
    _oldest: datetime | None = None
    _newest: datetime | None = None
    _pages: int = 0
    _barren: int = 0

    def take(self, listing: Listing) -> list[Any]:
        """What of a page was not met before; the walk stands at the next one then.

        Raises:
            UnavailableError: Page after page shows nothing new, or they lead in a circle.
        """
        named = {_name(child): child for child in listing.children}
        fresh = [child for name, child in named.items() if name not in self._seen]
        self._seen.update(named)
        self._pages += 1
        self._barren = 0 if fresh else self._barren + 1
        times = [
            time
            for child in listing.children
            if (time := created_at(data_of(mapping(child)))) is not None
        ]
        if times:
            self._newest = max([*times, *([self._newest] if self._newest else [])])
            self._oldest = times[-1]  # the page's end: one odd date must not end the walk
        if listing.after is not None and listing.after in self._afters:
            raise UnavailableError("reddit's search leads in a circle")
        if listing.after is not None and self._barren >= BARREN_PAGES:
            raise UnavailableError("reddit's search repeats itself")
        self._afters.add(listing.after or "")
        self.after = listing.after
        self.done = self.after is None or self._passed(self.stop) or self._pages >= self.most
        return fresh

    def _passed(self, time: datetime | None) -> bool:
        return time is not None and self._oldest is not None and self._oldest < time

    @property
    def overlaps(self) -> bool | None:
        """Whether nothing lies between what is known and what was met; None in a first poll."""
        return None if self.known is None else self.reaches(self.known)

    def reaches(self, time: datetime) -> bool:
        """Whether everything since a time was met, as far as the search knows of it."""
        if self._oldest is not None and self._oldest <= time:
            return True
        # A search with few results has shown all that there is in its period.
        return self.after is None and len(self._seen) < ENDS_NEAR

    def cursor(self, now: datetime) -> str | None:
        """Up to when everything was met once the walk is done; None where that is unchanged."""
        if self._newest is None:
            return None
        newest = to_text(min(self._newest, now))
        return newest if self.known is None or newest > to_text(self.known) else None


def _name(child: Any) -> str:
    return fullname(data_of(mapping(child)), "t3") or digest(dumps(child))
