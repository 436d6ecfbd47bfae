"""The tone of a campaign's posts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rich.text import Text

from lake.records import Json
from taglake.tables.cells import interval, number, plain, signed
from taglake.tables.headline import scope_notes
from taglake.tables.sheet import Cell, Column, Sheet, words

STYLES: Mapping[str, str] = {"positive": "green", "negative": "red"}
_COLUMNS = (words("label"), Column("posts"), Column("% (95 % interval)"))
_INDICES = (
    ("net_sentiment", "net sentiment", ""),
    ("sentiment_score", "sentiment score", " %"),
    ("sentiment_mean", "mean", ""),
    ("sentiment_weighted_mean", "mean weighted by engagement", ""),
)


def label_text(label: str | None) -> Text:
    """A sentiment label in its colour."""
    return Text(plain(label or "–"), style=STYLES.get(label or "", ""))


def sentiment_table(answer: Json) -> Sheet:
    """Counts and shares by label, and the indices made of them."""
    rows = [_label(name, posts, answer["shares"]) for name, posts in answer["labels"].items()]
    for name, word in (("pending", "not scored yet"), ("failed", "cannot be scored")):
        if answer[name] or name == "pending":
            rows.append([word, number(answer[name]), ""])
    notes: list[Cell] = [_index(answer["metrics"], *each) for each in _INDICES]
    if answer["trend_hidden"]:
        notes.append("too few posts to claim a trend")
    notes += [_group(name, group) for name, group in answer["by_platform"].items()]
    return Sheet(_COLUMNS, rows, notes=notes + scope_notes(answer))


def _label(name: str, posts: int, shares: Mapping[str, Any]) -> list[Cell]:
    share = shares.get(name) or {}
    parts = interval(share.get("value"), share.get("low"), share.get("high"))
    return [label_text(name), number(posts), parts if share else ""]


def _index(metrics: Mapping[str, Any], name: str, word: str, unit: str) -> Text:
    return Text(f"{word} ").append_text(signed(metrics[name], unit))


def _group(name: str, group: Mapping[str, Any]) -> Text:
    line = Text(f"{plain(name)}: {number(group['posts'])} posts, net sentiment ", style="")
    return line.append_text(signed(group["net_sentiment"]))
