"""What is asked of Elasticsearch to find posts that break out, and the rows that come of it. Pure.

An engagement rate is a quotient, which no query can sort by without a script; so the numbers of the
posts are read as they stand in columns, and judged in ``analysis.spikes``.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from analysis.at_post import AT_POST
from analysis.membership import also
from analysis.parts import MOST_PLATFORMS, aggregations, counts_by
from analysis.posts import posts_body, public_post
from analysis.spikes import RULES, Key, Score, Shown, speed
from lake import times
from lake.layout import native_key
from lake.records import Json

_AT: Json = {"field": "@timestamp", "format": "epoch_millis"}
_UNKNOWN = (None,)
_COLUMNS: list[Any] = [
    _AT,
    "platform",
    "native_id",
    "engagement.value",
    AT_POST,
    "author.followers",
]


def counting_body(query: Json) -> Json:
    """A request for the posts on each platform."""
    platforms = {"terms": {"field": "platform", "size": MOST_PLATFORMS}}
    return {"size": 0, "track_total_hits": True, "query": query, "aggs": {"platforms": platforms}}


def platforms_in(answer: Json) -> dict[str, int]:
    """The posts on each platform of a ``counting_body`` answer, by name."""
    return dict(sorted(counts_by(aggregations(answer), "platforms").items()))


def shards_in(answer: Json) -> int:
    """How many shards were asked: a slice of a search is one of some shard's."""
    return max(1, int(answer["_shards"]["total"]))


def columns_body(
    query: Json, *, size: int, after: Sequence[Any] | None, part: tuple[int, int] = (0, 1)
) -> Json:
    """A request for a page of what posts show, in no order that means anything.

    Args:
        query: Which posts.
        size: Posts in the page.
        after: ``sort`` of the last post of the page before.
        part: (n, m): only the n-th of m equal parts, which are drawn by the time's hash.
    """
    body = _columns(query, ["_shard_doc"], size)
    if after is not None:
        body["search_after"] = list(after)
    if part[1] > 1:
        body["slice"] = {"field": "@timestamp", "id": part[0], "max": part[1]}
    return body


def engaged_body(query: Json, platform: str, *, size: int) -> Json:
    """A request for what a platform's most engaged posts show."""
    here = also(query, {"term": {"platform": platform}}, {"exists": {"field": "engagement.value"}})
    order: list[Any] = [{"engagement.value": "desc"}, {"@timestamp": "desc"}, {"native_id": "asc"}]
    return _columns(here, order, size)


def _columns(query: Json, sort: list[Any], size: int) -> Json:
    return {
        "size": size,
        "track_total_hits": False,
        "query": query,
        "sort": sort,
        "_source": False,
        "stored_fields": "_none_",
        "docvalue_fields": _COLUMNS,
    }


def shown_in(answer: Json, *, counts: bool = True) -> list[Shown]:
    """What the posts of an answer show; one whose id is too long to be a column is left out."""
    found = []
    for hit in answer["hits"]["hits"]:
        fields = hit.get("fields", {})
        if "native_id" not in fields:
            continue
        followers = fields.get(AT_POST) or fields.get("author.followers", _UNKNOWN)
        found.append(
            Shown(
                platform=fields["platform"][0],
                id=fields["native_id"][0],
                at_ms=int(fields["@timestamp"][0]),
                engagement=fields.get("engagement.value", _UNKNOWN)[0],
                followers=followers[0],
                counts=counts,
            )
        )
    return found


def by_comments_body(query: Json, platform: str, *, size: int) -> Json:
    """A request for a platform's posts with the most comments; those without any are none."""
    commented: Json = {"range": {"metrics.comments": {"gt": 0}}}
    here = also(query, {"term": {"platform": platform}}, commented)
    return posts_body(here, "comments", size=size, after=None) | {"track_total_hits": False}


def last_observations_body(posts: Iterable[Shown], until: datetime) -> Json:
    """A request for the last two observations of each post.

    Args:
        posts: Some hundred posts.
        until: Later observations are not of the answer's moment.
    """
    ids = sorted({native_key(post.platform, post.id) for post in posts})
    filters: list[Json] = [
        {"term": {"entity.type": "post"}},
        {"terms": {"entity.id": ids}},
        {"range": {"@timestamp": {"lte": times.to_text(until)}}},
        {"exists": {"field": "engagement.value"}},
    ]
    last = {
        "size": 2,
        "sort": [{"@timestamp": "desc"}],
        "_source": False,
        "docvalue_fields": ["engagement.value"],
    }
    return {
        "size": 0,
        "track_total_hits": False,
        "query": {"bool": {"filter": filters}},
        "aggs": {
            "posts": {
                "terms": {"field": "entity.id", "size": max(1, len(ids))},
                "aggs": {"last": {"top_hits": last}},
            }
        },
    }


def speeds_in(answer: Json, posts: Iterable[Shown]) -> dict[Key, float]:
    """The velocity of each post that gained, per hour; of the posts that were asked for."""
    found = {
        bucket["key"]: speed(
            [
                (int(hit["sort"][0]), float(hit["fields"]["engagement.value"][0]))
                for hit in bucket["last"]["hits"]["hits"]
            ]
        )
        for bucket in aggregations(answer).get("posts", {}).get("buckets", [])
    }
    speeds = {post.key: found.get(native_key(post.platform, post.id)) for post in posts}
    return {key: value for key, value in speeds.items() if value is not None}


def these_body(query: Json, keys: Collection[Key]) -> Json:
    """A request for certain posts of the query, whole."""
    one_of = [
        {"bool": {"filter": [{"term": {"platform": platform}}, {"term": {"native_id": native_id}}]}}
        for platform, native_id in sorted(keys)
    ]
    here = also(query, {"bool": {"should": one_of, "minimum_should_match": 1}})
    return posts_body(here, "engagement", size=max(1, len(keys)), after=None)


def posts_in(answer: Json) -> dict[Key, Json]:
    """The posts of an answer, by what tells them apart, in order."""
    sources = [hit["_source"] for hit in answer["hits"]["hits"]]
    return {(source["platform"], source["native_id"]): source for source in sources}


@dataclass(frozen=True, slots=True)
class Spike:
    """A post that stands out.

    Args:
        key: The post.
        score: How far; None where it could not be judged.
        comments_rank: Its place among its platform's posts by comments; None: not among the first.
        comments: How many it has, where it has such a place.
    """

    key: Key
    score: Score | None
    comments_rank: int | None = None
    comments: int = 0

    @property
    def found_by(self) -> list[str]:
        """The rules that found it."""
        ranked = self.comments_rank is not None
        scored = self.score is not None and self.score.is_spike
        by = {self.score.rule} if scored and self.score else set()
        return [rule for rule in RULES if rule in by or (rule == "comments" and ranked)]

    def order(self) -> tuple[float, int, Key]:
        """Those that stand out by a deviation first, highest first, then by comments."""
        score = self.score
        z = score.z if score and score.is_spike and score.z is not None else None
        return (math.inf if z is None else -z, -self.comments, self.key)

    def to_json(self, post: Json) -> dict[str, Any]:
        """The spike as answers carry it."""
        score = self.score
        rule = score.rule if score else None
        row: dict[str, Any] = {
            "found_by": self.found_by,
            "z": score.z if score else None,
            "z_of": rule,
            "n": score.n if score else 0,
            "engagement_rate": score.value if score and rule == "engagement_rate" else None,
            "velocity_per_h": score.value if score and rule == "velocity" else None,
            "comments_rank": self.comments_rank,
            "post": public_post(post),
        }
        if score and score.error_bound is not None:
            row["error_bound"] = score.error_bound
        return row


def spikes_among(
    scores: Mapping[Key, Score], commented: Mapping[str, Sequence[Json]]
) -> list[Spike]:
    """All that stand out, first those that do most.

    Args:
        scores: Of the window's posts.
        commented: Each platform's posts with the most comments, in order.
    """
    found = {key: Spike(key, score) for key, score in scores.items() if score.is_spike}
    for platform, sources in commented.items():
        for rank, source in enumerate(sources, start=1):
            key = (platform, source["native_id"])
            found[key] = Spike(key, scores.get(key), rank, source["metrics"]["comments"])
    return sorted(found.values(), key=Spike.order)
