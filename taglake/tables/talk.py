"""What goes with a campaign: comments below its posts, hashtags beside its own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lake.records import Json
from taglake.tables.cells import estimate, interval, number, percent, plain, signed
from taglake.tables.headline import scope_notes
from taglake.tables.posts import post_name
from taglake.tables.sheet import Cell, Column, Sheet, words

_COMMENTS = (
    words("post", least=21),
    Column("comments"),
    Column("collected"),
    Column("% of them", drop=3),
    Column("mean"),
    Column("against post"),
    Column("% questions", drop=2),
    Column("first hour", drop=5),
    Column("later", drop=4),
    words("text", drop=1, least=30),
)
_TAGS = (
    words("hashtag"),
    Column("posts"),
    Column("%"),
    Column("all posts", drop=2),
    Column("% of all", drop=1),
    Column("lift"),
    Column("likelihood", drop=3),
)


def comments_table(answer: Json) -> Sheet:
    """A digest of each post's comments."""
    rows = [_discussed(row) for row in answer["posts"]]
    notes: list[Cell] = [
        f"{len(rows)} of {number(answer['n'])} posts by {answer['sort']}; mean is the comments' "
        "sentiment, -1 to 1"
    ]
    if answer["missing"]:
        notes.append(f"{number(answer['missing'])} posts hide their number of comments")
    return Sheet(_COMMENTS, rows, notes=notes + scope_notes(answer))


def _discussed(row: Mapping[str, Any]) -> list[Cell]:
    tone, asks = row["sentiment"], row["questions"]
    return [
        post_name(row["post"]),
        number(row["comments"]),
        number(row["collected"]),
        percent(row["collected_share"]),
        signed(tone["mean"]),
        signed(tone["difference"]),
        interval(asks["value"], asks["low"], asks["high"]),
        number(row["first_hour"]["comments"]),
        number(row["later"]["comments"]),
        plain(row["post"]["text"], 60),
    ]


def hashtags_table(answer: Json) -> Sheet:
    """Hashtags in the same posts, those that are special to the campaign first."""
    rows = [related_cells(row) for row in answer["hashtags"]]
    notes: list[Cell] = [
        f"{len(rows)} of {number(answer['hashtags_total'])} hashtags of {answer['min_posts']} "
        f"posts or more, by {answer['sort']}; {_exactness(answer)}",
        f"{number(answer['n'])} posts of the campaign, {number(answer['all_posts'])} in all",
    ]
    return Sheet(_TAGS, rows, notes=notes + scope_notes(answer))


def _exactness(answer: Json) -> str:
    if answer["exact"]:
        return "all counted"
    found = estimate({"value": answer["error_bound"]})
    return f"counts may be up to {found} too low; --exact reads them all"


def related_cells(row: Mapping[str, Any]) -> list[Cell]:
    """A related hashtag's cells."""
    return [
        plain(f"#{row['tag']}", 60),
        number(row["posts"]),
        percent(row["share"]),
        number(row["all_posts"]),
        percent(row["all_share"]),
        number(row["lift"]),
        number(row["log_likelihood"]),
    ]


RELATED_COLUMNS = _TAGS
