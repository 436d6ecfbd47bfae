"""A campaign's numbers over time."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from analysis.sentiment import net_sentiment
from lake.records import Json
from taglake.tables.cells import local, number, signed
from taglake.tables.headline import scope_notes
from taglake.tables.sheet import Cell, Column, Sheet, Spark, words

_COLUMNS = (
    words("from"),
    Column("posts"),
    Column("engagement"),
    Column("likes", drop=3),
    Column("shares", drop=4),
    Column("comments", drop=5),
    Column("net sentiment", drop=1),
)
_SHOWN_AS = {"hour": "%Y-%m-%d %H:%M", "month": "%Y-%m"}


def timeline_table(answer: Json) -> Sheet:
    """The intervals, and above them their shape in a line."""
    buckets = answer["buckets"]
    form = _SHOWN_AS.get(answer["interval"], "%Y-%m-%d")
    rows = [
        _interval(bucket, f"{local(bucket['start'], answer['tz']):{form}}") for bucket in buckets
    ]
    notes: list[Cell] = [
        f"{number(answer['n'])} posts by {answer['interval']}, {answer['tz']} time"
    ]
    if any(bucket["partial"] for bucket in buckets):
        notes.append("* lies partly outside the window, or is not over yet")
    sparks = [
        Spark("posts     ", [bucket["posts"] for bucket in buckets]),
        Spark("engagement", [bucket["engagement"] for bucket in buckets]),
    ]
    return Sheet(_COLUMNS, rows, sparks=sparks if rows else (), notes=notes + scope_notes(answer))


def _interval(bucket: Mapping[str, Any], begins: str) -> list[Cell]:
    names = ("posts", "engagement", "likes", "shares", "comments")
    mark = " *" if bucket["partial"] else ""
    tone = signed(net_sentiment(bucket["sentiment"]))
    return [begins + mark, *(number(bucket[name]) for name in names), tone]
