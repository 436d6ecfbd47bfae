"""One hashtag or one account: what the lake knows of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from rich.console import Group
from rich.text import Text

from lake.records import Json
from taglake.tables.cells import UNKNOWN, estimate, minute, number, percent, plain, signed
from taglake.tables.headline import scope_notes, unit_of
from taglake.tables.sheet import Cell, Column, Sheet, Spark, words
from taglake.tables.talk import RELATED_COLUMNS, related_cells

_METRICS = (words("metric"), Column("value"), words("unit", style="dim"), Column("not told by"))
_COUNTERS = (
    words("counted by"),
    words("at (UTC)", drop=1),
    Column("posts"),
    Column("views", drop=2),
    Column("posts an hour"),
)


def tag_tables(answer: Json) -> Group:
    """A hashtag's use and grade, platforms' own counts of it, and what goes with it."""
    sources = answer["counters"]["sources"]
    related = [related_cells(row) for row in answer["related"]["hashtags"]]
    use = Sheet(
        _METRICS,
        [_metric(name, answer[name]) for name in ("posts", "authors")],
        title=plain(f"#{answer['hashtag']}", 100),
        notes=[_grade(answer["grade"]), _known(answer["known"]), *scope_notes(answer)],
    )
    counted = Sheet(_COUNTERS, [_counter(row) for row in sources], title="platforms' own counts")
    beside = Sheet(RELATED_COLUMNS, related, title="hashtags in the same posts")
    return Group(use, *(sheet for sheet in (counted, beside) if sheet.rows))


def _metric(name: str, entry: Mapping[str, Any]) -> list[Cell]:
    missing = number(entry["missing"]) if entry["missing"] else ""
    unit = unit_of(entry["definition"])
    return [plain(name.replace("_", " ")), estimate(entry), unit, missing]


def _grade(grade: Mapping[str, Any]) -> str:
    beside = f"beside {number(grade['n'])} other hashtags"
    if grade["value"] is None:
        return f"no grade: too few other hashtags ({number(grade['n'])}) in the window"
    rates = (f"{key.replace('_', ' ')} {number(value)}" for key, value in grade["rates"].items())
    return f"grade: {grade['value']}, {beside}; {', '.join(rates)}"


def _known(known: Mapping[str, Any]) -> str:
    if not known["posts"]:
        return "no post in the lake carries it"
    first, last = (minute(known[name]) for name in ("first_post", "last_post"))
    return f"{number(known['posts'])} posts in all, {first} to {last}"


def _counter(row: Mapping[str, Any]) -> list[Cell]:
    latest, growth = row["latest"], row["growth_per_h"]
    return [
        plain(f"{row['platform']} {row['source'] or ''}"),
        minute(latest["at"]),
        number(latest.get("posts")),
        number(latest.get("views")),
        signed(growth.get("posts")),
    ]


def profile_tables(answer: Json) -> Group:
    """An account now, its followers over time, its posts, its campaigns."""
    now, posts = answer["profile"], answer["posts"]
    followers = [one["followers"] for one in answer["history"]["observations"]]
    name = plain(f"{now['platform']}:{now.get('handle') or now.get('id')}", 100)
    head = Sheet(
        _METRICS,
        [_metric(key, entry) for key, entry in posts["metrics"].items()],
        title=name,
        sparks=[Spark("followers", followers)] if followers else (),
        notes=[*_account(now), _growth(answer["history"]["followers_growth"])],
    )
    rows: list[list[Cell]] = [
        [plain(row["id"]), number(row["posts"]), number(row["engagement"])]
        for row in answer["campaigns"]
    ]
    columns = (words("campaign"), Column("posts"), Column("engagement"))
    return Group(head, *([Sheet(columns, rows, title="took part in")] if rows else ()))


def _account(now: Mapping[str, Any]) -> Iterator[str]:
    counts = (f"{word} {number(now[word])}" for word in ("followers", "following", "posts"))
    told = "its profile" if now["source"] == "profile" else "its newest post"
    seen = minute(now["observed_at"]) if now["observed_at"] else UNKNOWN
    yield f"{', '.join(counts)} (as {told} said at {seen} UTC)"
    if now["description"]:
        yield plain(now["description"], 200)


def _growth(growth: Mapping[str, Any]) -> Text:
    line = Text("followers ").append_text(signed(growth["value"], digits=0))
    if growth["value"] is None:
        return line
    part = "" if growth["percent"] is None else f" ({percent(growth['percent'])} %)"
    days = f"{growth['from']['at'][:10]} to {growth['to']['at'][:10]}"
    return line.append(f"{part} from {days}")
