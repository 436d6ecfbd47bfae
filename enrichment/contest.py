"""Challenger against champion on the same labelled texts: measured, compared, judged. Blocking."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from enrichment.evaluation import Evaluation, compare, evaluate
from enrichment.evaluation_figures import Comparison
from enrichment.label_schemes import LABELS
from enrichment.labelled import Labelled
from enrichment.loading import resolve
from enrichment.model_folder import read_folder
from enrichment.model_places import place_of
from enrichment.promotion import Contender, Verdict, decide
from lake import times
from lake.config import EnrichmentConfig
from lake.errors import InvalidError, TaglakeError
from lake.model_record import Measured

OnBatch = Callable[[int], None]


@dataclass(frozen=True, slots=True)
class Contest:
    """Who won, and all that was measured.

    Args:
        challenger: The challenger's evaluation.
        champion: The champion's.
        comparison: The two text by text.
        verdict: What the rules say.
        measured: Each model's name with what the registry keeps of its evaluation.
    """

    challenger: Evaluation
    champion: Evaluation
    comparison: Comparison
    verdict: Verdict
    measured: tuple[tuple[str, Measured], tuple[str, Measured]]


def hold(
    challenger: str,
    champion: str,
    labelled: Sequence[Labelled],
    data_name: str,
    settings: EnrichmentConfig,
    on_batch: OnBatch | None = None,
    *,
    called: str | None = None,
) -> Contest:
    """Measures both models on the same texts and lets the rules judge.

    Args:
        challenger: A model's name, or its folder.
        champion: The champion's name.
        labelled: At least one.
        data_name: What people call the texts.
        settings: Where models are and what they run on.
        on_batch: Told how many texts are done; there are twice as many as labelled ones.
        called: What a challenger is called that has no name yet.

    Raises:
        ConfigError: The challenger cannot be loaded.
        InvalidError: The champion cannot: there is nothing to compare with.
    """
    first = _evaluated(challenger, labelled, settings, on_batch, 0)
    try:
        second = _evaluated(champion, labelled, settings, on_batch, len(labelled))
    except TaglakeError as exc:
        raise InvalidError(
            f"the champion {champion} cannot be measured: {exc}. Promote with --force and a "
            "--reason, or go back with 'taglake model rollback'"
        ) from exc
    mine, other = measured_of(first, data_name), measured_of(second, data_name)
    comparison = compare(first, second)
    name = called or challenger
    verdict = decide(
        Contender(name, classes_of(challenger, settings), mine),
        Contender(champion, classes_of(champion, settings), other),
        {label: one.support for label, one in first.figures.classes.items()},
        comparison,
    )
    return Contest(first, second, comparison, verdict, ((name, mine), (champion, other)))


def _evaluated(
    name: str,
    labelled: Sequence[Labelled],
    settings: EnrichmentConfig,
    on_batch: OnBatch | None,
    before: int,
) -> Evaluation:
    told = None if on_batch is None else lambda done: on_batch(before + done)
    return evaluate(resolve(name, settings), labelled, on_batch=told)


def measured_of(evaluation: Evaluation, data_name: str) -> Measured:
    """What the registry keeps of an evaluation."""
    return Measured(
        data_digest=evaluation.data_digest,
        data_name=data_name,
        n=evaluation.n,
        accuracy=evaluation.accuracy,
        macro_f1=evaluation.macro_f1,
        macro_recall=evaluation.macro_recall,
        at=times.now(),
        texts_per_s=evaluation.texts_per_s,
    )


def classes_of(name: str, settings: EnrichmentConfig) -> frozenset[str]:
    """The classes that a model can say.

    Raises:
        ConfigError: There is no such model here, or its folder is broken.
    """
    place = place_of(name, settings)
    if place is None:
        return frozenset(LABELS)
    return frozenset(read_folder(place).sides)
