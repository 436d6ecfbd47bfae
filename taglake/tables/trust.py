"""Whether a campaign is many people's: measured, not judged."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from rich.text import Text

from lake.records import Json
from taglake.tables.cells import estimate, minute, number, percent, plain
from taglake.tables.headline import scope_notes, unit_of
from taglake.tables.sheet import Cell, Column, Sheet, words

_COLUMNS = (
    words("measure", least=30),
    Column("value"),
    words("unit", style="dim"),
    Column("of", drop=1, style="dim"),
)
_MEASURES = {
    "authors": "authors",
    "top_authors_share": "posts of the ten busiest authors",
    "author_gini": "how unequal authors are (Gini)",
    "duplicate_text_share": "posts whose text stands three times or more",
    "burst_synchrony": "posts in minutes of unlikely many authors",
}
_MOST_LINES = 5


def authenticity_table(answer: Json) -> Sheet:
    """Concentration, repetition and synchrony; below them the largest of each."""
    metrics = answer["metrics"]
    rows = [_measure(metrics[name], word) for name, word in _MEASURES.items()]
    notes: list[Cell] = [
        *_listed("busiest authors", map(_author, metrics["top_authors_share"]["authors"])),
        *_listed("repeated texts", map(_repeated, metrics["duplicate_text_share"]["texts"])),
        *_listed("largest bursts", map(_burst, metrics["burst_synchrony"]["bursts"])),
    ]
    if metrics["duplicate_text_share"].get("lower_bound"):
        notes.append("texts beyond those compared may repeat, too; --exact compares more")
    return Sheet(_COLUMNS, rows, notes=notes + scope_notes(answer))


def _measure(entry: Mapping[str, Any], word: str) -> list[Cell]:
    return [word, estimate(entry), unit_of(entry["definition"]), number(entry["n"])]


def _author(row: Mapping[str, Any]) -> str:
    name = plain(row["handle"] or row["name"] or row["author"], 40)
    return f"{name}: {row['posts']:,} posts, {percent(row['share'])} %"


def _repeated(row: Mapping[str, Any]) -> str:
    return f"{row['posts']:,} posts by {row['authors']:,} authors: {plain(row['text'], 80)}"


def _burst(row: Mapping[str, Any]) -> str:
    expected = f"{row['expected']:.2f} expected"
    return f"{minute(row['minute'])}: {row['posts']} posts, {row['authors']} authors, {expected}"


def _listed(title: str, lines: Iterator[str]) -> Iterator[Cell]:
    for place, line in enumerate(lines):
        if place == 0:
            yield Text(title, style="bold")
        if place < _MOST_LINES:
            yield f"  {line}"
