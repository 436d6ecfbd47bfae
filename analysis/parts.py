"""Pieces of requests and answers that several questions share.

An answer over no index at all has no ``aggregations``; the readers here take that as nothing found.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lake.records import Json

METRICS = ("likes", "shares", "comments", "quotes", "saves", "views")
LABELS = ("positive", "neutral", "negative", "unsure")
# A stale score is of a text that the post no longer has, so only "done" counts as scored.
SCORED: Json = {"term": {"enrich.state": "done"}}
MOST_PLATFORMS = 100
_MOST_LABELS = 10  # with room for labels that another version wrote
_FIELDS = {"engagement": "engagement.value", "followers": "author.followers"}


def field_of(metric: str) -> str:
    """The document field of a metric, of engagement or of the author's followers."""
    return _FIELDS.get(metric) or f"metrics.{metric}"


def sums(*metrics: str) -> Json:
    """Aggregations that give the sum of each metric and how many posts show it."""
    return {metric: {"stats": {"field": field_of(metric)}} for metric in metrics}


def label_counts() -> Json:
    """An aggregation that counts the scored posts by label; read it with ``labels_in``."""
    labels = {"field": "sentiment.label", "size": _MOST_LABELS}
    return {"filter": SCORED, "aggs": {"labels": {"terms": labels}}}


def label_filters() -> Json:
    """As ``label_counts``; faster below thousands of buckets, slower otherwise."""
    labels = {label: {"term": {"sentiment.label": label}} for label in LABELS}
    return {"filter": SCORED, "aggs": {"labels": {"filters": {"filters": labels}}}}


def labels_in(found: Mapping[str, Any]) -> dict[str, int]:
    """Posts by label out of a ``label_counts`` or ``label_filters`` aggregation."""
    buckets = found.get("labels", {}).get("buckets", ())
    if isinstance(buckets, Mapping):
        counts = {label: bucket["doc_count"] for label, bucket in buckets.items()}
    else:
        counts = counts_by(found, "labels")
    return {label: counts.get(label, 0) for label in LABELS}


def page_by_key(
    name: str, key: str, field: str, query: Json, after: Json | None, size: int
) -> Json:
    """A request for the next ``size`` values of a field in their order, each with its posts.

    Args:
        name: Of the aggregation.
        key: What a bucket calls the value.
        field: Whose values.
        query: The posts in question.
        after: The key after which the page begins; None for the first, which counts all posts.
        size: Values in the page.
    """
    composite: Json = {"size": size, "sources": [{key: {"terms": {"field": field}}}]}
    if after is not None:
        composite["after"] = after
    return {
        "size": 0,
        "track_total_hits": after is None,
        "query": query,
        "aggs": {name: {"composite": composite}},
    }


def aggregations(answer: Json) -> Json:
    """The aggregations of an answer; empty where no index was there to ask."""
    found: Json = answer.get("aggregations") or {}
    return found


def total(answer: Json) -> int:
    """How many documents matched; the request must track all of them."""
    return int(answer["hits"]["total"]["value"])


def sum_and_count(found: Mapping[str, Any], name: str) -> tuple[float, int]:
    """The sum and the number of values of a ``stats`` aggregation."""
    stats = found.get(name)
    return (stats.get("sum") or 0.0, stats.get("count", 0)) if stats else (0.0, 0)


def counts_by(found: Mapping[str, Any], name: str) -> dict[str, int]:
    """Documents by key of a ``terms`` aggregation, most first."""
    return {bucket["key"]: bucket["doc_count"] for bucket in found.get(name, {}).get("buckets", [])}
