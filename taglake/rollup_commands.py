"""``taglake rollup``: the numbers that dashboards cannot compute by themselves, made now."""

from __future__ import annotations

from collections.abc import Sequence

import click

from analysis.assumptions import assumptions
from api.rollups.making import Rolled, roll_up, roll_up_lake
from lake.campaign import Campaign
from lake.store import Store
from taglake import tables
from taglake.asking import example_text
from taglake.context import Context, pass_context
from taglake.progress import progress
from taglake.tables.cells import number, plain
from taglake.tables.sheet import Cell, Column, Sheet, words

_LAKE = "(the whole lake)"
_MOST_CHARS = 200


@click.command(
    epilog=example_text(
        "taglake rollup                 every campaign, and what is about the whole lake",
        "taglake rollup spring autumn   only these campaigns",
        "taglake rollup --changed       leave out what is over and has nothing new",
        "taglake rollup --json | jq -r '.[] | select(.state == \"failed\") | .error'",
    )
)
@click.argument("campaign_ids", nargs=-1, metavar="[CAMPAIGN]...")
@click.option("--changed", is_flag=True, help="Leave out campaigns in which nothing is new.")
@click.option("--json", "as_json", is_flag=True, help="Print what was done as JSON.")
@pass_context
def command(
    context: Context, campaign_ids: tuple[str, ...], *, changed: bool, as_json: bool
) -> None:
    """Make the numbers anew that dashboards show and cannot compute by themselves.

    They are written to the indices PREFIXrollup-*, over those of the last time. `taglake up` and
    `taglake api` do so every rollup.interval_s seconds. A campaign that fails stops no other; the
    exit status is then 1.
    """
    assumed = assumptions(context.config.analysis)

    async def work(store: Store) -> list[Rolled]:
        await store.refresh()
        known = await store.campaigns.list()
        wanted = await _wanted(store, campaign_ids) if campaign_ids else known
        done: list[Rolled] = []
        with progress("campaigns", len(wanted), unit="campaigns") as advance:

            def tell(one: Rolled) -> None:
                done.append(one)
                advance(len(done))

            await roll_up(store, wanted, assumed=assumed, only_changed=changed, on_done=tell)
        return done if campaign_ids else [*done, await roll_up_lake(store, known)]

    found = context.in_lake("api", work)
    if as_json:
        context.answer([one.to_json() for one in found])
    else:
        tables.show(rollup_table(found))
    for one in found:
        if one.error is not None:
            context.say(f"taglake: {one.campaign or _LAKE}: {one.error}")
    if any(one.state == "failed" for one in found):
        raise click.exceptions.Exit(1)


async def _wanted(store: Store, ids: Sequence[str]) -> list[Campaign]:
    return [await store.campaigns.get(one) for one in dict.fromkeys(ids)]


def rollup_table(found: Sequence[Rolled]) -> Sheet:
    """What came of each campaign."""
    columns = (
        words("campaign", least=10),
        words("state"),
        Column("rows"),
        Column("removed", drop=1),
        Column("seconds", drop=2),
    )
    rows: list[list[Cell]] = []
    for one in found:
        numbers = (number(value) for value in (one.rows, one.removed, one.took_s))
        rows.append([plain(one.campaign or _LAKE, 60), one.state, *numbers])
    notes = [
        f"{plain(one.campaign or _LAKE, 60)} has no {plain(reason, _MOST_CHARS)}"
        for one in found
        for reason in one.left_out
    ]
    return Sheet(columns, rows, notes=notes)
