"""Whether probabilities mean what they say: of texts labelled at 0.8, 80 % should be right."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from lake.records import Json

_BINS = 10
_LEAST = float(np.finfo(float).eps)


@dataclass(frozen=True, slots=True)
class Bin:
    """The texts whose label's probability lies above ``low`` and up to ``high``.

    Args:
        low: 0.0 to 0.9.
        high: 0.1 to 1.0.
        n: Texts, at least one.
        confidence: Mean probability of their labels.
        accuracy: Share of them whose label is right.
    """

    low: float
    high: float
    n: int
    confidence: float
    accuracy: float


@dataclass(frozen=True, slots=True)
class Calibration:
    """How far the probabilities are from what happens.

    Args:
        n: Texts that have probabilities.
        ece: Expected calibration error, 0.0 (perfect) to 1.0: the mean distance of confidence and
            accuracy over ten bins of equal width, each weighed by its texts. Guo et al., On
            Calibration of Modern Neural Networks, ICML 2017, https://arxiv.org/abs/1706.04599.
        brier: Mean squared distance from the truth over the three classes, 0.0 to 2.0. Brier,
            Monthly Weather Review 78 (1950).
        log_loss: Mean negative natural logarithm of the true label's probability; 1.0986 is what
            equal shares get. A probability below 2.2e-16 counts as that.
        bins: The reliability table; bins without texts are left out.
    """

    n: int
    ece: float
    brier: float
    log_loss: float
    bins: tuple[Bin, ...]

    def to_json(self) -> Json:
        """All values, by name."""
        names = ("low", "high", "n", "confidence", "accuracy")
        return {
            "n": self.n,
            "ece": self.ece,
            "brier": self.brier,
            "log_loss": self.log_loss,
            "bins": [{name: getattr(one, name) for name in names} for one in self.bins],
        }

    @classmethod
    def from_json(cls, values: Json) -> Calibration:
        """What ``to_json`` gave."""
        bins = tuple(Bin(**one) for one in values["bins"])
        return cls(values["n"], values["ece"], values["brier"], values["log_loss"], bins)


def calibration_of(true: Any, said: Any, shares: Any) -> Calibration | None:
    """The calibration of probabilities.

    Args:
        true: int [n]: the place of each text's true label.
        said: int [n]: the place of the label that the model gives.
        shares: float [n, 3]: its probabilities; they are brought to the sum 1. A text whose shares
            are all 0 has none and is left out.

    Returns:
        None where no text has probabilities.
    """
    sums = shares.sum(axis=1)
    has = sums > 0
    if not has.any():
        return None
    true, said, shares = true[has], said[has], shares[has] / sums[has, None]
    rows = np.arange(len(true))
    bins = _bins(shares[rows, said], said == true)
    n = len(true)
    return Calibration(
        n=n,
        ece=sum(one.n * abs(one.confidence - one.accuracy) for one in bins) / n,
        brier=float(((shares - np.eye(shares.shape[1])[true]) ** 2).sum(axis=1).mean()),
        log_loss=float(-np.log(np.clip(shares[rows, true], _LEAST, 1.0)).mean()),
        bins=bins,
    )


def _bins(confidence: Any, right: Any) -> tuple[Bin, ...]:
    places = np.clip(np.ceil(confidence * _BINS).astype(int) - 1, 0, _BINS - 1)
    found = []
    for place in range(_BINS):
        inside = places == place
        if inside.any():
            found.append(
                Bin(
                    low=place / _BINS,
                    high=(place + 1) / _BINS,
                    n=int(inside.sum()),
                    confidence=float(confidence[inside].mean()),
                    accuracy=float(right[inside].mean()),
                )
            )
    return tuple(found)
