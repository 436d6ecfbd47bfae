"""How well a model does on texts whose labels are known, and how fast.

The rules:

* a text is labelled as the worker would label it: an empty one is neutral and asks no model;
* ``unsure`` counts as the label with the highest probability (the first of negative, neutral and
  positive where two are equal); how many were unsure is told beside;
* a text that the model cannot score counts as neutral; how many is told beside;
* probabilities are judged only of models that have some: VADER's shares are none.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from typing import Literal

import numpy as np

from enrichment.calibration import Calibration, calibration_of
from enrichment.evaluation_figures import (
    Comparison,
    Figures,
    Intervals,
    compared,
    figures_of,
    intervals_of,
)
from enrichment.label_schemes import LABELS, TrueLabel
from enrichment.labelled import Labelled
from enrichment.scoring import Detect, verdicts
from enrichment.sentiment import Model, ScoringError, Sentiment
from lake.errors import InvalidError
from lake.records import Json
from lake.text import digest

LEAST_OF_A_LANGUAGE = 30
_BATCH = 500
# No text of the file: a model may remember what it scored.
_WARM_UP = ("A first text that wakes the model up", "and another one: its first call is slow.")
_DIGEST_BITS = 128
_WITHOUT_PROBABILITIES = "vader-"  # how the names of such models begin
_NEUTRAL = Sentiment("neutral", 0.0, 0.0, 0.0, 0.0)

LanguageSource = Literal["file", "detected"]


@dataclass(frozen=True, slots=True)
class Answers:
    """What is true of each text and what the model said, in the texts' order."""

    true: tuple[TrueLabel, ...]
    said: tuple[TrueLabel, ...]


@dataclass(frozen=True, slots=True)
class Evaluation:
    """A model's figures on one set of labelled texts.

    Args:
        model: Its name.
        data_digest: Tells sets apart: the same texts with the same labels, in whatever order.
        figures: Of all texts.
        intervals: How far the figures may be by chance.
        unsure: Share of texts that the model is unsure of; None for one that has no probabilities.
        failed: Texts that it cannot score.
        calibration: None for a model that has no probabilities.
        languages: Figures by language, of those with ``LEAST_OF_A_LANGUAGE`` texts or more.
        languages_from: Who says which language a text is in; None where nobody does.
        languages_left_out: Texts of no known language, or of one with too few texts.
        texts_per_s: Texts per second of the model alone; None where that was not measured.
        answers: Text by text, for ``compare``; not kept in JSON.
    """

    model: str
    data_digest: str
    figures: Figures
    intervals: Intervals
    unsure: float | None = None
    failed: int = 0
    calibration: Calibration | None = None
    languages: dict[str, Figures] = field(default_factory=dict)
    languages_from: LanguageSource | None = None
    languages_left_out: int = 0
    texts_per_s: float | None = None
    answers: Answers | None = field(default=None, repr=False, compare=False)

    @property
    def n(self) -> int:
        """Texts."""
        return self.figures.n

    @property
    def accuracy(self) -> float:
        """See ``Figures.accuracy``."""
        return self.figures.accuracy

    @property
    def macro_f1(self) -> float:
        """See ``Figures.macro_f1``."""
        return self.figures.macro_f1

    @property
    def macro_recall(self) -> float:
        """See ``Figures.macro_recall``."""
        return self.figures.macro_recall

    def to_json(self) -> Json:
        """All but the answers, by name; what is not known is null."""
        return {
            "model": self.model,
            "data_digest": self.data_digest,
            **self.figures.to_json(),
            "intervals": {name: list(ends) for name, ends in asdict(self.intervals).items()},
            "unsure": self.unsure,
            "failed": self.failed,
            "calibration": self.calibration.to_json() if self.calibration else None,
            "languages": {name: one.to_json() for name, one in self.languages.items()},
            "languages_from": self.languages_from,
            "languages_left_out": self.languages_left_out,
            "texts_per_s": self.texts_per_s,
        }

    @classmethod
    def from_json(cls, values: Json) -> Evaluation:
        """What ``to_json`` gave, without the answers."""
        ends = {name: (low, high) for name, (low, high) in values["intervals"].items()}
        calibration = values["calibration"]
        return cls(
            model=values["model"],
            data_digest=values["data_digest"],
            figures=Figures.from_json(values),
            intervals=Intervals(**ends),
            unsure=values["unsure"],
            failed=values["failed"],
            calibration=Calibration.from_json(calibration) if calibration else None,
            languages={name: Figures.from_json(one) for name, one in values["languages"].items()},
            languages_from=values["languages_from"],
            languages_left_out=values["languages_left_out"],
            texts_per_s=values["texts_per_s"],
        )


def evaluate(
    model: Model,
    labelled: Sequence[Labelled],
    *,
    on_batch: Callable[[int], None] | None = None,
    detect: Detect | None = None,
) -> Evaluation:
    """Scores texts and compares the labels. Blocking.

    Args:
        model: Scores the texts.
        labelled: At least one.
        on_batch: Called after each batch with the number of texts that are done.
        detect: Says which language each text is in, where the file does not say it of any.

    Raises:
        InvalidError: There is no text.
    """
    if not labelled:
        raise InvalidError("there is no labelled text to evaluate a model on")
    scores, took_s = _scored(model, [each.text for each in labelled], on_batch)
    true = tuple(each.label for each in labelled)
    found = [_NEUTRAL if isinstance(one, ScoringError) else one for one in scores]
    said = tuple(map(_label, found))
    figures = figures_of(true, said)
    languages, source = _languages(labelled, detect)
    by_language = _by_language(true, said, languages)
    has_probabilities = not model.name.startswith(_WITHOUT_PROBABILITIES)
    return Evaluation(
        model=model.name,
        data_digest=data_digest(labelled),
        figures=figures,
        intervals=intervals_of(figures),
        unsure=sum(one.label == "unsure" for one in found) / len(found)
        if has_probabilities
        else None,
        failed=sum(isinstance(one, ScoringError) for one in scores),
        calibration=_calibration(true, said, found) if has_probabilities else None,
        languages=by_language,
        languages_from=source,
        languages_left_out=len(true) - sum(one.n for one in by_language.values()) if source else 0,
        texts_per_s=len(labelled) / took_s if took_s > 0 else None,
        answers=Answers(true, said),
    )


def compare(first: Evaluation, second: Evaluation) -> Comparison:
    """Two models text by text; differences are the first's minus the second's.

    Raises:
        InvalidError: They were not evaluated on the same texts, in the same order, just now.
    """
    if first.answers is None or second.answers is None:
        raise InvalidError("an evaluation that was kept has no labels text by text; evaluate again")
    if (first.data_digest, first.answers.true) != (second.data_digest, second.answers.true):
        raise InvalidError(f"{first.model} and {second.model} were not evaluated on the same texts")
    return compared(first.answers.true, first.answers.said, second.answers.said)


def data_digest(labelled: Sequence[Labelled]) -> str:
    """32 hex digits that stand for texts with their labels, in whatever order they come."""
    total = sum(int(digest(each.text, each.label), 16) for each in labelled)
    return digest(str(len(labelled)), f"{total % 2**_DIGEST_BITS:x}")


def _scored(
    model: Model, texts: Sequence[str], on_batch: Callable[[int], None] | None
) -> tuple[list[Sentiment | ScoringError], float]:
    """A score or a failure of each text, and the seconds that the model took."""
    verdicts(model, _WARM_UP)
    scores: list[Sentiment | ScoringError] = []
    took_s = 0.0
    for start in range(0, len(texts), _BATCH):
        batch = texts[start : start + _BATCH]
        began = time.perf_counter()
        given = iter(verdicts(model, [text for text in batch if text.strip()]))
        took_s += time.perf_counter() - began
        scores += [next(given) if text.strip() else _NEUTRAL for text in batch]
        if on_batch is not None:
            on_batch(len(scores))
    return scores, took_s


def _label(one: Sentiment) -> TrueLabel:
    if one.label != "unsure":
        return one.label
    return LABELS[int(np.argmax((one.p_neg, one.p_neu, one.p_pos)))]


def _calibration(
    true: Sequence[str], said: Sequence[str], scores: Sequence[Sentiment]
) -> Calibration | None:
    places: dict[str, int] = {label: place for place, label in enumerate(LABELS)}
    return calibration_of(
        np.array([places[label] for label in true]),
        np.array([places[label] for label in said]),
        np.array([(one.p_neg, one.p_neu, one.p_pos) for one in scores]),
    )


def _languages(
    labelled: Sequence[Labelled], detect: Detect | None
) -> tuple[list[str | None], LanguageSource | None]:
    """The language of each text, and who says so."""
    if any(each.language is not None for each in labelled):
        return [each.language for each in labelled], "file"
    if detect is None:
        return [None for _ in labelled], None
    found = detect([each.text for each in labelled])
    return [None if one is None else one.language for one in found], "detected"


def _by_language(
    true: Sequence[str], said: Sequence[str], languages: Sequence[str | None]
) -> dict[str, Figures]:
    """Figures of each language that has texts enough, the commonest first."""
    found = {}
    for language, count in Counter(languages).most_common():
        if language is not None and count >= LEAST_OF_A_LANGUAGE:
            rows = [place for place, one in enumerate(languages) if one == language]
            found[language] = figures_of([true[i] for i in rows], [said[i] for i in rows])
    return found
