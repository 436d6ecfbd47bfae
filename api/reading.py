"""Reading the lake so that all numbers of an answer are of one moment: a point in time.

A point in time costs Elasticsearch memory until it is closed or its time is up.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from lake.client import our_errors, while_starting
from lake.errors import TaglakeError
from lake.records import Json
from lake.store import Store

_KEEP_ALIVE = "2m"


async def open_snapshot(store: Store, keep_alive: str) -> str:
    """The id of a view of all posts as they are now.

    Raises:
        RetryError: Elasticsearch did not answer.
    """

    async def ask() -> str:
        with our_errors("reading the posts"):
            answer = await store.client.open_point_in_time(
                index=store.layout.every("posts"),
                keep_alive=keep_alive,
                ignore_unavailable=True,
            )
        return str(answer["id"])

    return await while_starting(ask)


async def close_snapshot(store: Store, snapshot_id: str) -> None:
    """Frees a view; one that cannot be freed now ends by itself."""
    with suppress(TaglakeError), our_errors("closing a view of the posts"):
        await store.client.close_point_in_time(id=snapshot_id)


async def search_snapshot(store: Store, snapshot_id: str, keep_alive: str, body: Json) -> Json:
    """One search in a view, whose life is prolonged; ``pit_id`` is the view's id from now on.

    Raises:
        NotFoundError: The view's time is up.
        RejectedError: There never was such a view, or the question is malformed.
        RetryError: Elasticsearch did not answer.
    """
    view = {"id": snapshot_id, "keep_alive": keep_alive}

    async def ask() -> Json:
        with our_errors("searching the posts"):
            return dict(await store.client.search(body={**body, "pit": view}))

    return await while_starting(ask)


class Snapshot:
    """All posts as they were at one moment; made by ``snapshot``."""

    def __init__(self, store: Store, snapshot_id: str) -> None:
        self._store = store
        self.id = snapshot_id

    async def search(self, body: Json) -> Json:
        """One search's answer.

        Raises:
            RetryError: Elasticsearch did not answer.
        """
        answer = await search_snapshot(self._store, self.id, _KEEP_ALIVE, body)
        self.id = answer.get("pit_id", self.id)
        return answer


@asynccontextmanager
async def snapshot(store: Store) -> AsyncIterator[Snapshot]:
    """All posts as they are now, for the length of the block.

    Raises:
        RetryError: Elasticsearch did not answer.
    """
    view = Snapshot(store, await open_snapshot(store, _KEEP_ALIVE))
    try:
        yield view
    finally:
        await close_snapshot(store, view.id)
