"""The authors of some posts: all of them one by one, or the largest and a sample of the others.

Sums over all authors are exact in the first case. In the second the largest authors are counted one
by one, and a sample, drawn by the hash of the author's key, stands for the others (stratified
sampling with one certainty stratum: Cochran, Sampling Techniques, 3rd ed., chapters 5 and 6).
"""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import accumulate

from analysis.authors import Author
from analysis.numbers import ratio

Measure = Callable[[Author], float]
Z95 = 1.959963984540054
# Dvoretzky-Kiefer-Wolfowitz with Massart's constant: with 95 % probability a sample's distribution
# is nowhere further from the truth than this, divided by the root of its size.
_DKW95 = math.sqrt(math.log(2 / 0.05) / 2)


@dataclass(frozen=True, slots=True)
class Estimate:
    """A sum or ratio over all authors.

    Args:
        value: The number.
        error: Half the width of its 95 % interval; 0 where it was counted.
    """

    value: float
    error: float = 0.0


@dataclass(frozen=True, slots=True)
class Ranks:
    """Where values stand among the values of all authors.

    Args:
        values: The authors' values, lowest first.
        below: For each place, how many authors stand before it; one more for all of them.
    """

    values: Sequence[float]
    below: Sequence[float]

    def of(self, value: float) -> float | None:
        """``(rank - 0.5) / n``, ties share their mean rank; None where nobody tells the number."""
        if not self.values:
            return None
        first, last = bisect_left(self.values, value), bisect_right(self.values, value)
        return (self.below[first] + self.below[last]) / 2 / self.below[-1]


@dataclass(frozen=True, slots=True)
class Beside:
    """A number of authors that is close to the one wanted, and whose sum over all is known.

    Args:
        measure: The number.
        total: Its sum over all authors.
    """

    measure: Measure
    total: float


@dataclass(frozen=True, slots=True)
class Population:
    """All authors of some posts.

    Args:
        leaders: Authors that are known one by one; all there are, where there is no sample.
        sample: Authors that stand for all others.
        others: How many the sample stands for, itself among them.
        others_error: Half the width of the interval around ``others``.
    """

    leaders: Sequence[Author]
    sample: Sequence[Author] = ()
    others: float = 0.0
    others_error: float = 0.0

    @property
    def exact(self) -> bool:
        """Whether every author is known."""
        return not self.sample

    @property
    def known(self) -> list[Author]:
        """Every author whose totals are known."""
        return [*self.leaders, *self.sample]

    @property
    def weights(self) -> list[float]:
        """How many authors each of ``known`` stands for."""
        each = self.others / len(self.sample) if self.sample else 0.0
        return [1.0] * len(self.leaders) + [each] * len(self.sample)

    @property
    def rank_error(self) -> float:
        """By how much a percentile rank, 0 to 1, may be off; 0 where every author is known."""
        if self.exact:
            return 0.0
        part = self.others / (len(self.leaders) + self.others)
        return part * _DKW95 * self._correction() / math.sqrt(len(self.sample))

    @property
    def size(self) -> float:
        """How many authors there are."""
        return len(self.leaders) + self.others

    def sum(self, measure: Measure, beside: Beside | None = None) -> Estimate:
        """The sum of a number over all authors.

        Args:
            measure: The number.
            beside: What makes the sum of a sample more certain.
        """
        if self.exact or beside is None:
            return self._plain_sum(measure)
        found = self._plain_sum(lambda author: measure(author) - beside.measure(author))
        return Estimate(beside.total + found.value, found.error)

    def ratio(
        self,
        above: Measure,
        below: Measure,
        above_beside: Beside | None = None,
        below_beside: Beside | None = None,
    ) -> Estimate | None:
        """The quotient of two sums over all authors; None where the lower one is 0.

        Its error is that of the residuals (Cochran, 6.4).
        """
        over = self.sum(above, above_beside).value
        under = self.sum(below, below_beside).value
        value = ratio(over, under)
        if value is None or self.exact:
            return None if value is None else Estimate(value)
        first, second = _rest(above, above_beside), _rest(below, below_beside)
        spread = self._plain_sum(lambda author: first(author) - value * second(author)).error
        return Estimate(value, spread / abs(under))

    def _plain_sum(self, measure: Measure) -> Estimate:
        certain = math.fsum(measure(author) for author in self.leaders)
        if self.exact:
            return Estimate(certain)
        middle, error = self._mean(measure)
        spread = self.others * error + self.others_error * abs(middle)
        return Estimate(certain + self.others * middle, spread)

    def ranks(self, values: Sequence[float | None]) -> Ranks:
        """Where values stand among all authors who tell the number.

        Args:
            values: The number of each of ``known``, in order; None where it is unknown.
        """
        pairs = sorted(
            (value, weight)
            for value, weight in zip(values, self.weights, strict=True)
            if value is not None
        )
        below = (0.0, *accumulate(weight for _, weight in pairs))
        return Ranks(tuple(value for value, _ in pairs), below)

    def _mean(self, measure: Measure) -> tuple[float, float]:
        """The sample's mean and half the width of its 95 % interval."""
        values = [measure(author) for author in self.sample]
        middle = math.fsum(values) / len(values)
        if len(values) == 1:
            return middle, abs(middle)
        variance = math.fsum((value - middle) ** 2 for value in values) / (len(values) - 1)
        return middle, Z95 * math.sqrt(variance / len(values)) * self._correction()

    def _correction(self) -> float:
        """What a sample without replacement gains; 0 where it holds everybody."""
        return math.sqrt(max(0.0, 1 - len(self.sample) / self.others)) if self.others else 0.0


def _rest(measure: Measure, beside: Beside | None) -> Measure:
    if beside is None:
        return measure
    return lambda author: measure(author) - beside.measure(author)
