"""Posts one by one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lake.records import Json
from taglake.tables.cells import minute, number, plain
from taglake.tables.headline import scope_notes
from taglake.tables.sheet import Cell, Column, Sheet, words
from taglake.tables.tone import label_text

_MOST_CHARS = 140
_MOST_ID_CHARS = 24
_END_CHARS = 14
_COLUMNS = (
    words("posted (UTC)", drop=3, least=16),
    words("post", least=21),
    words("author", drop=2),
    Column("engagement"),
    Column("likes", drop=5),
    Column("comments", drop=4),
    words("sentiment", drop=1),
    words("text", least=36),
)


def posts_table(answer: Json) -> Sheet:
    """A page of posts."""
    rows = [post_cells(post) for post in answer["items"]]
    notes: list[Cell] = [f"{len(rows):,} of {number(answer['total'])} posts by {answer['sort']}"]
    if answer["next"]:
        notes.append("there are more: with --json, `next` is what --cursor goes on with")
    return Sheet(_COLUMNS, rows, notes=notes + scope_notes(answer))


def post_cells(post: Mapping[str, Any]) -> list[Cell]:
    """A post's cells: when, which, who, its numbers, its tone, the beginning of its text."""
    tone, metrics = post.get("sentiment") or {}, post["metrics"]
    return [
        minute(post["created_at"]),
        post_name(post),
        author_name(post),
        number(post["engagement"]),
        number(metrics["likes"]),
        number(metrics["comments"]),
        label_text(tone.get("label")),
        plain(post["text"], _MOST_CHARS),
    ]


def post_name(post: Mapping[str, Any]) -> str:
    """``x:1234``; of an id that is an address only the end is shown."""
    own = str(post["id"])
    shown = own if len(own) <= _MOST_ID_CHARS else f"…{own[-_END_CHARS:]}"
    return plain(f"{post['platform']}:{shown}")


def author_name(post: Mapping[str, Any]) -> str:
    """Who wrote a post, in a word."""
    author = post["author"]
    return plain(author["handle"] or author["name"] or author["id"] or "–", 40)
