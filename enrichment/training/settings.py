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
        vocabulary: Most pieces of its tokenizer; assistants and students share one.
        weight: Of what it teaches, beside the others.
    """

    name: str
    shape: Mapping[str, Any] = field(default_factory=dict)
    lessons: Lessons = field(default_factory=Lessons)
    vocabulary: int = 16_000
    weight: float = 1.0


@dataclass(frozen=True, slots=True)
class Settings:
    """A whole run.

    Args:
        teachers: Networks that learn from labels.
        assistants: Students that teach the next ones, with the teachers.
        students: Networks that learn from the teachers; shipped together.
        polish: How the students are fitted on in the end, on the labelled texts alone, dev among
            them; None leaves that out.
        vocabulary: Most pieces of the students' tokenizer.
        linear_weight: Weight of the linear teacher; a network's is 1.
        splices: Texts made up from parts of others, for the students alone.
        lexicon_words: How many words of VADER's lexicon are learned; None for all.
    """

    teachers: tuple[Plan, ...]
    students: tuple[Plan, ...]
    assistants: tuple[Plan, ...] = ()
    polish: Lessons | None = None
    vocabulary: int = 16_000
    linear_weight: float = 0.5
    splices: int = 0
    lexicon_words: int | None = None


def _student(*, seed: int, aux_weight: float, epochs: int = 7) -> Lessons:
    """How a student of the shipped model is fitted: it sees every text in each epoch."""
    return Lessons(
        epochs=epochs,
        rate=1.2e-3,
        aux_weight=aux_weight,
        aux_share=1.0,
        lexicon_weight=0.2,
        token_dropout=0.08,
        seed=seed,
    )


# What the shipped model was made with. The first teachers are held back more than the last one;
# each reads words through other pieces or spans, so that they err on different texts.
SHIPPED = Settings(
    teachers=(
        Plan("short", {"filters": 192, "spans": (1, 2, 3)}),
        Plan(
            "long",
            {"filters": 160, "embedding_dropout": 0.2},
            Lessons(aux_weight=0.3, seed=2),
        ),
        Plan(
            "words",
            {"width": 160, "filters": 200, "final_dropout": 0.5},
            Lessons(
                epochs=6,
                aux_weight=0.2,
                aux_share=0.7,
                piece_dropout=0.05,
                token_dropout=0.15,
                seed=4,
            ),
            vocabulary=30_000,
        ),
        Plan(
            "free",
            {"embedding_dropout": 0.1, "final_dropout": 0.3},
            Lessons(
                epochs=5, rate=1.2e-3, aux_weight=0.2, aux_share=0.65, token_dropout=0.05, seed=5
            ),
            weight=1.5,
        ),
    ),
    assistants=(
        Plan(
            "assistant",
            {"embedding_dropout": 0.15, "final_dropout": 0.3},
            Lessons(epochs=6, aux_weight=0.15, aux_share=1.0, lexicon_weight=0.2, seed=11),
            weight=3.0,
        ),
    ),
    students=(
        Plan(
            "first",
            {"width": 208, "embedding_dropout": 0.1, "final_dropout": 0.3},
            _student(seed=21, aux_weight=0.15),
        ),
        Plan(
            "second",
            {
                "width": 160,
                "filters": 160,
                "spans": (1, 2, 3, 5),
                "embedding_dropout": 0.1,
                "final_dropout": 0.3,
            },
            _student(seed=22, aux_weight=0.1),
        ),
        Plan(
            "third",
            {"width": 160, "embedding_dropout": 0.1, "final_dropout": 0.3},
            _student(seed=31, aux_weight=0.1, epochs=8),
        ),
    ),
    polish=Lessons(
        epochs=2,
        rate=2e-4,
        embedding_rate=2.0,
        aux_weight=0.0,
        aux_share=0.0,
        lexicon_weight=0.0,
        token_dropout=0.08,
        seed=41,
    ),
    vocabulary=15_000,
    splices=60_500,
)
