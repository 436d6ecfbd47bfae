"""The training on people's labels that goes on beside the scoring, where it is configured."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from enrichment.retraining import Retraining
from lake.model_records import ModelRecords
from lake.store import Store
from taglake.context import DEFAULT_CONFIG, Context


@asynccontextmanager
async def retraining_beside(context: Context, store: Store) -> AsyncIterator[None]:
    """Trains every ``enrichment.retrain_days`` while the block runs; does nothing without it."""
    days = context.config.enrichment.retrain_days
    if days is None:
        yield
        return
    records = ModelRecords(store.client, store.layout)
    retraining = Retraining(records.training, days, _command(context))
    task = asyncio.create_task(retraining.forever())
    try:
        yield
    finally:
        task.cancel()
        [ended] = await asyncio.gather(task, return_exceptions=True)
        if isinstance(ended, Exception):
            raise ended


def _command(context: Context) -> list[str]:
    """What trains: this program, with this configuration."""
    path = context.config_path or (DEFAULT_CONFIG if DEFAULT_CONFIG.exists() else None)
    config = [] if path is None else ["--config", str(path.resolve())]
    train = ["model", "train", "--labels", "people", "--scheduled"]
    return [sys.executable, "-m", "taglake", *config, *train]
