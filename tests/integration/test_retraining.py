"""The schedule of trainings in a real lake: once for all replicas, and never without news."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from lake.model_records import ModelRecords
from lake.store import Store
from tests.conftest import ROOT
from tests.lakes import CommandLine, LakeOfTest

SCHEDULED = ("model", "train", "--labels", "people", "--scheduled")


@pytest.fixture
def weekly(lake_of_test: LakeOfTest, tmp_path: Path) -> CommandLine:
    enrichment = {"models_dir": str(tmp_path / "models"), "retrain_days": 7, "model": "vader"}
    secret = {"TAGLAKE_TEST_PASSWORD": lake_of_test.access.password or ""}
    return CommandLine(lake_of_test.config_file(enrichment=enrichment), ROOT, secret)


async def test_of_two_replicas_one_trains_and_says_why_not(
    weekly: CommandLine, store: Store
) -> None:
    both = await asyncio.gather(weekly(*SCHEDULED), weekly(*SCHEDULED))
    again = await weekly(*SCHEDULED)

    assert [one.status for one in both] == [0, 0], both
    [said] = [one.out for one in both if one.out]
    assert "people have labelled no post yet" in said
    assert (again.status, again.out) == (0, "")
    training = await ModelRecords(store.client, store.layout).training()
    assert training.finished_at is not None
    assert training.claimed_until is None


async def test_the_workers_start_it_and_say_what_came_of_it(
    weekly: CommandLine, store: Store
) -> None:
    process = await weekly.start("enrich")
    assert process.stderr is not None
    try:
        async with asyncio.timeout(300):
            while b"retraining" not in (line := await process.stderr.readline()):
                assert line, "it ended"
    finally:
        process.terminate()
        await process.communicate()

    assert "people have labelled no post yet" in line.decode()
    assert (await ModelRecords(store.client, store.layout).training()).finished_at is not None
