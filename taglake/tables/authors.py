"""Who carries a campaign."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lake.records import Json
from taglake.tables.cells import number, percent, plain, signed
from taglake.tables.headline import scope_notes
from taglake.tables.sheet import Cell, Column, Sheet, words

_COLUMNS = (
    Column("#"),
    words("author"),
    words("platform", drop=2),
    Column("score"),
    Column("posts"),
    Column("followers", drop=4),
    Column("engagement"),
    Column("ER %", drop=5),
    Column("shares/post", drop=6),
    Column("sentiment", drop=3),
)


_PLACE = 3
# Rankings by a number that has no column otherwise.
_EXTRA = {
    "originals": "originals",
    "likes": "likes",
    "shares": "shares",
    "comments": "comments",
    "impact": "potential_impressions",
}


def influencers_table(answer: Json) -> Sheet:
    """The authors in their ranking; what they are ranked by is always there."""
    columns, rows = list(_COLUMNS), [_author(row) for row in answer["influencers"]]
    extra = _EXTRA.get(answer["ranking"])
    if extra is not None:
        columns.insert(_PLACE, Column(extra.replace("_", " ")))
        for cells, row in zip(rows, answer["influencers"], strict=True):
            cells.insert(_PLACE, number(row[extra]))
    ranked, everyone = len(rows), number(answer["authors_total"])
    how = "all counted" if answer["exact"] else "an estimate"
    notes: list[Cell] = [f"{ranked:,} of {everyone} authors by {answer['ranking']}, {how}"]
    if answer["missing"]:
        notes.append(f"{number(answer['missing'])} posts have no known author")
    return Sheet(columns, rows, notes=notes + scope_notes(answer))


def _author(row: Mapping[str, Any]) -> list[Cell]:
    score = row["score"]
    return [
        str(row["rank"]),
        plain(row["handle"] or row["name"] or row["author"], 60),
        plain(row["platform"]),
        "–" if score is None else f"{score:.1f}",
        number(row["posts"]),
        number(row["followers"]),
        number(row["engagement"]),
        percent(row["er_pooled"]),
        number(row["amplification"]),
        signed(row["sentiment_mean"]),
    ]
