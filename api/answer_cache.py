"""Answers to what was asked before are given again, byte for byte, while nothing has changed.

An answer says of which moment it is (``as_of``); it is kept for a short time, and only for as long
as the lake holds what it held then (``lake.generation``). Whoever asks while an answer is being
made waits for that one.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from cachetools import TTLCache

_ROOM_BYTES = 64 * 1024 * 1024
Make = Callable[[], Awaitable[bytes]]


class AnswerCache:
    """The answers of one server.

    Args:
        generation: Tells states of the lake apart; None: nobody knows, and nothing is kept.
        keeps_s: For how long an answer is given again; 0 keeps none.
        room_bytes: All answers together; those that were not asked for longest go first.
    """

    def __init__(
        self,
        generation: Callable[[], Awaitable[str | None]],
        keeps_s: float,
        room_bytes: int = _ROOM_BYTES,
    ) -> None:
        self._generation = generation
        self._room_bytes = room_bytes
        self._kept: TTLCache[str, bytes] = TTLCache(room_bytes, keeps_s, getsizeof=len)
        self._making: dict[str, asyncio.Future[bytes]] = {}

    async def get(self, key: str, make: Make) -> bytes:
        """The answer to a question.

        Args:
            key: Tells questions apart; equal keys have equal answers.
            make: Makes the answer; its errors are told to all who wait, and not kept.
        """
        now = await self._generation()
        key = f"{key} {now}"
        kept = self._kept.get(key)
        if kept is not None and now is not None:
            return kept
        making = self._making.get(key)
        if making is None:
            making = self._making[key] = asyncio.ensure_future(make())
            making.add_done_callback(lambda done: self._made(key, done, keep=now is not None))
        # Whoever gives up waiting stops nobody else's answer.
        return await asyncio.shield(making)

    def _made(self, key: str, done: asyncio.Future[bytes], *, keep: bool) -> None:
        del self._making[key]
        if done.cancelled() or done.exception() is not None or not keep:
            return
        if len(done.result()) <= self._room_bytes:
            self._kept[key] = done.result()
