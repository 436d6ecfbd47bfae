"""How often one caller may ask: a token bucket each.

A bucket holds at most ``burst`` tokens and gets new ones at an even rate; a request takes one.
Pure: the time is told.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

_MOST_BUCKETS = 10_000


@dataclass(frozen=True, slots=True)
class Pace:
    """How often is not too often.

    Args:
        per_min: Requests a minute in the long run.
        burst: Requests at once, after a rest.
    """

    per_min: float
    burst: float

    def times(self, factor: float) -> Pace:
        """So many times as often."""
        return Pace(self.per_min * factor, self.burst * factor)


@dataclass(frozen=True, slots=True)
class Turn:
    """Whether a request may be carried out, and what its caller is told.

    Args:
        is_granted: Whether it may.
        limit: Requests that a full bucket holds.
        remaining: Whole requests that are left now.
        reset_s: Seconds until the bucket is full again.
        retry_after_s: Seconds until the next request is granted; 0 where it would be now.
    """

    is_granted: bool
    limit: int
    remaining: int
    reset_s: float
    retry_after_s: float

    def headers(self) -> dict[str, str]:
        """``RateLimit-*``, and ``Retry-After`` for who has to wait; whole seconds, rounded up.

        Fields of https://datatracker.ietf.org/doc/draft-ietf-httpapi-ratelimit-headers/06/
        """
        told = {
            "RateLimit-Limit": str(self.limit),
            "RateLimit-Remaining": str(self.remaining),
            "RateLimit-Reset": str(math.ceil(self.reset_s)),
        }
        if not self.is_granted:
            told["Retry-After"] = str(max(1, math.ceil(self.retry_after_s)))
        return told


class Buckets:
    """A bucket for each caller; those that rest are forgotten when there are too many.

    Args:
        most: Callers that are remembered.
    """

    def __init__(self, most: int = _MOST_BUCKETS) -> None:
        self._most = most
        self._left: dict[str, tuple[float, float]] = {}  # caller -> (tokens, when); oldest first

    def take(self, caller: str, pace: Pace, now_s: float) -> Turn:
        """A token for a caller, if there is one.

        Args:
            caller: Who asks.
            pace: How often it may.
            now_s: Seconds on a clock that never goes back.
        """
        tokens, at_s = self._left.pop(caller, (pace.burst, now_s))
        rate = pace.per_min / 60
        tokens = min(pace.burst, tokens + (now_s - at_s) * rate)
        is_granted = tokens >= 1
        if is_granted:
            tokens -= 1
        self._left[caller] = (tokens, now_s)
        if len(self._left) > self._most:  # whoever rested longest has the fullest bucket
            del self._left[next(iter(self._left))]
        return Turn(
            is_granted=is_granted,
            limit=int(pace.burst),
            remaining=int(tokens),
            reset_s=(pace.burst - tokens) / rate,
            retry_after_s=max(0.0, (1 - tokens) / rate),
        )
