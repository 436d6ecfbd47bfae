"""One poll's walk over a video's comments, newest first. Pure.

``commentThreads`` cannot ask for a period, so the cursor only tells where to stop.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from ingestors.fields import mapping, moment, string
from lake.records import Json
from lake.times import to_text


class CommentWalk:
    """From the newest comment back to the newest that an earlier poll took.

    Args:
        known: When that was written; None in a first poll, which goes back as far as it may.
    """

    def __init__(self, known: datetime | None) -> None:
        self._known = known
        self._newest = known
        self._tokens: set[str] = set()
        self._seen: set[str] = set()
        self._whole = False
        self.token: str | None = None
        self.over = False

    def start_over(self) -> None:
        """The server does not know the token any more."""
        self.token = None
        self._tokens = set()

    def take(self, threads: Sequence[Json], body: Json) -> list[Json]:
        """Notes a page; gives the threads that this poll has not met."""
        times = [written for thread in threads if (written := _written_at(thread))]
        self._newest = max([*times, *([self._newest] if self._newest else [])], default=None)
        self.token = string(body.get("nextPageToken"))
        # A comment that was pinned may stand first whatever its age: the page's end counts.
        reached = self._known is not None and bool(times) and times[-1] < self._known
        self._whole = reached or self.token is None
        self.over = self._whole or self.token in self._tokens
        if self.token:
            self._tokens.add(self.token)
        ids = [string(thread.get("id")) for thread in threads]
        fresh = [n for n, id_ in enumerate(ids) if id_ is None or id_ not in self._seen]
        self._seen.update(id_ for id_ in ids if id_)
        return [threads[n] for n in fresh]

    def cursor(self) -> str | None:
        """Where the next poll may stop; None where this one has not come so far."""
        if self._newest is None or not (self._whole or self._known is None):
            return None
        return to_text(self._newest)


def _written_at(thread: Json) -> datetime | None:
    comment = mapping(mapping(thread.get("snippet")).get("topLevelComment"))
    return moment(mapping(comment.get("snippet")).get("publishedAt"))
