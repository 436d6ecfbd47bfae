"""``taglake drift``: what changed in the structure of the platforms' payloads."""

from __future__ import annotations

from datetime import datetime

import click
from rich.markup import escape
from rich.table import Table

from lake import times
from lake.drift_book import DriftBook
from lake.errors import InvalidError, PayloadError
from lake.records import Json
from lake.store import Store
from taglake.context import Context, pass_context
from taglake.tables import show

_MEANS = {
    "vanished": "a key that payloads had is gone; a number or text that is read from it is missing",
    "new": "a key that payloads did not have; often the new name of one that is gone",
    "retyped": "a value has another type; a number or text that is read from it may be missing",
    "null_rate": "a field of ours that was filled is empty",
    "unusable": "payloads cannot be read at all; they are kept as dead letters",
}


@click.command(
    epilog="""\b
Examples:
  taglake drift
  taglake drift --platform mastodon --since 2026-11-01 --json
  taglake drift --accept 4f1c…                      known and harmless: list it no more
"""
)
@click.option("--platform", help="Only this platform's.")
@click.option("--since", metavar="TIME", help="Only what was seen since then.")
@click.option("--accept", "ids", multiple=True, metavar="ID", help="Mark a finding as known.")
@click.option("--all", "everything", is_flag=True, help="Also what was accepted.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@pass_context
def command(
    context: Context,
    platform: str | None,
    since: str | None,
    ids: tuple[str, ...],
    *,
    everything: bool,
    as_json: bool,
) -> None:
    """Show what changed in the platforms' payloads, what it means and what to do."""
    start = None if since is None else _time(since)

    async def work(store: Store) -> list[Json]:
        book = DriftBook(store.client, store.layout)
        await book.accept(ids, times.now())
        return await book.findings(platform=platform, since=start, accepted=everything)

    found = context.in_lake("ingest", work)
    if as_json:
        context.answer({"findings": [_explained(one) for one in found]})
    elif not found:
        click.echo("no drift: the payloads have the structure that they had")
    else:
        _show(found)


def _time(text: str) -> datetime:
    try:
        return times.from_text(text)
    except PayloadError as exc:
        raise InvalidError(f"--since: {exc}; write 2026-11-01 or 2026-11-01T12:00:00Z") from exc


def _explained(finding: Json) -> Json:
    return finding | {"means": _MEANS.get(finding["change"], ""), "mend": _mend(finding)}


def _mend(finding: Json) -> str:
    if finding["change"] == "new":
        return "nothing, unless a key beside it is gone"
    command = f"taglake remap --platform {finding['platform']} --since {_since(finding)}"
    return f"repair ingestors/platforms/{finding['platform']}.py or what it reads with; {command}"


def _since(finding: Json) -> str:
    return str(finding["first_seen"])[:10]


def _show(found: list[Json]) -> None:
    table = Table("first", "last", "polls", "platform", "kind", "change", "where", box=None)
    table.add_column("before → now")
    for one in found:
        table.add_row(
            one["first_seen"][:16].replace("T", " "),
            one["last_seen"][:16].replace("T", " "),
            f"{one['count']:,}",
            one["platform"],
            one["kind"],
            one["change"],
            escape(one["path"] or "payloads"),
            escape(f"{one['before']} → {one['after']}"),
        )
    show(table)
    for change in dict.fromkeys(one["change"] for one in found):
        click.echo(f"{change}: {_MEANS.get(change, '')}")
    first: dict[str, Json] = {}
    for one in sorted(found, key=lambda finding: str(finding["first_seen"])):
        if one["change"] != "new":
            first.setdefault(one["platform"], one)
    for platform, one in first.items():
        click.echo(f"{platform}: {_mend(one)}")
    click.echo("known and harmless: taglake drift --accept ID; ids: taglake drift --json")
