"""What the lake itself holds of a hashtag: when, where and by how many it was used."""

from __future__ import annotations

from typing import Any

from analysis.membership import POST_KINDS
from analysis.parts import MOST_PLATFORMS, aggregations, counts_by, sums, total
from lake.records import Json


def known_body(tag: str) -> Json:
    """A request for all use of a hashtag, in whatever window."""
    filters: list[Json] = [{"term": {"hashtags": tag}}, {"terms": {"kind": list(POST_KINDS)}}]
    return {
        "size": 0,
        "track_total_hits": True,
        "query": {"bool": {"filter": filters}},
        "aggs": {
            "first": {"min": {"field": "@timestamp"}},
            "last": {"max": {"field": "@timestamp"}},
            "seen": {"min": {"field": "first_seen"}},
        },
    }


def known_in(answer: Json) -> dict[str, Any]:
    """When a hashtag was used first and last, as far as the lake knows, and first seen here."""
    found = aggregations(answer)

    def moment(name: str) -> str | None:
        text: str | None = found.get(name, {}).get("value_as_string")
        return text

    return {
        "posts": total(answer),
        "first_post": moment("first"),
        "last_post": moment("last"),
        "first_seen": moment("seen"),
    }


def use_body(query: Json) -> Json:
    """A request for the use of a hashtag in a window."""
    return {
        "size": 0,
        "track_total_hits": True,
        "query": query,
        "aggs": {
            **sums("shares", "views"),
            "platforms": {"terms": {"field": "platform", "size": MOST_PLATFORMS}},
            "kinds": {"terms": {"field": "kind", "size": 10}},
        },
    }


def used_by(answer: Json) -> dict[str, dict[str, int]]:
    """The posts of a window by kind and by platform."""
    found = aggregations(answer)
    return {
        "by_kind": counts_by(found, "kinds"),
        "by_platform": counts_by(found, "platforms"),
    }
