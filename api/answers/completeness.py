"""How many of a campaign's posts the lake has, where two captures can tell."""

from __future__ import annotations

from analysis.completeness import (
    Pairs,
    add_hours,
    captures_body,
    captures_in,
    hours_body,
    overall,
    target_row,
)
from analysis.definitions import tag as definition_tag
from analysis.membership import posts_query
from api.reading import Snapshot
from lake.campaign import Campaign
from lake.records import Json

# An hour has up to 21 counts; a cluster allows 65,536 buckets in an answer.
_HOURS_A_PAGE = 2_000


async def completeness(view: Snapshot, campaign: Campaign) -> Json:
    """The estimate for each hashtag and platform that was collected in two ways, and overall.

    Raises:
        RetryError: Elasticsearch did not answer.
    """
    query = posts_query(campaign)
    found: dict[tuple[str, str], list[str]] = {}
    if tags := campaign.tags():
        found = captures_in(await view.search(captures_body(query, tags)))
    rows = [
        target_row(target, captures, await _pairs(view, query, target, captures))
        for target, captures in sorted(found.items())
    ]
    return {"definition": definition_tag("completeness"), **overall(rows), "targets": rows}


async def _pairs(
    view: Snapshot, query: Json, target: tuple[str, str], captures: list[str]
) -> Pairs:
    pairs: Pairs = {}
    after: Json | None = None
    while True:
        body = hours_body(query, *target, captures, after=after, size=_HOURS_A_PAGE)
        after = add_hours(pairs, await view.search(body), size=_HOURS_A_PAGE)
        if after is None:
            return pairs
