"""How a window's posts aged: their observations, read page by page."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from analysis.ageing import (
    Ages,
    Snapshot,
    ages_body,
    born,
    observations_body,
    snapshots_in,
)
from api.answers.asked import Asked
from lake.records import Json
from lake.store import Store

# So that the observations of most pages of posts fit in one page of theirs.
_PAGE_POSTS = 2_000
_PAGE_ROWS = 10_000


async def post_ages(
    store: Store,
    ask: Asked,
    query: Json,
    *,
    page_posts: int = _PAGE_POSTS,
    page_rows: int = _PAGE_ROWS,
) -> Ages:
    """What all observations of the posts come to; memory holds one page and a few numbers a post.

    Args:
        store: The lake.
        ask: The question.
        query: The posts; whoever asks sees to it that there are at most ``MOST_POSTS``.
        page_posts: Posts read at once.
        page_rows: Observations read at once.

    Raises:
        RetryError: Elasticsearch did not answer.
    """
    ages = Ages()
    after: list[Any] | None = None
    while True:
        answer = await ask.view.search(ages_body(query, size=page_posts, after=after))
        hits = answer["hits"]["hits"]
        created_ms = born(answer)
        if created_ms:
            found = await _snapshots(store, ask, created_ms, page_rows)
            for snapshots in found.values():
                ages.add(snapshots)
        if len(hits) < page_posts:
            return ages
        after = hits[-1]["sort"]


async def _snapshots(
    store: Store, ask: Asked, created_ms: Mapping[str, int], page_rows: int
) -> dict[str, list[Snapshot]]:
    """All observations of the posts.

    They need no view of one moment: none is written before one that was there already, and those
    after the answer's moment are left out.
    """
    found: list[Json] = []
    after: list[Any] | None = None
    index = store.layout.every("metrics")
    while True:
        body = observations_body(created_ms, ask.now, size=page_rows, after=after)
        hits = (await store.search(index, body))["hits"]["hits"]
        found += hits
        if len(hits) < page_rows:
            return snapshots_in(found, created_ms)
        after = hits[-1]["sort"]
