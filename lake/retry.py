"""The only place that loops over attempts: a call that may work later is made again.

What is retried is a call, never a generator: a generator that is started again gives its first
items twice.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypeVar

from lake.errors import RetryError

T = TypeVar("T")
Sleep = Callable[[float], Awaitable[None]]
_MAX_DOUBLINGS = 30  # 2**30 steps are past any cap; a float overflows at 2**1024


@dataclass(frozen=True, slots=True)
class Backoff:
    """Exponential back-off with full jitter.

    Full jitter: https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/

    Args:
        base_s: Longest wait after the first failure; it doubles with each further one.
        cap_s: Longest wait that we choose ourselves.
        max_wait_s: Longest wait that the other side may ask for; more is not waited at all.
        draw: A number in [0, 1) at each call; tests pass their own.
    """

    base_s: float = 0.5
    cap_s: float = 60.0
    max_wait_s: float = 900.0
    draw: Callable[[], float] = random.random

    def wait_s(self, attempt: int, after_s: float | None = None) -> float:
        """Seconds to wait before the next call: never less than ``after_s``.

        Args:
            attempt: 0 after the first failure, 1 after the second, and so on.
            after_s: What the other side asked for, if it did.
        """
        ceiling = min(self.cap_s, self.base_s * 2.0 ** min(attempt, _MAX_DOUBLINGS))
        return max(self.draw() * ceiling, after_s or 0.0)


async def retrying(
    call: Callable[[], Awaitable[T]],
    *,
    backoff: Backoff,
    attempts: int | None,
    sleep: Sleep = asyncio.sleep,
    on_wait: Callable[[RetryError, float], None] | None = None,
) -> T:
    """What ``call`` returns, called again after each ``RetryError``.

    Args:
        call: Starts the work anew each time; safe to make twice.
        backoff: How long to wait.
        attempts: Calls in all, at least one is made; None goes on for ever.
        sleep: How to wait; tests pass their own.
        on_wait: Told the error and the seconds before each wait.

    Raises:
        RetryError: The last call's, or one that asks for a longer wait than
            ``backoff.max_wait_s``, at once.
    """
    attempt = 0
    while True:
        try:
            return await call()
        except RetryError as exc:
            is_last = attempts is not None and attempt + 1 >= attempts
            if is_last or (exc.after_s or 0.0) > backoff.max_wait_s:
                raise
            wait_s = backoff.wait_s(attempt, exc.after_s)
            if on_wait is not None:
                on_wait(exc, wait_s)
        await sleep(wait_s)
        attempt += 1
