"""``taglake api``: the API alone."""

from __future__ import annotations

import click

from lake.store import Store, open_store
from taglake.context import Accesses, Context, pass_context
from taglake.rolling_up import roll_up_forever
from taglake.services import address, check_keys, listen, serve, together


@click.command(
    epilog="""\b
Examples:
  taglake api                      at the configured address
  taglake api --port 9000          elsewhere
  curl http://127.0.0.1:8000/v1/campaigns
"""
)
@click.option("--host", help="Address to listen on; without keys a loopback one.")
@click.option("--port", type=click.IntRange(0, 65535), help="Port; 0 takes any that is free.")
@pass_context
def command(context: Context, host: str | None, port: int | None) -> None:
    """Serve the API until Ctrl-C."""
    wanted = {"host": host, "port": port}
    context.overrides["api"] = {k: v for k, v in wanted.items() if v is not None}
    with listen(context.config.api) as bound:

        async def work(store: Store, accesses: Accesses) -> None:
            await check_keys(context.config.api, store)
            context.say(f"API at {address(bound)} (documentation at {address(bound)}/docs)")
            config = context.config
            async with (
                open_store(config, accesses.of("ingest")) as drains,
                open_store(config, accesses.of("api")) as rollup_store,
            ):
                await together(
                    serve(config, store, drains, bound), roll_up_forever(config, rollup_store)
                )

        context.in_lake_as("api", work)
