"""The figures of the model card: a packed folder and VADER on the same published val sets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from enrichment.evaluation import evaluate
from enrichment.label_schemes import LABELS
from enrichment.labelled import Labelled
from enrichment.sentiment import Model
from enrichment.training.corpus import Item
from enrichment.vader import Vader


@dataclass(frozen=True, slots=True)
class Row:
    """One val set.

    Args:
        texts: How many it has.
        model: Macro-recall, macro-F1 and accuracy of the model, shares of 1.
        vader: The same of VADER.
        texts_per_s: Of the model, VADER's features among it; None where that was not measured.
    """

    texts: int
    model: tuple[float, float, float]
    vader: tuple[float, float, float]
    texts_per_s: float | None


def measured(folder: Path, val: Mapping[str, Sequence[Item]]) -> dict[str, Row]:
    """The figures of a packed folder on each val set.

    Args:
        folder: A model folder.
        val: Labelled texts by source, see ``Corpus.val``.
    """
    # Loads onnxruntime, which nothing else here needs.
    from enrichment.onnx import OnnxModel

    model = OnnxModel(folder, remembered=0)
    return {source: _row(model, items) for source, items in val.items()}


def table(rows: Mapping[str, Row]) -> str:
    """The figures as a Markdown table, in hundredths."""
    lines = [
        "| val set | texts | macro-recall | macro-F1 | accuracy | VADER: macro-recall | macro-F1 "
        "| accuracy |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for source, row in rows.items():
        cells = [f"{100 * share:.1f}" for share in (*row.model, *row.vader)]
        lines.append(f"| {source} | {row.texts:,} | {' | '.join(cells)} |")
    return "\n".join(lines)


def as_json(rows: Mapping[str, Row]) -> dict[str, dict[str, float]]:
    """The model's figures for the manifest."""
    return {
        source: {
            "texts": row.texts,
            "macro_recall": round(row.model[0], 6),
            "macro_f1": round(row.model[1], 6),
            "accuracy": round(row.model[2], 6),
            "vader_macro_recall": round(row.vader[0], 6),
        }
        for source, row in rows.items()
    }


def _row(model: Model, items: Sequence[Item]) -> Row:
    labelled = [Labelled(item.text, LABELS[item.label]) for item in items]
    of_model, of_vader = evaluate(model, labelled), evaluate(Vader(), labelled)
    return Row(
        texts=len(labelled),
        model=(of_model.macro_recall, of_model.macro_f1, of_model.accuracy),
        vader=(of_vader.macro_recall, of_vader.macro_f1, of_vader.accuracy),
        texts_per_s=of_model.texts_per_s,
    )
