"""A campaign's posts one by one: in the order people ask for, or all of them for an export."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal, get_args

from analysis.at_post import followed
from analysis.rates import er_by_followers, er_by_reach, er_by_views
from lake.records import POST_METRICS, Json

PostOrder = Literal["engagement", "created_at", "likes", "comments"]
ORDERS: tuple[str, ...] = get_args(PostOrder)
MOST_POSTS = 500

_FIELDS = {
    "engagement": "engagement.value",
    "created_at": "@timestamp",
    "likes": "metrics.likes",
    "comments": "metrics.comments",
}
# What makes the order whole where the first field is equal.
_TIES: tuple[Json, ...] = ({"platform": {"order": "asc"}}, {"native_id": {"order": "asc"}})
_SOURCE = [
    *("@timestamp", "platform", "kind", "native_id", "url", "author", "text", "lang"),
    *("hashtags", "mentions", "media", "reply_to", "metrics", "metrics_missing", "engagement"),
    *("first_seen", "observed_at", "enrich.state", "sentiment", "erased", "at_post"),
]


def posts_body(query: Json, order: str, *, size: int, after: Sequence[Any] | None) -> Json:
    """A request for a page of posts: highest or newest first, unknown last."""
    sort: list[Json] = [{_FIELDS[order]: {"order": "desc", "missing": "_last"}}]
    if order != "created_at":
        sort.append({"@timestamp": {"order": "desc"}})
    return _page(query, [*sort, *_TIES], size=size, after=after)


def export_body(query: Json, *, size: int, after: Sequence[Any] | None) -> Json:
    """A request for a page of posts, oldest first."""
    return _page(query, [{"@timestamp": {"order": "asc"}}, *_TIES], size=size, after=after)


def _page(query: Json, sort: list[Json], *, size: int, after: Sequence[Any] | None) -> Json:
    body: Json = {
        "size": size,
        "track_total_hits": after is None,
        "query": query,
        "sort": sort,
        "_source": _SOURCE,
    }
    if after is not None:
        body["search_after"] = list(after)
    return body


def public_post(source: Json) -> dict[str, Any]:
    """A stored post as answers show it: the same keys always, None for what is unknown.

    ``sentiment.vader`` holds what VADER says beside the model, None where it could not read the
    text. ``erased`` says when its platform took it away, why, and whether its text went with it.
    """
    author, metrics = source.get("author", {}), source.get("metrics", {})
    lang, tone = source.get("lang", {}), source.get("sentiment")
    engagement = source.get("engagement", {})
    return {
        "platform": source["platform"],
        "kind": source["kind"],
        "id": source["native_id"],
        "url": source.get("url"),
        "created_at": source["@timestamp"],
        "observed_at": source["observed_at"],
        "first_seen": source["first_seen"],
        "author": {
            name: author.get(name) for name in ("id", "handle", "name", "followers", "verified")
        },
        "text": source["text"],
        "language": lang.get("detected") or lang.get("platform"),
        "hashtags": source.get("hashtags", []),
        "mentions": source.get("mentions", []),
        "media": source.get("media", []),
        "reply_to": source.get("reply_to"),
        "metrics": {name: metrics.get(name) for name in POST_METRICS},
        "engagement": engagement.get("value"),
        "engagement_definition": engagement.get("definition"),
        "enrich_state": source.get("enrich", {}).get("state"),
        "erased": source.get("erased"),
        "sentiment": None if tone is None else _tone(tone),
    }


RATES: Mapping[str, str] = {
    "by_followers": "er_by_followers",
    "by_reach": "er_by_reach",
    "by_views": "er_by_views",
}
"""The engagement rates of one post, and what defines them."""


def with_rates(source: Json) -> dict[str, Any]:
    """A stored post as ``public_post`` shows it, with its own engagement rates in percent.

    No platform tells here how many accounts a post reached, so that rate is unknown.
    """
    engagement = source.get("engagement", {}).get("value")
    followers, told_by = followed(source)
    return public_post(source) | {
        "engagement_rates": {
            "by_followers": er_by_followers(engagement, followers),
            "by_reach": er_by_reach(engagement, None),
            "by_views": er_by_views(engagement, source.get("metrics", {}).get("views")),
            "followers": followers,
            "followers_source": told_by,
        }
    }


def _tone(tone: Json) -> dict[str, Any]:
    names = ("label", "score", "p_pos", "p_neu", "p_neg", "model", "scored_at")
    beside = tone.get("vader")
    vader = None if beside is None else {name: beside.get(name) for name in ("label", "score")}
    return {name: tone.get(name) for name in names} | {"vader": vader}
