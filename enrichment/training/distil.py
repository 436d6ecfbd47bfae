"""Many teachers into a student: it learns what they say together, and is set right on dev."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch

from enrichment.training.corpus import SENTIMENT
from enrichment.training.examples import Examples, Floats, Integers
from enrichment.training.network import Network

# How much of a labelled text's target its own label is; the rest is what the teachers say.
LABEL_SHARE = 0.35
_TAUS = tuple(step / 20 for step in range(-10, 11))
# What twice the macro-recall and the macro-F1 of some thousand texts together may be off by.
_CHANCE = 0.02
_TEMPERATURES = tuple(step / 20 for step in range(8, 41))


@dataclass(frozen=True, slots=True)
class Figures:
    """How well labels are told, as shares of 1."""

    macro_recall: float
    macro_f1: float
    accuracy: float

    def __str__(self) -> str:
        return (
            f"macro-recall {100 * self.macro_recall:.1f}, macro-F1 {100 * self.macro_f1:.1f}, "
            f"accuracy {100 * self.accuracy:.1f}"
        )


@dataclass(frozen=True, slots=True)
class Calibration:
    """What is done to a network's logits: ``(logits - tau * log(prior)) / temperature``.

    Args:
        tau: How much more of the training labels' shares is taken out than in training (less where
            it is below 0): macro-recall counts each class alike, the posts do not hold them alike.
        temperature: So that the likeliest share is right as often as it says.
        prior: The shares of negative, neutral and positive in training.
    """

    tau: float
    temperature: float
    prior: tuple[float, float, float]

    def applied(self, log_shares: Floats) -> Floats:
        """[texts, 3] logits to calibrated logits."""
        shifted = log_shares - self.tau * np.log(np.array(self.prior, dtype=np.float32))
        found: Floats = (shifted / self.temperature).astype(np.float32)
        return found


def shares(logits: Floats) -> Floats:
    """[texts, classes] logits to shares that sum to 1."""
    raised = np.exp(logits - logits.max(axis=1, keepdims=True))
    found: Floats = (raised / raised.sum(axis=1, keepdims=True)).astype(np.float32)
    return found


def figures(guessed: Integers, labels: Integers, classes: int = 3) -> Figures:
    """How well labels are told; a class that no text has counts nowhere."""
    table = np.zeros((classes, classes), dtype=np.int64)
    np.add.at(table, (labels, guessed), 1)
    hits, given, said = np.diag(table), table.sum(axis=1), table.sum(axis=0)
    there = given > 0
    recall = hits[there] / given[there]
    f1 = 2 * hits[there] / (given[there] + said[there])
    return Figures(float(recall.mean()), float(f1.mean()), float(hits.sum() / max(1, len(labels))))


def taught(teachers: Sequence[tuple[float, Floats]]) -> Floats:
    """[texts, 3] shares: the weighted mean of the teachers' logarithms of shares.

    Args:
        teachers: Weight and [texts, 3] logarithms of shares of each.
    """
    whole = sum(weight for weight, _ in teachers)
    mixed = sum((weight / whole) * found for weight, found in teachers)
    return shares(np.asarray(mixed, dtype=np.float32))


def student_examples(
    examples: Examples,
    teaching: Floats,
    habits: Floats,
    *,
    others: float = 0.7,
    label_share: float = LABEL_SHARE,
) -> Examples:
    """The examples with the teachers' shares as targets, mixed with the label where there is one.

    Args:
        examples: Labelled and not.
        teaching: [examples, 3] shares that the teachers give; the lexicon's words keep none.
        habits: [examples, 3] how often each text's source has each label.
        others: Weight of a text without a label of sentiment.
        label_share: How much of a labelled text's target its own label is.
    """
    own = examples.weights > 0
    texts = np.isnan(examples.valence)
    share = np.where(own, label_share, 0.0)[:, None].astype(np.float32)
    targets = share * examples.targets + (1.0 - share) * teaching
    weights = np.where(own, 1.0, np.where(texts, others, 0.0)).astype(np.float32)
    return examples.with_targets(targets.astype(np.float32), weights, np.log(habits))


def calibrated(log_shares: Floats, labels: Integers, prior: Floats) -> Calibration:
    """The calibration that suits labelled texts which the network has not learned from.

    ``tau`` stays at 0, which suits macro-recall if training did its part, unless another does
    better by more than chance in macro-recall (counted twice) and macro-F1. The temperature is what
    makes the labels likeliest, each class counted alike.
    """
    of = (float(prior[0]), float(prior[1]), float(prior[2]))

    def worth(tau: float) -> float:
        told = figures(Calibration(tau, 1.0, of).applied(log_shares).argmax(axis=1), labels)
        return 2.0 * told.macro_recall + told.macro_f1

    best = max(_TAUS, key=worth)
    tau = best if worth(best) - worth(0.0) > _CHANCE else 0.0

    alike = 1.0 / np.bincount(labels, minlength=len(of))[labels]

    def surprise(temperature: float) -> float:
        found = shares(Calibration(tau, temperature, of).applied(log_shares))
        told = np.log(found[np.arange(len(labels)), labels] + 1e-9)
        return -float((told * alike).sum())

    return Calibration(tau, min(_TEMPERATURES, key=surprise), of)


def set_right(network: Network, calibration: Calibration) -> None:
    """Put a calibration into the weights of the network's head."""
    prior = torch.tensor(calibration.prior).log()
    with torch.no_grad():
        network.heads[SENTIMENT].div_(calibration.temperature)
        bias = network.biases[SENTIMENT]
        bias.sub_(calibration.tau * prior).div_(calibration.temperature)
