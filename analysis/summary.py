"""A campaign's headline: how many posts, by whom, with what response."""

from __future__ import annotations

import math
from collections.abc import Collection
from typing import Any

from analysis.authors import Author
from analysis.envelope import Context, Envelope
from analysis.numbers import ratio, whole
from analysis.parts import (
    METRICS,
    MOST_PLATFORMS,
    aggregations,
    counts_by,
    sum_and_count,
    sums,
    total,
)
from analysis.reach import Known, impressions, rate_mean, rate_pooled, reach
from lake.records import Json

# The most that Elasticsearch takes; it makes the estimate's registers 2^18.
_PRECISION = 40_000
# Three standard errors of HyperLogLog with that many registers (1.04 / sqrt(m), Flajolet 2007).
_ERROR = 3 * 1.04 / math.sqrt(2**18)
_RATES = {"amplification": "shares", "applause": "likes", "conversation": "comments"}


def summary_body(query: Json) -> Json:
    """The request for everything but what needs each author."""
    return {
        "size": 0,
        "track_total_hits": True,
        "query": query,
        "aggs": {
            **sums("engagement", *METRICS),
            "kinds": {"terms": {"field": "kind", "size": 10}},
            "platforms": {"terms": {"field": "platform", "size": MOST_PLATFORMS}},
            "authors": {"cardinality": {"field": "author.key", "precision_threshold": _PRECISION}},
            "authored": {"value_count": {"field": "author.key"}},
        },
    }


def estimated_authors(answer: Json) -> int:
    """About how many authors there are: whether to gather them one by one."""
    return int(aggregations(answer).get("authors", {}).get("value", 0))


def summary_metrics(
    answer: Json, authors: Collection[Author] | None, context: Context
) -> dict[str, Any]:
    """Every metric of the summary in its envelope.

    Args:
        answer: What ``summary_body`` got.
        authors: All authors of the posts; None where they were too many to gather. Then their
            number is an estimate, and what rests on their followers is unknown.
        context: What the answer's numbers share.
    """
    found, posts = aggregations(answer), total(answer)
    kinds = counts_by(found, "kinds")
    metrics: dict[str, Any] = {
        "posts": Envelope(posts, posts, 0, "posts", context, exact=True).to_json()
        | {"by_kind": kinds, "by_platform": counts_by(found, "platforms")},
        "authors": _authors(answer, authors, context).to_json(),
    }
    for name in ("engagement", *METRICS):
        value, known = sum_and_count(found, name)
        shown = whole(value) if known or not posts else None
        metrics[name] = Envelope(shown, posts, posts - known, name, context).to_json()
    for name, metric in _RATES.items():
        value, known = sum_and_count(found, metric)
        rate = ratio(value, known)
        metrics[name] = Envelope(rate, posts, posts - known, name, context).to_json()
    return metrics | _follower_metrics(authors, posts, kinds.get("reply", 0), context)


def _authors(answer: Json, authors: Collection[Author] | None, context: Context) -> Envelope:
    posts = total(answer)
    missing = posts - int(aggregations(answer).get("authored", {}).get("value", 0))
    if authors is not None:
        return Envelope(len(authors), posts, missing, "users", context, exact=True)
    value = estimated_authors(answer)
    bound = math.ceil(value * _ERROR)
    return Envelope(value, posts, missing, "users", context, exact=False, error_bound=bound)


def _follower_metrics(
    authors: Collection[Author] | None, posts: int, replies: int, context: Context
) -> dict[str, Any]:
    if authors is None:
        unknown = Known(None, posts, posts)
        seen = people = pooled = mean = unknown
    else:
        seen = impressions(authors, posts=posts, replies=replies)
        people = reach(authors)
        pooled, mean = rate_pooled(authors, posts=posts), rate_mean(authors, posts=posts)
    frequency = Known(ratio(seen.value, people.value), seen.n, seen.missing)
    found = {
        "potential_impressions": seen,
        "potential_reach": people,
        "frequency": frequency,
        "er_pooled": pooled,
        "er_mean": mean,
    }
    return {
        name: Envelope(known.value, known.n, known.missing, name, context).to_json()
        | {"followers_source": "latest"}
        for name, known in found.items()
    }
