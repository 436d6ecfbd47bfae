"""Whether anything that a search could find has changed: a text that differs if so."""

from __future__ import annotations

from elasticsearch import AsyncElasticsearch

from lake.client import our_errors
from lake.errors import TaglakeError
from lake.layout import Layout

_PARTITIONED = ("posts", "metrics", "runs")
_WHOLE = ("labels*", "profiles*")  # a pattern may match nothing


async def generation(client: AsyncElasticsearch, layout: Layout) -> str | None:
    """What was written and made visible so far; None where nobody may know.

    Equal texts mean that searches of posts, observations, runs, labels and profiles find the same.
    A write counts at once and again when it becomes visible.
    """
    index = [layout.every(name) for name in _PARTITIONED] + [layout.one(name) for name in _WHOLE]
    try:
        with our_errors("asking what has changed"):
            answer = await client.indices.stats(
                index=index,
                metric=["indexing", "refresh"],
                filter_path="indices.*.uuid,indices.*.total.indexing.index_total,"
                "indices.*.total.indexing.delete_total,indices.*.total.refresh.total",
            )
    except TaglakeError:
        return None
    found = answer.get("indices", {})
    return "; ".join(
        f"{name} {one.get('uuid')} {one['total']['indexing']['index_total']}"
        f" {one['total']['indexing']['delete_total']} {one['total']['refresh']['total']}"
        for name, one in sorted(found.items())
        if "total" in one
    )
