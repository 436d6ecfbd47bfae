"""The everyday commands as processes: the demo, the schedule, and everything together."""

from __future__ import annotations

import asyncio
import re
import signal
from asyncio.subprocess import Process
from datetime import UTC, datetime
from typing import Any

import aiohttp
import pytest

from lake import times
from lake.store import Store
from taglake.demo import END, SEED
from taglake.sample.truth import truth
from tests.fakes.mastodon import run_mastodon
from tests.lakes import CommandLine, LakeOfTest


async def _count(store: Store, kind: str) -> int:
    await store.refresh()
    answer = await store.client.count(index=store.layout.every(kind), allow_no_indices=True)
    return int(answer["count"])


async def test_the_demo_shows_the_planted_truth_and_changes_nothing_twice(
    taglake: CommandLine, store: Store
) -> None:
    first = await taglake("demo", "--once", "--json")
    counts = {kind: await _count(store, kind) for kind in ("posts", "raw", "metrics", "runs")}
    letters = await _count(store, "deadletter")

    watched = (await taglake("campaign", "coverage", "demo", "--json")).json()
    second = await taglake("demo", "--once", "--json")
    shown = await taglake("demo")  # standard input is no terminal: it ends after the summary

    assert (first.status, second.status, shown.status) == (0, 0, 0), first.err + shown.err
    plan = truth(SEED, END)
    found = first.json()
    assert set(found) == {"posts", "authors", "engagement", "sentiment", "seconds"}
    assert found["posts"] == plan.brands["Wyndhollow"]
    assert sum(found["sentiment"].values()) == found["posts"]
    assert {k: v for k, v in second.json().items() if k != "seconds"} == {
        k: v for k, v in found.items() if k != "seconds"
    }
    assert counts["posts"] == plan.posts
    assert counts["metrics"] > plan.posts
    assert letters == 0
    assert {kind: await _count(store, kind) for kind in ("posts", "raw", "metrics")} == {
        kind: counts[kind] for kind in ("posts", "raw", "metrics")
    }
    assert f"{found['posts']:,}" in shown.out
    gaps = {
        (row["platform"], gap["from"], gap["to"])
        for row in watched["targets"]
        for gap in row["gaps"]
    }
    assert gaps == {("mastodon", *map(times.to_text, plan.calendar.gap))}
    assert 0.99 < watched["value"] < 1


async def test_one_target_is_polled_once(
    lake_of_test: LakeOfTest, taglake: CommandLine, store: Store
) -> None:
    async with run_mastodon() as fake:
        fake.add(45)
        lake_of_test.config_file(platforms={"mastodon": {"instances": [fake.base]}})

        done = await taglake("ingest", "--once", "--target", "mastodon:hashtag:#Vans", "--json")

    [run] = done.json()["runs"]
    assert (run["target"], run["created"]) == ("mastodon:hashtag:vans", 45)
    assert await _count(store, "posts") == 45


async def _api(process: Process) -> str:
    assert process.stderr is not None
    async with asyncio.timeout(60):
        while line := (await process.stderr.readline()).decode():
            if found := re.search(r"API at (http://\S+)", line):
                return found[1]
    pytest.fail("the API's address was not told")


async def _post_count(session: aiohttp.ClientSession, campaign: str) -> dict[str, Any]:
    async with session.get(f"/v1/campaigns/{campaign}/sentiment") as answer:
        body: dict[str, Any] = await answer.json()
        return body


@pytest.mark.parametrize("stop", [signal.SIGINT, signal.SIGTERM])
async def test_up_collects_scores_and_answers_until_it_is_stopped(
    lake_of_test: LakeOfTest, taglake: CommandLine, stop: signal.Signals
) -> None:
    year = datetime.now(UTC).year
    body = {
        "name": "Vans",
        "hashtags": ["#VANS"],
        "from": f"{year}-01-01",
        "to": f"{year + 2}-01-01",
    }
    async with run_mastodon() as fake:
        fake.add(30)
        lake_of_test.config_file(
            platforms={"mastodon": {"instances": [fake.base]}},
            ingest={"sync_s": 0.2},
            enrichment={"interval_s": 0.2},
            api={"port": 0},
        )
        process = await taglake.start("up")
        url = await _api(process)
        async with aiohttp.ClientSession(url) as session:
            async with session.post("/v1/campaigns", json=body) as made:
                campaign = (await made.json())["id"]
            for _ in range(200):
                tone = await _post_count(session, campaign)
                if tone["n"] == 30 and not tone["pending"]:
                    break
                await asyncio.sleep(0.1)
        process.send_signal(stop)
        _, err = await process.communicate()

    assert (tone["n"], tone["pending"], tone["missing"]) == (30, 0, 0)
    assert process.returncode == 130
    assert "what was acknowledged is in the lake" in err.decode()
    assert "Traceback" not in err.decode()


async def test_a_dead_letter_is_replayed_after_the_repair(
    taglake: CommandLine, store: Store, lake_of_test: LakeOfTest
) -> None:
    index = store.layout.posts(datetime(2026, 3, 1, tzinfo=UTC))
    too_small = {"properties": {"metrics": {"properties": {"likes": {"type": "short"}}}}}
    await store.client.indices.create(index=index, mappings=too_small)
    path = lake_of_test.folder / "posts.csv"
    path.write_text("id,created_at,text,likes\n5,2026-03-02,hello,99999\n6,2026-03-03,ciao,7\n")
    columns = [f"--column={name}={name}" for name in ("id", "created_at", "text", "likes")]

    refused = await taglake("import", path, "--platform", "x", *columns, "--json")
    too_early = await taglake("deadletter", "replay", "--json")
    await store.client.indices.delete(index=index)
    replayed = await taglake("deadletter", "replay", "--json")
    again = await taglake("deadletter", "replay", "--json")

    [file] = refused.json()["files"]
    assert (file["created"], file["rejected"]) == (1, 1)
    assert too_early.json() == {"replayed": 0, "failed": 1}
    assert replayed.json() == {"replayed": 1, "failed": 0}
    assert again.json() == {"replayed": 0, "failed": 0}
    found = await store.client.get(index=index, id="x:5")
    assert found["_source"]["metrics"] == {"likes": 99999}
