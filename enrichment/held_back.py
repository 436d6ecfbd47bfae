"""Which labelled texts a model learns from, and which it is judged by.

A text's part follows from the text alone, so it is the same whenever labels are split: no later
training learns from what an earlier one was judged by.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from enrichment.label_schemes import LABELS
from enrichment.labelled import Labelled
from lake.errors import InvalidError
from lake.text import digest

SHARE = 0.2
"""The part of the texts that is held back."""

LEAST = 200
"""Labelled texts that there must be."""

LEAST_OF_A_CLASS = 5
"""Texts of each class that must be held back."""

_PARTS = 10_000


@dataclass(frozen=True, slots=True)
class Split:
    """Labelled texts in two parts."""

    learnt: tuple[Labelled, ...]
    held_back: tuple[Labelled, ...]


def is_held_back(text: str) -> bool:
    """Whether models are judged by a text; blanks and case do not matter."""
    key = digest("held back", " ".join(text.lower().split()))
    return int(key, 16) % _PARTS < SHARE * _PARTS


def held_back_name(data_name: str) -> str:
    """What the held-back part of labelled texts is called."""
    return f"{data_name} (held back)"


def held_back_of(labelled: Sequence[Labelled]) -> list[Labelled]:
    """The texts that no training learns from.

    Raises:
        InvalidError: There is none.
    """
    found = [each for each in labelled if is_held_back(each.text)]
    if not found:
        raise InvalidError(
            f"none of the {len(labelled):,} labelled texts is held back to judge by: label more"
        )
    return found


def split(labelled: Sequence[Labelled]) -> Split:
    """Two parts that hold enough to learn from and to judge by.

    Raises:
        InvalidError: There are too few labels; the message says how many are needed.
    """
    parts: tuple[list[Labelled], list[Labelled]] = ([], [])
    for each in labelled:
        parts[is_held_back(each.text)].append(each)
    learnt, held_back = map(tuple, parts)
    if len(labelled) < LEAST:
        raise InvalidError(
            f"{len(labelled):,} labelled texts are too few to train and to judge by: "
            f"{LEAST} are needed"
        )
    counts = Counter(each.label for each in held_back)
    few = [label for label in LABELS if counts[label] < LEAST_OF_A_CLASS]
    if few:
        told = ", ".join(f"{counts[label]} {label}" for label in few)
        missing = max(LEAST_OF_A_CLASS - counts[label] for label in few)
        raise InvalidError(
            f"of {len(labelled):,} labelled texts {len(held_back):,} are held back to judge by, "
            f"and only {told} are among them; {LEAST_OF_A_CLASS} of each are needed: label about "
            f"{round(missing / SHARE)} more texts of {'each' if len(few) > 1 else few[0]}"
        )
    return Split(learnt, held_back)
