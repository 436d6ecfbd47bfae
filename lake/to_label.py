"""Which posts teach most when a person labels them: those of which the model is least sure.

The rules: only posts that have a score of the text that they have now, that still have a text, and
that nobody labelled yet; of equal texts one. They are asked for in steps, from the lowest largest
probability up, so that Elasticsearch needs no script; of a step the newest ``_LOOKED_AT`` are
looked at. What comes first: by tenths of the largest probability, the lowest first; within a tenth
the posts of which VADER says something else than the model.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from lake.label import PEOPLE_LABELS
from lake.records import Json
from lake.store import Store

_STEPS = (0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.01)
_LOOKED_AT = 1_000
_SHARES = {"negative": "p_neg", "neutral": "p_neu", "positive": "p_pos"}
_SOURCE = (
    *("@timestamp", "platform", "native_id", "url", "author.handle", "text", "text_hash", "lang"),
    "sentiment",
)


async def posts_to_label(store: Store, n: int, *, among: Json | None = None) -> list[Json]:
    """At most ``n`` posts to label, what teaches most first, with their ``_id`` as ``key``.

    Args:
        store: The lake.
        n: How many.
        among: A query for posts, such as a campaign's; None takes all.

    Raises:
        RetryError: Elasticsearch did not answer.
    """
    found: dict[str, Json] = {}
    lowest = -1.0
    for below in _STEPS:
        body = step_body(among, lowest, below)
        answer = await store.search(store.layout.every("posts"), body)
        posts = [{**hit["_source"], "key": hit["_id"]} for hit in answer["hits"]["hits"]]
        labelled = await store.labels.of_posts(post["key"] for post in posts)
        for post in ranked(posts):
            if post["key"] not in labelled and _is_current(post):
                found.setdefault(post["text_hash"], post)
        if len(found) >= n:
            break
        lowest = below
    return list(found.values())[:n]


def step_body(among: Json | None, lowest: float, below: float) -> Json:
    """A search for posts whose largest probability is at least ``lowest`` and under ``below``."""
    fields = [f"sentiment.{name}" for name in _SHARES.values()]
    filters: list[Json] = [
        {"term": {"enrich.state": "done"}},
        {"exists": {"field": "sentiment.label"}},
        *({"range": {field: {"lt": below}}} for field in fields),
    ]
    if among is not None:
        filters.append(among)
    query: Json = {"filter": filters, "must_not": [{"term": {"erased.text_removed": True}}]}
    if lowest > 0:
        query["should"] = [{"range": {field: {"gte": lowest}}} for field in fields]
        query["minimum_should_match"] = 1
    return {
        "query": {"bool": query},
        "sort": [{"@timestamp": "desc"}, {"platform": "asc"}, {"native_id": "asc"}],
        "size": _LOOKED_AT,
        "_source": list(_SOURCE),
    }


def ranked(posts: Sequence[Json]) -> list[Json]:
    """The posts by how much a label of each teaches, most first. Pure."""
    return sorted(posts, key=_order)


def largest_share(post: Json) -> float:
    """The largest of the model's three probabilities."""
    tone = post["sentiment"]
    return max(float(tone[name]) for name in _SHARES.values())


def vader_differs(post: Json) -> bool:
    """Whether VADER says something else than the model; False where it says nothing."""
    tone = post["sentiment"]
    beside = tone.get("vader")
    return (
        beside is not None and beside["label"] in PEOPLE_LABELS and beside["label"] != tone["label"]
    )


def _order(post: Json) -> tuple[Any, ...]:
    share = largest_share(post)
    return int(share * 10), not vader_differs(post), share


def _is_current(post: Json) -> bool:
    return bool(post["text"].strip()) and post["sentiment"].get("text_hash") == post["text_hash"]
