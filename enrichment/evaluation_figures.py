"""How right labels are: counts, and the figures that follow from them. Pure arithmetic.

Shares are shares of 1. The figures are those of
https://scikit-learn.org/stable/modules/model_evaluation.html#classification-metrics, with one rule
for classes that do not occur: a mean over classes goes over the classes that occur in the truth.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from enrichment.label_schemes import LABELS, TrueLabel
from lake.records import Json

Confusion = tuple[tuple[int, ...], ...]
Interval = tuple[float, float]

RESAMPLES = 2_000
_SEED = 1
_ENDS = (0.025, 0.975)
_PLACES: Mapping[str, int] = {label: place for place, label in enumerate(LABELS)}


@dataclass(frozen=True, slots=True)
class ClassFigures:
    """One class.

    Args:
        support: Texts that are of it.
        precision: Share of the texts that were said to be of it which are; None where none was.
        recall: Share of the texts of it that were said to be; None where there is none.
        f1: ``2 tp / (2 tp + fp + fn)``; None where no text is of it.
    """

    support: int
    precision: float | None
    recall: float | None
    f1: float | None


@dataclass(frozen=True, slots=True)
class Figures:
    """What a confusion matrix says.

    Args:
        confusion: Counts, 3 x 3: a row is what is true, a column what was said, both in the order
            of ``LABELS``. At least one count is above 0.
    """

    confusion: Confusion

    @property
    def n(self) -> int:
        """Texts."""
        return sum(map(sum, self.confusion))

    @property
    def accuracy(self) -> float:
        """Share of texts whose label is right."""
        return sum(self.confusion[i][i] for i in range(len(LABELS))) / self.n

    @property
    def macro_f1(self) -> float:
        """Mean F1 of the classes that occur in the truth."""
        return _mean([one.f1 for one in self.classes.values()])

    @property
    def macro_recall(self) -> float:
        """Mean recall of the classes that occur in the truth."""
        return _mean([one.recall for one in self.classes.values()])

    @property
    def classes(self) -> dict[TrueLabel, ClassFigures]:
        """Each class by its label."""
        return {label: self._class(place) for place, label in enumerate(LABELS)}

    @property
    def missing(self) -> tuple[TrueLabel, ...]:
        """The classes that do not occur in the truth."""
        return tuple(label for label, one in self.classes.items() if not one.support)

    @property
    def shares(self) -> tuple[tuple[float | None, ...], ...]:
        """The confusion as shares of each row; None in the row of a class that does not occur."""
        return tuple(
            tuple(count / sum(row) if sum(row) else None for count in row) for row in self.confusion
        )

    def _class(self, place: int) -> ClassFigures:
        right = self.confusion[place][place]
        support = sum(self.confusion[place])
        said = sum(row[place] for row in self.confusion)
        return ClassFigures(
            support,
            right / said if said else None,
            right / support if support else None,
            2 * right / (said + support) if support else None,
        )

    def to_json(self) -> Json:
        """All figures, by name."""
        return {
            "n": self.n,
            "accuracy": self.accuracy,
            "macro_f1": self.macro_f1,
            "macro_recall": self.macro_recall,
            "missing_classes": list(self.missing),
            "classes": {
                label: {
                    "support": one.support,
                    "precision": one.precision,
                    "recall": one.recall,
                    "f1": one.f1,
                }
                for label, one in self.classes.items()
            },
            "confusion": {
                "labels": list(LABELS),
                "counts": [list(row) for row in self.confusion],
                "shares": [list(row) for row in self.shares],
            },
        }

    @classmethod
    def from_json(cls, values: Json) -> Figures:
        """The figures that ``to_json`` gave: all of them follow from the counts."""
        return cls(tuple(tuple(row) for row in values["confusion"]["counts"]))


@dataclass(frozen=True, slots=True)
class Intervals:
    """95 % intervals: what other texts of the same kind might have given."""

    accuracy: Interval
    macro_f1: Interval
    macro_recall: Interval


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two models on the same texts, text by text; differences are the first's minus the second's.

    Args:
        n: Texts.
        only_first: Texts that the first alone labels right.
        only_second: Texts that the second alone labels right.
        p: McNemar's exact test: the chance that models which are right equally often differ so much
            or more.
        difference: Of their macro-F1.
        low: Lower end of its 95 % interval.
        high: Upper end.
    """

    n: int
    only_first: int
    only_second: int
    p: float
    difference: float
    low: float
    high: float


def figures_of(true: Sequence[str], said: Sequence[str]) -> Figures:
    """The figures of labels that were said of texts whose labels are known.

    Args:
        true: What people say of each text; one of ``LABELS``, at least one.
        said: What the model says of it.
    """
    counts = Counter(zip(true, said, strict=True))
    return Figures(tuple(tuple(counts[row, column] for column in LABELS) for row in LABELS))


def intervals_of(figures: Figures) -> Intervals:
    """Percentile bootstrap of the texts, with a fixed seed.

    Efron & Tibshirani, An Introduction to the Bootstrap (1993), chapter 13. Drawing n texts with
    replacement and counting them is one draw of the counts from a multinomial distribution.
    """
    counts = np.array(figures.confusion, dtype=float)
    drawn = _resampled(counts.ravel()).reshape(-1, *counts.shape)
    present = counts.sum(axis=1) > 0
    right = np.diagonal(drawn, axis1=1, axis2=2)
    return Intervals(
        _interval(right.sum(axis=1) / figures.n),
        _interval(_macro_f1(drawn, present)),
        _interval(_over(right, drawn.sum(axis=2), present)),
    )


def compared(true: Sequence[str], first: Sequence[str], second: Sequence[str]) -> Comparison:
    """Two models' labels of the same texts.

    McNemar, Psychometrika 12 (1947), as the exact binomial test of the texts that one model alone
    has right; the interval is a paired bootstrap of the texts.

    Args:
        true: What people say of each text.
        first: What one model says.
        second: What the other says.
    """
    counts = np.zeros((len(LABELS),) * 3)
    for one, count in Counter(zip(true, first, second, strict=True)).items():
        counts[tuple(_PLACES[label] for label in one)] = count
    drawn = _resampled(counts.ravel()).reshape(-1, *counts.shape)
    present = counts.sum(axis=(1, 2)) > 0
    differences = _macro_f1(drawn.sum(axis=3), present) - _macro_f1(drawn.sum(axis=2), present)
    both = zip(true, first, second, strict=True)
    rights = Counter((label == one, label == other) for label, one, other in both)
    only_first, only_second = rights[True, False], rights[False, True]
    low, high = _interval(differences)
    return Comparison(
        len(true),
        only_first,
        only_second,
        mcnemar(only_first, only_second),
        figures_of(true, first).macro_f1 - figures_of(true, second).macro_f1,
        low,
        high,
    )


def mcnemar(only_first: int, only_second: int) -> float:
    """The two-sided exact p of a split that would be even by chance; 1.0 where nothing differs."""
    n = only_first + only_second
    logs = (
        math.lgamma(n + 1) - math.lgamma(k + 1) - math.lgamma(n - k + 1) - n * math.log(2)
        for k in range(min(only_first, only_second) + 1)
    )
    return min(1.0, 2 * math.fsum(map(math.exp, logs)))


def _resampled(counts: Any) -> Any:
    n = int(counts.sum())
    return np.random.default_rng(_SEED).multinomial(n, counts / n, size=RESAMPLES)


def _macro_f1(confusions: Any, present: Any) -> Any:
    """The macro-F1 of each of many confusions, shape [many, 3, 3]."""
    right = np.diagonal(confusions, axis1=1, axis2=2)
    return _over(2 * right, confusions.sum(axis=1) + confusions.sum(axis=2), present)


def _over(above: Any, below: Any, present: Any) -> Any:
    """The mean of a share over the classes; one that a draw lacks counts in it as 0."""
    shares = np.divide(above, below, out=np.zeros(above.shape), where=below > 0)
    return shares[:, present].mean(axis=1)


def _interval(values: Any) -> Interval:
    low, high = np.quantile(values, _ENDS)
    return float(low), float(high)


def _mean(values: Sequence[float | None]) -> float:
    known = [value for value in values if value is not None]
    return math.fsum(known) / len(known)
