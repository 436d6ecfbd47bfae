"""The numbers of known posts, asked for again as they age: how engagement grows over time.

A hashtag's timeline shows a post when it is new and its numbers small. So each post is asked for
again when it reaches certain ages. Which posts those are follows from their creation and the time
of the last look alone: the look's time is the cursor, and nothing is kept a post.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence, Set
from contextlib import aclosing
from dataclasses import replace
from datetime import datetime, timedelta

from ingestors.platform import Platform, Target
from ingestors.poll import poll
from lake import times
from lake.config import IngestConfig
from lake.errors import (
    ConflictError,
    PayloadError,
    RequestError,
    RetryError,
    StopPlatformError,
)
from lake.records import Json
from lake.scan import scan
from lake.store import Store

logger = logging.getLogger(__name__)
Window = tuple[datetime, datetime]
_IDS_A_POLL = 100


async def refresh(platform: Platform, store: Store, tags: Set[str], settings: IngestConfig) -> int:
    """Asks a platform for the current numbers of the posts that reached an age since the last look.

    What fails is told in the log and asked for at the next look.

    Args:
        platform: One with the capability ``refresh``.
        store: Where posts and the look's time are.
        tags: Only posts with one of these hashtags.
        settings: Ages, and how many posts at most.

    Returns:
        Posts that were asked for.
    """
    key = f"{platform.name}:refresh:looked"
    now = times.now()
    try:
        cursor = await store.cursors.get(key)
        windows = due_windows(_moment(cursor.value), now, settings)
        ids = await _ids(platform.name, store, tags, windows, settings.refresh_posts)
        for first in range(0, len(ids), _IDS_A_POLL):
            chunk = ids[first : first + _IDS_A_POLL]
            await poll(platform, Target(platform.name, "posts", " ".join(chunk)), store)
        await store.cursors.move(
            key, "refresh", old=cursor, new=replace(cursor, value=times.to_text(now))
        )
    except (RetryError, ConflictError, RequestError, StopPlatformError) as exc:
        what = {"platform": platform.name, "reason": str(exc)}
        logger.warning("numbers not asked for again", extra=what)
        return 0
    if ids:
        logger.info("numbers asked for again", extra={"platform": platform.name, "posts": len(ids)})
    return len(ids)


def due_windows(looked_at: datetime | None, now: datetime, settings: IngestConfig) -> list[Window]:
    """When the posts were created that reached an age between two looks. Pure.

    Args:
        looked_at: The last look; None: there was none, so one ``refresh_s`` ago.
        now: This look.
        settings: The ages.
    """
    if looked_at is None or looked_at > now:
        looked_at = now - timedelta(seconds=settings.refresh_s)
    ages = [timedelta(hours=hours) for hours in settings.refresh_ages_h]
    return [(looked_at - age, now - age) for age in ages]


async def _ids(
    name: str, store: Store, tags: Set[str], windows: Sequence[Window], most: int
) -> list[str]:
    if not most or not windows:
        return []
    created: list[Json] = [
        {"range": {"@timestamp": {"gte": times.to_text(start), "lt": times.to_text(end)}}}
        for start, end in windows
    ]
    query: Json = {
        "bool": {
            "filter": [{"term": {"platform": name}}, {"terms": {"hashtags": sorted(tags)}}],
            "should": created,
            "minimum_should_match": 1,
            "must_not": [{"exists": {"field": "erased"}}],
        }
    }
    # The newest first: where there are too many, those whose numbers move most.
    body: Json = {"query": query, "_source": ["native_id"], "sort": [{"@timestamp": "desc"}]}
    found: list[str] = []
    async with aclosing(scan(store.client, store.layout.every("posts"), body)) as pages:
        async for hits in pages:
            found += [hit["_source"]["native_id"] for hit in hits]
            if len(found) >= most:
                break
    return found[:most]


def _moment(text: str | None) -> datetime | None:
    try:
        return times.from_text(text) if text else None
    except PayloadError:
        return None
