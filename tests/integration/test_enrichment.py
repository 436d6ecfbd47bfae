"""Workers share the posts that wait, and never lose or touch anything else."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from enrichment.sentiment import ScoringError, Sentiment
from enrichment.vader import Vader
from enrichment.worker import Worker
from lake.documents import Origin, RawPayload
from lake.pending import PendingPosts
from lake.records import Author, Post
from lake.store import Sighting, Store, open_store
from tests.lakes import LakeOfTest

AT = datetime(2026, 3, 5, 12, tzinfo=UTC)


class Picky:
    """Scores every text but one."""

    name = "picky"

    def score(self, texts: Sequence[str]) -> list[Sentiment]:
        if any("poison" in text for text in texts):
            raise ScoringError("a poison text")
        return [Sentiment("neutral", 0.0, 0.0, 1.0, 0.0) for _ in texts]


def _post(number: int, text: str = "I love it", likes: int = 1, at: datetime = AT) -> Post:
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


async def _write(store: Store, posts: Sequence[Post]) -> None:
    sightings = [
        Sighting(RawPayload("t", {"n": p.native_id, "t": p.text, "l": p.metrics["likes"]}, AT), [p])
        for p in posts
    ]
    await (await store.submit(sightings, Origin("r", "x:hashtag:t"))).done()
    await store.refresh()


async def _posts(store: Store) -> dict[str, dict[str, Any]]:
    await store.refresh()
    answer = await store.search(store.layout.every("posts"), {"size": 5000})
    return {hit["_source"]["native_id"]: hit["_source"] for hit in answer["hits"]["hits"]}


def _worker(store: Store, **options: Any) -> Worker:
    return Worker(PendingPosts(store.client, store.layout), Vader(), **options)


async def test_every_post_is_scored_once_and_keeps_its_other_fields(store: Store) -> None:
    await _write(store, [_post(number) for number in range(700)])
    before = await _posts(store)

    scored = await _worker(store, batch_docs=100, slices=3).drain()

    after = await _posts(store)
    assert scored.posts == 700
    assert {post["enrich"]["state"] for post in after.values()} == {"done"}
    for number, post in after.items():
        kept = {k: v for k, v in post.items() if k not in ("sentiment", "enrich")}
        assert kept == {k: v for k, v in before[number].items() if k != "enrich"}
    assert await _worker(store).drain() == type(scored)()


async def test_workers_share_the_work_and_score_nothing_twice(
    lake_of_test: LakeOfTest, store: Store
) -> None:
    await _write(store, [_post(number) for number in range(900)])

    async def one() -> int:
        async with open_store(lake_of_test.config, lake_of_test.access) as own:
            return (await _worker(own, batch_docs=50).drain()).posts

    counts = await asyncio.gather(one(), one(), one())

    assert sum(counts) == 900
    assert {post["enrich"]["state"] for post in (await _posts(store)).values()} == {"done"}


async def test_a_poison_text_is_marked_and_blocks_nobody(store: Store) -> None:
    await _write(store, [_post(n, "poison" if n == 7 else "fine") for n in range(20)])
    worker = Worker(PendingPosts(store.client, store.layout), Picky(), batch_docs=10)

    scored = await worker.drain()

    posts = await _posts(store)
    assert (scored.posts, scored.failed) == (19, 1)
    assert posts["7"]["enrich"] == {"state": "failed", "reason": "a poison text"}
    assert "sentiment" not in posts["7"]


async def test_an_edited_text_is_scored_again_and_new_numbers_are_not(store: Store) -> None:
    later = AT.replace(day=6)
    await _write(store, [_post(1), _post(2)])
    await _worker(store).drain()

    await _write(store, [_post(1, "I hate it", at=later), _post(2, likes=9, at=later)])
    stale = await _posts(store)
    scored = await _worker(store).drain()

    posts = await _posts(store)
    assert (stale["1"]["enrich"]["state"], stale["2"]["enrich"]["state"]) == ("stale", "done")
    assert stale["1"]["sentiment"]["label"] == "positive"
    assert scored.posts == 1
    assert posts["1"]["sentiment"]["label"] == "negative"
    assert posts["1"]["sentiment"]["text_hash"] == posts["1"]["text_hash"]


async def test_hostile_and_empty_texts_get_a_score(store: Store) -> None:
    texts = ["", "\u202e", "😀" * 2000, "=1+1", "x" * 100_000, "<b>", "!!!???", "not " * 500]
    await _write(store, [_post(n, text) for n, text in enumerate(texts)])

    scored = await _worker(store).drain()

    assert (scored.posts, scored.failed) == (len(texts), 0)
