"""The seam: a model turns texts into sentiments, and one file is one model."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

Label = Literal["positive", "neutral", "negative", "unsure"]


@dataclass(frozen=True, slots=True)
class Sentiment:
    """What a model says of one text.

    Args:
        label: The model's verdict.
        score: -1.0 (negative) to 1.0 (positive).
        p_pos: The positive share, 0.0 to 1.0; the three shares sum to 1 within rounding. VADER's
            are all 0.0 where the text holds nothing that it can count.
        p_neu: The neutral share.
        p_neg: The negative share.
    """

    label: Label
    score: float
    p_pos: float
    p_neu: float
    p_neg: float


BLANK = Sentiment("neutral", 0.0, 0.0, 1.0, 0.0)
"""What models say of a text that holds nothing to read: empty, blanks, masks and signs alone."""


class Model(Protocol):
    """What the worker needs of a model.

    Attributes:
        name: What ``sentiment.model`` says of a score; it changes when the scores may.
    """

    name: str

    def score(
        self, texts: Sequence[str], *, vader: Sequence[Sentiment] | None = None
    ) -> list[Sentiment]:
        """One sentiment for each text, in order. Blocking: call it in a worker thread.

        Args:
            texts: As people wrote them.
            vader: VADER's sentiments of the same texts, where the caller has them. A model that
                takes them as features computes them itself when they are not given.

        Raises:
            ScoringError: A text cannot be scored; nothing is known of the others.
        """
        ...


class ScoringError(Exception):
    """A text that the model cannot score."""
