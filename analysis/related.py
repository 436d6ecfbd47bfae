"""Hashtags that go with a campaign: those its posts carry more often than everybody's do.

Lift is how much more often (https://en.wikipedia.org/wiki/Lift_(data_mining)); the log-likelihood
ratio says how sure that is (T. Dunning, Accurate methods for the statistics of surprise and
coincidence, Computational Linguistics 19, 1993, https://aclanthology.org/J93-1003/).
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, get_args

from analysis.authenticity import next_page
from analysis.membership import posts_query
from analysis.numbers import ratio
from analysis.parts import aggregations, page_by_key
from lake.campaign import Campaign
from lake.records import Json

RelatedOrder = Literal["lift", "posts", "log_likelihood"]
RELATED_ORDERS: tuple[str, ...] = get_args(RelatedOrder)
MOST_RELATED = 500
# Hashtags of a campaign that one quick request looks at, those of most posts first.
MOST_TAGS = 10_000


@dataclass(frozen=True, slots=True)
class Counted:
    """Posts of a campaign by the hashtags that they carry besides its own.

    Args:
        posts: By hashtag.
        error_bound: By how many posts a count may be too low, or how many a hashtag that is not
            listed may have; None where all are listed with their exact counts.
    """

    posts: Mapping[str, int]
    error_bound: int | None = None


def everyone_query(campaign: Campaign) -> Json:
    """All posts that the campaign's could be among, whatever they are about.

    They share its window, platforms and languages, and nobody is among them whom it excludes.
    """
    # What names the campaign comes first in its query; the rest is the same for everyone.
    return {"bool": {"filter": posts_query(campaign)["bool"]["filter"][1:]}}


def tags_body(query: Json, *, own: Collection[str], min_posts: int, size: int = MOST_TAGS) -> Json:
    """A request for the hashtags of at least ``min_posts`` posts, without the campaign's own."""
    terms: Json = {"field": "hashtags", "size": size, "min_doc_count": min_posts}
    if own:
        terms["exclude"] = sorted(own)
    return {
        "size": 0,
        "track_total_hits": True,
        "query": query,
        "aggs": {"tags": {"terms": terms}},
    }


def counted(answer: Json, *, size: int = MOST_TAGS) -> Counted:
    """The counts of ``tags_body``, and how far they are to be trusted."""
    found = aggregations(answer).get("tags", {})
    buckets = found.get("buckets", [])
    posts = {bucket["key"]: bucket["doc_count"] for bucket in buckets}
    bound = int(found.get("doc_count_error_upper_bound", 0))
    if len(buckets) >= size:
        bound = max(bound, buckets[-1]["doc_count"])
    return Counted(posts, bound or None)


def tags_page_body(query: Json, *, after: Json | None, size: int) -> Json:
    """A request for the next ``size`` hashtags by name, each with its exact count."""
    return page_by_key("tags", "tag", "hashtags", query, after, size)


def add_tags(
    posts: dict[str, int], answer: Json, *, own: Collection[str], min_posts: int, size: int
) -> Json | None:
    """Adds a page of ``tags_page_body``; gives where the next one starts, None after the last."""
    found = aggregations(answer).get("tags", {})
    for bucket in found.get("buckets", []):
        tag, count = bucket["key"]["tag"], bucket["doc_count"]
        if tag not in own and count >= min_posts:
            posts[tag] = count
    return next_page(found, size)


def everywhere_body(query: Json, tags: Sequence[str]) -> Json:
    """A request for how many of all posts carry each of the hashtags; exact on any shards."""
    body: Json = {"size": 0, "track_total_hits": True, "query": query}
    if tags:
        terms = {"field": "hashtags", "include": list(tags), "size": len(tags)}
        body["aggs"] = {"tags": {"terms": terms}}
    return body


def related_rows(
    posts: Mapping[str, int], everywhere: Mapping[str, int], *, n: int, all_n: int
) -> list[dict[str, Any]]:
    """Each hashtag with its counts, its shares and what they come to.

    Args:
        posts: Posts of the campaign that carry it.
        everywhere: Posts of the same window and platforms that do, the campaign's among them.
        n: Posts of the campaign.
        all_n: Posts of the window and platforms.
    """
    rows = []
    for tag, count in posts.items():
        all_count = everywhere.get(tag, 0)
        rows.append(
            {
                "tag": tag,
                "posts": count,
                "share": _percent(count, n),
                "all_posts": all_count,
                "all_share": _percent(all_count, all_n),
                "lift": lift(count, n, all_count, all_n),
                "log_likelihood": log_likelihood(count, n, all_count, all_n),
            }
        )
    return rows


def _percent(part: int, whole: int) -> float | None:
    found = ratio(part, whole)
    return None if found is None else 100 * found


def lift(count: int, n: int, all_count: int, all_n: int) -> float | None:
    """P(tag | campaign) / P(tag | all posts); None where one of the two is unknown.

    Whole numbers are multiplied first, so that equal quotients are equal numbers.
    """
    return ratio(count * all_n, n * all_count)


def log_likelihood(count: int, n: int, all_count: int, all_n: int) -> float:
    """Dunning's G² of the hashtag inside against outside the campaign; 0 or more.

    Above 10.83 chance alone would give it in fewer than one of 1,000 hashtags.
    """
    cells = ((count, n - count), (all_count - count, all_n - n - (all_count - count)))
    columns = (all_count, all_n - all_count)
    found = 0.0
    for row in cells:
        for cell, column in zip(row, columns, strict=True):
            if cell > 0:
                found += cell * math.log(cell * all_n / (sum(row) * column))
    return max(0.0, 2 * found)


def ranked_tags(rows: Iterable[dict[str, Any]], order: str, limit: int) -> list[dict[str, Any]]:
    """The first ``limit`` rows: highest first, equals by posts, then by name."""

    def place(row: Mapping[str, Any]) -> tuple[float, int, str]:
        value = row[order]
        return (math.inf if value is None else -value, -row["posts"], row["tag"])

    return sorted(rows, key=place)[:limit]
