"""``taglake remap``: stored payloads normalised again after a mapper was repaired."""

from __future__ import annotations

import re
from typing import Any

import click
from rich.markup import escape
from rich.table import Table

from ingestors.remap import Scope, remap
from ingestors.remap_report import Report
from lake import times
from lake.errors import InvalidError, PayloadError
from lake.records import Json
from lake.store import Store
from taglake.context import Context, pass_context
from taglake.progress import progress
from taglake.tables import number, show

_MOST_FIELDS = 30
_PLATFORM = re.compile(r"[a-z][a-z0-9_]*")


@click.command(
    epilog="""\b
Examples:
  taglake remap --platform mastodon --since 2026-11-01            what would change
  taglake remap --platform mastodon --since 2026-11-01 --apply    change it
  taglake remap --platform archive --since 2020-01-01             imported files, of every platform
\b
Posts keep their ids, provenance and sentiment; a text that changed is scored
again. A run that is interrupted is simply run again: it changes what is left.
"""
)
@click.option("--platform", required=True, help="Whose payloads; archive for imported files.")
@click.option("--since", required=True, metavar="TIME", help="Posts with a payload since then.")
@click.option("--until", metavar="TIME", help="And before then.")
@click.option("--apply", is_flag=True, help="Write the changes; without it they are only shown.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@pass_context
def command(
    context: Context, platform: str, since: str, until: str | None, *, apply: bool, as_json: bool
) -> None:
    """Normalise stored payloads again after a mapper was repaired: first see the diff."""
    if not _PLATFORM.fullmatch(platform):
        raise InvalidError(f"--platform: {platform!r} is no platform's name")
    end = None if until is None else _time("--until", until)
    scope = Scope(platform, _time("--since", since), end)
    if end is not None and end <= scope.since:
        raise InvalidError("--until: must be after --since")

    async def work(store: Store) -> Report:
        await store.refresh()
        with progress("remapping", None, unit="payloads") as advance:
            report = await remap(store, scope, apply=apply, on_progress=advance)
        await store.refresh()
        return report

    report = context.in_lake("ingest", work)
    if as_json:
        span = {"since": times.to_text(scope.since), "until": end and times.to_text(end)}
        head = {"platform": platform, **span, "applied": apply}
        context.answer(head | report.as_json())
    else:
        _show(report, apply=apply)


def _time(option: str, text: str) -> Any:
    try:
        return times.from_text(text)
    except PayloadError as exc:
        raise InvalidError(f"{option}: {exc}; write 2026-11-01 or 2026-11-01T12:00:00Z") from exc


def _show(report: Report, *, apply: bool) -> None:
    answer = report.as_json()
    payloads = answer["payloads"]
    click.echo(f"{payloads['mapped']:,} payloads mapped again")
    for part, what in (
        ("failing", "cannot be mapped any more; their posts keep what they say"),
        ("of_another_id", "are now of a post with another id; left alone"),
        ("without_context", "came from imports that do not tell how; import the files again"),
    ):
        if payloads[part]:
            click.echo(f"  {payloads[part]:,} {what}")
    for one in payloads["examples"]:
        click.echo(f"    {one['native_id']}: {one['reason']}")
    for name in ("posts", "profiles", "observations", "counters"):
        _show_tally(name, answer[name])
    letters = answer["dead_letters"]
    if letters["tried"]:
        verb = "are" if apply else "can be"
        click.echo(f"{letters['usable']:,} of {letters['tried']:,} dead letters {verb} used now")
    if report.changed_meanwhile:
        click.echo(f"{report.changed_meanwhile:,} changed meanwhile: run the same command again")
    _show_end(report, apply=apply)


def _show_end(report: Report, *, apply: bool) -> None:
    if not report.payloads and not report.changes:
        click.echo("no stored payload of that platform and time can be mapped")
    elif not report.changes:
        click.echo("nothing to change")
    elif apply:
        click.echo("changed")
    else:
        click.echo("nothing is written yet: run it again with --apply")


def _show_tally(name: str, tally: Json) -> None:
    parts = [f"{tally['changed']:,} of {tally['checked']:,} {name} change"]
    for key, what in (
        ("created", "are not there yet"),
        ("erased", "were taken away by their platform; left alone"),
        ("left", "were last seen in a payload that is not kept; left alone"),
    ):
        if tally[key]:
            parts.append(f"{tally[key]:,} {what}")
    if tally["checked"] or tally["created"]:
        click.echo("; ".join(parts))
    if tally["fields"]:
        show(_fields_table(tally["fields"]))


def _fields_table(fields: Json) -> Table:
    table = Table(box=None)
    table.add_column("  field")
    for column in ("changes", "known before", "after"):
        table.add_column(column, justify="right")
    table.add_column("such as")
    for name, diff in list(fields.items())[:_MOST_FIELDS]:
        example = diff["examples"][0]
        told = f"{_said(example['before'])} → {_said(example['after'])}  ({example['id']})"
        numbers = [number(diff[key]) for key in ("changed", "known_before", "known_after")]
        table.add_row(f"  {escape(name)}", *numbers, escape(told))
    return table


def _said(value: Any) -> str:
    return "–" if value is None else str(value)
