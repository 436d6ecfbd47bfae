"""How many posts a worker scores at once: as many as keep a fresh post's wait short. Pure.

A model call is not interrupted: a post that has just arrived waits for the batch that is being
scored. So one batch may take a part of the promised time at most, and how many posts that is, is
learnt from the batches before. It begins small, because nobody knows how slow a model is.
"""

from __future__ import annotations

_SHARE = 0.4  # of the promised time; the rest is for finding, scoring and writing the fresh post
_FIRST = 8
_GROWTH = 8
_MEMORY = 0.5  # what a full batch leaves of what was measured before it


class Pace:
    """Learns a model's speed and says how many posts come next.

    Args:
        latency_s: Within what time a fresh post must be scored.
        most: Never more posts at once.
    """

    def __init__(self, latency_s: float, most: int) -> None:
        self._batch_s = latency_s * _SHARE
        self._most = most
        self._tried = min(_FIRST, most)
        self._posts = 0.0
        self._seconds = 0.0

    @property
    def posts_per_s(self) -> float | None:
        """The measured speed; None before the first batch."""
        return self._posts / self._seconds if self._seconds > 0 else None

    def posts(self) -> int:
        """How many posts the next batch may hold: 1 or more."""
        speed = self.posts_per_s
        wanted = self._tried if speed is None else int(speed * self._batch_s)
        return max(1, min(wanted, self._tried, self._most))

    def took(self, posts: int, seconds: float) -> None:
        """Learns from a batch that was scored.

        A small batch says little of the speed that a large one has, so it weighs little.
        """
        if posts < 1 or seconds < 0:
            return
        kept = _MEMORY ** min(1.0, posts / self.posts())
        self._posts = self._posts * kept + posts
        self._seconds = self._seconds * kept + seconds
        if posts >= self._tried:
            self._tried = min(self._most, self._tried * _GROWTH)
