"""Who carries a campaign: authors' numbers, a score, and the order by one of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from analysis.authors import SUMMED, Author
from analysis.membership import also
from analysis.numbers import whole
from analysis.parts import aggregations
from analysis.population import Population
from analysis.rankings import ORDERS, SCORE_LEADS, AtMost, Order
from lake.records import Json

MOST_INFLUENCERS = 1_000

WEIGHTS: Mapping[str, float] = {
    "engagement": 0.35,
    "potential_reach": 0.25,
    "er_pooled": 0.20,
    "amplification": 0.10,
    "posts": 0.05,
    "sentiment": 0.05,
}

_COMPONENTS: Mapping[str, Callable[[Author], float | None]] = {
    "engagement": lambda author: author.total("engagement"),
    "potential_reach": lambda author: author.reach,
    "er_pooled": Author.engagement_rate,
    "amplification": Author.amplification,
    "posts": lambda author: author.posts,
    "sentiment": Author.sentiment,
}


@dataclass(frozen=True, slots=True)
class Placed:
    """An author with the score and what it is made of.

    Args:
        author: Whose.
        score: 0 to 100.
        components: Percentile rank of each component that is known, 0 to 1.
    """

    author: Author
    score: float
    components: Mapping[str, float]


class Scoring:
    """Scores authors among all authors.

    Args:
        people: All authors, or what stands for them.
    """

    def __init__(self, people: Population) -> None:
        self._people = people
        self._ranks = {
            name: people.ranks([measure(author) for author in people.known])
            for name, measure in _COMPONENTS.items()
        }

    def of(self, author: Author) -> Placed:
        """An author's score and components."""
        ranks: dict[str, float] = {}
        for name, measure in _COMPONENTS.items():
            value = measure(author)
            rank = None if value is None else self._ranks[name].of(value)
            if rank is not None:
                ranks[name] = rank
        return Placed(author, score(ranks), ranks)


def score(components: Mapping[str, float]) -> float:
    """The influencer score, 0 to 100, of percentile ranks; a component that is missing drops out.

    Every author has posts, so there is always one component.
    """
    weight = sum(WEIGHTS[name] for name in components)
    return 100 * sum(WEIGHTS[name] * rank for name, rank in components.items()) / weight


def leads_of(by: str) -> tuple[str, ...]:
    """By which of ``analysis.leaders.LEADS`` the first of a ranking are found."""
    return SCORE_LEADS if by == "score" else ORDERS[by].leads


def can_be_estimated(by: str) -> bool:
    """Whether the first of a ranking can be told without knowing every author."""
    return by == "score" or ORDERS[by].at_most is not None


def outside_at_most(by: str, at_most: AtMost) -> float | None:
    """The highest number that an author can have who is in none of the leaders' lists.

    None where that cannot be told. So it is for the score: of an author with few posts and one
    very positive text little more is known than that, and what is unknown drops out.
    """
    order = order_of(by)
    if order is None or order.at_most is None:
        return None
    return order.at_most(at_most)


def order_of(by: str) -> Order | None:
    """The order that a ranking goes by; None: the score."""
    return ORDERS.get(by)


def in_order(authors: Sequence[Author], by: str, scoring: Scoring) -> list[Author]:
    """The authors in the order of a ranking: first first, unknown last, ties by author key."""
    order = order_of(by)
    if order is None:
        pairs = [(-scoring.of(author).score, author.key, author) for author in authors]
        return [author for _, _, author in sorted(pairs, key=lambda pair: pair[:2])]
    return sorted((author for author in authors if order.lists(author)), key=order.place)


def number_of(author: Author, by: str, scoring: Scoring) -> float | None:
    """What a ranking goes by."""
    order = order_of(by)
    return scoring.of(author).score if order is None else order.number(author)


def rows(listed: Sequence[Placed]) -> list[dict[str, Any]]:
    """Authors as an answer shows them, in the order given."""
    return [_row(rank, one) for rank, one in enumerate(listed, start=1)]


def _row(rank: int, one: Placed) -> dict[str, Any]:
    author = one.author
    totals = {name: author.total(name) for name in SUMMED}
    return {
        "rank": rank,
        "author": author.key,
        "platform": author.platform,
        "id": None,
        "handle": None,
        "name": None,
        "followers": author.reach,
        "posts": author.posts,
        "originals": author.originals,
        **{name: None if value is None else whole(value) for name, value in totals.items()},
        "potential_impressions": author.impressions(),
        "er_pooled": author.engagement_rate(),
        "amplification": author.amplification(),
        "sentiment_mean": author.sentiment(),
        "score": one.score,
        "components": {
            name: {
                "value": _shown(measure(author)),
                "percentile": one.components[name],
                "weight": WEIGHTS[name],
            }
            for name, measure in _COMPONENTS.items()
            if name in one.components
        },
    }


def _shown(value: float | None) -> float | None:
    return None if value is None else whole(value)


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


def seen_before_body(earlier: Json, keys: Sequence[str]) -> Json:
    """A request for which of the given authors, at most ``MOST_INFLUENCERS``, posted earlier.

    Args:
        earlier: The campaign's posts before the window.
        keys: The authors.
    """
    return {
        "size": 0,
        "track_total_hits": False,
        "query": also(earlier, {"terms": {"author.key": list(keys)}}),
        "aggs": {"authors": {"terms": {"field": "author.key", "size": max(1, len(keys))}}},
    }


def seen_before(answer: Json) -> set[str]:
    """The authors that ``seen_before_body`` found."""
    return {one["key"] for one in aggregations(answer).get("authors", {}).get("buckets", ())}
