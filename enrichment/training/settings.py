"""What the recipe does, in figures: the shipped model's, and a small one to try the recipe."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from enrichment.training.lessons import Lessons


@dataclass(frozen=True, slots=True)
class Plan:
    """One network.

    Args:
        name: Of its checkpoint and in what is said.
        shape: What its ``Shape`` is given besides the vocabulary.
        lessons: How it is fitted.
        vocabulary: Most pieces of its tokenizer; students share one.
    """

    name: str
    shape: Mapping[str, Any] = field(default_factory=dict)
    lessons: Lessons = field(default_factory=Lessons)
    vocabulary: int = 16_000


@dataclass(frozen=True, slots=True)
class Settings:
    """A whole run.

    Args:
        teachers: Networks that learn from labels.
        students: Networks that learn from the teachers; shipped together.
        vocabulary: Most pieces of the students' tokenizer.
        linear_weight: Weight of the linear teacher; a network's is 1.
    """

    teachers: tuple[Plan, ...]
    students: tuple[Plan, ...]
    vocabulary: int = 16_000
    linear_weight: float = 0.5


SHIPPED = Settings(teachers=(), students=())
