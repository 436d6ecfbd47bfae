"""Texts for the benchmarks of models: real ones where the data sets lie beside the project."""

from __future__ import annotations

from pathlib import Path

from enrichment.exporting_samples import sample_texts
from enrichment.text_care import TextCare, for_model

_SETS = Path(__file__).parents[1] / "../shared/datasets/sentiment"
_LEARN = 12_000


def corpus(count: int) -> tuple[list[str], list[str]]:
    """``count`` texts of mixed lengths that all differ, and texts to learn pieces from."""
    scored, learnt = _SETS / "tweeteval_val.tsv", _SETS / "tweeteval_train.tsv"
    if not scored.is_file():
        return sample_texts(count), sample_texts(5_000)
    known: dict[str, str] = {}
    for text in (*_column(scored), *_column(learnt)):
        known.setdefault(for_model(text, TextCare()), text)
        if len(known) >= count:
            break
    return list(known.values()), _column(learnt)[:_LEARN]


def _column(file: Path) -> list[str]:
    """The texts of ``label<TAB>text`` lines."""
    lines = file.read_text(encoding="utf-8").split("\n")
    return [line.split("\t", 1)[1] for line in lines if "\t" in line]
