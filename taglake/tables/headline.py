"""A campaign's headline as a table: each number with its unit and what does not tell it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from analysis.definitions import definitions
from lake.records import Json
from taglake.tables.cells import UNKNOWN, estimate, minute, number, plain, unit_word
from taglake.tables.sheet import Cell, Column, Sheet, words

_COLUMNS = (
    words("metric"),
    Column("value"),
    words("unit", style="dim"),
    Column("of", drop=2, style="dim"),
    Column("not told by", drop=1, style="dim"),
)
_SPLITS = {"by_kind": "kinds", "by_platform": "platforms"}


def summary_table(answer: Json, name: str) -> Sheet:
    """The headline numbers, each with the posts that do not tell it."""
    metrics = answer["metrics"].items()
    rows = [_row(metric, entry) for metric, entry in metrics if "value" in entry]
    notes: list[Cell] = [*_splits(answer["metrics"].get("posts", {})), *scope_notes(answer)]
    return Sheet(_COLUMNS, rows, title=plain(name), notes=notes)


def _row(metric: str, entry: Mapping[str, Any]) -> list[Cell]:
    unit = unit_of(entry["definition"])
    missing = number(entry["missing"]) if entry["missing"] else ""
    value = estimate(entry)
    shown = "" if value == UNKNOWN else unit
    return [plain(metric.replace("_", " ")), value, shown, number(entry["n"]), missing]


def unit_of(tag: str) -> str:
    """What one of a number is, by the definition that its envelope names; ``%`` for percent."""
    return unit_word(next((row.unit for row in definitions() if row.tag() == tag), ""))


def _splits(posts: Mapping[str, Any]) -> Iterator[str]:
    for name, word in _SPLITS.items():
        counts = posts.get(name) or {}
        parts = (f"{plain(key)} {count:,}" for key, count in counts.items())
        if counts:
            yield f"{word}: {', '.join(parts)}"


def scope_notes(answer: Json) -> list[Cell]:
    """What an answer is about: its window, how much of that was watched, and as of when."""
    window = answer["window"]
    share = answer["coverage"]
    watched = "watched: unknown" if share is None else f"watched: {100 * share:.1f} % of the time"
    days = f"{window['from'][:10]} to {window['to'][:10]}"
    return [f"{days}, {watched}, as of {minute(answer['as_of'])} UTC"]
