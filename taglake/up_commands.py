"""``taglake up``: everything in one process, one log, one Ctrl-C."""

from __future__ import annotations

from collections.abc import Coroutine
from typing import Any

import click

from lake.store import Store, open_store
from taglake.context import Accesses, Context, pass_context
from taglake.enriching import enrich
from taglake.rolling_up import roll_up_forever
from taglake.services import address, check_keys, ingest_forever, keep_node, listen, serve, together


@click.command(
    epilog="""\b
Examples:
  taglake up                 the node, the schedule, enrichment and the API, until Ctrl-C
  taglake --config prod.yaml up
"""
)
@pass_context
def command(context: Context) -> None:
    """Run the node, the schedule, enrichment and the API until Ctrl-C."""
    with listen(context.config.api) as bound:

        async def work(store: Store, accesses: Accesses) -> None:
            config = context.config
            await check_keys(context.config.api, store)
            context.say(f"API at {address(bound)} (documentation at {address(bound)}/docs)")
            async with (
                open_store(config, accesses.of("ingest")) as ingest_store,
                open_store(config, accesses.of("enrich")) as enrich_store,
                open_store(config, accesses.of("api")) as rollup_store,
            ):
                parts: list[Coroutine[Any, Any, object]] = [
                    serve(config, store, ingest_store, bound),
                    ingest_forever(config, ingest_store),
                    enrich(context, enrich_store, once=False),
                    roll_up_forever(config, rollup_store),
                ]
                if config.elasticsearch.url == "embedded":
                    parts.append(keep_node(context.node_settings, context.say))
                await together(*parts)

        context.in_lake_as("api", work)
    context.say("stopped; everything that was acknowledged is in the lake")
