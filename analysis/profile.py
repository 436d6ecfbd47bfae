"""One account: what it is now, how its followers grew, and its posts in the lake.

Growth (METRICS 36) is over the account's own observations: they are written when a number changed,
so the first and the last of them are what was known at the ends.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from analysis.at_post import NUMBERS_THEN
from analysis.clauses import account_clause
from analysis.envelope import Context, Envelope
from analysis.membership import POST_KINDS
from analysis.numbers import ratio, whole
from analysis.parts import (
    METRICS,
    aggregations,
    counts_by,
    label_counts,
    labels_in,
    sum_and_count,
    sums,
    total,
)
from analysis.rates import er_daily
from analysis.sentiment import decided, net_sentiment
from lake import times
from lake.criteria import Account
from lake.records import Json

_SHOWN = ("@timestamp", "author", "created_at", "url", "description", "following", "posts")
_DAY_S = 86_400.0


def account_body(platform: str, handle: str, *, newest_by: str) -> Json:
    """A request for the newest document of an account, by its handle in any case or by its id.

    Args:
        platform: Its platform.
        handle: Its handle without ``@``, or the platform's id of it.
        newest_by: The field that tells which document is the newest.
    """
    return {
        "size": 1,
        "track_total_hits": False,
        "query": account_clause(Account(platform=platform, handle=handle)),
        # A handle may have changed hands: who was seen with it last has it now.
        "sort": [{newest_by: "desc"}, {"author.key": "asc"}],
        "_source": [*_SHOWN, "observed_at", "first_seen"],
    }


def account_now(platform: str, profile: Json | None, post: Json | None) -> dict[str, Any]:
    """The account as it was last seen; ``source`` says whether a profile or a post told it.

    Args:
        platform: Its platform.
        profile: Its profile document; None: nobody ever asked for it.
        post: Its newest post; None: there is none.
    """
    source = profile or post or {}
    author = source.get("author", {})
    found = {name: author.get(name) for name in ("key", "id", "handle", "name")}
    own = profile or {}
    return found | {
        "platform": platform,
        "url": own.get("url"),
        "description": own.get("description"),
        "verified": author.get("verified"),
        "created_at": own.get("created_at"),
        "followers": author.get("followers"),
        "following": own.get("following"),
        "posts": own.get("posts"),
        "observed_at": source.get("observed_at"),
        "first_seen": source.get("first_seen"),
        "source": "profile" if profile else "post",
    }


def by_author(key: str, start: datetime | None, end: datetime | None) -> Json:
    """The account's posts that were created in [start, end)."""
    filters: list[Json] = [{"term": {"author.key": key}}, {"terms": {"kind": list(POST_KINDS)}}]
    return {"bool": {"filter": [*filters, *_within(start, end)]}}


def _within(start: datetime | None, end: datetime | None) -> list[Json]:
    bounds = {"gte": start, "lt": end}
    limits = {name: times.to_text(at) for name, at in bounds.items() if at is not None}
    return [{"range": {"@timestamp": limits}}] if limits else []


def posts_body(query: Json) -> Json:
    """A request for the numbers of an account's posts."""
    ends = {name: {name: {"field": "@timestamp"}} for name in ("min", "max")}
    return {
        "size": 0,
        "track_total_hits": True,
        "query": query,
        "aggs": {
            **sums("engagement", *METRICS),
            "then_rated": NUMBERS_THEN["then_rated"],
            **ends,
            "kinds": {"terms": {"field": "kind", "size": 10}},
            "sentiment": label_counts(),
        },
    }


def posts_numbers(
    answer: Json, followers: int | None, days: float | None, context: Context
) -> dict[str, Any]:
    """Count, engagement, rates and tone of an account's posts.

    Args:
        answer: What ``posts_body`` got.
        followers: The account's, as last known.
        days: How long the time asked for is; None where it has no ends: then from the first post
            to the last one.
        context: What the answer's numbers share.
    """
    found, posts = aggregations(answer), total(answer)
    metrics: dict[str, Any] = {
        "posts": Envelope(posts, posts, 0, "profile_posts", context, exact=True).to_json()
    }
    for name in ("engagement", *METRICS):
        value, known = sum_and_count(found, name)
        shown = whole(value) if known or not posts else None
        definition = "profile_sum" if name != "engagement" else "profile_engagement"
        metrics[name] = Envelope(shown, posts, posts - known, definition, context).to_json()
    value, known = sum_and_count(found, "engagement")
    then, then_known = sum_and_count(found, "then_rated")
    rate = ratio(value, then + (known - then_known) * followers) if followers else None
    rated = known if followers else 0
    pooled = None if rate is None else 100 * rate
    metrics["er_pooled"] = Envelope(
        pooled, posts, posts - rated, "profile_er_pooled", context
    ).to_json()
    span = _days_of_posts(found) if days is None else days
    daily = er_daily(value if known else None, followers, days=span)
    metrics["er_daily"] = Envelope(
        daily, posts, posts - rated, "profile_er_daily", context
    ).to_json() | {"days": span}
    labels = labels_in(found.get("sentiment", {}))
    n = decided(labels)
    net = Envelope(net_sentiment(labels), posts, posts - n, "net_sentiment", context)
    metrics["net_sentiment"] = net.to_json()
    return {
        "metrics": metrics,
        "by_kind": counts_by(found, "kinds"),
        "labels": labels,
        "first_post": _moment(found, "min"),
        "last_post": _moment(found, "max"),
    }


def days_asked(start: datetime | None, end: datetime | None, now: datetime) -> float | None:
    """How many days lie in [start, end), of which none is yet to come; None without both ends."""
    if start is None or end is None:
        return None
    return max(0.0, (min(end, now) - start).total_seconds() / _DAY_S)


def _days_of_posts(found: Mapping[str, Any]) -> float:
    """Calendar days in UTC from the first post to the last one; 0 of none."""
    ends = [found.get(name, {}).get("value") for name in ("min", "max")]
    if None in ends:
        return 0.0
    first, last = (int(value / 1000 // _DAY_S) for value in ends)
    return last - first + 1.0


def _moment(found: Mapping[str, Any], name: str) -> str | None:
    value = found.get(name, {}).get("value")
    return None if value is None else times.to_text(times.from_epoch_s(value / 1000))


def observations_body(
    entity_id: str,
    start: datetime | None,
    end: datetime | None,
    *,
    size: int,
    newest: bool,
    known: str | None = None,
) -> Json:
    """A request for observations of an account's numbers, the newest or the oldest ones.

    Args:
        entity_id: Id of its profile document.
        start: Those made from then on.
        end: Those made before then.
        size: How many.
        newest: Whether the newest come first.
        known: Only those that tell this number.
    """
    filters: list[Json] = [
        {"term": {"entity.type": "profile"}},
        {"term": {"entity.id": entity_id}},
        *_within(start, end),
    ]
    if known is not None:
        filters.append({"exists": {"field": f"metrics.{known}"}})
    return {
        "size": size,
        "track_total_hits": True,
        "query": {"bool": {"filter": filters}},
        "sort": [{"@timestamp": "desc" if newest else "asc"}],
        "_source": ["@timestamp", "metrics"],
    }


def observation(source: Json) -> dict[str, Any]:
    """One observation as answers show it."""
    metrics = source.get("metrics", {})
    names = ("followers", "following", "posts")
    return {"at": source["@timestamp"], **{name: metrics.get(name) for name in names}}


def growth(first: Json | None, last: Json | None, n: int, context: Context) -> dict[str, Any]:
    """How the followers changed from the first to the last observation that tells them.

    Args:
        first: The oldest one; None: there is none.
        last: The newest one.
        n: How many there are.
        context: What the answer's numbers share.
    """
    ends = [observation(one) for one in (first, last) if one is not None]
    change = per_day = percent = None
    if n > 1 and len(ends) == 2:
        before, after = (end["followers"] for end in ends)
        change = after - before
        moments = [times.from_text(end["at"]) for end in ends]
        days = (moments[1] - moments[0]).total_seconds() / _DAY_S
        per_day = ratio(change, days)
        rate = ratio(change, before)
        percent = None if rate is None else 100 * rate
    envelope = Envelope(change, n, 0, "followers_growth", context).to_json()
    return envelope | {
        "per_day": per_day,
        "percent": percent,
        "from": ends[0] if ends else None,
        "to": ends[-1] if ends else None,
    }


def taking_part_body(key: str, campaigns: Sequence[Json]) -> Json:
    """A request for how many of an account's posts each campaign has.

    Args:
        key: The account's.
        campaigns: What finds each campaign's posts.
    """
    filters = {str(place): query for place, query in enumerate(campaigns)}
    return {
        "size": 0,
        "track_total_hits": False,
        "query": {"bool": {"filter": [{"term": {"author.key": key}}]}},
        "aggs": {"campaigns": {"filters": {"filters": filters}, "aggs": sums("engagement")}},
    }


def taking_part(answer: Json) -> list[tuple[int, float | None]]:
    """Posts, and their engagement where one tells it, of each campaign in the order asked for."""
    buckets = aggregations(answer).get("campaigns", {}).get("buckets", {})
    found = []
    for place in sorted(buckets, key=int):
        value, known = sum_and_count(buckets[place], "engagement")
        found.append((buckets[place]["doc_count"], whole(value) if known else None))
    return found
