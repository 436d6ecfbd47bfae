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
from analysis.population import Population
from analysis.reach import (
    Efficiency,
    Known,
    PostSums,
    estimated_reach,
    impressions,
    rate_mean,
    rate_pooled,
    reach,
)
from lake.records import Json

# The most that Elasticsearch takes; it makes the estimate's registers 2^18.
_PRECISION = 40_000
# Three standard errors of HyperLogLog with that many registers (1.04 / sqrt(m), Flajolet 2007).
_ERROR = 3 * 1.04 / math.sqrt(2**18)
_RATES = {"amplification": "shares", "applause": "likes", "conversation": "comments"}


def count_authors() -> Json:
    """Aggregations that count the authors and the posts whose author is known."""
    return {
        "authors": {"cardinality": {"field": "author.key", "precision_threshold": _PRECISION}},
        "authored": {"value_count": {"field": "author.key"}},
    }


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
            **count_authors(),
        },
    }


def estimated_authors(answer: Json) -> int:
    """About how many authors there are: whether to gather them one by one."""
    return int(aggregations(answer).get("authors", {}).get("value", 0))


def authorless(answer: Json) -> int:
    """How many posts have no known author."""
    return total(answer) - int(aggregations(answer).get("authored", {}).get("value", 0))


def authors_bound(authors: int) -> int:
    """Half the width of the interval around an estimated number of authors."""
    return math.ceil(authors * _ERROR)


def summary_metrics(
    answer: Json,
    authors: Population | Collection[Author] | None,
    context: Context,
    *,
    told: PostSums | None = None,
    efficiency: Efficiency | None = None,
) -> dict[str, Any]:
    """Every metric of the summary in its envelope.

    Args:
        answer: What ``summary_body`` got.
        authors: All authors of the posts, or what stands for them; None where they were too many
            to gather: then what rests on their followers is unknown.
        context: What the answer's numbers share.
        told: What all posts tell, where a sample stands for the authors.
        efficiency: Which part of their followers posts reach, where a person says so.
    """
    people = authors
    if people is not None and not isinstance(people, Population):
        people = Population(tuple(people))
    found, posts = aggregations(answer), total(answer)
    kinds = counts_by(found, "kinds")
    metrics: dict[str, Any] = {
        "posts": Envelope(posts, posts, 0, "posts", context, exact=True).to_json()
        | {"by_kind": kinds, "by_platform": counts_by(found, "platforms")},
        "authors": _authors(answer, people, context).to_json(),
    }
    for name in ("engagement", *METRICS):
        value, known = sum_and_count(found, name)
        shown = whole(value) if known or not posts else None
        metrics[name] = Envelope(shown, posts, posts - known, name, context).to_json()
    for name, metric in _RATES.items():
        value, known = sum_and_count(found, metric)
        rate = ratio(value, known)
        metrics[name] = Envelope(rate, posts, posts - known, name, context).to_json()
    numbers = _by_followers(people, posts, kinds.get("reply", 0), told)
    exact = None if people is None else people.exact
    metrics |= {name: _follower_metric(name, one, context, exact) for name, one in numbers.items()}
    if efficiency is not None and people is not None:
        one = estimated_reach(people, efficiency)
        metrics["estimated_reach"] = _follower_metric("estimated_reach", one, context, exact) | {
            "efficiency": efficiency.key()
        }
    return metrics


def _authors(answer: Json, people: Population | None, context: Context) -> Envelope:
    posts, missing = total(answer), authorless(answer)
    if people is not None and people.exact:
        return Envelope(len(people.leaders), posts, missing, "users", context, exact=True)
    value = estimated_authors(answer)
    bound = authors_bound(value)
    return Envelope(value, posts, missing, "users", context, exact=False, error_bound=bound)


def _by_followers(
    people: Population | None, posts: int, replies: int, told: PostSums | None
) -> dict[str, Known]:
    if people is None:
        unknown = Known(None, posts, posts)
        names = ("potential_impressions", "potential_reach", "frequency", "er_pooled", "er_mean")
        return dict.fromkeys(names, unknown)
    seen = impressions(people, posts=posts, replies=replies, told=told)
    accounts = reach(people)
    return {
        "potential_impressions": seen,
        "potential_reach": accounts,
        "frequency": _frequency(seen, accounts),
        "er_pooled": rate_pooled(people, posts=posts, told=told),
        "er_mean": rate_mean(people, posts=posts),
    }


def _frequency(seen: Known, accounts: Known) -> Known:
    value = ratio(seen.value, accounts.value)
    if value is None:
        return Known(None, seen.n, seen.missing)
    # Both parts may be off at once, in opposite directions.
    parts = [one.error / one.value for one in (seen, accounts) if one.value]
    return Known(value, seen.n, seen.missing, value * sum(parts))


def _follower_metric(
    name: str, known: Known, context: Context, exact: bool | None
) -> dict[str, Any]:
    value = known.value if known.value is None else whole(known.value)
    bound = known.error if exact is False else None
    if exact is False and value is not None and name in _COUNTS:
        value, bound = round(value), math.ceil(known.error)
    found = Envelope(
        value, known.n, known.missing, name, context, exact=exact, error_bound=bound
    ).to_json()
    return found | {"followers_source": "latest" if exact is not False else "highest"}


_COUNTS = ("potential_impressions", "potential_reach", "estimated_reach")
