"""A campaign before, during and after: three columns, and what changed between them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from rich.text import Text

from lake.records import Json
from taglake.tables.cells import UNKNOWN, interval, number, signed
from taglake.tables.headline import scope_notes, unit_of
from taglake.tables.sheet import Cell, Column, Sheet, Spark, words

_NAMES = ("before", "during", "after")
_SHOWN = (
    *("posts", "authors", "engagement", "likes", "shares", "comments", "views"),
    *("potential_impressions", "potential_reach", "er_pooled"),
)
_COLUMNS = (words("metric"), *map(Column, _NAMES), words("unit", drop=1, style="dim"))
_WHY = {
    "not_begun": "the window has not begun",
    "not_watched": "nobody watched",
    "not_told": "a number is unknown",
    "nothing_before": "there was nothing before",
    "no_change": "nothing changed",
    "different_lengths": "the windows were not watched equally long",
}


def windows_table(answer: Json) -> Sheet:
    """Totals, rates for each covered day, and tone; below them lift and retention."""
    windows = [answer["windows"][name] for name in _NAMES]
    rows: list[list[Cell]] = [
        ["from", *(window["from"][:10] for window in windows), "UTC"],
        ["covered days", *(number(window["covered_days"]) for window in windows), _source(windows)],
    ]
    for name in _SHOWN:
        if all(name in window["metrics"] for window in windows):
            rows += _metric(name, [window["metrics"][name] for window in windows])
    rows += _tone([window["sentiment"] for window in windows])
    rows += _by_age(windows)
    per_day = [window["metrics"]["posts"].get("per_day") for window in windows]
    notes: list[Cell] = [*_changes(answer["between"]), *_unfinished(answer["windows"])]
    sparks = [Spark("posts a day, before to after", per_day)]
    return Sheet(_COLUMNS, rows, sparks=sparks, notes=notes + scope_notes(answer))


def _source(windows: list[Json]) -> str:
    sources = {window["days_source"] for window in windows} - {None}
    return "calendar days: not polled" if sources == {"calendar"} else "days"


def _metric(name: str, entries: list[Json]) -> Iterator[list[Cell]]:
    word, unit = name.replace("_", " "), unit_of(entries[0]["definition"])
    yield [word, *(number(entry["value"]) for entry in entries), unit]
    if any("per_day" in entry for entry in entries):
        yield ["  a day", *(number(entry.get("per_day")) for entry in entries), f"{unit} a day"]


def _tone(tones: list[Json]) -> Iterator[list[Cell]]:
    yield ["net sentiment", *(signed(tone["net_sentiment"]) for tone in tones), ""]
    shares = [tone["positive_share"] for tone in tones]
    cells = [interval(share["value"], share["low"], share["high"]) for share in shares]
    yield ["positive share", *cells, "% of scored posts"]


def _by_age(windows: list[Json]) -> Iterator[list[Cell]]:
    for age in ("1h", "24h", "7d"):
        medians = [
            window.get("age_normalised", {}).get(age, {}).get("median", {}).get("value")
            for window in windows
        ]
        if any(median is not None for median in medians):
            yield [f"engagement after {age}", *map(number, medians), "interactions, median"]


def _changes(between: Json) -> Iterator[Text]:
    for name, changes in between.items():
        line = Text(f"{name}: lift ").append_text(_lift(changes["lift"]))
        kept = changes["retention"]
        yield line.append(f"; kept after {_share(kept['value'])} of the rate before")


def _lift(lift: Mapping[str, Any]) -> Text:
    if lift["value"] is None:
        word = "a new conversation" if lift.get("new_conversation") else _why(lift)
        return Text(f"{UNKNOWN} ({word})")
    found = signed(100 * lift["value"], " %", digits=1)
    if lift.get("low") is not None:
        found.append(f", ratio {interval(lift['ratio'], lift['low'], lift['high'], digits=2)}", "")
    claim = lift.get("trend") or lift.get("trend_hidden")
    return Text().append_text(found).append(f", {claim}" if claim else "")


def _why(entry: Mapping[str, Any]) -> str:
    return _WHY.get(entry.get("reason") or "", "unknown")


def _share(value: float | None) -> str:
    return UNKNOWN if value is None else f"{100 * value:.0f} %"


def _unfinished(windows: Json) -> Iterator[str]:
    for name, window in windows.items():
        if window["until"] is None:
            yield f"{name}: has not begun"
        elif not window["complete"]:
            yield f"{name}: not over yet"
