"""The campaign beside its competitors."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rich.text import Text

from lake.records import Json
from taglake.tables.cells import estimate, number, percent, plain, signed
from taglake.tables.headline import scope_notes
from taglake.tables.sheet import Cell, Column, Sheet, words

# The measure, its column, and which columns give way first.
_MEASURES = (("posts", "posts", 0), ("users", "users", 4), ("engagement", "engagement", 3))
_HIDDEN = {
    "engagement": "posts hide their engagement",
    "potential_reach": "users hide their number of followers",
}
_REACH = ("potential_reach", "reach", 5)


def brands_table(answer: Json) -> Sheet:
    """Each brand's part of the conversation."""
    columns = [words("brand")]
    for _, name, drop in (*_MEASURES, _REACH):
        columns += [
            Column(name, drop=drop and drop + 5),
            Column(f"% of {name}", drop=drop, style="cyan"),
        ]
    columns += [Column("net sentiment", drop=1), Column("% of positive", drop=2, style="cyan")]
    overlap = answer["overlap"]
    share = percent(overlap["share"])
    notes: list[Cell] = [
        f"{number(answer['n'])} posts, {number(overlap['posts'])} of them ({share} %) name two "
        f"brands or more; counting: {answer['counting']}"
    ]
    hidden = {name: sum(brand[name]["missing"] for brand in answer["brands"]) for name in _HIDDEN}
    notes += [f"{count:,} {_HIDDEN[name]}" for name, count in hidden.items() if count]
    if not answer["exact"]:
        notes.append("users and reach are estimates; --exact counts every author")
    rows = [_brand(brand) for brand in answer["brands"]]
    return Sheet(columns, rows, notes=notes + scope_notes(answer))


def _brand(brand: Mapping[str, Any]) -> list[Cell]:
    name = plain(brand["name"], 60)
    cells: list[Cell] = [Text(name, style="bold") if brand["own"] else name]
    for measure, _, _ in (*_MEASURES, _REACH):
        cells += [estimate(brand[measure]), percent(brand[measure]["share"])]
    return [*cells, signed(brand["net_sentiment"]), percent(brand["positive_posts"]["share"])]
