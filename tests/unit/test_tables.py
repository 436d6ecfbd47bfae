"""Answers as tables: units, colours, what is unknown, narrow terminals, hostile names."""

from __future__ import annotations

import io
import re
from typing import Any

import pytest
from rich.cells import cell_len
from rich.console import Console, RenderableType

from taglake import tables
from taglake.tables.cells import interval, plain, signed
from taglake.tables.sheet import Column, Sheet, Spark, sparkline, words

HEAD = {
    "campaign": "spring",
    "window": {"from": "2026-03-01T00:00:00.000Z", "to": "2026-04-01T00:00:00.000Z"},
    "as_of": "2026-04-02T10:00:00.000Z",
    "coverage": 0.973,
}
LABELS = {"positive": 3, "neutral": 1, "negative": 2, "unsure": 0}
NAME = "[red]x[/red]\x1b[31m\u202eevil\r\nname\x07"


def _drawn(what: RenderableType, width: int = 120, *, terminal: bool = False) -> str:
    """What a console shows."""
    out = io.StringIO()
    colours = {"force_terminal": terminal, "color_system": "standard" if terminal else None}
    Console(file=out, width=width, highlight=False, **colours).print(what)  # type: ignore[arg-type]
    return out.getvalue()


def _envelope(value: float | None, definition: str, **more: Any) -> dict[str, Any]:
    return {"value": value, "n": 40, "missing": 7, "definition": definition, **more}


def _author(**changes: Any) -> dict[str, Any]:
    row = {"rank": 1, "handle": "ann", "name": "Ann", "author": "x:1", "platform": "x"}
    numbers = dict.fromkeys(("score", "posts", "followers", "engagement", "er_pooled"))
    return {**row, **numbers, "amplification": None, "sentiment_mean": None, **changes}


def _influencers(*rows: dict[str, Any]) -> dict[str, Any]:
    ranked = {"ranking": "score", "exact": True, "authors_total": 9, "missing": 0}
    return HEAD | ranked | {"influencers": list(rows)}


def test_a_headline_has_a_unit_beside_each_number_and_says_what_is_missing() -> None:
    metrics = {
        "posts": _envelope(1234, "posts.v1") | {"by_kind": {"post": 1200, "reply": 34}},
        "er_pooled": _envelope(3.456, "er_pooled.v1"),
        "authors": _envelope(500, "users.v1", exact=False, error_bound=4),
        "views": _envelope(None, "views.v1"),
    }

    shown = _drawn(tables.summary_table(HEAD | {"metrics": metrics}, "Spring"))

    lines = {line.split("  ")[0].strip(): line for line in shown.splitlines()}
    assert lines["posts"].split() == ["posts", "1,234", "posts", "40", "7"]
    assert lines["er pooled"].split() == ["er", "pooled", "3.46", "%", "40", "7"]
    assert lines["authors"].split()[:4] == ["authors", "≈500", "±4", "accounts"]
    assert lines["views"].split() == ["views", "–", "40", "7"]  # no unit beside what is unknown
    assert "kinds: post 1,200, reply 34" in shown
    assert "watched: 97.3 % of the time, as of 2026-04-02 10:00 UTC" in shown


def test_what_nobody_watched_and_nobody_knows_is_said_so() -> None:
    answer = HEAD | {"coverage": None, "metrics": {}}

    assert "watched: unknown" in _drawn(tables.summary_table(answer, "x"))
    assert "None" not in _drawn(tables.influencers_table(_influencers(_author())))
    assert "–" in _drawn(tables.influencers_table(_influencers(_author())))


@pytest.mark.parametrize(
    ("value", "shown", "style"),
    [(0.5, "+0.50", "green"), (-0.5, "-0.50", "red"), (0, "+0.00", ""), (-0.001, "+0.00", ""),
     (None, "–", ""), ({"value": -1}, "-1.00", "red")],
)  # fmt: skip
def test_signs_have_colours(value: Any, shown: str, style: str) -> None:
    cell = signed(value)

    assert (cell.plain, str(cell.style)) == (shown, style)


@pytest.mark.parametrize(
    ("numbers", "shown"),
    [((40.0, 36.9, 43.1), "40.0 ±3.1"), ((98.0, 95.5, 99.1), "98.0 (95.5 to 99.1)"),
     ((5.0, None, None), "5.0"), ((None, None, None), "–"), ((7.0, 7.0, 7.0), "7.0 ±0.0")],
)  # fmt: skip
def test_intervals_stand_beside_their_number(numbers: tuple[Any, ...], shown: str) -> None:
    assert interval(*numbers) == shown


def test_colours_are_for_terminals(monkeypatch: pytest.MonkeyPatch) -> None:
    answer = HEAD | {"labels": LABELS, "shares": {}, "pending": 0, "failed": 0}
    answer |= {"metrics": {"net_sentiment": {"value": 0.2}, "sentiment_score": {"value": -4}}}
    answer["metrics"] |= dict.fromkeys(("sentiment_mean", "sentiment_weighted_mean"))
    sheet = tables.sentiment_table(answer | {"trend_hidden": True, "by_platform": {}})

    assert "\x1b[32m" in _drawn(sheet, terminal=True)  # green
    assert "\x1b" not in _drawn(sheet)
    monkeypatch.setenv("NO_COLOR", "1")
    assert "\x1b[32m" not in _drawn(sheet, terminal=True)
    assert "too few posts to claim a trend" in _drawn(sheet)


def test_hostile_names_are_shown_and_nothing_more() -> None:
    campaign = {"id": "a", "name": NAME, "hashtags": [NAME], "from": "2026-01-01", "to": "x"}
    rows = [_author(handle=NAME, platform=NAME)]
    for table in (
        tables.influencers_table(_influencers(*rows)),
        tables.campaigns_table({"campaigns": [campaign]}),
        tables.summary_table(HEAD | {"metrics": {}}, NAME),
    ):
        shown = _drawn(table)

        assert not {char for char in shown if char in "\x1b\x07\r\u202e"}
        assert "[red]x[/red]" in shown.replace("\n", "").replace(" ", "")


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a\x00b\x1b[2Jc", "a�b�[2Jc"),
        ("one\ntwo\tthree\u2028four", "one two three four"),
        ("ab\u202ecd\u2066ef\u200f", "abcdef"),
        ("שלום", "שלום\u200e"),  # what stands behind it stays where it is
        ("\ud83d", "�"),
        ("👩‍👩‍👧 family", "👩‍👩‍👧 family"),
        ("  x  ", "x"),
        (None, "None"),
    ],
)
def test_other_peoples_text_becomes_one_harmless_line(text: object, shown: str) -> None:
    assert plain(text) == shown


def test_long_text_is_cut_with_a_sign() -> None:
    assert plain("a" * 50, 10) == "a" * 9 + "…"
    assert plain("a" * 10, 10) == "a" * 10


@pytest.mark.parametrize("width", [20, 30, 45, 60, 80, 100, 120, 200])
def test_a_narrow_terminal_gets_fewer_columns_and_is_told_which(width: int) -> None:
    numbers = {"score": 99.5, "posts": 12_345, "followers": 1_234_567, "engagement": 7_654_321}
    answer = _influencers(_author(**numbers, er_pooled=12.3, amplification=4.5, sentiment_mean=0.5))
    sheet = tables.influencers_table(answer)

    shown = _drawn(sheet, width)

    hidden = re.search("for lack of room without: (.*?) [0-9]", " ".join(shown.split()))
    names = [name.strip() for name in hidden[1].split(",")] if hidden else []
    assert bool(names) == (width < 100)
    assert all(cell_len(line) <= width for line in shown.splitlines())
    # What stays is whole.
    assert ("12,345" in shown) == ("posts" not in names)
    assert ("1,234,567" in shown) == ("followers" not in names)
    assert "…" not in shown


def test_the_columns_that_matter_least_go_first() -> None:
    columns = [words("name"), Column("a", drop=1), Column("b", drop=2), Column("c")]
    sheet = Sheet(columns, [["x" * 20, "1" * 10, "2" * 10, "3" * 10]])

    assert [sheet.fitting(width) for width in (60, 45, 30, 5)] == [
        [0, 1, 2, 3],
        [0, 1, 3],
        [0, 3],
        [0],
    ]


def test_a_timeline_has_its_shape_above_it_and_days_of_the_named_city() -> None:
    def bucket(start: str, posts: int, *, partial: bool = False) -> dict[str, Any]:
        numbers = dict.fromkeys(("likes", "shares", "comments"), posts)
        rest = {"posts": posts, "engagement": None, "sentiment": LABELS, "partial": partial}
        return {"start": start, **numbers, **rest}

    buckets = [bucket("2026-03-28T23:00:00.000Z", 1), bucket("2026-03-29T22:00:00.000Z", 8)]
    buckets.append(bucket("2026-03-30T22:00:00.000Z", 0, partial=True))
    answer = HEAD | {"interval": "day", "tz": "Europe/Berlin", "n": 9, "buckets": buckets}

    shown = _drawn(tables.timeline_table(answer))

    assert "posts      ▂█▁" in shown
    days = re.findall(r"^ (2026-03-\d\d)( \*)?", shown, re.MULTILINE)
    assert days == [("2026-03-29", ""), ("2026-03-30", ""), ("2026-03-31", " *")]
    assert "+0.20" in shown
    assert "* lies partly outside the window" in shown


@pytest.mark.parametrize("width", [20, 40, 200])
def test_a_sparkline_is_as_wide_as_there_is_room(width: int) -> None:
    spark = Spark("posts", [float(number % 7) for number in range(1_000)])

    [line] = _drawn(spark, width).splitlines()

    assert cell_len(line) == width


@pytest.mark.parametrize(
    ("values", "shown"),
    [((), ""), ((0, 0), "▁▁"), ((1, None, 2), "▅ █"), ((-3, 7), "▁█"), ((None,), " ")],
)
def test_a_sparkline_goes_from_nothing_to_the_highest(
    values: tuple[float | None, ...], shown: str
) -> None:
    assert sparkline(values) == shown


def test_brands_show_number_and_share_beside_each_other() -> None:
    def measure(value: float, share: float) -> dict[str, Any]:
        return {"value": value, "share": share, "missing": 3}

    names = ("posts", "users", "engagement", "potential_reach")
    brand = {"name": "Acme", "own": True, "net_sentiment": -0.25}
    brand |= {name: measure(40, 66.666) for name in names}
    brand["positive_posts"] = measure(3, 12.5)
    brand["users"] |= {"exact": False, "error_bound": 2}
    answer = HEAD | {"n": 60, "counting": "whole", "overlap": {"posts": 6, "share": 10.0}}
    answer["exact"] = False

    shown = _drawn(tables.brands_table(answer | {"brands": [brand]}), 200)

    assert shown.count("66.7") == 4
    assert "≈40 ±2" in shown
    assert "3 posts hide their engagement" in shown
    assert "users and reach are estimates" in shown
    assert "-0.25" in shown
    assert "60 posts, 6 of them (10.0 %) name two brands or more; counting: whole" in shown
