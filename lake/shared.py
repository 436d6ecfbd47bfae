"""What was made a moment ago is given again, and is made once for all who ask at the same time."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Generic, TypeVar

from cachetools import TTLCache

T = TypeVar("T")


class Shared(Generic[T]):
    """Things by key. Equal keys must have equal things; nobody may change one.

    Args:
        keeps_s: For how long a thing is given again; 0 keeps none.
        room_bytes: All things together; those that were not asked for longest go first.
        size_of: How many bytes a thing takes.
    """

    def __init__(self, keeps_s: float, room_bytes: int, size_of: Callable[[T], int]) -> None:
        self._room_bytes = room_bytes
        self._size_of = size_of
        self._kept: TTLCache[str, T] = TTLCache(room_bytes, keeps_s, getsizeof=size_of)
        self._making: dict[str, asyncio.Future[T]] = {}

    async def get(self, key: str, make: Callable[[], Awaitable[T]], *, keep: bool = True) -> T:
        """The thing of a key.

        Args:
            key: Tells things apart.
            make: Makes it; its errors are told to all who wait, and not kept.
            keep: Whether it may be given again once it is made.
        """
        kept = self._kept.get(key) if keep else None
        if kept is not None:
            return kept
        making = self._making.get(key)
        if making is None:
            making = self._making[key] = asyncio.ensure_future(make())
            making.add_done_callback(partial(self._made, key, keep))
        # Whoever gives up waiting stops nobody else's.
        return await asyncio.shield(making)

    def _made(self, key: str, keep: bool, done: asyncio.Future[T]) -> None:
        del self._making[key]
        if done.cancelled() or done.exception() is not None or not keep:
            return
        if self._size_of(done.result()) <= self._room_bytes:
            self._kept[key] = done.result()
