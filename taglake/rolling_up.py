"""Rollups on a schedule: beside the API, until it ends."""

from __future__ import annotations

import asyncio
import logging

from analysis.assumptions import assumptions
from api.rollups.making import Rolled, roll_up, roll_up_lake
from lake.config import Config
from lake.errors import TaglakeError
from lake.store import Store

logger = logging.getLogger(__name__)

_REST_S = 3_600.0


async def roll_up_forever(config: Config, store: Store) -> None:
    """Makes all rollups, waits, and makes them again; until it is cancelled.

    What goes wrong is told in the log: dashboards then show older numbers, and nothing else stops.

    Args:
        config: How often, and what answers assume.
        store: The lake, in the role ``api``.
    """
    interval_s = config.rollup.interval_s
    if interval_s is None:
        await asyncio.Event().wait()
        return
    told: str | None = None
    while True:
        try:
            await roll_up_once(config, store)
            told = None
        except TaglakeError as exc:
            if str(exc) != told:  # the same every few minutes says nothing new
                logger.warning("no rollups", extra={"reason": str(exc)})
            told = str(exc)
        await asyncio.sleep(interval_s)


async def roll_up_once(config: Config, store: Store) -> list[Rolled]:
    """Makes the rollups of the lake, and of the campaigns in which anything is new.

    Raises:
        RetryError: Elasticsearch did not answer when it was asked what there is.
        ConfigError: The user may not write rollups.
    """
    campaigns = await store.campaigns.list()
    assumed = assumptions(config.analysis)
    found = [await roll_up_lake(store, campaigns)]
    found += await roll_up(store, campaigns, assumed=assumed, only_changed=True, rest_s=_REST_S)
    states = [one.state for one in found]
    counts = {state: states.count(state) for state in ("done", "unchanged", "failed")}
    logger.info("rollups made", extra=counts)
    return found
