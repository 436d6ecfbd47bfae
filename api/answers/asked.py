"""What every question about a campaign begins with: one moment's view, and what was watched."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson

from analysis.coverage import coverage
from analysis.definitions import tag
from analysis.envelope import Context
from api.answers.coverage import ledger
from api.answers.scope import moment_of
from api.answers.view import view_of
from api.reading import Snapshot
from lake import times
from lake.campaign import Campaign
from lake.records import Json
from lake.store import Store


@dataclass(frozen=True, slots=True)
class Asked:
    """A question about a campaign while it is being answered.

    Args:
        campaign: Whom it is about.
        view: The posts, as of the moment it was asked.
        now: That moment, or the past one that is asked about.
        context: What its numbers share.
    """

    campaign: Campaign
    view: Snapshot
    now: datetime
    context: Context

    def head(self, definition: str | None = None) -> dict[str, Any]:
        """The fields that every answer begins with."""
        found = {
            "campaign": self.campaign.id,
            "window": {
                "from": times.to_text(self.campaign.start),
                "to": times.to_text(self.campaign.end),
            },
            "as_of": self.context.as_of,
            "coverage": self.context.coverage,
        }
        return found | ({"definition": tag(definition)} if definition else {})


@asynccontextmanager
async def asked(
    store: Store, campaign: Campaign, *, tags: Sequence[str] | None = None
) -> AsyncIterator[Asked]:
    """A view of the posts for the length of the block.

    Args:
        store: The lake.
        campaign: Whom the question is about.
        tags: The hashtags whose coverage counts; the campaign's own where it is None.

    Raises:
        RetryError: Elasticsearch did not answer.
    """
    async with view_of(store, campaign) as view:
        now = moment_of(campaign) or times.now()
        seen = await watched(store, campaign, tags or campaign.tags(), now)
        yield Asked(campaign, view, now, Context(times.to_text(now), seen))


async def watched(
    store: Store, campaign: Campaign, tags: Sequence[str], now: datetime
) -> float | None:
    """How much of the campaign's window up to ``now`` was watched, 0 to 1; None if unknown.

    Raises:
        RetryError: Elasticsearch did not answer.
    """
    if not tags:  # only hashtags are watched from poll to poll
        return None
    targets, _ = await ledger(store, campaign, tags, until=moment_of(campaign))
    return coverage(targets, campaign.start, min(campaign.end, now))


def encode(answer: Json | list[Any]) -> bytes:
    """An answer as the API sends it and the command line prints it."""
    return orjson.dumps(answer)
