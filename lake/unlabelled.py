"""Texts of posts that nobody labelled: what a model says of them should stay when it learns."""

from __future__ import annotations

from lake.records import Json
from lake.store import Store

_PAGE = 1_000


async def unlabelled_texts(store: Store, n: int, *, seed: int) -> list[str]:
    """At most ``n`` different texts of posts without a label, drawn from the whole lake.

    Args:
        store: The lake.
        n: How many, 0 or more.
        seed: Of the draw: the same posts give the same texts.

    Raises:
        RetryError: Elasticsearch did not answer.
    """
    found: dict[str, str] = {}
    after: list[object] | None = None
    while len(found) < n:
        answer = await store.search(store.layout.every("posts"), _page(seed, after))
        hits = answer["hits"]["hits"]
        labelled = await store.labels.of_posts(hit["_id"] for hit in hits)
        for hit in hits:
            post = hit["_source"]
            if hit["_id"] not in labelled and post["text"].strip():
                found.setdefault(post["text_hash"], post["text"])
        if len(hits) < _PAGE:
            break
        after = hits[-1]["sort"]
    return list(found.values())[:n]


def _page(seed: int, after: list[object] | None) -> Json:
    """A search for the next posts of a random order."""
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
    body: Json = {
        "query": {"function_score": by_chance},
        "sort": [{"_score": "desc"}, {"platform": "asc"}, {"native_id": "asc"}],
        "size": _PAGE,
        "_source": ["text", "text_hash"],
    }
    return body if after is None else {**body, "search_after": after}
