"""When a campaign was watched: a strip for each target, and its gaps."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

from lake import times
from lake.records import Json
from taglake.tables.cells import minute, number, plain, span
from taglake.tables.sheet import Cell, Column, Sheet, words

_CELLS = 40
_MOST_SHOWN = 5
_NOTHING = "nothing was polled for this campaign; imported posts say nothing of coverage"


def coverage_table(answer: Json) -> Sheet:
    """A strip a target: █ watched, ░ blind, ▒ in part."""
    start = times.from_text(answer["window"]["from"])
    end = min(times.from_text(answer["window"]["to"]), times.from_text(answer["as_of"]))
    columns = (
        words("platform", drop=3),
        words("hashtag"),
        # As wide as its cells are, so that no strip is folded.
        Column(f"{start:%Y-%m-%d %H:%M} to {end:%Y-%m-%d %H:%M}", drop=4),
        Column("watched"),
        Column("blind", drop=2),
        Column("gaps", drop=1),
    )
    rows = [_target(row, start, end) for row in answer["targets"]]
    notes: list[Cell] = [_whole(answer)] if rows else [_NOTHING]
    for row in answer["targets"]:
        for gap in row["gaps"][-_MOST_SHOWN:]:
            notes.append(f"{_name(row)}: {_gap(gap)}")
    return Sheet(columns, rows, notes=[*notes, *_not_offered(answer), *_completeness(answer)])


def _whole(answer: Json) -> str:
    whole = answer["value"]
    watched = "unknown" if whole is None else f"{100 * whole:.1f} %"
    return f"the campaign's own hashtags: {watched}; █ watched, ░ blind, ▒ in part"


def _target(row: Mapping[str, Any], start: datetime, end: datetime) -> list[Cell]:
    share = row["coverage"]
    return [
        plain(row["platform"]),
        plain(f"#{row['hashtag']}", 60),
        _strip(row["gaps"], start, end),
        "–" if share is None else f"{100 * share:.1f} %",
        span(row["blind_s"]),
        number(row["gaps_total"]),
    ]


def _strip(gaps: list[Json], start: datetime, end: datetime) -> str:
    """The window in forty cells."""
    if end <= start:
        return ""
    cell = (end - start) / _CELLS
    blind = [(times.from_text(gap["from"]), times.from_text(gap["to"])) for gap in gaps]
    marks = ""
    for place in range(_CELLS):
        begins, ends = start + place * cell, start + (place + 1) * cell
        dark = sum((max(timedelta(), min(e, ends) - max(s, begins)) for s, e in blind), timedelta())
        marks += "█" if not dark else "░" if dark >= cell * 0.99 else "▒"
    return marks


def _name(row: Mapping[str, Any]) -> str:
    return plain(f"{row['platform']} #{row['hashtag']}", 80)


def _gap(gap: Mapping[str, Any]) -> str:
    reason = gap["reason"].replace("_", " ")
    again = "; its posts were read later" if gap["recovered"] else ""
    return f"{minute(gap['from'])} for {span(gap['s'])}: {reason}{again}"


def _not_offered(answer: Json) -> Iterator[str]:
    for one in answer["not_offered"]:
        days = f"{minute(one['from'])} to {minute(one['to'])}"
        yield f"{_name(one)}: {days} not offered: {plain(one['reason'], 200)}"


def _completeness(answer: Json) -> Iterator[str]:
    found = answer.get("completeness") or {}
    if found.get("value") is not None:
        share = 100 * found["value"]
        yield f"about {share:.0f} % of the posts there are, by two ways of collecting"
