"""What enrichment adds to posts, written by compare-and-set.

A post that somebody changed since it was read is left alone: it is found again. Nothing claims a
post, so a worker that dies leaves nothing to be freed.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from contextlib import aclosing
from dataclasses import dataclass, field

from elasticsearch import AsyncElasticsearch

from lake.bulk import ALL_WELL, Outcome, fetch, must_wait, send, update_lines
from lake.documents import Document
from lake.errors import RateLimitedError, RetryError
from lake.layout import Layout
from lake.pending import PendingPost, PendingPosts, having_text
from lake.records import Json
from lake.retry import Backoff, retrying

logger = logging.getLogger(__name__)

_BACKOFF = Backoff(base_s=0.5, cap_s=5.0)
_LONGEST_REASON = 500
_RETRIED_AT_ONCE = 500
Result = tuple[PendingPost, Json]


@dataclass(slots=True)
class Enriched:
    """What became of posts that were given back.

    Args:
        written: They carry what was found.
        changed_meanwhile: Somebody changed or removed them after they were read.
        refused: Elasticsearch does not take what was found.
    """

    written: list[PendingPost] = field(default_factory=list)
    changed_meanwhile: list[PendingPost] = field(default_factory=list)
    refused: list[PendingPost] = field(default_factory=list)


async def retry_failed(client: AsyncElasticsearch, layout: Layout) -> int:
    """Lets posts that could not be scored wait for another try; gives how many."""
    failed = PendingPosts(client, layout).of(having_text({"term": {"enrich.state": "failed"}}))
    count = 0
    async with aclosing(failed.pages(0, 1, _RETRIED_AT_ONCE)) as pages:
        async for posts in pages:
            done = await give_back(client, [(post, _waiting(post)) for post in posts])
            count += len(done.written)
    return count


def _waiting(post: PendingPost) -> Json:
    return {"enrich": {"state": "stale" if post.has_score else "pending", "reason": None}}


async def give_back(client: AsyncElasticsearch, results: Sequence[Result]) -> Enriched:
    """Adds fields to posts that are still as they were read; waits for Elasticsearch.

    Where it has no room, less is sent at once.

    Args:
        client: The connection.
        results: Each post with the fields that are added; None removes one, others stay.
    """
    done = Enriched()
    waits = 0
    was_lost = False
    left = results
    at_once = max(1, len(left))
    while left:
        now, rest = left[:at_once], left[at_once:]
        try:
            outcomes = await send(client, [_lines(post, fields) for post, fields in now])
        except RetryError as exc:
            if isinstance(exc, RateLimitedError):
                at_once = max(1, at_once // 2)
            else:
                was_lost = True
            await asyncio.sleep(_BACKOFF.wait_s(waits, exc.after_s))
            waits += 1
            continue
        late = _sorted_out(now, outcomes, done)
        if late:
            logger.warning("Elasticsearch has no room for scores", extra={"posts": len(late)})
            at_once = max(1, at_once // 2)
            await asyncio.sleep(_BACKOFF.wait_s(waits))
            waits += 1
        else:
            waits = 0
        left = [*late, *rest]
    if was_lost and done.changed_meanwhile:
        await _find_own(client, results, done)
    return done


async def _find_own(client: AsyncElasticsearch, results: Sequence[Result], done: Enriched) -> None:
    """An answer was lost: who seems changed by others may be changed by that very request."""
    changed = {post.id for post in done.changed_meanwhile}
    asked = [(post, fields) for post, fields in results if post.id in changed]
    documents = [Document(post.index, post.id, {}) for post, _ in asked]
    there = await retrying(lambda: fetch(client, documents), backoff=_BACKOFF, attempts=None)
    own = {
        post.id
        for (post, fields), stored in zip(asked, there, strict=True)
        if stored is not None and _mark(stored.source) == _mark(fields)
    }
    done.written += [post for post in done.changed_meanwhile if post.id in own]
    done.changed_meanwhile = [post for post in done.changed_meanwhile if post.id not in own]


def _mark(source: Json) -> tuple[object, ...]:
    """What tells one worker's score of a post from another's."""
    sentiment, enrich = source.get("sentiment") or {}, source["enrich"]
    scored_at = sentiment.get("scored_at") if enrich["state"] == "done" else None
    return enrich["state"], enrich.get("reason"), scored_at


def _sorted_out(
    results: Sequence[Result], outcomes: Sequence[Outcome], done: Enriched
) -> list[Result]:
    """Puts each post where it belongs; gives the results that must be sent again."""
    if outcomes is ALL_WELL:
        done.written += [post for post, _ in results]
        return []
    late: list[Result] = []
    for result, outcome in zip(results, outcomes, strict=True):
        post = result[0]
        if outcome.status in (404, 409):
            done.changed_meanwhile.append(post)
        elif outcome.error is None:
            done.written.append(post)
        elif must_wait(outcome):
            late.append(result)
        else:
            done.refused.append(post)
            reason = outcome.reason[:_LONGEST_REASON]
            logger.error("score refused", extra={"id": post.id, "reason": reason})
    return late


def _lines(post: PendingPost, fields: Json) -> bytes:
    return update_lines(Document(post.index, post.id, fields), post.seq_no, post.primary_term)
