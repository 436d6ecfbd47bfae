"""Walks through the searches for one hashtag: the first poll, later ones, a window of time.

A search gives the newest first, so the first poll moves the cursor with its last page only; a later
one that is cut off on its way down notes where, and the next goes on from there before it looks for
what is newer. Each poll starts ``lookback_s`` before the cursor, for posts that were indexed late.
"""

from __future__ import annotations

import logging
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import aclosing
from dataclasses import dataclass
from datetime import timedelta

from ingestors.bluesky_search import Hits, Place, Walk, query, read_hits, window_walk, within
from ingestors.bluesky_session import Session
from ingestors.credentials import Lease, Pool
from ingestors.fields import mapping, whole
from ingestors.platform import Page, Payload, Window
from lake.errors import (
    BlockedError,
    NotFoundError,
    StopPlatformError,
    UnavailableError,
)
from lake.http_answer import Answer
from lake.times import now, to_text

logger = logging.getLogger(__name__)
_SEARCH = "app.bsky.feed.searchPosts"
_BUCKET = "search"
PAGE_CAP = 500  # a walk ends here whatever the server says; the next poll goes on
DONE = "done"  # the cursor of a window that was walked to its end
Retry = Callable[[Callable[[], Awaitable[Hits]]], Awaitable[Hits]]


@dataclass(frozen=True, slots=True)
class Depth:
    """How far walks go.

    Args:
        first_poll_pages: Pages that the first poll of a hashtag goes back.
        lookback: How far before what is known a later poll begins.
    """

    first_poll_pages: int
    lookback: timedelta


class Walks:
    """The searches for hashtags with the operator's accounts.

    Args:
        sessions: The accounts.
        retry: Calls again what may work later.
        depth: How far walks go.
        prefer_v2: Whether searchPostsV2 is tried first.
    """

    def __init__(
        self, sessions: Pool[Session], retry: Retry, depth: Depth, *, prefer_v2: bool
    ) -> None:
        self._sessions = sessions
        self._retry = retry
        self._depth = depth
        self._v2 = prefer_v2

    async def tag_pages(self, tag: str, known: Place | None) -> AsyncGenerator[Page, None]:
        """How many posts there are, and the posts that are newer than what is known."""
        count = await self._search(tag, {"limit": "1"})
        total = mapping(count.answer.body).get("hitsTotal")
        if whole(total) is not None:
            body = {"tag": tag, "hitsTotal": total}  # its post may be one that is left out
            yield Page([Payload("hits", body)], count.answer.received_at)
        polls = self._first_poll(tag) if known is None else self._later_poll(tag, known)
        async with aclosing(polls):
            async for page in polls:
                yield page

    async def window_pages(
        self, tag: str, window: Window, cursor: str | None
    ) -> AsyncGenerator[Page, None]:
        """The posts of a window, newest first; ``DONE`` is the last page's cursor.

        Raises:
            UnavailableError: There are more than one poll may read; the next one goes on.
        """
        if cursor == DONE:
            return
        walk, ended_at = window_walk(window, cursor, self._depth.lookback), now()
        async with aclosing(self._walk(tag, walk, PAGE_CAP)) as steps:
            async for hits in steps:
                ended_at = hits.answer.received_at
                place = to_text(walk.lowest) if walk.lowest else None
                yield within(hits, window).page(None if walk.done else place)
        if not walk.done:
            raise UnavailableError(f"#{tag} has more posts in a window than one poll may read")
        yield Page([], ended_at, DONE)

    async def _first_poll(self, tag: str) -> AsyncGenerator[Page, None]:
        walk, newest, ended_at = Walk(), None, now()
        async with aclosing(self._walk(tag, walk, self._depth.first_poll_pages)) as steps:
            async for hits in steps:
                newest, ended_at = newest or hits.newest, hits.answer.received_at
                yield hits.page(None)
        yield Page([], ended_at, Place(newest).text if newest else None)

    async def _later_poll(self, tag: str, known: Place) -> AsyncGenerator[Page, None]:
        while True:
            walk = Walk(since=known.known - self._depth.lookback)
            walk.until = known.until
            async with aclosing(self._walk_down(tag, walk, known)) as pages:
                async for page in pages:
                    yield page
            if known.newest is None or not walk.done:
                return
            known = Place(known.newest)  # the rest of the poll before is there: now what is new

    async def _walk_down(self, tag: str, walk: Walk, known: Place) -> AsyncGenerator[Page, None]:
        """Down to what is known; an empty page at the end tells whether it was reached."""
        newest, ended_at = known.newest, now()
        async with aclosing(self._walk(tag, walk, PAGE_CAP)) as steps:
            async for hits in steps:
                ended_at = hits.answer.received_at
                if newest is None and hits.newest is not None:
                    newest = max(hits.newest, known.known)
                on_the_way = Place(known.known, walk.lowest, newest)
                yield hits.page(on_the_way.text if newest and walk.lowest else None)
        cursor = Place(newest).text if newest and walk.done else None
        overlaps = walk.done if known.newest is None or not walk.done else None
        yield Page([], ended_at, cursor, overlaps)

    async def _walk(self, tag: str, walk: Walk, most: int) -> AsyncGenerator[Hits, None]:
        for _ in range(most):
            yield walk.take(await self._next_hits(tag, walk))
            if walk.done:
                return

    async def _next_hits(self, tag: str, walk: Walk) -> Hits:
        try:
            return await self._search(tag, walk.params())
        except UnavailableError:
            if not walk.skip():
                raise
        return await self._search(tag, walk.params())

    async def _search(self, tag: str, asked: Mapping[str, str]) -> Hits:
        """A page of the better search that the server has; which one that is, is remembered."""
        if self._v2:
            try:
                return await self._found(f"{_SEARCH}V2", query(tag, v2=True) | dict(asked))
            except NotFoundError:
                logger.info("no searchPostsV2 here")
                self._v2 = False
                # An offset of the one search means nothing in the other: the slice begins anew.
                asked = {name: value for name, value in asked.items() if name != "cursor"}
        try:
            return await self._found(_SEARCH, query(tag, v2=False) | dict(asked))
        except NotFoundError as exc:
            raise BlockedError("the server has no search; see service") from exc

    async def _found(self, method: str, params: Mapping[str, str]) -> Hits:
        async def ask(lease: Lease[Session]) -> Answer:
            try:
                return await lease.credential.get(method, params, lease.bucket)
            except StopPlatformError as exc:
                if lease.credential.is_out:
                    self._sessions.refuse(lease.name, exc)
                raise

        async def found() -> Hits:
            answer = await self._sessions.call(_BUCKET, ask)
            return read_hits(answer, params.get("cursor"), v2=method != _SEARCH)

        return await self._retry(found)
