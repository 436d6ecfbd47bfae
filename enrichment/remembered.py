"""A bounded memory of answers; the one that was not asked for longest is forgotten first."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Iterable, Mapping
from typing import Generic, TypeVar

K = TypeVar("K")
V = TypeVar("V")


class Remembered(Generic[K, V]):
    """Answers by what was asked; may be used from several threads at once.

    Args:
        size: The most answers that are kept; 0 keeps none.
    """

    def __init__(self, size: int) -> None:
        self._size = size
        self._answers: OrderedDict[K, V] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, keys: Iterable[K]) -> dict[K, V]:
        """The answers that are known."""
        found: dict[K, V] = {}
        with self._lock:
            for key in keys:
                if key in self._answers:
                    self._answers.move_to_end(key)
                    found[key] = self._answers[key]
        return found

    def put(self, answers: Mapping[K, V]) -> None:
        """Keeps answers."""
        with self._lock:
            for key, answer in answers.items():
                self._answers[key] = answer
                self._answers.move_to_end(key)
            while len(self._answers) > self._size:
                self._answers.popitem(last=False)
