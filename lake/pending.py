"""Posts that wait for enrichment: found by slices, given back by compare-and-set.

Workers need no coordinator: each takes its slices of one point in time, and a post that another
worker or a new observation changed meanwhile is left alone, because it is found again.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import dataclass

from elasticsearch import AsyncElasticsearch

from lake.bulk import ALL_WELL, Outcome, must_wait, send, update_lines
from lake.client import our_errors
from lake.documents import Document
from lake.errors import NotFoundError, RetryError
from lake.layout import Layout
from lake.records import Json
from lake.retry import Backoff
from lake.scan import scan

logger = logging.getLogger(__name__)

_BACKOFF = Backoff(base_s=0.5, cap_s=5.0)
QUERY: Json = {"terms": {"enrich.state": ["pending", "stale"]}}


@dataclass(frozen=True, slots=True)
class PendingPost:
    """A post to be scored, with what giving it back needs."""

    index: str
    id: str
    seq_no: int
    primary_term: int
    text: str
    text_hash: str


@dataclass(slots=True)
class Enriched:
    """What became of posts that were given back."""

    written: int = 0
    changed_meanwhile: int = 0
    refused: int = 0


class PendingPosts:
    """The posts whose ``enrich.state`` is pending or stale."""

    def __init__(self, client: AsyncElasticsearch, layout: Layout) -> None:
        self._client = client
        self._pattern = layout.every("posts")

    async def count(self) -> int:
        """How many there are now.

        Raises:
            RetryError: Elasticsearch did not answer.
        """
        with our_errors("counting the posts to be scored"):
            await self._client.indices.refresh(index=self._pattern, allow_no_indices=True)
            answer = await self._client.count(
                index=self._pattern, query=QUERY, allow_no_indices=True
            )
        return int(answer["count"])

    async def pages(
        self, part: int, parts: int, size: int
    ) -> AsyncGenerator[list[PendingPost], None]:
        """The posts of slice ``part`` of ``parts`` that wait now, ``size`` at a time.

        Waits for Elasticsearch; a point in time that is lost ends the walk, and the next walk finds
        what is left.
        """
        body: Json = {
            "query": QUERY,
            "_source": ["text", "text_hash"],
            "seq_no_primary_term": True,
        }
        pages = scan(self._client, self._pattern, body, size=size, part=(part, parts))
        try:
            async with aclosing(pages):
                async for hits in pages:
                    yield [_pending(hit) for hit in hits]
        except NotFoundError:
            logger.info("point in time lost; the next walk goes on")

    async def give_back(self, results: Sequence[tuple[PendingPost, Json]]) -> Enriched:
        """Adds fields to posts that are still as they were read; waits for Elasticsearch.

        Args:
            results: Each post with the fields that enrichment adds; others are not touched.
        """
        done = Enriched()
        waits = 0
        while results:
            lines = [_lines(post, fields) for post, fields in results]
            try:
                outcomes = await send(self._client, lines)
            except RetryError as exc:
                await asyncio.sleep(_BACKOFF.wait_s(waits, exc.after_s))
                waits += 1
                continue
            if outcomes is ALL_WELL:
                done.written += len(results)
                break
            late = [
                result
                for result, outcome in zip(results, outcomes, strict=True)
                if _is_late(outcome, result[0], done)
            ]
            if late:
                logger.warning("Elasticsearch has no room for scores", extra={"posts": len(late)})
                await asyncio.sleep(_BACKOFF.wait_s(waits))
                waits += 1
            results = late
        return done


def _is_late(outcome: Outcome, post: PendingPost, done: Enriched) -> bool:
    if outcome.error is not None and outcome.status not in (404, 409) and must_wait(outcome):
        return True
    if outcome.status in (200, 201):
        done.written += 1
    elif outcome.status in (404, 409):
        done.changed_meanwhile += 1
    else:
        done.refused += 1
        logger.error("score refused", extra={"id": post.id, "reason": outcome.reason[:500]})
    return False


def _lines(post: PendingPost, fields: Json) -> bytes:
    return update_lines(Document(post.index, post.id, fields), post.seq_no, post.primary_term)


def _pending(hit: Json) -> PendingPost:
    source = hit["_source"]
    return PendingPost(
        index=hit["_index"],
        id=hit["_id"],
        seq_no=hit["_seq_no"],
        primary_term=hit["_primary_term"],
        text=source.get("text", ""),
        text_hash=source["text_hash"],
    )
