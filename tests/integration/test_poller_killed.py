"""The poller killed thirty times while posts arrive and change: as if nothing had happened."""

from __future__ import annotations

import asyncio
import random
from contextlib import aclosing
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from analysis.coverage import Seen, add_run, blind
from lake import times
from lake.campaign import checked_spec
from lake.scan import scan
from lake.store import Store
from tests.conftest import ROOT
from tests.fakes.mastodon import FakeMastodon, run_mastodon
from tests.lakes import CommandLine, LakeOfTest

POSTS = 5_000
KILLS = 30
INTERVAL_S = 1.0
VANS = "mastodon:hashtag:vans"


async def _documents(store: Store, kind: str) -> list[dict[str, Any]]:
    await store.refresh()
    found: list[dict[str, Any]] = []
    async with aclosing(scan(store.client, store.layout.every(kind), {}, size=2_000)) as pages:
        async for hits in pages:
            found += [hit["_source"] for hit in hits]
    return found


async def _one_more_poll(store: Store) -> None:
    before = len(await _documents(store, "runs"))
    for _ in range(600):
        if len(await _documents(store, "runs")) > before:
            return
        await asyncio.sleep(0.1)
    pytest.fail("no poll came to its end within a minute")


def _go_on(fake: FakeMastodon, rng: random.Random, count: int) -> None:
    """New posts arrive, and the numbers of old ones move, up and down."""
    for id_ in rng.sample(sorted(fake.statuses), min(200, len(fake.statuses))):
        fake.statuses[id_]["favourites_count"] = rng.randint(1, 1_000)
    fake.add(count)


async def test_thirty_kills_lose_double_and_hide_nothing(
    lake_of_test: LakeOfTest, store: Store
) -> None:
    rng = random.Random(30)
    async with run_mastodon() as fake:
        taglake = _poller(lake_of_test, fake)
        await _campaign(store)
        for number in range(KILLS):
            _go_on(fake, rng, POSTS // KILLS if number else POSTS - POSTS // KILLS * (KILLS - 1))
            asked = asyncio.Event()
            fake.when_called = asked.set
            process = await taglake.start("ingest")
            await asyncio.wait_for(asked.wait(), 60)
            if number % 5 == 4:  # on a slow machine no poll would ever come to its end
                await _one_more_poll(store)
            await asyncio.sleep(rng.uniform(0, 1.2))
            if process.returncode is not None:
                pytest.fail(f"it ended by itself: {(await process.communicate())[1].decode()}")
            process.kill()
            await process.communicate()
        last = await taglake("ingest", "--once", "--target", VANS, "--json")
        wanted = {s["uri"]: s["favourites_count"] for s in fake.statuses.values()}

    assert last.status == 0, last.err
    posts = await _documents(store, "posts")
    assert len(posts) == len(wanted) == POSTS
    assert {post["native_id"]: post["metrics"]["likes"] for post in posts} == wanted
    observations = await _documents(store, "metrics")
    newest: dict[str, tuple[str, int]] = {}
    for one in observations:
        if one["entity"]["type"] == "post":
            seen = (one["@timestamp"], one["metrics"]["likes"])
            key = one["entity"]["id"].removeprefix("mastodon:")
            newest[key] = max(newest.get(key, ("", 0)), seen)
    assert {key: likes for key, (_, likes) in newest.items()} == wanted
    assert await _documents(store, "deadletter") == []
    _check_ledger(await _documents(store, "runs"))


def _check_ledger(runs: list[dict[str, Any]]) -> None:
    """What was covered joins without a hole, but where no poll succeeded for too long."""
    polls = sorted((run for run in runs if run["kind"] == "hashtag"), key=lambda r: r["@timestamp"])
    assert len(polls) >= 3
    assert not [run for run in polls if "error" in run]
    starts = [times.from_text(run["@timestamp"]) for run in polls]
    spans = [run["covered"] for run in polls if "covered" in run]
    first = min(times.from_text(span["start"]) for span in spans)
    ledger = Seen(first=first, last=max(times.from_text(span["end"]) for span in spans))
    for run in polls:
        add_run({("mastodon", "vans"): ledger}, run)
    assert first <= starts[1]  # the first poll vouches for nothing
    for gap in blind(ledger, first, starts[-1]):
        before = max(start for start in starts if start <= gap.start)
        after = min(start for start in starts if start >= gap.end)
        assert (gap.reason, gap.recovered) == ("overdue", True)
        assert not [start for start in starts if before < start < after]
        assert after - before > timedelta(seconds=2 * INTERVAL_S)


def _poller(lake: LakeOfTest, fake: FakeMastodon) -> CommandLine:
    ingest: dict[str, object] = {
        "interval_s": INTERVAL_S,
        "max_interval_s": INTERVAL_S,
        "sync_s": 0.5,
        "comments_per_poll": 0,
        "refresh_posts": 0,
        "history_days": 0,
        "pages_per_poll": 1_000,
    }
    platform = {"instances": [fake.base], "lookback_s": 7 * 86_400}
    config = lake.config_file(platforms={"mastodon": platform}, ingest=ingest)
    return CommandLine(config, ROOT, {"TAGLAKE_TEST_PASSWORD": lake.access.password or ""})


async def _campaign(store: Store) -> None:
    year = datetime.now(UTC).year
    dates = {"from": f"{year}-01-01", "to": f"{year + 2}-01-01"}
    await store.campaigns.create(checked_spec({"name": "V", "hashtags": ["vans"], **dates}))
