"""How many authors a campaign rests on: METRICS 34. It tells what is there, and accuses nobody.

Gini coefficient: C. Gini, Variabilità e mutabilità, 1912; computed as in
https://en.wikipedia.org/wiki/Gini_coefficient#Alternative_expressions.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from analysis.envelope import Context, Envelope
from analysis.numbers import ratio
from analysis.parts import aggregations, page_by_key
from lake.records import Json

TOP_AUTHORS = 10


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


def gini(counts: Collection[int]) -> float | None:
    """How unevenly posts are spread over authors.

    0: all wrote as many; towards 1: one wrote nearly all. None of nothing.
    """
    ordered = sorted(counts)
    n, posts = len(ordered), sum(ordered)
    if not posts:
        return None
    ranked = sum(rank * count for rank, count in enumerate(ordered, start=1))
    return (2 * ranked - (n + 1) * posts) / (n * posts)


def top_authors(counts: Mapping[str, int]) -> list[dict[str, Any]]:
    """The authors of most posts, ties by key, each with the share of the posts in percent."""
    posts = sum(counts.values())
    first = sorted(counts.items(), key=lambda entry: (-entry[1], entry[0]))[:TOP_AUTHORS]
    return [{"author": key, "posts": n, "share": 100 * n / posts} for key, n in first]


def concentration(counts: Mapping[str, int], posts: int, context: Context) -> dict[str, Any]:
    """How concentrated the posts are on few authors, in envelopes.

    Args:
        counts: Posts of each author.
        posts: All posts; those whose author is unknown are missing.
        context: What the answer's numbers share.
    """
    authored = sum(counts.values())
    missing = posts - authored
    part = ratio(sum(row["posts"] for row in top_authors(counts)), authored)
    share = None if part is None else 100 * part

    def envelope(value: float | None, definition: str) -> dict[str, Any]:
        return Envelope(value, posts, missing, definition, context, exact=True).to_json()

    return {
        "authors": envelope(len(counts), "users"),
        "top_authors_share": envelope(share, "top_authors_share"),
        "author_gini": envelope(gini(counts.values()), "author_gini"),
    }
