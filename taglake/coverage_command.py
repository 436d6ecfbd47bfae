"""``taglake coverage``: when a campaign was watched, when not, and why."""

from __future__ import annotations

from datetime import datetime, timedelta

import click
from rich.markup import escape
from rich.table import Table

from api import answers
from api.answers import encode
from lake import times
from lake.records import Json
from lake.store import Store
from taglake import tables
from taglake.context import Context, pass_context

_CELLS = 40
_MOST_SHOWN = 5


@click.command(
    epilog="""\b
Examples:
  taglake coverage spring              a strip a hashtag: █ watched, ░ blind, ▒ in part
  taglake coverage spring --json       every gap with its reason
"""
)
@click.argument("campaign_id", metavar="CAMPAIGN")
@click.option("--json", "as_json", is_flag=True, help="Print the API's own answer.")
@pass_context
def command(context: Context, campaign_id: str, *, as_json: bool) -> None:
    """Show when a campaign's hashtags were watched, when not, and why."""

    async def work(store: Store) -> Json:
        await store.refresh()
        return await answers.coverage(store, await store.campaigns.get(campaign_id))

    answer = context.in_lake("api", work)
    if as_json:
        click.echo(encode(answer))
    else:
        _show(answer)


def _show(answer: Json) -> None:
    if not answer["targets"]:
        click.echo("nothing was polled for this campaign; imported posts say nothing of coverage")
    else:
        tables.show(_table(answer))
    for row in answer["targets"]:
        for gap in row["gaps"][-_MOST_SHOWN:]:
            click.echo(f"{row['platform']} #{row['hashtag']}: {_words(gap)}")
    for one in answer["not_offered"]:
        span = f"{_minute(one['from'])} to {_minute(one['to'])}"
        click.echo(f"{one['platform']} #{one['hashtag']}: {span} not offered: {one['reason']}")


def _table(answer: Json) -> Table:
    start = times.from_text(answer["window"]["from"])
    end = min(times.from_text(answer["window"]["to"]), times.from_text(answer["as_of"]))
    table = Table("platform", "hashtag", box=None)
    # Forty cells are what the column is for: it gives way to nothing.
    head = f"{start:%Y-%m-%d %H:%M} to {end:%Y-%m-%d %H:%M}"
    table.add_column(head, no_wrap=True, min_width=_CELLS)
    for column in ("watched", "blind", "gaps"):
        table.add_column(column, justify="right", no_wrap=True)
    for row in answer["targets"]:
        share = row["coverage"]
        percent = "–" if share is None else f"{100 * share:.1f} %"
        strip = _strip(row["gaps"], start, end)
        numbers = (percent, tables.span(row["blind_s"]), f"{row['gaps_total']:,}")
        table.add_row(row["platform"], escape(f"#{row['hashtag']}"), strip, *numbers)
    whole = answer["value"]
    watched = "unknown" if whole is None else f"{100 * whole:.1f} %"
    table.caption = f"the campaign's own hashtags: {watched}; █ watched, ░ blind, ▒ in part"
    table.caption_justify = "left"
    return table


def _strip(gaps: list[Json], start: datetime, end: datetime) -> str:
    """The window in forty cells."""
    if end <= start:
        return ""
    cell = (end - start) / _CELLS
    blind = [(times.from_text(gap["from"]), times.from_text(gap["to"])) for gap in gaps]
    marks = ""
    for number in range(_CELLS):
        begins, ends = start + number * cell, start + (number + 1) * cell
        dark = sum((max(timedelta(), min(e, ends) - max(s, begins)) for s, e in blind), timedelta())
        marks += "█" if not dark else "░" if dark >= cell * 0.99 else "▒"
    return marks


def _words(gap: Json) -> str:
    reason = gap["reason"].replace("_", " ")
    again = "; its posts were read later" if gap["recovered"] else ""
    return f"{_minute(gap['from'])} for {tables.span(gap['s'])}: {reason}{again}"


def _minute(text: str) -> str:
    return text[:16].replace("T", " ")
