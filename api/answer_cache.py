"""Answers to what was asked before are given again, byte for byte, while nothing has changed.

An answer says of which moment it is (``as_of``); it is kept for a short time, and only for as long
as the lake holds what it held then (``lake.generation``). Whoever asks while an answer is being
made waits for that one.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial

from lake.shared import Shared

_ROOM_BYTES = 64 * 1024 * 1024
Make = Callable[[str | None], Awaitable[bytes]]


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
        self._answers: Shared[bytes] = Shared(keeps_s, room_bytes, len)

    async def get(self, key: str, make: Make) -> bytes:
        """The answer to a question.

        Args:
            key: Tells questions apart; equal keys have equal answers.
            make: Makes the answer, of the state of the lake that it is told; its errors are told
                to all who wait, and not kept.
        """
        now = await self._generation()
        return await self._answers.get(f"{key} {now}", partial(make, now), keep=now is not None)
