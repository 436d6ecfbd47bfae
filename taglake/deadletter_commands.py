"""``taglake deadletter``: what could not be used, and another try for it."""

from __future__ import annotations

from contextlib import aclosing

import click
from rich.table import Table
from rich.text import Text

from ingestors.replay import Replayed, replay
from lake.dead_letter_box import KeptLetter, letters, letters_query
from lake.records import Json
from lake.store import Store
from taglake.context import Context, pass_context
from taglake.progress import progress
from taglake.tables import show


@click.group(
    epilog="""\b
Examples:
  taglake deadletter list
  taglake deadletter list --target archive: --json
  taglake deadletter replay --platform mastodon
"""
)
def command() -> None:
    """Look at payloads that could not be used; replay them after a repair."""


_platform = click.option("--platform", help="Only this platform's; archive for imported files.")
_target = click.option("--target", help="Only those of targets that start so.")
_json = click.option("--json", "as_json", is_flag=True, help="Print JSON.")


@command.command("list")
@_platform
@_target
@click.option("-n", "--limit", default=50, type=click.IntRange(1, 10_000), show_default=True)
@_json
@pass_context
def list_(
    context: Context, platform: str | None, target: str | None, limit: int, *, as_json: bool
) -> None:
    """Show what waits to be replayed, oldest first."""
    query = letters_query(platform=platform, target=target, ids=())

    async def work(store: Store) -> list[KeptLetter]:
        await store.refresh()
        found: list[KeptLetter] = []
        async with aclosing(letters(store, query)) as kept:
            async for letter in kept:
                found.append(letter)
                if len(found) == limit:
                    break
        return found

    found = context.in_lake("ingest", work)
    if as_json:
        context.answer({"dead_letters": [letter.summary() for letter in found]})
    elif found:
        _show([letter.summary() for letter in found])
    else:
        click.echo("no dead letters")


def _show(rows: list[Json]) -> None:
    table = Table("id", "stage", "where", "reason", box=None)
    for row in rows:
        place = row.get("place") or row["target"]
        table.add_row(row["id"], row["stage"], Text(place), Text(row["reason"]))
    show(table)


@command.command("replay")
@_platform
@_target
@click.option("--id", "ids", multiple=True, help="Only this letter; may be given again.")
@_json
@pass_context
def replay_(
    context: Context,
    platform: str | None,
    target: str | None,
    ids: tuple[str, ...],
    *,
    as_json: bool,
) -> None:
    """Normalise and write dead letters again; what succeeds is a dead letter no more."""
    query = letters_query(platform=platform, target=target, ids=ids)

    async def work(store: Store) -> Replayed:
        await store.refresh()
        with progress("replaying", None, unit="letters") as advance:
            done = await replay(
                store,
                query,
                lambda so_far: advance(so_far.done + so_far.failed),
            )
        await store.refresh()
        return done

    done = context.in_lake("ingest", work)
    if as_json:
        context.answer({"replayed": done.done, "failed": done.failed})
    else:
        click.echo(f"{done.done:,} letters replayed, {done.failed:,} still cannot be used")
