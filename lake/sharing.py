"""Questions that are asked while nothing changes in the lake share what they read.

A dashboard asks a dozen questions about a campaign at once, and many of them rest on the same
searches. A question that says of which state of the lake it is (``Sharing.about``) reads one view
of the posts with all others of that state, and a search that another one has made already is not
made again. Questions that say nothing read for themselves.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any, TypeVar

from lake.json_text import dumps
from lake.records import Json
from lake.shared import Shared

_ROOM_BYTES = 24 * 1024 * 1024
_MOST_ITEMS = 50_000  # authors, mostly, of some two kilobytes each
# A view that nobody reads for two minutes is gone; this leaves a question time to be answered.
_MOST_IDLE_S = 60.0
T = TypeVar("T")
_state: ContextVar[str | None] = ContextVar("state", default=None)
Opening = Callable[[], Awaitable[str]]
Closing = Callable[[str], Awaitable[None]]


@dataclass(slots=True, eq=False)
class _View:
    opening: asyncio.Future[str | None]
    users: int = 0
    used_at: float = field(default_factory=time.monotonic)

    def is_idle(self) -> bool:
        return not self.users and time.monotonic() - self.used_at > _MOST_IDLE_S


class Sharing:
    """What the questions of one server share.

    Args:
        state: Tells states of the lake apart (``lake.generation``); None: nobody knows.
        keeps_s: For how long an answer is shared.
        open_view: Opens a view of all posts; gives its id.
        close_view: Frees it.
    """

    def __init__(
        self,
        state: Callable[[], Awaitable[str | None]],
        keeps_s: float,
        open_view: Opening,
        close_view: Closing,
    ) -> None:
        self._now = state
        self._open_view, self._close_view = open_view, close_view
        self._views: dict[str, _View] = {}
        self._answers: Shared[tuple[Json, int]] = Shared(keeps_s, _ROOM_BYTES, lambda one: one[1])
        self._made: Shared[Any] = Shared(keeps_s, _MOST_ITEMS, len)

    @contextmanager
    def about(self, state: str | None) -> Iterator[None]:
        """What is asked in the block is about a state of the lake; None: it shares nothing."""
        token = _state.set(state)
        try:
            yield
        finally:
            _state.reset(token)

    async def search(
        self, what: str, body: Json, ask: Callable[[], Awaitable[tuple[Json, int]]]
    ) -> Json:
        """A search's answer, which nobody may change.

        Args:
            what: Which documents are searched.
            body: The search.
            ask: Makes it; gives the answer and about how many bytes it takes.
        """
        state = _state.get()
        if state is None:
            return (await ask())[0]
        key = f"{state} {what} {dumps(body).decode()}"
        return (await self._answers.get(key, ask))[0]

    async def made(self, key: str, make: Callable[[], Awaitable[T]]) -> T:
        """What was made of answers, which nobody may change.

        Args:
            key: Tells such things apart.
            make: Makes it: something that has a length.
        """
        state = _state.get()
        if state is None:
            return await make()
        found: T = await self._made.get(f"{state} {key}", make)
        return found

    @asynccontextmanager
    async def view(self) -> AsyncIterator[str | None]:
        """The id of the state's view; None where there is none to be shared."""
        state = _state.get()
        view = None if state is None else await self._entered(state)
        try:
            yield None if view is None else await asyncio.shield(view.opening)
        finally:
            if view is not None:
                view.users -= 1
                view.used_at = time.monotonic()
                await self._tidy()

    async def renewed(self, lost: str) -> str | None:
        """The id of a view of the same state in the place of one that Elasticsearch has no more.

        Args:
            lost: The id that ``view`` gave, whose block goes on.

        Returns:
            None where the lake has changed, so that there can be none.
        """
        state = _state.get()
        view = None if state is None else self._views.get(state)
        if state is None or view is None:
            return None
        if _found(view.opening) == lost:  # whoever comes later takes the new one
            view.opening = asyncio.ensure_future(self._opened(state))
        return await asyncio.shield(view.opening)

    async def _entered(self, state: str) -> _View:
        view = self._views.get(state)
        if view is None or view.is_idle():
            # The newest stands last.
            self._views.pop(state, None)
            view = self._views[state] = _View(asyncio.ensure_future(self._opened(state)))
        view.users += 1
        return view

    async def _opened(self, state: str) -> str | None:
        view = await self._open_view()
        if await self._now() == state:
            return view
        await self._close_view(view)  # it may hold what came since
        return None

    async def _tidy(self, *, keep: int = 1) -> None:
        """Frees the views that nobody reads, but the newest."""
        older = list(self._views.items())[: len(self._views) - keep]
        unread = [state for state, view in older if not view.users]
        # All are taken out before the first is waited for: others tidy up meanwhile.
        freed = [self._views.pop(state) for state in unread]
        for state, view in list(self._views.items()):
            if view.opening.done() and _failed(view.opening):
                del self._views[state]
        for view in freed:
            await self._free(view)

    async def _free(self, view: _View) -> None:
        if found := _found(view.opening):
            await self._close_view(found)

    async def close(self) -> None:
        """Frees what is left; nobody may be reading."""
        await self._tidy(keep=0)


def _found(opening: asyncio.Future[str | None]) -> str | None:
    return opening.result() if opening.done() and not _failed(opening) else None


def _failed(opening: asyncio.Future[str | None]) -> bool:
    return opening.cancelled() or opening.exception() is not None
