"""``taglake enrich``: posts without a score get one."""

from __future__ import annotations

import click

from enrichment.vader import Vader
from enrichment.worker import Scored, Worker
from lake.errors import UnavailableError
from lake.pending import PendingPosts
from lake.store import Store
from taglake.context import Context, pass_context
from taglake.progress import progress


@click.command(
    epilog="""\b
Examples:
  taglake enrich --once      score what waits, then end
  taglake enrich             go on until Ctrl-C; several may run side by side
"""
)
@click.option("--once", is_flag=True, help="Score what waits now, then end.")
@click.option("--json", "as_json", is_flag=True, help="Print what was done as JSON.")
@pass_context
def command(context: Context, *, once: bool, as_json: bool) -> None:
    """Score the sentiment of posts that wait for it."""
    scored = context.in_lake("enrich", lambda store: enrich(context, store, once=once))
    if as_json:
        context.answer({"posts": scored.posts, "failed": scored.failed})
    else:
        click.echo(f"{scored.posts:,} posts scored, {scored.failed:,} that cannot be scored")
    if scored.refused:
        raise UnavailableError(
            f"Elasticsearch refused {scored.refused:,} scores; those posts still wait"
        )


async def enrich(context: Context, store: Store, *, once: bool) -> Scored:
    """Scores with the configured model: what waits now, or for ever.

    Args:
        context: Its configuration says with which model and how.
        store: Where the posts are.
        once: End when nothing waits.
    """
    settings = context.config.enrichment
    pending = PendingPosts(store.client, store.layout)
    with progress("scoring", await pending.count() if once else None, unit="posts") as advance:
        worker = Worker(
            pending,
            Vader(),
            batch_docs=settings.batch_docs,
            slices=settings.slices,
            on_batch=lambda done: advance(done.posts + done.failed),
        )
        if once:
            return await worker.drain()
        await worker.forever(settings.interval_s)
        return worker.scored
