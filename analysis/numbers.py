"""Small arithmetic that every question shares. Unknown is None, and stays None."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

# 97.5 % point of the normal distribution
_Z95 = 1.959963984540054


def ratio(numerator: float | None, denominator: float | None) -> float | None:
    """The quotient; None where a part is unknown or the denominator is 0."""
    if numerator is None or not denominator:
        return None
    return numerator / denominator


def whole(value: float) -> float:
    """``value`` as an int where it is one: Elasticsearch sums integers as doubles."""
    return int(value) if float(value).is_integer() else value


def mean(values: Sequence[float]) -> float | None:
    """The arithmetic mean; None of nothing."""
    return math.fsum(values) / len(values) if values else None


def shares(values: Mapping[str, float | None]) -> dict[str, float | None]:
    """Each value in percent of their sum; unknown ones have no share and are in no sum.

    All shares are None where the sum is not above 0.
    """
    total = math.fsum(value for value in values.values() if value is not None)
    return {
        name: 100 * value / total if value is not None and total > 0 else None
        for name, value in values.items()
    }


def wilson(hits: int, n: int) -> tuple[float, float] | None:
    """Wilson's 95 % interval of the share ``hits / n``, within 0 to 1; None for ``n`` = 0."""
    if n == 0:
        return None
    share, z2 = hits / n, _Z95**2
    middle = (share + z2 / (2 * n)) / (1 + z2 / n)
    half = _Z95 * math.sqrt(share * (1 - share) / n + z2 / (4 * n * n)) / (1 + z2 / n)
    low = 0.0 if hits == 0 else max(0.0, middle - half)
    high = 1.0 if hits == n else min(1.0, middle + half)
    return low, high


def percentile_ranks(values: Sequence[float]) -> list[float]:
    """``(rank - 0.5) / n`` of each value, in order; the lowest has rank 1, ties share their mean.

    They lie strictly between 0 and 1 and their mean is one half.
    """
    order = sorted(range(len(values)), key=lambda place: values[place])
    ranks = [0.0] * len(values)
    first = 0
    while first < len(order):
        last = first
        while last + 1 < len(order) and values[order[last + 1]] == values[order[first]]:
            last += 1
        rank = (first + last) / 2 + 1
        for place in order[first : last + 1]:
            ranks[place] = (rank - 0.5) / len(values)
        first = last + 1
    return ranks
