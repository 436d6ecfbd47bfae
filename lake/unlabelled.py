"""Texts of posts that nobody labelled: what a model says of them should stay when it learns."""

from __future__ import annotations

from lake.records import Json
from lake.store import Store

_MOST_READ = 10_000  # what Elasticsearch gives at once
_READ_FOR_ONE = 2  # some texts come twice, and some posts have a label


async def unlabelled_texts(store: Store, n: int, *, seed: int) -> list[str]:
    """At most ``n`` different texts of posts without a label, drawn from the whole lake.

    Where many texts are the same, or most posts have a label, there may be fewer.

    Args:
        store: The lake.
        n: How many, 0 to 5,000.
        seed: Of the draw: the same posts give the same texts.

    Raises:
        RetryError: Elasticsearch did not answer.
    """
    size = min(_MOST_READ, _READ_FOR_ONE * n)
    hits = (await store.search(store.layout.every("posts"), _drawn(seed, size)))["hits"]["hits"]
    labelled = await store.labels.of_posts(hit["_id"] for hit in hits)
    found: dict[str, str] = {}
    for hit in hits:
        post = hit["_source"]
        if hit["_id"] not in labelled and post["text"].strip():
            found.setdefault(post["text_hash"], post["text"])
    return list(found.values())[:n]


def _drawn(seed: int, size: int) -> Json:
    """A search for posts in an order of chance."""
    with_text: Json = {
        "bool": {
            "filter": [{"exists": {"field": "text_hash"}}],
            "must_not": [{"term": {"erased.text_removed": True}}],
        }
    }
    # By the id's own field a draw would hold all ids in memory; by the sequence number it is free.
    drawn: Json = {"seed": seed, "field": "_seq_no"}
    # A filter scores 0, and 0 times anything is no order.
    by_chance: Json = {"query": with_text, "random_score": drawn, "boost_mode": "replace"}
    return {
        "query": {"function_score": by_chance},
        "sort": [{"_score": "desc"}, {"platform": "asc"}, {"native_id": "asc"}],
        "size": size,
        "_source": ["text", "text_hash"],
    }
