"""Walks along one server's timeline of a hashtag: back, forward, and through a window of time.

A walk's place is an id on the server. The first poll walks from the newest page back and tells its
place with its last page only, so a cut-off walk starts anew. Later polls walk forward with
``min_id``, which leaves no gap wherever they stop. A server numbers a remote status by the time it
was written, not by when it arrived, so each poll starts ``lookback_s`` before its place: what
federated late lies there.
"""

from __future__ import annotations

import logging
from collections.abc import AsyncGenerator
from contextlib import aclosing
from urllib.parse import quote

from ingestors.mastodon_server import Server
from ingestors.mastodon_timeline import (
    Batch,
    Edge,
    all_before,
    before,
    holds_time,
    id_at,
    order,
    within,
)
from ingestors.platform import Page, Window
from lake.errors import BlockedError, NotFoundError, StopPlatformError

logger = logging.getLogger(__name__)
PAGE_CAP = 1_000  # a walk ends here whatever the server says; the next poll goes on
DONE = "done"  # the place of a window that was walked to its end
_MARGIN_S = 60  # an id is made a moment after the time that the status itself tells


async def tag_pages(server: Server, tag: str, place: str | None) -> AsyncGenerator[Page, None]:
    """A hashtag's history, and its statuses that are newer than ``place``.

    Raises:
        BlockedError: The server closed its tag feeds, or has none.
    """
    await server.refuse_closed_feed()
    name = quote(tag, safe="")
    try:
        history = await server.get(f"/api/v1/tags/{name}")
    except (NotFoundError, StopPlatformError) as exc:
        # Others than Mastodon keep it from strangers; whom they refuse, the timeline tells.
        what = {"server": server.host, "reason": str(exc)}
        logger.info("the server gives no tag history", extra=what)
    else:
        yield Page([server.payload("tag", history)], history.received_at)
    path = f"/api/v1/timelines/tag/{name}"
    walk = _back(server, path) if place is None else _forward(server, path, place)
    async with aclosing(_explained(server, walk)) as pages:
        async for page in pages:
            yield page


async def window_pages(
    server: Server, tag: str, window: Window, place: str | None
) -> AsyncGenerator[Page, None]:
    """A hashtag's statuses of a window, newest first; ``DONE`` is the last page's place.

    Raises:
        BlockedError: The server closed its tag feeds, or has none.
    """
    if place == DONE:
        return
    await server.refuse_closed_feed()
    path = f"/api/v1/timelines/tag/{quote(tag, safe='')}"
    async with aclosing(_explained(server, _window(server, path, window, place))) as pages:
        async for page in pages:
            yield page


async def _explained(
    server: Server, walk: AsyncGenerator[Page, None]
) -> AsyncGenerator[Page, None]:
    try:
        async with aclosing(walk):
            async for page in walk:
                yield page
    except NotFoundError as exc:
        raise BlockedError(f"{server.host} has no tag timelines; is it Mastodon?") from exc


async def _back(server: Server, path: str) -> AsyncGenerator[Page, None]:
    newest: str | None = None
    edge: Edge | None = None
    for number in range(1, server.settings.first_poll_pages + 1):
        batch = await server.batch(path, edge)
        if newest is None and batch.ids:
            newest = max(batch.ids, key=order)
        edge = _below(batch)
        is_last = edge is None or number == server.settings.first_poll_pages
        # A timeline that was walked to its very end hides nothing.
        yield batch.page(newest if is_last else None, overlaps=True if edge is None else None)
        if is_last:
            return


async def _forward(server: Server, path: str, place: str) -> AsyncGenerator[Page, None]:
    newest = place
    edge = Edge("min_id", before(place, server.settings.lookback_s))
    for number in range(PAGE_CAP):
        batch = await server.batch(path, edge)
        if batch.ids:
            edge = Edge("min_id", max(batch.ids, key=order))
            newest = max(newest, edge.id, key=order)
        # An empty first page is given too: it tells that nothing is new and nothing is missed.
        if batch.ids or batch.unreadable or number == 0:
            yield batch.page(None if newest == place else newest, overlaps=True)
        if not batch.ids:
            if batch.further is None:
                return
            edge = batch.further


async def _window(
    server: Server, path: str, window: Window, place: str | None
) -> AsyncGenerator[Page, None]:
    batch = await server.batch(path, Edge("max_id", place) if place else None)
    top = Edge("max_id", id_at(window[1], margin_s=_MARGIN_S))
    # Only ids that hold the time can be counted out; elsewhere the way there is page by page.
    if place is None and _hold_time(batch) and not all(map(top.admits, batch.ids)):
        batch = await server.batch(path, top)
    while True:
        edge = _below(batch)
        is_last = edge is None or _is_past(batch, window)
        yield within(batch, window).page(
            DONE if edge is None or is_last else edge.id, overlaps=None
        )
        if is_last:
            return
        batch = await server.batch(path, edge)


def _below(batch: Batch) -> Edge | None:
    return Edge("max_id", min(batch.ids, key=order)) if batch.ids else batch.further


def _hold_time(batch: Batch) -> bool:
    return bool(batch.ids) and all(map(holds_time, batch.ids))


def _is_past(batch: Batch, window: Window) -> bool:
    if _hold_time(batch):
        return order(min(batch.ids, key=order)) < order(id_at(window[0], margin_s=-_MARGIN_S))
    return all_before(batch, window[0])
