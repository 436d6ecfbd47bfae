"""The schedule of trainings in a real lake: once for all replicas, and never without news."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from lake.label import LabelSpec, PeopleLabel
from lake.model_records import ModelRecords
from lake.store import Store
from lake.unlabelled import unlabelled_texts
from tests.conftest import ROOT
from tests.fakes.labelled_posts import write_scored
from tests.lakes import CommandLine, LakeOfTest

NEUTRAL = (0.2, 0.6, 0.2)
SAID: tuple[tuple[PeopleLabel, str], ...] = (
    ("negative", "the marmot queue is on day"),
    ("neutral", "the walnut gate is on day"),
    ("positive", "the teapot crew is on day"),
)
LABELLED, OTHERS = 240, 30
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


async def _label(store: Store) -> None:
    """Posts whose labels no model could guess, and some that nobody labelled."""
    texts = [f"{SAID[number % 3][1]} {number}" for number in range(LABELLED)]
    texts += [f"nobody labelled post {number}" for number in range(OTHERS)]
    await write_scored(store, *((text, NEUTRAL, "neutral") for text in texts))
    for number in range(LABELLED):
        await store.labels.put(LabelSpec(f"x:{number + 1}", SAID[number % 3][0], "ann"))
    await store.refresh()


async def test_what_people_labelled_since_is_learnt_and_proposed(
    weekly: CommandLine, store: Store, tmp_path: Path
) -> None:
    await _label(store)

    trained = await weekly(*SCHEDULED)

    assert trained.status == 0, trained.err
    assert f"{1_000 + OTHERS} other texts" in trained.err
    records = ModelRecords(store.client, store.layout)
    training = await records.training()
    assert (training.labels_n, training.claimed_until) == (LABELLED, None)
    [tuned] = [one for one in await records.list() if one.origin == "trained"]
    assert tuned.name.startswith("tuned-")
    assert training.outcome is not None
    assert f"taglake model promote {tuned.name}" in training.outcome
    assert (tmp_path / "models" / tuned.name / "model.onnx").is_file()
    assert await records.champion() is None  # proposed, not promoted


async def test_texts_that_nobody_labelled_are_drawn_from_all_posts(store: Store) -> None:
    assert await unlabelled_texts(store, 5, seed=0) == []
    rows = [(f"post {number}", NEUTRAL, "neutral") for number in range(1_100)]
    await write_scored(store, *rows, ("twice", NEUTRAL, "neutral"), (" ", NEUTRAL, "neutral"))
    await write_scored(store, ("twice", NEUTRAL, "neutral"), start=5_000)
    await store.labels.put(LabelSpec("x:8", "neutral", "ann"))
    await store.refresh()

    every = await unlabelled_texts(store, 5_000, seed=1)
    some = await unlabelled_texts(store, 600, seed=1)

    assert set(every) == {f"post {n}" for n in range(1_100) if n != 7} | {"twice"}
    assert len(every) == len(set(every))
    assert some == every[:600]
    assert some != await unlabelled_texts(store, 600, seed=2)
