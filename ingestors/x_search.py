"""Walks over X's recent search: what is new since a cursor, and the posts of a window.

A search gives the newest post first and sees seven days. So a walk to what is new goes from now
back to where the last one began, and its cursor, the newest post's id, holds only once the walk has
come to its end. A window is walked down once; its cursor is the time that the walk has reached.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from ingestors.fields import moment
from ingestors.files import x
from ingestors.platform import Page, Payload, Window
from ingestors.x_answers import Batch, post_id, read_batch
from ingestors.x_calls import SEARCH, Calls
from ingestors.x_options import HISTORY
from lake import times
from lake.errors import InvalidError, UnavailableError

FIELDS = {
    "tweet.fields": "created_at,lang,public_metrics,entities,author_id,conversation_id,"
    "referenced_tweets,in_reply_to_user_id,attachments,possibly_sensitive,note_tweet",
    "expansions": "author_id,attachments.media_keys",
    "media.fields": "type,public_metrics,preview_image_url",
}
USER_FIELDS = {"user.fields": "username,name,description,verified,public_metrics,created_at"}
_MARGIN = timedelta(minutes=5)  # for the way to X and for clocks that differ
_LATE = timedelta(hours=1)  # a window may wait so long for its turn after it was cut
_INDEXED_AFTER = timedelta(seconds=30)  # X refuses an end_time that is nearer to now than 10 s
_SECOND = timedelta(seconds=1)
_BARREN_PAGES = 100  # so many empty pages in a row are no search any more


@dataclass(slots=True)
class _Way:
    """What a walk asks, and what it has had."""

    query: str
    bounds: dict[str, str]
    seen: set[str] = field(default_factory=set)
    tokens: list[str] = field(default_factory=list)


class Search:
    """The walks.

    Args:
        calls: Makes the calls.
        page_size: Posts a page.
        max_pages: Pages of a walk to what is new.
    """

    def __init__(self, calls: Calls, *, page_size: int, max_pages: int) -> None:
        self._calls = calls
        self._page_size = page_size
        self._max_pages = max_pages

    async def newest(self, query: str, cursor: str | None) -> AsyncGenerator[Page, None]:
        """What is new since ``cursor``; the last page alone has the next cursor."""
        way = _Way(query, _edge(cursor))
        newest: str | None = None
        for number in range(1, self._max_pages + 1):
            try:
                batch = await self._batch(way)
            except InvalidError as exc:
                if way.tokens or "since_id" not in way.bounds or "since_id" not in str(exc):
                    raise
                way.bounds = _last_week()  # X's clock is ahead of ours
                batch = await self._batch(way)
            newest = newest or batch.newest_id
            is_last = batch.next_token is None or number == self._max_pages
            reached = "since_id" in way.bounds and batch.next_token is None
            overlaps = reached if cursor is not None and is_last else None
            yield batch.page(newest if is_last and newest != cursor else None, overlaps=overlaps)
            if is_last:
                return

    async def window(
        self, query: str, window: Window, cursor: str | None
    ) -> AsyncGenerator[Page, None]:
        """The posts of a window to its end, newest first; with the cursor's end there are none.

        Raises:
            InvalidError: X does not show posts as old as the window's any more; what it does show
                of the window was given.
        """
        start, end = window
        reached = min(end, moment(cursor) or end)
        if reached <= start:
            return
        first = oldest()
        if reached <= first:
            raise _too_old(first)
        way = _Way(query, _within(max(start, first), reached))
        is_cut = start < first - _LATE
        barren = 0
        while True:
            batch = await self._batch(way)
            reached = min(reached, _reached(batch) or reached)
            is_last = batch.next_token is None
            kept = [one for one in batch.payloads if _is_in(window, one)]
            ended_at = first if is_cut else start
            cursor = times.to_text(ended_at if is_last else max(reached, start + _SECOND))
            yield replace(batch, payloads=kept).page(cursor, overlaps=None)
            if is_last:
                break
            barren = 0 if batch.ids else barren + 1
            if barren >= _BARREN_PAGES:
                raise UnavailableError("X answers a search with empty pages only")
        if is_cut:
            raise _too_old(first)

    async def _batch(self, way: _Way) -> Batch:
        params = {"query": way.query, "max_results": str(self._page_size)}
        params |= way.bounds | FIELDS | USER_FIELDS
        if way.tokens:
            params["next_token"] = way.tokens[-1]
        batch = await self._calls.read(
            SEARCH, params, lambda answer: read_batch(answer, way.seen, way.tokens)
        )
        way.seen.update(batch.ids)
        way.tokens += [batch.next_token] if batch.next_token else []
        return batch


def as_x(moment: datetime) -> str:
    """A time as X takes it, without what is below a second."""
    return times.to_text(moment.replace(microsecond=0))


def oldest() -> datetime:
    """The earliest time that X can be asked about now."""
    return times.now() - HISTORY + _MARGIN


def _edge(cursor: str | None) -> dict[str, str]:
    """Where a walk ends: X refuses a ``since_id`` that is older than its seven days."""
    if cursor is None:
        return {}
    if not x.is_snowflake(cursor) or x.snowflake_time(cursor) < oldest():
        return _last_week()
    return {"since_id": cursor}


def _last_week() -> dict[str, str]:
    return {"start_time": as_x(oldest())}


def _within(start: datetime, end: datetime) -> dict[str, str]:
    """A window's bounds as X takes them."""
    bounds = {"start_time": as_x(start)}
    if end > times.now() - _INDEXED_AFTER:
        return bounds  # X itself ends half a minute before now
    return bounds | {"end_time": as_x(end + _SECOND - timedelta.resolution)}


def _too_old(first: datetime) -> InvalidError:
    days, since = HISTORY.days, times.to_text(first)
    return InvalidError(f"x shows the last {days} days only: no window before {since} any more")


def _reached(batch: Batch) -> datetime | None:
    """The second after the oldest post's, to which everything newer was given."""
    found = [x.snowflake_time(id_) for id_ in batch.ids if x.is_snowflake(id_)]
    return min(found).replace(microsecond=0) + _SECOND if found else None


def _is_in(window: Window, payload: Payload) -> bool:
    """Whether a post is of the window; X takes whole seconds only."""
    id_ = post_id(payload)
    if id_ is None or not x.is_snowflake(id_):
        return True
    return window[0] <= x.snowflake_time(id_) < window[1]
