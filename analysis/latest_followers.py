"""The latest follower counts of authors whose posts tell several: those that were observed last."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from analysis.authors import Author, body_of, by_keys, page_of
from analysis.membership import also
from analysis.parts import aggregations
from lake.records import Json


def followers_body(
    query: Json, *, after: Json | None, size: int, keys: Sequence[str] | None
) -> Json:
    """A request for the next ``size`` pairs of author and follower count, with when each was seen.

    Args:
        query: The posts in question.
        after: The ``next_page`` of the page before.
        size: Pairs in the page.
        keys: Whose; None for all authors.
    """
    sources = [
        {"author": {"terms": {"field": "author.key"}}},
        {"followers": {"terms": {"field": "author.followers"}}},
    ]
    below: Json = {
        "observed": {"max": {"field": "observed_at"}},
        "posted": {"max": {"field": "@timestamp"}},
    }
    asked = query if keys is None else by_keys(query, keys)
    return body_of(asked, page_of(sources, after, size), below)


def gather_followers(authors: Mapping[str, Author], answer: Json) -> Json | None:
    """Adds a page of follower counts; gives where the next page starts, None after the last."""
    found = aggregations(answer).get("authors", {})
    for bucket in found.get("buckets", []):
        author = authors.get(bucket["key"]["author"])
        if author is not None:
            observed, posted = bucket["observed"]["value"] or 0, bucket["posted"]["value"] or 0
            author.observe(bucket["key"]["followers"], observed, posted)
    after: Json | None = found.get("after_key")
    return after


def latest_body(query: Json, keys: Sequence[str]) -> Json:
    """A request for the latest follower counts of a few authors: cheaper than all their pairs."""
    newest = {
        "size": 1,
        "sort": [{"observed_at": "desc"}, {"@timestamp": "desc"}, {"author.followers": "desc"}],
        "_source": ["author.followers"],
    }
    told = also(by_keys(query, keys), {"exists": {"field": "author.followers"}})
    terms = {"terms": {"field": "author.key", "size": max(1, len(keys))}}
    return body_of(told, terms, {"newest": {"top_hits": newest}})


def gather_latest(authors: Mapping[str, Author], answer: Json) -> None:
    """Takes what ``latest_body`` got."""
    for bucket in aggregations(answer).get("authors", {}).get("buckets", []):
        hit = bucket["newest"]["hits"]["hits"][0]
        observed, posted, _ = hit["sort"]
        followers = hit["_source"]["author"]["followers"]
        authors[bucket["key"]].observe(int(followers), observed, posted)
