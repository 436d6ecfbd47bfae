"""Who carries a campaign: every author's numbers, a score, and the order by one of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal, get_args

from analysis.authors import Author
from analysis.numbers import percentile_ranks, whole
from analysis.parts import aggregations
from lake.records import Json

Ranking = Literal["score", "engagement", "posts", "likes", "shares", "comments", "reach", "er"]
RANKINGS: tuple[str, ...] = get_args(Ranking)
MOST_INFLUENCERS = 1_000
# A rate of one or two posts says little of an author.
_POSTS_FOR_RATE = 3

WEIGHTS: Mapping[str, float] = {
    "engagement": 0.35,
    "potential_reach": 0.25,
    "er_pooled": 0.20,
    "amplification": 0.10,
    "posts": 0.05,
    "sentiment": 0.05,
}

Measure = Callable[[Author], float | None]
_COMPONENTS: Mapping[str, Measure] = {
    "engagement": lambda author: author.total("engagement"),
    "potential_reach": lambda author: author.followers,
    "er_pooled": Author.engagement_rate,
    "amplification": Author.amplification,
    "posts": lambda author: author.posts,
    "sentiment": Author.sentiment,
}


def percentiles(authors: Sequence[Author]) -> list[dict[str, float]]:
    """Each author's percentile rank in each component that is known of them, in order."""
    found: list[dict[str, float]] = [{} for _ in authors]
    for name, measure in _COMPONENTS.items():
        values = [measure(author) for author in authors]
        known = [(place, value) for place, value in enumerate(values) if value is not None]
        ranks = percentile_ranks([value for _, value in known])
        for (place, _), rank in zip(known, ranks, strict=True):
            found[place][name] = rank
    return found


def score(components: Mapping[str, float]) -> float:
    """The influencer score, 0 to 100, of percentile ranks; a component that is missing drops out.

    Every author has posts, so there is always one component.
    """
    weight = sum(WEIGHTS[name] for name in components)
    return 100 * sum(WEIGHTS[name] * rank for name, rank in components.items()) / weight


def ranked(authors: Sequence[Author], by: str, limit: int) -> list[dict[str, Any]]:
    """The first ``limit`` authors by a ranking: highest first, unknown last, ties by author key."""
    components = percentiles(authors)
    scores = [score(ranks) for ranks in components]
    order: list[tuple[float, str, int]] = []
    for place, author in enumerate(authors):
        value = scores[place] if by == "score" else _value(author, by)
        if by == "er" and (value is None or author.posts < _POSTS_FOR_RATE):
            continue
        order.append((float("inf") if value is None else -value, author.key, place))
    order.sort()
    return [
        _row(rank, authors[place], scores[place], components[place])
        for rank, (_, _, place) in enumerate(order[:limit], start=1)
    ]


def _value(author: Author, by: str) -> float | None:
    match by:
        case "posts":
            return author.posts
        case "reach":
            return author.followers
        case "er":
            return author.engagement_rate()
        case _:
            return author.total(by)


def _row(rank: int, author: Author, points: float, components: Json) -> dict[str, Any]:
    totals = {name: author.total(name) for name in ("engagement", "likes", "shares", "comments")}
    return {
        "rank": rank,
        "author": author.key,
        "platform": author.key.partition(":")[0],
        "id": None,
        "handle": None,
        "name": None,
        "followers": author.followers,
        "posts": author.posts,
        **{name: None if value is None else whole(value) for name, value in totals.items()},
        "potential_impressions": author.impressions(),
        "er_pooled": author.engagement_rate(),
        "amplification": author.amplification(),
        "sentiment_mean": author.sentiment(),
        "score": points,
        "components": {
            name: {"percentile": components[name], "weight": WEIGHTS[name]}
            for name in WEIGHTS
            if name in components
        },
    }


def names_body(query: Json, keys: Sequence[str]) -> Json:
    """A request for what the given authors, at most ``MOST_INFLUENCERS``, are called now."""
    newest = {
        "size": 1,
        "sort": [{"observed_at": "desc"}, {"@timestamp": "desc"}, {"native_id": "asc"}],
        "_source": ["author.id", "author.handle", "author.name"],
    }
    return {
        "size": 0,
        "track_total_hits": False,
        "query": {"bool": {"filter": [query, {"terms": {"author.key": list(keys)}}]}},
        "aggs": {
            "authors": {
                "terms": {"field": "author.key", "size": max(1, len(keys))},
                "aggs": {"newest": {"top_hits": newest}},
            }
        },
    }


def with_names(rows: Sequence[dict[str, Any]], answer: Json) -> list[dict[str, Any]]:
    """The rows with id, handle and name where they are known."""
    names = {
        bucket["key"]: bucket["newest"]["hits"]["hits"][0]["_source"].get("author", {})
        for bucket in aggregations(answer).get("authors", {}).get("buckets", [])
    }
    found = []
    for row in rows:
        author = names.get(row["author"], {})
        found.append(row | {name: author.get(name) for name in ("id", "handle", "name")})
    return found
