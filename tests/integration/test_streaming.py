"""A stream followed into a real lake: resumed, restarted, with deletions, and in the ledger."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import pytest

from ingestors import streaming
from ingestors.platform import Target
from ingestors.platforms import bluesky
from ingestors.run import Run
from ingestors.streaming import follow, is_streaming
from lake import times
from lake.cursors import Cursor
from lake.retry import Backoff
from lake.store import Store
from tests.fakes.jetstream import (
    START_US,
    FakeJetstream,
    cut_after,
    delete_event,
    post_event,
    run_jetstream,
)

TAGS = frozenset({"vans"})


@pytest.fixture
async def fake() -> AsyncIterator[FakeJetstream]:
    async with run_jetstream() as server:
        yield server


@asynccontextmanager
async def following(fake: FakeJetstream, store: Store) -> AsyncIterator[None]:
    """The stream, taken in for the length of the block."""
    section = {"stream": True, "jetstream": fake.url}
    async with bluesky.connect(bluesky.Options.model_validate(section)) as platform:
        assert is_streaming(platform)
        task = asyncio.create_task(follow(platform, store, lambda: TAGS))
        try:
            yield
        finally:
            task.cancel()
            [ended] = await asyncio.gather(task, return_exceptions=True)
            assert isinstance(ended, asyncio.CancelledError)


async def begin(store: Store) -> None:
    """The fake's events are of its own time, so the stream goes on from there."""
    await store.cursors.move(
        "bluesky:stream:posts", "test", old=Cursor(), new=Cursor(str(START_US))
    )


async def posts(store: Store) -> dict[str, dict[str, Any]]:
    await store.refresh()
    answer = await store.search(store.layout.every("posts"), {"size": 100})
    found = [hit["_source"] for hit in answer["hits"]["hits"]]
    return {one["native_id"].rpartition("/")[2]: one for one in found}


async def until_posts(store: Store, *keys: str, gone: frozenset[str] = frozenset()) -> None:
    for _ in range(600):
        found = await posts(store)
        marked = {key for key, one in found.items() if "erased" in one}
        if set(keys) <= found.keys() and gone <= marked:
            return
        await asyncio.sleep(0.1)
    pytest.fail(f"{keys} did not arrive within a minute")


async def test_a_stream_is_taken_in_through_cuts_and_restarts(
    fake: FakeJetstream, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(streaming, "_BACKOFF", Backoff(base_s=0.01))
    fake.turns.extend([None, cut_after(2)])
    await begin(store)
    async with following(fake, store):
        await connected(fake)
        fake.send(post_event(1, "vans"), post_event(2, "other"))
        await until_posts(store, "key1")
    fake.send(*(post_event(number, "vans") for number in range(3, 10)))  # while nobody listens
    async with following(fake, store):
        await until_posts(store, *(f"key{number}" for number in range(3, 10)))
        fake.send(delete_event(20, of=4))
        await until_posts(store, gone=frozenset({"key4"}))

    found = await posts(store)
    assert sorted(found) == sorted(f"key{number}" for number in (1, *range(3, 10)))
    assert [key for key, one in found.items() if "erased" in one] == ["key4"]
    assert found["key4"]["text"] == ""
    assert len(fake.queries) >= 3
    assert int(fake.queries[-1]["cursor"]) > int(fake.queries[0]["cursor"])


async def test_what_a_stream_watched_is_in_the_ledger(
    fake: FakeJetstream, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(streaming, "_LEDGER", timedelta())
    await begin(store)
    async with following(fake, store):
        await connected(fake)
        fake.send(post_event(1, "vans"))
        await until_posts(store, "key1")
        for _ in range(600):
            runs = await covering_runs(store)
            if len(runs) >= 2:
                break
            await asyncio.sleep(0.1)

    first, second, *_ = runs
    assert (first["platform"], first["value"], first["kind"]) == ("bluesky", "vans", "hashtag")
    assert first["covered"]["end"] <= second["covered"]["start"]


async def covering_runs(store: Store) -> list[dict[str, Any]]:
    await store.refresh()
    body = {"size": 100, "sort": ["@timestamp"], "query": {"exists": {"field": "covered.start"}}}
    answer = await store.search(store.layout.every("runs"), body)
    return [hit["_source"] for hit in answer["hits"]["hits"]]


async def connected(fake: FakeJetstream) -> None:
    for _ in range(600):
        if fake.queries:
            return
        await asyncio.sleep(0.1)
    pytest.fail("nobody came within a minute")


async def test_a_hashtag_that_is_wanted_again_was_not_watched_in_between(
    fake: FakeJetstream, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    long_ago = times.now() - timedelta(days=7)
    before = Run(Target("bluesky", "hashtag", "vans"), long_ago)
    before.covered = (long_ago - timedelta(hours=1), long_ago)
    await (await store.writer.submit([before.document(store.layout, long_ago)])).done()
    await store.refresh()
    await begin(store)
    async with following(fake, store):
        await connected(fake)
        fake.send(post_event(1, "vans"))
        await until_posts(store, "key1")

    body = {"size": 10, "query": {"exists": {"field": "gap.start"}}}
    await store.refresh()
    answer = await store.search(store.layout.every("runs"), body)
    [gap] = [hit["_source"]["gap"] for hit in answer["hits"]["hits"]]
    assert (gap["start"], gap["reason"]) == (times.to_text(long_ago), "overdue")
