"""Whether anything that a search could find has changed: a text that differs if so."""

from __future__ import annotations

from elasticsearch import AsyncElasticsearch

from lake.client import our_errors
from lake.errors import TaglakeError
from lake.layout import Layout
from lake.records import Json

_PARTITIONED = ("posts", "metrics", "runs")
_WHOLE = ("labels*", "profiles*")  # a pattern may match nothing


def watched(layout: Layout) -> list[str]:
    """The patterns of the indices whose changes count."""
    return [layout.every(name) for name in _PARTITIONED] + [layout.one(name) for name in _WHOLE]


async def generation(client: AsyncElasticsearch, layout: Layout) -> str | None:
    """What was written and made visible so far; None where nobody may know.

    Equal texts mean that searches of posts, observations, runs, labels and profiles find the same.
    A write counts at once and again when it becomes visible. Counters begin anew with a node, so
    what its disk holds counts, too: what was written before it stopped was put there.
    """
    index = watched(layout)
    try:
        with our_errors("asking what has changed"):
            answer = await client.indices.stats(
                index=index,
                metric=["indexing", "refresh"],
                level="shards",
                filter_path="indices.*.uuid,indices.*.total.indexing.index_total,"
                "indices.*.total.indexing.delete_total,indices.*.total.refresh.total,"
                "indices.*.shards.*.commit.id",
            )
    except TaglakeError:
        return None
    found = answer.get("indices", {})
    return "; ".join(
        f"{name} {one.get('uuid')} {one['total']['indexing']['index_total']}"
        f" {one['total']['indexing']['delete_total']} {one['total']['refresh']['total']}"
        f" {' '.join(_commits(one))}"
        for name, one in sorted(found.items())
        if "total" in one
    )


def _commits(index: Json) -> list[str]:
    copies = [copy for shard in index.get("shards", {}).values() for copy in shard]
    return sorted(copy["commit"]["id"] for copy in copies if "commit" in copy)


async def last_writes(client: AsyncElasticsearch, layout: Layout) -> str | None:
    """What was written so far, seen by a search or not; None where nobody may know.

    Equal texts mean that nothing was written between them, also where the nodes were started anew
    meanwhile: sequence numbers outlive a node, its counters do not.
    """
    try:
        with our_errors("asking what was written last"):
            answer = await client.indices.stats(
                index=watched(layout),
                metric=["docs"],
                level="shards",
                filter_path="indices.*.uuid,indices.*.shards.*.seq_no.max_seq_no",
            )
    except TaglakeError:
        return None
    found = []
    for name, one in sorted(answer.get("indices", {}).items()):
        shards = sorted(one.get("shards", {}).items())
        last = (max(copy["seq_no"]["max_seq_no"] for copy in copies) for _, copies in shards)
        found.append(f"{name} {one.get('uuid')} {' '.join(map(str, last))}")
    return "; ".join(found)
