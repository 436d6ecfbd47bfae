"""Where a hashtag's walk begins and ends on Instagram, whose lists are only nearly in order. Pure.

A list of a hashtag's newest posts is walked from now back, until a page holds nothing but posts
that the last walk had or that are older than its newest by ``lookback``. The cursor holds the time
and some ids of the newest posts of the last walk, and the hashtag's own id, which never changes.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from ingestors.fields import mapping, moment, string
from ingestors.instagram_media import created_at, media_id
from lake.times import to_text

_MOST_KNOWN = 50  # ids of 20 digits: a cursor has room for 4,000 characters
_DAY = timedelta(hours=23)  # recent_media holds 24 hours; one is for clocks and for the way


@dataclass(frozen=True, slots=True)
class Place:
    """A hashtag's cursor.

    Args:
        tag_id: The hashtag's id in the Graph API, where that was asked.
        at: When the last walk began; None before the first.
        newest: When the newest post that it met was made.
        known: Ids of its newest posts.
    """

    tag_id: str | None = None
    at: datetime | None = None
    newest: datetime | None = None
    known: tuple[str, ...] = ()

    def to_text(self) -> str:
        """The cursor."""
        at = to_text(self.at) if self.at else None
        newest = to_text(self.newest) if self.newest else None
        body = {"id": self.tag_id, "at": at, "newest": newest, "known": self.known}
        return json.dumps(body, separators=(",", ":"))


def read_place(cursor: str | None) -> Place:
    """What a cursor says; what cannot be read is a start from nothing."""
    try:
        body = mapping(json.loads(cursor or "{}"))
    except ValueError:
        return Place()
    known = body.get("known")
    ids = [string(id_) for id_ in known] if isinstance(known, list) else []
    return Place(
        string(body.get("id")),
        moment(body.get("at")),
        moment(body.get("newest")),
        tuple(id_ for id_ in ids if id_),
    )


class Walk:
    """One poll's way back from the newest post.

    Args:
        start: The cursor.
        lookback: How far before its newest post the walk goes.
    """

    def __init__(self, start: Place, lookback: timedelta) -> None:
        self._start = start
        self._edge = start.newest - lookback if start.newest else None
        self._times: dict[str, datetime] = {}
        self._at: datetime | None = None
        self.seen: set[str] = set()
        self.met = False
        self.reached = False

    def take(self, items: Sequence[Any], at: datetime) -> list[Any]:
        """Notes a page of posts; gives those that no earlier page gave.

        Args:
            items: As they came.
            at: When they were received.
        """
        self._at = self._at or at
        ids = [media_id(mapping(item)) for item in items]
        fresh = [item for item, id_ in zip(items, ids, strict=True) if id_ not in self.seen]
        for item, id_ in zip(items, ids, strict=True):
            made = created_at(mapping(item))
            if id_ and made:
                self._times[id_] = min(made, at)
        named = [id_ for id_ in ids if id_]
        self.met = self.met or any(id_ in self._start.known for id_ in named)
        self.reached = bool(named) and all(map(self._is_old, named))
        self.seen.update(named)
        return fresh

    def repeats(self, items: Sequence[Any]) -> bool:
        """Whether a page holds only posts that this walk has had."""
        ids = {media_id(mapping(item)) for item in items}
        return bool(ids) and ids <= self.seen

    def overlaps(self, *, ended: bool, holds: timedelta | None = _DAY) -> bool | None:
        """Whether nothing lies between this walk and the last; None where that cannot be told.

        Args:
            ended: Whether the list was walked to its end.
            holds: How far back the list goes; None where nobody says.
        """
        if self._start.at is None:
            return None
        if self.met or self.reached:
            return True
        if ended:
            is_whole = self._at is not None and holds and self._at - self._start.at < holds
            return True if is_whole else None if holds is None else False
        return False

    def place(self, tag_id: str | None = None) -> Place:
        """The cursor once everything that was taken is written."""
        newest_first = sorted(self._times, key=lambda id_: self._times[id_], reverse=True)
        known = dict.fromkeys([*newest_first, *self._start.known])
        times = [*self._times.values(), *([self._start.newest] if self._start.newest else [])]
        newest = max(times, default=None)
        return Place(tag_id, self._at or self._start.at, newest, tuple(known)[:_MOST_KNOWN])

    def _is_old(self, id_: str) -> bool:
        made = self._times.get(id_)
        is_before = self._edge is not None and made is not None and made < self._edge
        return is_before or id_ in self._start.known
