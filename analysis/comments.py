"""What people wrote below a campaign's most discussed posts: which comments are whose.

A comment or reply belongs to the post that it answers (``reply_to``), and to the post whose
discussion was polled when it was found (``provenance.targets``): so answers to answers count too.
A platform of many servers gives a post an id on each, and replies name the post by the id of the
server that showed them; raw payloads tell which ids a post has.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal, get_args

from analysis.parts import SCORED, aggregations, label_counts
from lake import times
from lake.records import Json

CommentedOrder = Literal["comments", "engagement", "likes", "created_at"]
COMMENTED_ORDERS: tuple[str, ...] = get_args(CommentedOrder)
MOST_COMMENTED = 100
MOST_TEXTS = 1_000
TOP_COMMENTS = 3
FIRST = timedelta(hours=1)
_KINDS = ("comment", "reply")
_MOST_SERVERS = 100
_MOST_COPIES = 10
_LAST = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Commented:
    """A post whose comments are looked at.

    Args:
        source: Its document.
        copies: Its ids on servers of its platform: (host, id); empty where the platform is one.
    """

    source: Json
    copies: tuple[tuple[str, str], ...] = ()

    @property
    def created_at(self) -> datetime:
        """When it was written."""
        return times.from_text(self.source["@timestamp"])

    @property
    def first_hour_ends(self) -> datetime:
        """When its first hour is over; authors may claim any time up to the last one there is."""
        return _LAST if _LAST - self.created_at < FIRST else self.created_at + FIRST

    def answers(self) -> Json:
        """What finds the comments that answer the post itself."""
        native_id = self.source["native_id"]
        ways: list[Json] = [{"term": {"reply_to": native_id}}]
        for host, local_id in self.copies:
            place = [{"term": {"metrics_from.source": host}}, {"term": {"reply_to": local_id}}]
            ways.append({"bool": {"filter": place}})
        return self._of_others(ways)

    def discussion(self) -> Json:
        """What finds all comments below the post, answers to answers among them."""
        platform = self.source["platform"]
        names = [self.source["native_id"], *(f"{host}:{id_}" for host, id_ in self.copies)]
        keys = [f"{platform}:comments:{name}" for name in names]
        return self._of_others([self.answers(), {"terms": {"provenance.targets": keys}}])

    def _of_others(self, ways: Sequence[Json]) -> Json:
        return {
            "bool": {
                "filter": [
                    {"term": {"platform": self.source["platform"]}},
                    {"terms": {"kind": list(_KINDS)}},
                    {"bool": {"should": list(ways), "minimum_should_match": 1}},
                ],
                "must_not": [{"term": {"native_id": self.source["native_id"]}}],
            }
        }


def copies_body(native_ids: Sequence[str]) -> Json:
    """A request to the raw payloads for the ids that posts have on each server."""
    ids: Json = {"terms": {"field": "payload.id", "size": _MOST_COPIES}}
    servers: Json = {"terms": {"field": "source", "size": _MOST_SERVERS}, "aggs": {"ids": ids}}
    posts = {"field": "native_id", "size": max(1, len(native_ids))}
    return {
        "size": 0,
        "track_total_hits": False,
        "query": {"terms": {"native_id": list(native_ids)}},
        "aggs": {"posts": {"terms": posts, "aggs": {"servers": servers}}},
    }


def copies_in(answer: Json) -> dict[str, tuple[tuple[str, str], ...]]:
    """The ids on each server, by native id."""
    return {
        post["key"]: tuple(
            (server["key"], local["key"])
            for server in post["servers"]["buckets"]
            for local in server["ids"]["buckets"]
        )
        for post in aggregations(answer).get("posts", {}).get("buckets", [])
    }


def digest_body(posts: Sequence[Commented]) -> Json:
    """A request for all numbers of the comments of up to ``MOST_COMMENTED`` posts."""
    tone: Json = {
        "sentiment": label_counts(),
        "scored": {"filter": SCORED, "aggs": {"score": {"stats": {"field": "sentiment.score"}}}},
    }
    best: Json = {
        "size": TOP_COMMENTS,
        "sort": [
            {"metrics.likes": {"order": "desc", "missing": "_last", "unmapped_type": "long"}},
            {"@timestamp": {"order": "asc"}},
            {"native_id": {"order": "asc"}},
        ],
    }
    parts: dict[str, Json] = {}
    for place, post in enumerate(posts):
        cut = times.to_text(post.first_hour_ends)
        for name, edge in (("first", "lt"), ("later", "gte")):
            inside = {"range": {"@timestamp": {edge: cut}}}
            parts[f"{place}.{name}"] = {"bool": {"filter": [post.discussion(), inside]}}
    wholes = {str(place): post.discussion() for place, post in enumerate(posts)}
    direct = {str(place): post.answers() for place, post in enumerate(posts)}
    return {
        "size": 0,
        "track_total_hits": False,
        "query": _any_of(posts),
        "aggs": {
            "parts": {"filters": {"filters": parts}, "aggs": tone},
            "wholes": {"filters": {"filters": wholes}, "aggs": {"best": {"top_hits": best}}},
            "direct": {"filters": {"filters": direct}},
        },
    }


def _any_of(posts: Iterable[Commented]) -> Json:
    return {"bool": {"should": [post.discussion() for post in posts], "minimum_should_match": 1}}


def texts_body(post: Commented) -> Json:
    """A request for the first ``MOST_TEXTS`` comments of a post."""
    return {
        "size": MOST_TEXTS,
        "track_total_hits": False,
        "query": post.discussion(),
        "sort": [{"@timestamp": {"order": "asc"}}, {"native_id": {"order": "asc"}}],
        "_source": ["text", "lang"],
    }
