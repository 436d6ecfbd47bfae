"""Posts that wait for enrichment: found by parts, each with what giving it back needs.

Workers need no coordinator. They split what waits by the number that Elasticsearch gave each post's
last change (``_seq_no``), so that a post is in the same part for all of them, walk the parts in
orders of their own, and give back by compare-and-set (``lake.enriching``).

A post whose text its platform took away (``erased.text_removed``) waits for nothing: it is left out
of every question here.
"""

from __future__ import annotations

import logging
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from datetime import datetime, timedelta

from elasticsearch import AsyncElasticsearch

from lake import times
from lake.client import our_errors
from lake.errors import NotFoundError
from lake.layout import Layout
from lake.records import Json
from lake.scan import scan

logger = logging.getLogger(__name__)

_SOURCE = ["text", "text_hash", "enrich", "lang.detected", "sentiment.model"]
# Without a field Elasticsearch splits by places in the index, which differ with every refresh.
_SPLIT_BY = "_seq_no"


def having_text(*filters: Json) -> Json:
    """A query for posts that match every filter and still have their text."""
    gone: Json = {"term": {"erased.text_removed": True}}
    return {"bool": {"filter": list(filters), "must_not": [gone]}}


WAITING: Json = {"terms": {"enrich.state": ["pending", "stale"]}}
QUERY: Json = having_text(WAITING)


@dataclass(frozen=True, slots=True)
class PendingPost:
    """A post to be scored, with what giving it back needs.

    Args:
        index: Where it is.
        id: Its ``_id``.
        seq_no: With ``primary_term``, which state of it this is.
        primary_term: See ``seq_no``.
        text: What is to be scored.
        text_hash: What the score will be of.
        state: ``enrich.state`` as it was read.
        has_reason: Whether it carries the reason of an earlier failure.
        has_language: Whether it carries a detected language.
        has_score: Whether it carries a score, be it of an earlier text.
    """

    index: str
    id: str
    seq_no: int
    primary_term: int
    text: str
    text_hash: str
    state: str = "pending"
    has_reason: bool = False
    has_language: bool = False
    has_score: bool = False


class PendingPosts:
    """The posts that a query finds: by default those that are pending or stale.

    Args:
        client: The connection.
        layout: Where posts are.
        query: What else to find, made with ``having_text``.
    """

    def __init__(
        self, client: AsyncElasticsearch, layout: Layout, query: Json | None = None
    ) -> None:
        self.client = client
        self.layout = layout
        self._query = query or QUERY
        self._pattern = layout.every("posts")

    def of(self, query: Json) -> PendingPosts:
        """The same lake's posts that another query finds."""
        return PendingPosts(self.client, self.layout, query)

    async def count(self) -> int:
        """How many there are now.

        Raises:
            RetryError: Elasticsearch did not answer.
        """
        with our_errors("counting the posts to be scored"):
            await self.client.indices.refresh(index=self._pattern, allow_no_indices=True)
            answer = await self.client.count(
                index=self._pattern, query=self._query, allow_no_indices=True
            )
        return int(answer["count"])

    async def pages(
        self, part: int, parts: int, size: int | Callable[[], int]
    ) -> AsyncGenerator[list[PendingPost], None]:
        """The posts of one part that are there now, in pages.

        Waits for Elasticsearch; a point in time that is lost ends the walk, and the next walk finds
        what is left.

        Args:
            part: 0 to ``parts`` - 1.
            parts: Into how many all posts are split; where it is a power of two, a part of half as
                many holds exactly two of these.
            size: Posts a page; asked anew for each page where it is a function.
        """
        body: Json = {
            "query": self._query,
            "_source": _SOURCE,
            "seq_no_primary_term": True,
        }
        if parts > 1:
            body["slice"] = {"field": _SPLIT_BY, "id": part, "max": parts}
        pages = scan(self.client, self._pattern, body, size=size)
        try:
            async with aclosing(pages):
                async for hits in pages:
                    yield [_pending(hit) for hit in hits]
        except NotFoundError:
            logger.info("point in time lost; the next walk goes on")

    async def newest(self, since: datetime, size: int) -> list[PendingPost]:
        """The posts that were seen since then, newest first.

        Nothing is refreshed for it: what was written in the last second may be missing.

        Raises:
            RetryError: Elasticsearch did not answer.
        """
        seen: Json = {"range": {"observed_at": {"gte": times.to_text(since)}}}
        body: Json = {
            "query": {"bool": {"filter": [self._query, seen]}},
            "sort": [{"observed_at": "desc"}],
            "size": size,
            "track_total_hits": False,
            "_source": _SOURCE,
            "seq_no_primary_term": True,
        }
        with our_errors("looking for new posts"):
            answer = await self.client.search(index=self._pattern, body=body, allow_no_indices=True)
        return [_pending(hit) for hit in answer["hits"]["hits"]]

    def older_than(self, age: timedelta) -> PendingPosts:
        """These posts without those that were seen within ``age`` of now."""
        now = times.now()
        young = {"gte": times.to_text(now - age), "lte": times.to_text(now + age)}
        new: Json = {"range": {"observed_at": young}}
        return self.of({"bool": {"filter": [self._query], "must_not": [new]}})

    async def unchanged(self, posts: Sequence[PendingPost]) -> list[PendingPost]:
        """Those of the posts that nobody has changed since they were read, as of this moment.

        A search sees what others wrote only after a refresh; this asks for the documents.

        Raises:
            RetryError: Elasticsearch did not answer.
        """
        if not posts:
            return []
        places: list[Json] = [
            {"_index": post.index, "_id": post.id, "_source": False} for post in posts
        ]
        with our_errors("looking whether posts have changed"):
            answer = await self.client.mget(docs=places)
        return [
            post
            for post, now in zip(posts, answer["docs"], strict=True)
            if (now.get("_seq_no"), now.get("_primary_term")) == (post.seq_no, post.primary_term)
        ]


def _pending(hit: Json) -> PendingPost:
    source = hit["_source"]
    enrich = source.get("enrich", {})
    return PendingPost(
        index=hit["_index"],
        id=hit["_id"],
        seq_no=hit["_seq_no"],
        primary_term=hit["_primary_term"],
        text=source.get("text") or "",
        text_hash=source["text_hash"],
        state=enrich.get("state", "pending"),
        has_reason=enrich.get("reason") is not None,
        has_language=source.get("lang", {}).get("detected") is not None,
        has_score="sentiment" in source,
    )
