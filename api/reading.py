"""Reading the lake so that all numbers of an answer are of one moment: a point in time.

A point in time costs Elasticsearch memory until it is closed or its time is up.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from datetime import datetime
from functools import partial
from typing import TypeVar

from typing_extensions import override

from api.past import Past, drop_past, make_past
from lake.client import our_errors, size_of, while_starting
from lake.errors import NotFoundError, TaglakeError, UnavailableError
from lake.generation import generation
from lake.records import Json
from lake.sharing import Sharing
from lake.store import Store

_KEEP_ALIVE = "2m"
_TRIES = 3
T = TypeVar("T")


async def open_snapshot(store: Store, keep_alive: str, copies: str | None = None) -> str:
    """The id of a view of all posts as they are now, and of ``api.past``'s copies.

    Raises:
        RetryError: Elasticsearch did not answer.
    """

    async def ask() -> str:
        with our_errors("reading the posts"):
            answer = await store.client.open_point_in_time(
                index=",".join(filter(None, (store.layout.every("posts"), copies))),
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
    return (await _search(store, snapshot_id, keep_alive, body))[0]


async def _search(store: Store, snapshot_id: str, keep_alive: str, body: Json) -> tuple[Json, int]:
    """An answer, and about how many bytes it took."""
    view = {"id": snapshot_id, "keep_alive": keep_alive}

    async def ask() -> tuple[Json, int]:
        with our_errors("searching the posts"):
            answer = await store.client.search(
                body={**body, "pit": view}, allow_partial_search_results=False
            )
        return dict(answer), size_of(answer)

    return await while_starting(ask)


class Snapshot:
    """All posts as they were at one moment; made by ``snapshot``.

    Args:
        store: The lake.
        snapshot_id: The view's id.
        only: A filter that every search gets.
    """

    def __init__(self, store: Store, snapshot_id: str, only: Json | None = None) -> None:
        self._store = store
        self._only = only
        self.id = snapshot_id

    async def _ask(self, body: Json) -> tuple[Json, int]:
        try:
            answer, size_bytes = await _search(self._store, self.id, _KEEP_ALIVE, body)
        except NotFoundError as exc:  # what is missing is the view, not what was asked about
            raise _view_is_lost() from exc
        self.id = answer.get("pit_id", self.id)
        return answer, size_bytes

    async def search(self, body: Json) -> Json:
        """One search's answer.

        Raises:
            RetryError: Elasticsearch did not answer.
        """
        return (await self._ask(restricted(body, self._only)))[0]

    async def made(self, key: str, make: Callable[[], Awaitable[T]]) -> T:
        """What ``make`` makes of this view's answers; other questions may be given the same thing.

        Args:
            key: Tells such things apart, in this view.
            make: Makes it: something that has a length, and that nobody changes.
        """
        del key
        return await make()


class SharedSnapshot(Snapshot):
    """A view that all questions about one state of the lake read; nobody may change an answer.

    Args:
        store: The lake.
        snapshot_id: The view's id.
        sharing: Knows which searches were made already.
    """

    def __init__(self, store: Store, snapshot_id: str, sharing: Sharing) -> None:
        super().__init__(store, snapshot_id)
        self._shared = snapshot_id
        self._sharing = sharing

    @override
    async def _ask(self, body: Json) -> tuple[Json, int]:
        shared = self._shared
        try:
            return await _search(self._store, shared, _KEEP_ALIVE, body)
        except NotFoundError as exc:  # its time was up, or Elasticsearch was started anew
            renewed = await self._sharing.renewed(shared)
            if renewed is None:
                raise _view_is_lost() from exc
        self._shared = self.id = renewed
        return await super()._ask(body)

    @override
    async def search(self, body: Json) -> Json:
        return await self._sharing.search("posts", body, lambda: self._ask(body))

    @override
    async def made(self, key: str, make: Callable[[], Awaitable[T]]) -> T:
        return await self._sharing.made(key, make)


def _view_is_lost() -> UnavailableError:
    return UnavailableError("reading the posts: their view ended before the answer; ask again")


def restricted(body: Json, only: Json | None) -> Json:
    """A search that finds less: what a filter lets through, too."""
    if only is None:
        return body
    return {**body, "query": {"bool": {"filter": [body.get("query", {"match_all": {}}), only]}}}


@asynccontextmanager
async def snapshot(store: Store) -> AsyncIterator[Snapshot]:
    """All posts as they are now, for the length of the block.

    Raises:
        RetryError: Elasticsearch did not answer.
    """
    async with AsyncExitStack() as stack:
        if store.sharing is not None:
            shared = await stack.enter_async_context(store.sharing.view())
            if shared is not None:
                yield SharedSnapshot(store, shared, store.sharing)
                return
        view = Snapshot(store, await open_snapshot(store, _KEEP_ALIVE))
        try:
            yield view
        finally:
            await close_snapshot(store, view.id)


@asynccontextmanager
async def sharing_reads(store: Store, keeps_s: float) -> AsyncIterator[None]:
    """In the block, questions to the lake share what they read; see ``lake.sharing``.

    Args:
        store: The lake.
        keeps_s: For how long; 0: nothing is shared.
    """
    if keeps_s <= 0:
        yield
        return
    store.sharing = Sharing(
        partial(generation, store.client, store.layout),
        keeps_s,
        lambda: open_snapshot(store, _KEEP_ALIVE),
        lambda view: close_snapshot(store, view),
    )
    try:
        yield
    finally:
        await store.sharing.close()
        store.sharing = None


@asynccontextmanager
async def past_snapshot(store: Store, query: Json, moment: datetime) -> AsyncIterator[Snapshot]:
    """The posts as they were known at a moment that has passed, for the length of the block.

    Args:
        store: The lake.
        query: The posts whose numbers matter.
        moment: Aware UTC.

    Raises:
        InvalidError: More posts have changed since than can be put back.
        RetryError: Elasticsearch did not answer.
    """
    found, snapshot_id = await open_past(store, query, moment, _KEEP_ALIVE)
    view = Snapshot(store, snapshot_id, found.only())
    try:
        yield view
    finally:
        await close_snapshot(store, view.id)
        await drop_past(store, found)


async def open_past(
    store: Store, query: Json, moment: datetime, keep_alive: str
) -> tuple[Past, str]:
    """A moment's posts and the id of a view of them; see ``past_snapshot``.

    What changes between copying and viewing would be in neither, so it is counted and, where the
    counts differ, done again.
    """
    for tries in range(_TRIES):
        found = await make_past(store, query, moment)
        snapshot_id = await open_snapshot(store, keep_alive, found.copies)
        body: Json = {"size": 0, "track_total_hits": True, "query": found.changed()}
        both = await search_snapshot(store, snapshot_id, keep_alive, body)
        if both["hits"]["total"]["value"] == found.count or tries == _TRIES - 1:
            break
        await close_snapshot(store, snapshot_id)
        await drop_past(store, found)
    return found, snapshot_id
