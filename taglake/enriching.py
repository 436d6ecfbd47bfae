"""Enrichment as the programs run it: the configured model, VADER on every core, progress."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import replace

from enrichment.loading import Serving
from enrichment.vader_pool import VaderPool
from enrichment.worker import Scored, Worker, always
from lake.config import EnrichmentConfig
from lake.enriching import retry_failed as let_failed_wait
from lake.errors import TaglakeError
from lake.model_records import ModelRecords
from lake.pending import PendingPosts
from lake.rescoring import Rescoring, Scope, rescore_query
from lake.store import Store
from taglake.context import Context
from taglake.progress import progress
from taglake.retraining_beside import retraining_beside

logger = logging.getLogger(__name__)


async def enrich(
    context: Context, store: Store, *, once: bool, retry_failed: bool = False
) -> Scored:
    """Scores with the configured model: what waits now, or for ever.

    Args:
        context: Its configuration says with which model and how.
        store: Where the posts are.
        once: End when nothing waits.
        retry_failed: First let those wait again that could not be scored.
    """
    settings = context.config.enrichment
    pending = PendingPosts(store.client, store.layout)
    if retry_failed:
        count = await let_failed_wait(store.client, store.layout)
        context.say(f"could not be scored and are tried again: {count:,}")
    total = await pending.count() if once else None
    with progress("scoring", total, unit="posts") as advance, _vader(settings) as vader:
        async with _serving(settings, store) as serving:
            worker = Worker(
                pending,
                serving.model,
                vader=vader,
                batch_docs=settings.batch_docs,
                slices=settings.slices,
                latency_s=settings.latency_s,
                on_batch=lambda done: advance(done.posts + done.failed),
            )
            if once:
                problem = None if total else await _why_no_model(serving)
                return replace(await worker.drain(), model_problem=problem)
            async with retraining_beside(context, store):
                await worker.forever(settings.interval_s, Rescoring(store.client, store.layout))
            return worker.scored


async def _why_no_model(serving: Serving) -> str | None:
    """Why the configured model cannot be loaded; None where it can.

    Nothing waits, so nothing is lost; but whoever configured it learns of it before something does.
    """
    try:
        await serving.model()
    except TaglakeError as exc:
        problem = " ".join(str(exc).split())
        logger.warning("model cannot be loaded; nothing waits for it", extra={"why": problem})
        return problem
    return None


async def rescore(context: Context, store: Store, scope: Scope) -> Scored:
    """Scores the history again with the configured model, until all of it has its scores.

    Args:
        context: Its configuration says with which model and how.
        store: Where the posts are.
        scope: Which posts.
    """
    settings = context.config.enrichment
    async with _serving(settings, store) as serving:
        model = await serving.model()  # to the end: a new champion meanwhile is another run's
    posts = PendingPosts(store.client, store.layout, rescore_query(scope, model.name))
    total = await posts.count()
    with progress("scoring again", total, unit="posts") as advance, _vader(settings) as vader:
        worker = Worker(
            PendingPosts(store.client, store.layout),
            always(model),
            vader=vader,
            batch_docs=settings.batch_docs,
            slices=settings.slices,
            latency_s=settings.latency_s,
            on_batch=lambda done: advance(done.posts + done.failed),
        )
        return await worker.rescore(posts)


async def ask_for_rescoring(context: Context, store: Store, scope: Scope) -> int:
    """Leaves the request for workers that run; gives how many posts it is about."""
    async with _serving(context.config.enrichment, store) as serving:
        model = (await serving.model()).name
    await Rescoring(store.client, store.layout).ask(scope, model)
    return await PendingPosts(store.client, store.layout, rescore_query(scope, model)).count()


async def cancel_rescoring(store: Store) -> bool:
    """Takes the request back; whether there was one."""
    return await Rescoring(store.client, store.layout).cancel()


@asynccontextmanager
async def _serving(settings: EnrichmentConfig, store: Store) -> AsyncIterator[Serving]:
    serving = Serving(settings, ModelRecords(store.client, store.layout).champion)
    try:
        yield serving
    finally:
        await serving.close()


@contextmanager
def _vader(settings: EnrichmentConfig) -> Iterator[VaderPool]:
    pool = VaderPool(settings.threads)
    try:
        yield pool
    finally:
        pool.close()
