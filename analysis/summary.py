"""A campaign's headline: how many posts, by whom, with what response."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from typing import Any

from analysis.authors import Author
from analysis.envelope import Context, Envelope
from analysis.numbers import ratio, whole
from analysis.parts import (
    METRICS,
    MOST_PLATFORMS,
    aggregations,
    counts_by,
    field_of,
    sum_and_count,
    sums,
    total,
)
from analysis.population import Population
from analysis.rates import amplification_multiplier, er_by_views
from analysis.reach import (
    Efficiency,
    Known,
    PostSums,
    estimated_reach,
    followers_told,
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
_VIEWED: Json = {
    "bool": {"filter": [{"exists": {"field": field_of(name)}} for name in ("engagement", "views")]}
}
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
            "viewed": {"filter": _VIEWED, "aggs": sums("engagement", "views")},
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
    metrics["posts_per_user"] = _posts_per_user(answer, people, context).to_json()
    for name in ("engagement", *METRICS):
        value, known = sum_and_count(found, name)
        shown = whole(value) if known or not posts else None
        metrics[name] = Envelope(shown, posts, posts - known, name, context).to_json()
    for name, metric in _RATES.items():
        value, known = sum_and_count(found, metric)
        rate = ratio(value, known)
        metrics[name] = Envelope(rate, posts, posts - known, name, context).to_json()
    metrics["er_views_pooled"] = _by_views(found, posts, context).to_json()
    numbers = _by_followers(people, posts, kinds.get("reply", 0), told)
    if people is not None and efficiency is not None:
        numbers["estimated_reach"] = estimated_reach(people, efficiency)
    for name, one in numbers.items():
        metrics[name] = _follower_metric(name, one, context, people)
    if "estimated_reach" in metrics and efficiency is not None:
        metrics["estimated_reach"]["efficiency"] = efficiency.key()
    return metrics


def _authors(answer: Json, people: Population | None, context: Context) -> Envelope:
    posts, missing = total(answer), authorless(answer)
    if people is not None and people.exact:
        return Envelope(len(people.leaders), posts, missing, "users", context, exact=True)
    value = estimated_authors(answer)
    bound = authors_bound(value)
    return Envelope(value, posts, missing, "users", context, exact=False, error_bound=bound)


def _posts_per_user(answer: Json, people: Population | None, context: Context) -> Envelope:
    """Posts per user; posts whose author is unknown are missing, as they are of the users."""
    users = _authors(answer, people, context)
    value = posts_per_user(total(answer) - users.missing, users.value)
    bound = None
    if users.error_bound is not None and value is not None and users.value:
        least = max(1.0, users.value - users.error_bound)
        bound = value * (users.value / least - 1)
    return Envelope(
        value, users.n, users.missing, "posts_per_user", context, users.exact, error_bound=bound
    )


def posts_per_user(posts: float, users: float | None) -> float | None:
    """How many posts each user wrote in the mean; None where there is nobody."""
    return ratio(posts, users)


def _by_views(found: Json, posts: int, context: Context) -> Envelope:
    """Pooled engagement rate by views, over the posts that tell both."""
    viewed = found.get("viewed", {})
    engagement, _ = sum_and_count(viewed, "engagement")
    views, known = sum_and_count(viewed, "views")
    rate = er_by_views(engagement, views)
    return Envelope(rate, posts, posts - known, "er_views_pooled", context)


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


def multiplier_metric(
    own: Collection[Author], exposure: Mapping[str, Any], context: Context
) -> dict[str, Any]:
    """How many times the campaign's own accounts' impressions those of all posts are.

    Args:
        own: The own accounts, each with their posts of the campaign.
        exposure: The envelope of the potential impressions of all posts.
        context: What the answer's numbers share.
    """
    posts = sum(author.posts for author in own)
    replies = sum(author.replies for author in own)
    known = impressions(Population(tuple(own)), posts=posts, replies=replies)
    value = amplification_multiplier(exposure["value"], known.value)
    bound = exposure.get("error_bound")
    error = None if bound is None or value is None else ratio(bound, known.value)
    exact = None if exposure.get("exact") is None else bool(exposure["exact"])
    found = Envelope(
        *(value, exposure["n"], exposure["missing"], "amplification_multiplier", context),
        exact=exact,
        error_bound=error,
    ).to_json()
    told = {"value": known.value, "posts": posts, "missing": known.missing}
    source = {name: exposure[name] for name in ("followers_source", "followers_at_post")}
    return found | {"own_impressions": told} | source


def _frequency(seen: Known, accounts: Known) -> Known:
    value = ratio(seen.value, accounts.value)
    if value is None:
        return Known(None, seen.n, seen.missing)
    # Both parts may be off at once, in opposite directions.
    parts = [one.error / one.value for one in (seen, accounts) if one.value]
    return Known(value, seen.n, seen.missing, value * sum(parts))


def _follower_metric(
    name: str, known: Known, context: Context, people: Population | None
) -> dict[str, Any]:
    exact = None if people is None else people.exact
    value = known.value if known.value is None else whole(known.value)
    bound = known.error if exact is False else None
    if exact is False and value is not None and name in _COUNTS:
        value, bound = round(value), math.ceil(known.error)
    found = Envelope(
        value, known.n, known.missing, name, context, exact=exact, error_bound=bound
    ).to_json()
    return found | (followers_told(people) if people is not None else _UNTOLD)


_UNTOLD = {"followers_source": "latest", "followers_at_post": 0}
_COUNTS = ("potential_impressions", "potential_reach", "estimated_reach")
