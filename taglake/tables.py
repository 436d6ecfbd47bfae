"""Answers as tables for people: numbers with their units, and nothing that the answer lacks."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from lake.records import Json

_BARS = "▁▂▃▄▅▆▇█"
_HEADLINE = (
    "posts",
    "authors",
    "engagement",
    "likes",
    "shares",
    "comments",
    "potential_impressions",
    "potential_reach",
)


def show(table: Table) -> None:
    """Prints a table: as wide as the terminal, or 120 columns where there is none."""
    console = Console()
    if not console.is_terminal:
        console = Console(width=120)
    console.print(table)


def number(value: float | None, unit: str = "") -> str:
    """A number as people read it; what nobody knows is a dash."""
    if value is None:
        return "–"
    text = f"{value:,.0f}" if float(value).is_integer() else f"{value:,.2f}"
    return text + unit


def span(seconds: float) -> str:
    """A length of time as people say it: ``90 s``, ``1.5 h``, ``7 d``."""
    for length_s, word in ((86_400, "d"), (3_600, "h"), (60, "min")):
        if seconds >= 2 * length_s or seconds == length_s:
            return f"{round(seconds / length_s, 1):g} {word}"
    return f"{round(seconds, 1):g} s" if seconds < 10 else f"{seconds:.0f} s"


def summary_table(answer: Json, name: str) -> Table:
    """The headline numbers, each with the posts that do not tell it."""
    table = Table(title=escape(name), title_justify="left", box=None)
    table.add_column("metric")
    table.add_column("value", justify="right")
    table.add_column("posts without it", justify="right", style="dim")
    for metric in _HEADLINE:
        entry = answer["metrics"].get(metric)
        if entry is not None:
            label = metric.replace("_", " ")
            table.add_row(label, number(entry["value"]), number(entry["missing"]))
    window = answer["window"]
    coverage = answer["coverage"]
    watched = "unknown" if coverage is None else f"{100 * coverage:.1f} % of the time"
    table.caption = f"{window['from'][:10]} to {window['to'][:10]}, watched: {watched}"
    table.caption_justify = "left"
    return table


def timeline_table(answer: Json) -> Table:
    """The buckets, and above them their shape in one line."""
    table = Table(box=None, title_justify="left")
    table.title = sparkline([bucket["posts"] for bucket in answer["buckets"]])
    for column in ("from", "posts", "engagement", "likes", "shares", "comments"):
        table.add_column(column, justify="left" if column == "from" else "right")
    for bucket in answer["buckets"]:
        values = [number(bucket[name]) for name in ("posts", "engagement")]
        values += [number(bucket[name]) for name in ("likes", "shares", "comments")]
        table.add_row(bucket["start"][:16].replace("T", " "), *values)
    return table


def sparkline(values: Sequence[float]) -> str:
    """One bar a value, from 0 to the highest; empty for no values."""
    top = max(values, default=0) or 1
    return "".join(_BARS[round((len(_BARS) - 1) * value / top)] for value in values)


def influencers_table(answer: Json) -> Table:
    """The authors in their ranking."""
    table = Table(box=None)
    for column in ("#", "author", "platform"):
        table.add_column(column)
    numbers = ("followers", "posts", "engagement", "er_pooled", "score")
    for column in numbers:
        table.add_column("ER %" if column == "er_pooled" else column, justify="right")
    for row in answer["influencers"]:
        name = row["handle"] or row["name"] or row["author"]
        values = [number(row[column]) for column in numbers]
        table.add_row(str(row["rank"]), escape(name), row["platform"], *values)
    ranked, total = len(answer["influencers"]), answer["authors_total"]
    table.caption = f"{ranked:,} of {total:,} authors by {answer['ranking']}"
    table.caption_justify = "left"
    return table


def brands_table(answer: Json) -> Table:
    """Each brand's part of the conversation."""
    table = Table(box=None)
    table.add_column("brand")
    measures = ("posts", "users", "engagement", "potential_reach")
    for measure in measures:
        table.add_column(measure.removeprefix("potential_"), justify="right")
        table.add_column("%", justify="right", style="cyan")
    table.add_column("net sentiment", justify="right")
    for brand in answer["brands"]:
        values: list[str] = []
        for measure in measures:
            values += [number(brand[measure]["value"]), _percent(brand[measure]["share"])]
        table.add_row(escape(brand["name"]), *values, _signed(brand["net_sentiment"]))
    return table


def sentiment_table(answer: Json) -> Table:
    """Counts and shares by label."""
    table = Table(box=None)
    table.add_column("label")
    for column in ("posts", "%", "95 % from", "to"):
        table.add_column(column, justify="right")
    for label, posts in answer["labels"].items():
        share = answer["shares"].get(label) or {}
        parts = [_percent(share.get(name)) for name in ("value", "low", "high")]
        table.add_row(label, number(posts), *parts)
    table.add_row("not scored yet", number(answer["pending"]), "", "", "")
    table.caption = f"net sentiment {_signed(answer['metrics']['net_sentiment'])}"
    table.caption_justify = "left"
    return table


def campaigns_table(answer: Json) -> Table:
    """The campaigns that there are."""
    table = Table("id", "name", "hashtags", "from", "to", box=None)
    for campaign in answer["campaigns"]:
        tags = " ".join(f"#{tag}" for tag in campaign["hashtags"])
        days = (campaign["from"][:10], campaign["to"][:10])
        table.add_row(campaign["id"], escape(campaign["name"]), escape(tags), *days)
    return table


def _percent(share: float | None) -> str:
    return "–" if share is None else f"{share:.1f}"


def _signed(value: Json | float | None) -> str:
    if isinstance(value, dict):
        value = value.get("value")
    return "–" if value is None else f"{value:+.2f}"
