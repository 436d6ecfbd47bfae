"""How many authors a campaign rests on: METRICS 34. It tells what is there, and accuses nobody.

Gini coefficient: C. Gini, Variabilità e mutabilità, 1912; computed as in
https://en.wikipedia.org/wiki/Gini_coefficient#Alternative_expressions. Of very many authors it is
estimated; its error is that of a jackknife over parts of the sample (Wolter, Introduction to
Variance Estimation, 2nd ed., chapter 4).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from analysis.envelope import Context, Envelope
from analysis.numbers import ratio
from analysis.parts import aggregations, page_by_key
from analysis.population import Z95, Estimate, Population
from lake.records import Json

TOP_AUTHORS = 10
_JACKKNIFE_PARTS = 20


def author_counts_body(query: Json, *, after: Json | None, size: int) -> Json:
    """A request for the posts of the next ``size`` authors, by key."""
    return page_by_key("authors", "author", "author.key", query, after, size)


def next_page(composite: Json, size: int) -> Json | None:
    """Where the page after this one starts; None where this one, of ``size`` at most, is the last.

    Every page walks over all posts again, so an empty one at the end is worth saving.
    """
    after: Json | None = composite.get("after_key")
    return after if len(composite.get("buckets", [])) >= size else None


def add_author_counts(counts: dict[str, int], answer: Json, *, size: int) -> Json | None:
    """Adds a page; gives where the next one starts, None after the last."""
    found = aggregations(answer).get("authors", {})
    for bucket in found.get("buckets", []):
        counts[bucket["key"]["author"]] = bucket["doc_count"]
    return next_page(found, size)


def gini(counts: Sequence[float], weights: Sequence[float] | None = None) -> float | None:
    """How unevenly posts are spread over authors.

    0: all wrote as many; towards 1: one wrote nearly all. None of nothing.

    Args:
        counts: Posts of each author that is known.
        weights: How many authors each of them stands for; None: for one.
    """
    pairs = sorted(zip(counts, weights or [1.0] * len(counts), strict=True))
    authors = math.fsum(weight for _, weight in pairs)
    posts = math.fsum(count * weight for count, weight in pairs)
    if not posts:
        return None
    below, ranked = 0.0, 0.0
    for count, weight in pairs:
        ranked += count * weight * (below + weight / 2)
        below += weight
    return 2 * ranked / (authors * posts) - 1


def gini_of(people: Population) -> Estimate | None:
    """The Gini coefficient of posts per author; None where there are none."""
    value = _gini(people)
    if value is None or people.exact:
        return None if value is None else Estimate(value)
    parts = min(_JACKKNIFE_PARTS, len(people.sample))
    without = [
        found
        for part in range(parts)
        if (found := _gini(_without(people, part, parts))) is not None
    ]
    middle = math.fsum(without) / len(without)
    squares = math.fsum((one - middle) ** 2 for one in without)
    spread = Z95 * math.sqrt(squares * (parts - 1) / parts)
    # How many authors there are is itself an estimate.
    sizes = (people.others - people.others_error, people.others + people.others_error)
    shifts = [abs((_gini(replace(people, others=max(1.0, size))) or 0.0) - value) for size in sizes]
    return Estimate(value, spread + max(shifts))


def _gini(people: Population) -> float | None:
    return gini([author.posts for author in people.known], people.weights)


def _without(people: Population, part: int, parts: int) -> Population:
    """The population without one of so many equal parts of its sample."""
    left = [author for place, author in enumerate(people.sample) if place % parts != part]
    return replace(people, sample=left)


def top_authors(people: Population, authored: int) -> list[dict[str, Any]]:
    """The authors of most posts, ties by key, each with the share of the posts in percent.

    Args:
        people: The authors.
        authored: Posts whose author is known.
    """
    order = sorted(people.known, key=lambda author: (-author.posts, author.key))
    return [
        {"author": one.key, "posts": one.posts, "share": 100 * one.posts / authored}
        for one in order[:TOP_AUTHORS]
    ]


def concentration(
    people: Population,
    posts: int,
    authored: int,
    context: Context,
    *,
    at_most: float | None = None,
) -> dict[str, Any]:
    """How concentrated the posts are on few authors, in envelopes.

    Args:
        people: The authors, or what stands for them.
        posts: All posts.
        authored: Those whose author is known.
        context: What the answer's numbers share.
        at_most: How many posts an author has at most who is not known one by one; None where
            nobody knows.
    """
    rows = top_authors(people, authored) if authored else []
    part = ratio(sum(row["posts"] for row in rows), authored)
    share = None if part is None else Estimate(100 * part, _unseen(people, rows, authored, at_most))
    authors = Estimate(round(people.size), people.others_error)

    def envelope(found: Estimate | None, definition: str, *, exact: bool) -> dict[str, Any]:
        value, bound = (None, None) if found is None else (found.value, found.error)
        missing = posts - authored
        told = None if exact else bound
        return Envelope(value, posts, missing, definition, context, exact, told).to_json()

    return {
        "authors": envelope(authors, "users", exact=people.exact),
        "top_authors_share": envelope(
            share, "top_authors_share", exact=share is None or share.error == 0
        )
        | {"authors": rows},
        "author_gini": envelope(gini_of(people), "author_gini", exact=people.exact),
    }


def _unseen(
    people: Population, rows: Sequence[Mapping[str, Any]], authored: int, at_most: float | None
) -> float:
    """By how much the share of the first may be too low, in percent."""
    if people.exact:
        return 0.0
    most = authored if at_most is None else at_most
    return 100 * math.fsum(max(0.0, most - row["posts"]) for row in rows) / authored
