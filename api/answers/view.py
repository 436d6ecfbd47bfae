"""What a question reads: all posts as of now, or as of a past moment."""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager
from datetime import UTC, datetime

from analysis.membership import panel_query
from api.answers.scope import moment_of
from api.reading import Snapshot, past_snapshot, snapshot
from lake.campaign import Campaign
from lake.records import Json
from lake.store import Store

_FIRST, _LAST = datetime(1, 1, 1, tzinfo=UTC), datetime(9999, 12, 31, tzinfo=UTC)


def view_of(store: Store, campaign: Campaign) -> AbstractAsyncContextManager[Snapshot]:
    """All posts as of now, or as of the past moment that is asked about."""
    moment = moment_of(campaign)
    if moment is None:
        return snapshot(store)
    return past_snapshot(store, own_posts(campaign), moment)


def own_posts(campaign: Campaign) -> Json:
    """What finds the posts of the panel whenever they were written."""
    always = {"start": _FIRST, "end": _LAST}
    return panel_query(campaign.model_copy(update=always))
