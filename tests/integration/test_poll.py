"""The poll loop and the schedule: a fake Mastodon on one side, a real lake on the other."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import pytest

from ingestors.platform import Target
from ingestors.platforms.mastodon import connect
from ingestors.poll import poll
from ingestors.run import Run
from ingestors.schedule import Schedule
from lake.campaign import checked_spec
from lake.config import IngestConfig
from lake.cursors import Cursor
from lake.errors import RetryError, StorageError, UnauthorizedError
from lake.store import Store
from tests.fakes.mastodon import (
    FakeMastodon,
    cut_off,
    refusing,
    run_mastodon,
)
from tests.fakes.mastodon_poll import VANS, options
from tests.lakes import LakeOfTest


@pytest.fixture
async def fake() -> AsyncIterator[FakeMastodon]:
    async with run_mastodon() as server:
        yield server


async def _poll(fake: FakeMastodon, store: Store, **changes: Any) -> Run:
    async with connect(options(fake, **changes)) as platform:
        return await poll(platform, VANS, store)


async def _ids(store: Store) -> list[str]:
    await store.refresh()
    body = {"size": 5000, "_source": ["native_id"]}
    answer = await store.search(store.layout.every("posts"), body)
    return sorted(hit["_source"]["native_id"].rpartition("/")[2] for hit in answer["hits"]["hits"])


async def _runs(store: Store) -> list[dict[str, Any]]:
    await store.refresh()
    answer = await store.search(store.layout.every("runs"), {"size": 100, "sort": ["@timestamp"]})
    return [hit["_source"] for hit in answer["hits"]["hits"]]


async def test_faults_of_every_kind_lose_and_double_nothing(
    fake: FakeMastodon, store: Store
) -> None:
    fake.add(130)
    fake.faults.extend([None, None, refusing(429, reset_s=0.3), refusing(500), None, cut_off])

    run = await _poll(fake, store, attempts=6)

    assert await _ids(store) == sorted(fake.statuses)
    assert run.written.created == 130
    [entry] = await _runs(store)
    assert (entry["created"], entry["target"]) == (130, "mastodon:hashtag:vans")


async def test_later_polls_bring_only_what_is_new(fake: FakeMastodon, store: Store) -> None:
    fake.add(50)
    await _poll(fake, store)
    fake.add(45)

    run = await _poll(fake, store)

    assert run.written.created == 45
    assert await _ids(store) == sorted(fake.statuses)
    first, second = await _runs(store)
    assert "covered" not in first  # nobody watched before the first poll
    assert second["covered"] == {
        "start": first["@timestamp"],
        "end": second["@timestamp"],
    }


async def test_an_outage_in_the_middle_is_resumed_where_it_was(
    fake: FakeMastodon, store: Store
) -> None:
    fake.add(40)
    await _poll(fake, store)
    fake.add(120)
    fake.faults.extend([None, *[refusing(503)] * 20])

    with pytest.raises(RetryError):
        await _poll(fake, store)
    fake.faults.clear()
    between = await _ids(store)
    await _poll(fake, store)

    assert 40 <= len(between) < 160
    assert await _ids(store) == sorted(fake.statuses)
    failed = [run for run in await _runs(store) if "error" in run]
    assert [run["error"]["class"] for run in failed] == ["UnavailableError"]


async def test_a_refusal_is_in_the_ledger(fake: FakeMastodon, store: Store) -> None:
    fake.token = "wanted"

    with pytest.raises(UnauthorizedError):
        await _poll(fake, store)

    [entry] = await _runs(store)
    assert entry["error"]["class"] == "UnauthorizedError"


async def test_an_unusable_status_is_a_dead_letter_and_no_obstacle(
    fake: FakeMastodon, store: Store
) -> None:
    ids = fake.add(3)
    fake.statuses[ids[1]] = {"id": ids[1], "visibility": "public", "content": "no time, no account"}

    run = await _poll(fake, store)

    assert (run.written.created, run.dead_letters) == (2, 1)
    await store.refresh()
    answer = await store.search(store.layout.every("deadletter"), {})
    [letter] = [hit["_source"] for hit in answer["hits"]["hits"]]
    assert letter["stage"] == "normalise"
    assert ids[1] in letter["payload"]


async def test_the_schedule_follows_the_campaigns(fake: FakeMastodon, store: Store) -> None:
    fake.add(5)
    year = datetime.now(UTC).year
    spec = checked_spec(
        {"name": "V", "hashtags": ["vans"], "from": f"{year}-01-01", "to": f"{year + 2}-01-01"}
    )
    settings = IngestConfig(interval_s=1, sync_s=0.1)

    async with (
        connect(options(fake)) as platform,
        Schedule(store, {"mastodon": platform}, settings),
    ):
        nobody = list(fake.paths)
        campaign = await store.campaigns.create(spec)
        await _until_posts(store, 5)
        fake.add(4)
        await _until_posts(store, 9)
        await store.campaigns.delete(campaign.id)
        await asyncio.sleep(1.5)
        calls = len(fake.paths)
        await asyncio.sleep(2.5)
        after = len(fake.paths)

    assert nobody == []
    assert after == calls
    assert await _ids(store) == sorted(fake.statuses)


async def _until_posts(store: Store, count: int) -> None:
    for _ in range(200):
        if len(await _ids(store)) >= count:
            return
        await asyncio.sleep(0.1)
    pytest.fail(f"{count} posts did not arrive within 20 s")


async def test_one_platforms_refusal_never_stops_another(store: Store) -> None:
    async with run_mastodon() as closed, run_mastodon() as open_one:
        closed.token = "wanted"
        open_one.add(3)
        async with connect(options(closed)) as first, connect(options(open_one)) as second:
            platforms = {"closed": first, "open": second}
            schedule = Schedule(store, platforms, IngestConfig())

            refused = await schedule.poll(Target("closed", "hashtag", "vans"))
            again = await schedule.poll(Target("closed", "hashtag", "vans"))
            done = await schedule.poll(Target("open", "hashtag", "vans"))

    assert refused is None
    assert again is None
    assert len([path for path in closed.paths if "timelines" in path]) <= 1
    assert done is not None
    assert done.written.created == 3


async def test_a_lake_that_cannot_be_written_ends_the_schedule(
    fake: FakeMastodon, store: Store, lake_of_test: LakeOfTest
) -> None:
    ids = fake.add(1)
    fake.statuses[ids[0]]["content"] = "x"
    fake.statuses[ids[0]]["visibility"] = "public"
    del fake.statuses[ids[0]]["account"], fake.statuses[ids[0]]["created_at"]
    folder = lake_of_test.config.writer.dead_letter_dir
    folder.mkdir()
    (folder / "refused.jsonl").symlink_to("/dev/full")
    await store.client.indices.create(
        index=store.layout.dead_letters(datetime.now(UTC)),
        mappings={"properties": {"reason": {"type": "long"}}},
    )
    year = datetime.now(UTC).year
    spec = checked_spec(
        {"name": "V", "hashtags": ["vans"], "from": f"{year}-01-01", "to": f"{year + 2}-01-01"}
    )
    await store.campaigns.create(spec)

    async with (
        connect(options(fake)) as platform,
        Schedule(store, {"mastodon": platform}, IngestConfig(interval_s=1)) as schedule,
    ):
        with pytest.raises(StorageError, match="disk is full"):
            await asyncio.wait_for(schedule.failure(), 30)


async def test_a_cursor_that_is_too_long_ends_the_poll_and_not_the_process(store: Store) -> None:
    with pytest.raises(RetryError, match="4,001 characters"):
        await store.cursors.move("x:hashtag:t", "run", old=Cursor(), new=Cursor("1" * 4_001))

    assert await store.cursors.get("x:hashtag:t") == Cursor()
