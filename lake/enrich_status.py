"""How far enrichment is: what waits, what failed and why, how fast it goes."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from lake import times
from lake.errors import NotFoundError
from lake.pending import QUERY
from lake.records import Json
from lake.rescoring import Rescoring, rescore_query

if TYPE_CHECKING:
    from lake.store import Store

_RATE_OVER = timedelta(seconds=60)
_LEAST_SPAN_S = 1.0
_MOST_REASONS = 5
_MOST_MODELS = 20


async def enrich_status(store: Store) -> Json:
    """What there is to be known; None where it is not.

    ``waiting``: posts by ``pending`` and ``stale``; ``longest_s``: how long ago the one was seen
    that nobody has seen since for longest; ``new_longest_s``: the same among those that were seen
    in the last minute. ``failed``: posts and the most frequent reasons. ``scored``: posts that
    carry a score of their text, and by model. ``rate_per_s``: scores a second over the last minute,
    or since the first in it. ``left_s``: for what waits, at that rate. ``rescoring``: the request
    that running workers fulfil, the posts that are left of it, and whether its model has scored
    anything since (``served``): a request waits for a worker that has that model.

    Raises:
        RetryError: Elasticsearch did not answer.
    """
    await store.refresh()
    now = times.now()
    posts = store.layout.every("posts")
    found = (await store.search(posts, _body(now))).get("aggregations", {})
    states = _counts(found, "states")
    waiting = found.get("waiting", {})
    new = waiting.get("new", {})
    rate = _rate(found.get("lately", {}), now)
    backlog = waiting.get("doc_count", 0)
    return {
        "waiting": {
            "posts": backlog,
            "pending": states.get("pending", 0),
            "stale": states.get("stale", 0),
            "longest_s": _age_s(waiting.get("oldest", {}), now),
            "new_longest_s": _age_s(new.get("oldest", {}), now),
        },
        "failed": {
            "posts": states.get("failed", 0),
            "reasons": _counts(found.get("failed", {}), "reasons"),
        },
        "scored": {"posts": states.get("done", 0), "by_model": _counts(found, "models", "by")},
        "rate_per_s": rate,
        "left_s": round(backlog / rate, 1) if rate else None,
        "rescoring": await _rescoring(store),
    }


async def _rescoring(store: Store) -> Json | None:
    request = await Rescoring(store.client, store.layout).wanted()
    if request is None:
        return None
    query = rescore_query(request.scope, request.model)
    asked_at = times.to_text(request.asked_at)
    since: Json = {"range": {"sentiment.scored_at": {"gte": asked_at}}}
    served: Json = {"bool": {"filter": [{"term": {"sentiment.model": request.model}}, since]}}
    aggs: Json = {"left": {"filter": query}, "served": {"filter": served}}
    try:
        body: Json = {"size": 0, "track_total_hits": False, "aggs": aggs}
        answer = await store.search(store.layout.every("posts"), body)
    except NotFoundError:
        return None
    scope = request.scope
    return {
        "model": request.model,
        "since": times.to_text(scope.since),
        "until": scope.until and times.to_text(scope.until),
        "platform": scope.platform,
        "asked_at": asked_at,
        "posts_left": _count(answer, "left"),
        "served": _count(answer, "served") > 0,
    }


def _body(now: datetime) -> Json:
    since = times.to_text(now - _RATE_OVER)
    oldest: Json = {"oldest": {"min": {"field": "observed_at"}}}
    return {
        "size": 0,
        "track_total_hits": False,
        "aggs": {
            "states": {"terms": {"field": "enrich.state"}},
            "waiting": {
                "filter": QUERY,
                "aggs": {
                    **oldest,
                    "new": {"filter": {"range": {"observed_at": {"gte": since}}}, "aggs": oldest},
                },
            },
            "failed": {
                "filter": {"term": {"enrich.state": "failed"}},
                "aggs": {"reasons": {"terms": {"field": "enrich.reason", "size": _MOST_REASONS}}},
            },
            "models": {
                "filter": {"term": {"enrich.state": "done"}},
                "aggs": {"by": {"terms": {"field": "sentiment.model", "size": _MOST_MODELS}}},
            },
            "lately": {
                "filter": {"range": {"sentiment.scored_at": {"gte": since}}},
                "aggs": {"first": {"min": {"field": "sentiment.scored_at"}}},
            },
        },
    }


def _counts(found: Json, *path: str) -> dict[str, int]:
    for name in path:
        found = found.get(name, {})
    return {bucket["key"]: bucket["doc_count"] for bucket in found.get("buckets", [])}


def _count(answer: Json, name: str) -> int:
    found: int = answer.get("aggregations", {}).get(name, {}).get("doc_count", 0)
    return found


def _rate(lately: Json, now: datetime) -> float | None:
    first_s = _age_s(lately.get("first", {}), now)
    if first_s is None:
        return None
    return round(float(lately["doc_count"]) / max(first_s, _LEAST_SPAN_S), 2)


def _age_s(least: Json, now: datetime) -> float | None:
    """How long ago a ``min`` aggregation's time was; None where it found none."""
    value = least.get("value")
    return None if value is None else round(max(0.0, now.timestamp() - float(value) / 1000), 1)
