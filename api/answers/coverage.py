"""When a campaign's hashtags were watched, when not, and why."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from analysis.coverage import (
    Blind,
    Seen,
    Target,
    add_run,
    blind,
    blind_s,
    gaps_body,
    targets_body,
    targets_in,
)
from analysis.coverage import coverage as share
from analysis.definitions import tag as definition_tag
from api.answers.completeness import completeness
from api.answers.scope import moment_of
from api.answers.view import view_of
from api.reading import restricted
from lake import times
from lake.campaign import Campaign
from lake.records import Json
from lake.store import Store

_RUNS_A_PAGE = 5_000
_MOST_GAPS = 1_000
NO_HISTORY = "NoHistory"


async def ledger(
    store: Store, campaign: Campaign, tags: Sequence[str], *, until: datetime | None = None
) -> tuple[dict[Target, Seen], list[Json]]:
    """What the ledger says of the polled targets, and what platforms did not offer of the past.

    Args:
        store: The lake.
        campaign: Whose window and platforms.
        tags: Which hashtags.
        until: Only runs that had ended then count; None: all.

    Raises:
        RetryError: Elasticsearch did not answer.
    """
    index = store.layout.every("runs")
    ended: Json | None = None
    if until is not None:
        ended = {"range": {"ended_at": {"lte": times.to_text(until)}}}
    body = restricted(targets_body(campaign, tags), ended)
    targets = targets_in(await store.search(index, body))
    missing: list[Json] = []
    after: list[Any] | None = None
    while True:
        body = restricted(gaps_body(campaign, tags, size=_RUNS_A_PAGE, after=after), ended)
        hits = (await store.search(index, body))["hits"]["hits"]
        for hit in hits:
            source = hit["_source"]
            add_run(targets, source)
            if source.get("error", {}).get("class") == NO_HISTORY:
                missing.append(source)
        if len(hits) < _RUNS_A_PAGE:
            return targets, missing
        after = hits[-1]["sort"]


async def coverage(store: Store, campaign: Campaign) -> Json:
    """For every hashtag and platform of the panel: the share of the window that was watched.

    Raises:
        RetryError: Elasticsearch did not answer.
    """
    moment = moment_of(campaign)
    now = moment or times.now()
    brands = campaign.panel()
    brand_of = {tag: name for name, tags in reversed(brands.items()) for tag in tags}
    targets, missing = await ledger(store, campaign, list(brand_of), until=moment)
    start, end = campaign.start, max(campaign.start, min(campaign.end, now))
    async with view_of(store, campaign) as view:
        found = await completeness(view, campaign)
    own = {key: seen for key, seen in targets.items() if key[1] in campaign.tags()}
    rows = [_row(key, targets[key], brand_of[key[1]], start, end) for key in sorted(targets)]
    return {
        "campaign": campaign.id,
        "window": {"from": times.to_text(start), "to": times.to_text(campaign.end)},
        "as_of": times.to_text(now),
        "definition": definition_tag("coverage"),
        "value": share(own, start, end),
        "n": len(own),
        "missing": 0,
        "coverage": share(own, start, end),
        "targets": rows,
        "not_offered": [_not_offered(source, brand_of) for source in missing],
        "completeness": found,
    }


def _row(target: Target, seen: Seen, brand: str, start: datetime, end: datetime) -> Json:
    gaps = blind(seen, start, end)
    value = share({target: seen}, start, end)
    return {
        "platform": target[0],
        "hashtag": target[1],
        "brand": brand,
        "coverage": value,
        "blind_s": blind_s(gaps),
        "recovered_s": blind_s(gap for gap in gaps if gap.recovered),
        "interval_s": seen.interval_s,
        "last_poll": times.to_text(seen.last_poll) if seen.last_poll else None,
        "gaps_total": len(gaps),
        "gaps": [_gap(gap) for gap in gaps[-_MOST_GAPS:]],
    }


def _gap(gap: Blind) -> Json:
    return {
        "from": times.to_text(gap.start),
        "to": times.to_text(gap.end),
        "s": (gap.end - gap.start).total_seconds(),
        "reason": gap.reason,
        "recovered": gap.recovered,
    }


def _not_offered(source: Json, brand_of: dict[str, str]) -> Json:
    return {
        "platform": source["platform"],
        "hashtag": source["value"],
        "brand": brand_of.get(source["value"]),
        "from": source["window"]["start"],
        "to": source["window"]["end"],
        "reason": source["error"]["message"],
    }
