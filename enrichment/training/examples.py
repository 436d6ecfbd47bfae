"""Texts as the networks are shown them: cared for, with VADER's features and their targets."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from enrichment.text_care import TextCare, for_model
from enrichment.training.corpus import SENTIMENT, SENTIMENT_CLASSES, Item
from enrichment.vader import Vader

Floats = NDArray[np.float32]
Integers = NDArray[np.int64]

CARE = TextCare(hashtags="split", emoji="names", lower=True)
NO_TASK = ""
_SMOOTHING = 0.1


@dataclass(frozen=True, slots=True)
class Examples:
    """Texts and what is to be learned from each.

    Args:
        texts: Cared for.
        vader: [texts, 4]: VADER's positive, neutral and negative shares and compound score of the
            text as published.
        targets: [texts, 3]: The shares of negative, neutral and positive to learn.
        weights: [texts]: How much each target counts; 0 where a text has none.
        offsets: [texts, 3]: Added to the logits in training: the logarithms of how often the text's
            source has each label. A network that is told so learns what it would say where all
            labels are alike in number; zeros leave the source's habits to be learned.
        tasks: The auxiliary task of each text, ``NO_TASK`` for none.
        classes: [texts]: The class in that task.
        valence: [texts]: The valence to learn, NaN where a text has none.
    """

    texts: list[str]
    vader: Floats
    targets: Floats
    weights: Floats
    offsets: Floats
    tasks: list[str]
    classes: Integers
    valence: Floats

    def __len__(self) -> int:
        return len(self.texts)

    def joined(self, other: Examples) -> Examples:
        """These, then the others."""
        return Examples(
            texts=self.texts + other.texts,
            vader=np.concatenate([self.vader, other.vader]),
            targets=np.concatenate([self.targets, other.targets]),
            weights=np.concatenate([self.weights, other.weights]),
            offsets=np.concatenate([self.offsets, other.offsets]),
            tasks=self.tasks + other.tasks,
            classes=np.concatenate([self.classes, other.classes]),
            valence=np.concatenate([self.valence, other.valence]),
        )

    def at(self, places: Integers) -> Examples:
        """Those at the places, in their order."""
        return Examples(
            texts=[self.texts[place] for place in places],
            vader=self.vader[places],
            targets=self.targets[places],
            weights=self.weights[places],
            offsets=self.offsets[places],
            tasks=[self.tasks[place] for place in places],
            classes=self.classes[places],
            valence=self.valence[places],
        )

    def with_targets(
        self, targets: Floats, weights: Floats, offsets: Floats | None = None
    ) -> Examples:
        """The same texts with other targets for their sentiment."""
        kept = self.offsets if offsets is None else offsets
        return replace(self, targets=targets, weights=weights, offsets=kept)


def vader_features(texts: Sequence[str]) -> Floats:
    """[texts, 4] of texts as they were published."""
    found = Vader().score(texts)
    rows = [(one.p_pos, one.p_neu, one.p_neg, one.score) for one in found]
    return np.array(rows, dtype=np.float32).reshape(len(rows), 4)


def smoothed(labels: Sequence[int], share: float = _SMOOTHING) -> Floats:
    """[labels, 3] targets of which ``share`` is spread evenly, for labels are not beyond doubt."""
    rows = np.full((len(labels), SENTIMENT_CLASSES), share / SENTIMENT_CLASSES, dtype=np.float32)
    rows[np.arange(len(labels)), np.asarray(labels, dtype=np.int64)] += 1.0 - share
    return rows


def examples_of(items: Sequence[Item]) -> Examples:
    """Labelled texts as examples; an auxiliary task's text has no target of sentiment."""
    of_sentiment = [item.task == SENTIMENT for item in items]
    return Examples(
        texts=[for_model(item.text, CARE) for item in items],
        vader=vader_features([item.text for item in items]),
        targets=smoothed(
            [item.label if own else 0 for item, own in zip(items, of_sentiment, strict=True)]
        ),
        weights=np.array(of_sentiment, dtype=np.float32),
        offsets=np.zeros((len(items), SENTIMENT_CLASSES), dtype=np.float32),
        tasks=[
            NO_TASK if own else item.task for item, own in zip(items, of_sentiment, strict=True)
        ],
        classes=np.array([item.label for item in items], dtype=np.int64),
        valence=np.full(len(items), np.nan, dtype=np.float32),
    )
