"""Chance that repeats: numbers that depend on a key alone, wherever and whenever they are drawn."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import TypeVar

T = TypeVar("T")
_MASK = (1 << 64) - 1


class Dice(random.Random):
    """Python's Mersenne Twister, whose sequence for an int seed is the same everywhere."""

    def restart(self, number: int) -> None:
        """Begin the sequence of ``number`` (0 or more): ``seed`` but faster."""
        super(random.Random, self).seed(number)

    def pick(self, things: Sequence[T]) -> T:
        """One of the things, each as likely as the others."""
        return things[int(self.random() * len(things))]


def mixed(*numbers: int) -> int:
    """64 bits that stand for the numbers in order, each 0 or more (SplitMix64's finaliser)."""
    value = 0
    for number in numbers:
        value = (value + number + 0x9E3779B97F4A7C15) & _MASK
        value = ((value ^ (value >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
        value = ((value ^ (value >> 27)) * 0x94D049BB133111EB) & _MASK
        value ^= value >> 31
    return value


def chance(*numbers: int) -> float:
    """A number from 0 (inclusive) to 1 (exclusive) that the given numbers fix."""
    return mixed(*numbers) / 2.0**64
