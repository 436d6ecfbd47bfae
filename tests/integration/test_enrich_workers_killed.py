"""Workers that are killed, and workers that are started, while texts and numbers change."""

from __future__ import annotations

import asyncio
import random
from asyncio.subprocess import Process

import pytest

from lake.client import our_errors
from lake.errors import RetryError
from lake.store import Store
from tests.conftest import ROOT
from tests.fakes.scoring import AT, a_post, collect, kept, seed
from tests.lakes import CommandLine, LakeOfTest

POSTS = 20_000
CHANGED = 200
LATER = AT.replace(day=6)
_DEADLINE_S = 900


def _commands(lake: LakeOfTest) -> CommandLine:
    # A small batch, so that there is a middle in which to kill.
    settings: dict[str, object] = {"model": "vader", "batch_docs": 100, "slices": 32, "threads": 1}
    config = lake.config_file(enrichment=settings)
    return CommandLine(config, ROOT, {"TAGLAKE_TEST_PASSWORD": lake.access.password or ""})


async def _scored(store: Store, at_least: int) -> None:
    """Waits until so many posts are scored."""
    async with asyncio.timeout(_DEADLINE_S):
        while True:
            try:
                with our_errors("counting"):
                    answer = await store.client.count(
                        index=store.layout.every("posts"),
                        query={"term": {"enrich.state": "done"}},
                    )
            except RetryError:
                continue
            if answer["count"] >= at_least:
                return
            await asyncio.sleep(0.2)


async def _kill(process: Process) -> None:
    if process.returncode is not None:
        pytest.fail(f"it ended by itself: {(await process.communicate())[1].decode()}")
    process.kill()
    await process.communicate()


async def test_every_text_is_scored_once_whoever_is_killed(
    lake_of_test: LakeOfTest, store: Store
) -> None:
    await seed(store, [a_post(n, f"I love it, number {n}") for n in range(POSTS)])
    taglake = _commands(lake_of_test)
    changing = random.Random(4).sample(range(POSTS), 2 * CHANGED)
    new_texts, new_numbers = changing[:CHANGED], changing[CHANGED:]

    workers = [await taglake.start("enrich", "--once", "--json") for _ in range(4)]
    await _scored(store, POSTS // 10)
    await _kill(workers[0])
    edited = [a_post(n, f"I hate it, number {n}", at=LATER) for n in new_texts]
    counted = [a_post(n, f"I love it, number {n}", likes=9, at=LATER) for n in new_numbers]
    await collect(store, [*edited, *counted])
    await _kill(workers[1])
    workers.append(await taglake.start("enrich", "--once", "--json"))
    ends = await asyncio.wait_for(
        asyncio.gather(*(one.communicate() for one in workers[2:])), _DEADLINE_S
    )
    last = await taglake("enrich", "--once", "--json")  # nothing is left, by anybody's claim

    assert [one.returncode for one in workers[2:]] == [0, 0, 0], [err for _, err in ends]
    assert last.json() == {"posts": 0, "failed": 0}
    posts = await kept(store)
    assert len(posts) == POSTS
    assert {post["enrich"]["state"] for post in posts.values()} == {"done"}
    for number in range(POSTS):
        post = posts[str(number)]
        label = "negative" if number in new_texts else "positive"
        assert post["sentiment"]["text_hash"] == post["text_hash"]
        assert (number, post["sentiment"]["label"]) == (number, label)
    # Written once, and once for each text version's score; besides, once for what changed: a text
    # that changed before it was scored had one version to score, else two.
    untouched = set(range(POSTS)) - set(changing)
    assert {posts[str(number)]["_version"] for number in untouched} == {2}
    assert {posts[str(number)]["_version"] for number in new_numbers} == {3}
    assert {posts[str(number)]["_version"] for number in new_texts} <= {3, 4}
    assert {posts[str(number)]["metrics"]["likes"] for number in new_numbers} == {9}
