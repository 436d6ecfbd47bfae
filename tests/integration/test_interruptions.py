"""Killed, stopped and cut off: the numbers are as if nothing had happened."""

from __future__ import annotations

import asyncio
import json
import random
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from elasticsearch import AsyncElasticsearch

from lake.client import open_client, our_errors
from lake.config import ElasticsearchConfig
from lake.errors import RetryError
from lake.node import start_node, stop_node
from lake.node_files import NodeSettings
from lake.store import Store
from tests.conftest import ROOT
from tests.lakes import CommandLine, LakeOfTest

COUNT = 6_000


def _archive(path: Path, count: int = COUNT) -> int:
    """An rtweet file of ``count`` posts; gives the sum of their likes."""
    rng = random.Random(11)
    start = datetime(2018, 5, 1, tzinfo=UTC)
    likes = 0
    with path.open("w") as file:
        for number in range(count):
            likes += number % 17
            tweet: dict[str, Any] = {
                "user_id": str(rng.randint(1, 400)),
                "status_id": str(1_000_000_000_000_000_000 + number),
                "created_at": (start + timedelta(minutes=number)).isoformat(),
                "screen_name": "ann",
                "text": f"post {number} #kill " + "word " * rng.randint(3, 30),
                "is_quote": False,
                "is_retweet": False,
                "favorite_count": number % 17,
                "retweet_count": 1,
                "hashtags": ["kill"],
                "followers_count": 5,
            }
            file.write(json.dumps(tweet) + "\n")
    return likes


async def _state(client: AsyncElasticsearch, prefix: str) -> dict[str, Any]:
    """What a lake holds: documents by kind, and the sum of the likes."""
    await client.indices.refresh(index=f"{prefix}*", allow_no_indices=True)
    found: dict[str, Any] = {}
    for kind in ("posts", "raw", "metrics", "deadletter", "runs"):
        answer = await client.count(index=f"{prefix}{kind}-*", allow_no_indices=True)
        found[kind] = answer["count"]
    likes = await client.search(
        index=f"{prefix}posts-*",
        size=0,
        allow_no_indices=True,
        aggs={"likes": {"sum": {"field": "metrics.likes"}}},
    )
    found["likes"] = likes.get("aggregations", {"likes": {"value": 0}})["likes"]["value"]
    return found


async def _some_posts(client: AsyncElasticsearch, prefix: str, least: int) -> None:
    async with asyncio.timeout(60):
        while True:
            try:
                with our_errors("counting"):
                    state = await _state(client, prefix)
            except RetryError:
                state = {"posts": 0}
            if state["posts"] >= least:
                return
            await asyncio.sleep(0.02)


async def _moved_cursor(client: AsyncElasticsearch, prefix: str, before: str | None) -> str:
    """Where the import stands once it has moved on from ``before``."""
    query = {"exists": {"field": "cursor"}}
    async with asyncio.timeout(120):
        while True:
            found = []
            with suppress(RetryError), our_errors("looking"):  # an index that is just being made
                await client.indices.refresh(index=f"{prefix}state", ignore_unavailable=True)
                answer = await client.search(
                    index=f"{prefix}state", query=query, ignore_unavailable=True
                )
                found = [hit["_source"]["cursor"] for hit in answer["hits"]["hits"]]
            if found and found[0] != before:
                return str(found[0])
            await asyncio.sleep(0.01)


async def test_an_import_that_is_killed_thrice_ends_as_if_it_had_run_once(
    lake_of_test: LakeOfTest, store: Store, tmp_path: Path
) -> None:
    path = tmp_path / "kill.jsonl"
    likes = _archive(path)
    prefix = store.layout.prefix
    slow: dict[str, object] = {"bulk_docs": 100, "queue_docs": 600, "in_flight": 1}
    secret = {"TAGLAKE_TEST_PASSWORD": lake_of_test.access.password or ""}
    taglake = CommandLine(lake_of_test.config_file(writer=slow), ROOT, secret)

    cursor: str | None = None
    reached = []
    for _ in range(3):
        process = await taglake.start("import", path)
        cursor = await _moved_cursor(store.client, prefix, cursor)
        process.kill()
        await process.communicate()
        reached.append((await _state(store.client, prefix))["posts"])
    last = await taglake("import", path, "--json")

    assert last.status == 0, last.err
    assert 0 < reached[0] <= reached[1] <= reached[2] < COUNT
    assert await _state(store.client, prefix) == {
        "posts": COUNT, "raw": COUNT, "metrics": COUNT, "deadletter": 0, "runs": 1, "likes": likes,
    }  # fmt: skip
    assert last.json()["files"][0]["payloads"] < COUNT  # it went on where it was


async def test_an_import_waits_while_elasticsearch_is_away(tmp_path: Path) -> None:
    path = tmp_path / "away.jsonl"
    likes = _archive(path)
    settings = NodeSettings(data_dir=tmp_path / "data")
    config = tmp_path / "config.yaml"
    config.write_text(f"node: {{data_dir: {settings.data_dir}}}\n")
    taglake = CommandLine(config, ROOT)
    access = await asyncio.to_thread(start_node, settings, lambda _line: None, pinned=True)
    try:
        admin = access.users["admin"]
        client = open_client(
            access.url, ElasticsearchConfig(), user=admin.user, password=admin.password
        )
        process = await taglake.start("import", path, "--json")
        await _some_posts(client, "taglake-", 500)
        await asyncio.to_thread(stop_node, settings, lambda _line: None)
        await asyncio.sleep(20)
        still_there = process.returncode is None
        await asyncio.to_thread(start_node, settings, lambda _line: None, pinned=True)
        out, err = await process.communicate()

        assert still_there
        assert process.returncode == 0, err.decode()
        assert "waiting for Elasticsearch" in err.decode()
        assert json.loads(out)["files"][0]["payloads"] == COUNT
        state = await _state(client, "taglake-")
        assert (state["posts"], state["metrics"], state["likes"]) == (COUNT, COUNT, likes)
        await client.close()
    finally:
        await asyncio.to_thread(stop_node, settings, lambda _line: None)
