"""``taglake enrich status``: what waits, how fast it goes and when it will be done."""

from __future__ import annotations

import click
from rich.markup import escape
from rich.table import Table

from lake.enrich_status import enrich_status
from lake.records import Json
from taglake.context import Context, pass_context
from taglake.tables import number, show, span


@click.command(
    epilog="""\b
Examples:
  taglake enrich status
  taglake enrich status --json
"""
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@pass_context
def status(context: Context, *, as_json: bool) -> None:
    """Show backlog, rate and time left, and what could not be scored."""
    found = context.in_lake("enrich", enrich_status)
    if as_json:
        context.answer(found)
    else:
        show(status_table(found))


def status_table(found: Json) -> Table:
    """The answer for people; what is not known is a dash."""
    table = Table(box=None, show_header=False)
    table.add_column(style="dim")
    table.add_column(justify="right")
    table.add_column(style="dim")
    waiting, failed = found["waiting"], found["failed"]
    texts = f"{number(waiting['pending'])} new, {number(waiting['stale'])} with a changed text"
    table.add_row("waiting", _posts(waiting["posts"]), texts)
    table.add_row("  longest wait", _span(waiting["longest_s"]), "since a platform showed the post")
    table.add_row("  of the last minute's", _span(waiting["new_longest_s"]), "")
    table.add_row("rate", f"{number(found['rate_per_s'])} posts/s", "over the last minute")
    table.add_row("time left", _span(found["left_s"]), "at that rate")
    table.add_row("failed", _posts(failed["posts"]), _retry(failed["posts"]))
    for reason, posts in failed["reasons"].items():
        table.add_row("", number(posts), escape(reason))
    table.add_row("scored", _posts(found["scored"]["posts"]), "")
    for model, posts in found["scored"]["by_model"].items():
        table.add_row("", number(posts), f"by {escape(model)}")
    if (wanted := found["rescoring"]) is not None:
        table.add_row("scored again", f"{_posts(wanted['posts_left'])} left", _scope(wanted))
        if wanted["posts_left"] and not wanted["served"]:
            told = "no worker has begun: it takes one with this model (taglake enrich)"
            table.add_row("", "", told)
    return table


def _scope(wanted: Json) -> str:
    parts = [f"with {escape(wanted['model'])}", f"since {wanted['since'][:10]}"]
    if wanted["until"]:
        parts.append(f"until {wanted['until'][:10]}")
    if wanted["platform"]:
        parts.append(f"of {escape(wanted['platform'])}")
    return ", ".join(parts)


def _posts(count: int) -> str:
    return f"{count:,} post{'' if count == 1 else 's'}"


def _span(seconds: float | None) -> str:
    return "–" if seconds is None else span(seconds)


def _retry(failed: int) -> str:
    return "try again: taglake enrich --once --retry-failed" if failed else ""
