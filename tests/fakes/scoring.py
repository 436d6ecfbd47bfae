"""Models that a test steers, and posts for them."""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from enrichment.sentiment import ScoringError, Sentiment
from enrichment.vader import Vader
from enrichment.worker import Worker, always
from lake import times
from lake.documents import Origin, RawPayload, post_document
from lake.pending import PendingPosts
from lake.records import Author, Post
from lake.store import Sighting, Store

AT = datetime(2026, 3, 5, 12, tzinfo=UTC)


class Steered:
    """Calls every text neutral, but refuses those with ``poison`` in them.

    Args:
        name: The model's name.
        text_s: Seconds that each text takes.
        poison: What a text must hold to be refused.
    """

    def __init__(
        self, name: str = "steered", *, text_s: float = 0.0, poison: str = "poison"
    ) -> None:
        self.name = name
        self.text_s = text_s
        self.poison = poison
        self.asked: list[str] = []

    def score(
        self, texts: Sequence[str], *, vader: Sequence[Sentiment] | None = None
    ) -> list[Sentiment]:
        if any(self.poison in text for text in texts):
            raise ScoringError("a poison text")
        if self.text_s:
            time.sleep(self.text_s * len(texts))
        self.asked += texts
        return [Sentiment("neutral", 0.0, 0.0, 1.0, 0.0) for _ in texts]


def a_post(number: int, text: str = "I love it", likes: int = 1, at: datetime = AT) -> Post:
    """One of two years' posts."""
    return Post(
        platform="x",
        kind="post",
        native_id=str(number),
        created_at=AT.replace(year=2025 + number % 2),
        observed_at=at,
        text=text,
        author=Author(id="1"),
        metrics={"likes": likes},
    )


async def collect(store: Store, posts: Sequence[Post]) -> None:
    """Writes posts the way that polls do."""
    sightings = [
        Sighting(RawPayload("t", {"n": p.native_id, "t": p.text, "l": p.metrics["likes"]}, AT), [p])
        for p in posts
    ]
    await (await store.submit(sightings, Origin("r", "x:hashtag:t"))).done()
    await store.refresh()


async def seed(store: Store, posts: Sequence[Post], **fields: Any) -> None:
    """Writes many posts at once, without payloads and observations."""
    for start in range(0, len(posts), 1_000):
        operations: list[dict[str, Any]] = []
        for post in posts[start : start + 1_000]:
            document = post_document(store.layout, post, Origin("r", "x:hashtag:t"))
            operations.append({"create": {"_index": document.index, "_id": document.id}})
            operations.append(document.source | fields)
        answer = await store.client.bulk(operations=operations)
        assert not answer["errors"]
    await store.refresh()


def score_of(model: str, label: str = "negative") -> dict[str, Any]:
    """The fields of a post that a model has scored."""
    at = times.to_text(AT)
    sentiment = {"label": label, "score": -0.5, "model": model, "scored_at": at, "text_hash": "h"}
    return {"enrich": {"state": "done"}, "sentiment": sentiment}


async def kept(store: Store) -> dict[str, dict[str, Any]]:
    """Every post by its native id, with its version as ``_version``."""
    await store.refresh()
    found: dict[str, dict[str, Any]] = {}
    after: dict[str, Any] = {}
    while True:
        body = {"size": 5_000, "version": True, "sort": [{"native_id": "asc"}]} | after
        answer = await store.search(store.layout.every("posts"), body)
        hits = answer["hits"]["hits"]
        found |= {
            h["_source"]["native_id"]: h["_source"] | {"_version": h["_version"]} for h in hits
        }
        if len(hits) < 5_000:
            return found
        after = {"search_after": hits[-1]["sort"]}


def pending_of(store: Store) -> PendingPosts:
    return PendingPosts(store.client, store.layout)


def a_worker(store: Store, model: Any = None, **options: Any) -> Worker:
    """A worker with one model for ever; VADER where none is given."""
    return Worker(pending_of(store), always(model or Vader()), **options)
