"""What stands out: posts that break out, hours of many posts, and what to expect next."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from rich.text import Text

from lake.records import Json
from taglake.tables.cells import UNKNOWN, local, minute, number, plain, signed
from taglake.tables.headline import scope_notes
from taglake.tables.posts import author_name, post_name
from taglake.tables.sheet import Cell, Column, Sheet, Spark, words

_SPIKES = (
    words("post", least=21),
    words("author", drop=3),
    words("found by", least=16),
    Column("z"),
    Column("of", drop=5),
    Column("ER %", drop=4),
    Column("per hour", drop=6),
    Column("comments", drop=2),
    words("text", drop=1, least=34),
)
_PEAKS = (
    words("from"),
    Column("hours"),
    Column("posts"),
    Column("usual"),
    Column("z"),
    words("against", drop=1),
)
_DAYS = (words("day"), Column("posts"), Column("80 %", drop=1), Column("95 %"))
_MOST_CHARS = 90


def spikes_table(answer: Json) -> Sheet:
    """Posts that break out, the most unusual first."""
    rows = [_spike(row) for row in answer["spikes"]]
    how = "an estimate from a sample" if answer["sampled"] else "all posts compared"
    notes: list[Cell] = [f"{len(rows)} of {number(answer['value'])} spiking posts, {how}"]
    rules = ", ".join(f"{name.replace('_', ' ')} {n}" for name, n in answer["by_rule"].items())
    return Sheet(_SPIKES, rows, notes=[*notes, f"by rule: {rules}", *scope_notes(answer)])


def _spike(row: Mapping[str, Any]) -> list[Cell]:
    post = row["post"]
    bound = row.get("error_bound")
    z = UNKNOWN if row["z"] is None else f"{row['z']:.1f}"
    return [
        post_name(post),
        author_name(post),
        ", ".join(name.replace("_", " ") for name in row["found_by"]),
        z if bound is None else f"{z} ±{bound:.1f}",
        number(row["n"]),
        number(row["engagement_rate"]),
        number(row["velocity_per_h"]),
        number(post["metrics"]["comments"]),
        plain(post["text"], _MOST_CHARS),
    ]


def peaks_table(answer: Json) -> Sheet:
    """Hours with far more posts than usual, and what the explained ones were made of."""
    tz = answer["tz"]
    rows = [_peak(row, tz) for row in answer["peaks"]]
    notes: list[Cell] = [line for row in answer["peaks"] for line in _told(row, tz)]
    notes.append(
        f"{number(answer['value'])} peaks in {number(answer['n'])} hours, sensitivity "
        f"{answer['sensitivity']} ({answer['deviations']:g} deviations), {tz} time"
    )
    if answer["missing"]:
        notes.append(f"{number(answer['missing'])} hours could not be judged")
    return Sheet(_PEAKS, rows, notes=notes + scope_notes(answer))


def _peak(row: Mapping[str, Any], tz: str) -> list[Cell]:
    against = "same hour of the week" if row["reference"] == "hour_of_week" else "7 days before"
    return [
        minute(row["start"], tz),
        number(row["hours"]),
        number(row["posts"]),
        number(row["posts"] - row["excess_posts"]),
        f"{row['z']:.1f}",
        against,
    ]


def _told(row: Mapping[str, Any], tz: str) -> Iterator[Text]:
    told = row["explanation"]
    if not told:
        return
    yield Text(minute(row["start"], tz), style="bold")
    for kind, key in (("authors", "author"), ("hashtags", "hashtag"), ("domains", "domain")):
        top = told.get(kind, {}).get("top") or []
        if top:
            yield Text(f"  {kind}: ").append_text(_rises(top, key))
    shift = told["sentiment"]["net"]["shift"]
    yield Text("  net sentiment ").append_text(signed(shift))
    for post in told.get("posts", [])[:1]:
        yield Text(f"  {post_name(post)}: {plain(post['text'], _MOST_CHARS)}", style="dim")


def _rises(top: list[Json], key: str) -> Text:
    line = Text()
    for place, part in enumerate(top):
        name = part.get("handle") or part.get("name") or part[key]
        line.append(f"{', ' if place else ''}{plain(name, 40)} ")
        share = part["share"] if part["lift"] is None else part["lift"]
        line.append_text(signed(100 * share, " points", digits=1))
    return line


def forecast_table(answer: Json) -> Sheet:
    """The coming days, each with the intervals that the past allows."""
    if answer["days"] is None:
        return Sheet((), (), notes=[f"no forecast: {answer['reason']}", *scope_notes(answer)])
    days, past = answer["days"], answer["backtest"]
    rows = [_day(day, answer["tz"]) for day in days]
    notes: list[Cell] = [
        f"{answer['value']:,.0f} posts in {answer['horizon']}, from {number(answer['n'])} days",
        f"off by {number(past['mae'])} posts a day on {past['n']} past days; "
        f"{number(past['mase'])} times the error of expecting last week's (below 1 is better)",
    ]
    sparks = [Spark("posts", [day["value"] for day in days])]
    return Sheet(_DAYS, rows, sparks=sparks, notes=notes + scope_notes(answer))


def _day(day: Mapping[str, Any], tz: str) -> list[Cell]:
    found = {part["level"]: part for part in day["intervals"]}
    cells = [_between(found.get(level)) for level in (0.8, 0.95)]
    return [f"{local(day['start'], tz):%a %Y-%m-%d}", f"{day['value']:,.0f}", *cells]


def _between(part: Mapping[str, Any] | None) -> str:
    if part is None:
        return UNKNOWN
    level = "" if part["holds"] >= part["level"] else f" (holds {100 * part['holds']:.0f} %)"
    return f"{part['low']:,.0f} to {part['high']:,.0f}{level}"
