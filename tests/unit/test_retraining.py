"""A training starts when it is due, beside the scoring, and ends with it."""

from __future__ import annotations

import asyncio
import logging
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psutil
import pytest

from enrichment.retraining import CLAIM, NEW_LABELS, Retraining, has_news, is_due
from lake import times
from lake.errors import UnavailableError
from lake.model_record import Training

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
WEEK = timedelta(days=7)


@pytest.mark.parametrize(
    ("training", "due"),
    [
        (Training(), True),
        (Training(finished_at=NOW - WEEK), True),
        (Training(finished_at=NOW - WEEK + timedelta(seconds=1)), False),
        (Training(finished_at=NOW + WEEK), False),
        (Training(claimed_by="a", claimed_until=NOW + CLAIM), False),
        (Training(finished_at=NOW - 2 * WEEK, claimed_until=NOW + timedelta(seconds=1)), False),
        (Training(finished_at=NOW - 2 * WEEK, claimed_until=NOW), True),
    ],
)
def test_a_training_is_due_when_the_last_is_old_and_nobody_is_at_it(
    training: Training, *, due: bool
) -> None:
    assert is_due(training, NOW, 7) == due


def test_news_are_labels_that_the_last_training_did_not_have() -> None:
    assert has_news(Training(), NEW_LABELS)
    assert not has_news(Training(), NEW_LABELS - 1)
    assert has_news(Training(labels_n=100), 100 + NEW_LABELS)
    assert not has_news(Training(labels_n=100), 99 + NEW_LABELS)


class Record:
    """The last training, as the lake would tell."""

    def __init__(self, training: Training) -> None:
        self.training = training
        self.looks = 0
        self.is_away = False

    async def read(self) -> Training:
        self.looks += 1
        if self.is_away:
            raise UnavailableError("Elasticsearch does not answer")
        return self.training


async def _until(holds: Callable[[], bool], task: asyncio.Task[None]) -> None:
    async with asyncio.timeout(60):
        while not holds():
            assert not task.done()
            await asyncio.sleep(0.01)


async def _end(task: asyncio.Task[None]) -> None:
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def test_what_came_of_a_training_is_said_once(caplog: pytest.LogCaptureFixture) -> None:
    record = Record(Training())
    command = [sys.executable, "-c", "print('first'); print('not enough new labels')"]
    with caplog.at_level(logging.INFO, "enrichment.retraining"):
        task = asyncio.create_task(Retraining(record.read, 7, command, look_s=0.0).forever())
        await _until(lambda: record.looks >= 3, task)
        await _end(task)

    assert [vars(one)["outcome"] for one in caplog.records] == ["not enough new labels"]


async def test_nothing_is_started_before_its_time(tmp_path: Path) -> None:
    record = Record(Training(finished_at=times.now()))
    mark = tmp_path / "ran"
    command = [sys.executable, "-c", f"open({str(mark)!r}, 'w')"]
    task = asyncio.create_task(Retraining(record.read, 7, command, look_s=0.0).forever())

    await _until(lambda: record.looks >= 50, task)
    ran_early = mark.exists()
    record.training = Training(finished_at=times.now() - WEEK)
    await _until(mark.exists, task)
    await _end(task)

    assert not ran_early


async def test_a_failed_training_and_a_lake_that_is_away_are_lines(
    caplog: pytest.LogCaptureFixture,
) -> None:
    record = Record(Training())
    command = [sys.executable, "-c", "import sys; sys.exit('taglake: the extra train is missing')"]
    with caplog.at_level(logging.INFO, "enrichment.retraining"):
        task = asyncio.create_task(Retraining(record.read, 7, command, look_s=0.0).forever())
        await _until(lambda: bool(caplog.records), task)
        record.is_away = True
        await _until(lambda: len(caplog.records) == 2, task)
        await _end(task)

    failed, away = (vars(one)["outcome"] for one in caplog.records)
    assert failed == "taglake: the extra train is missing"
    assert away == "cannot look: Elasticsearch does not answer"


async def test_a_training_ends_with_the_scoring_and_runs_at_a_low_priority(tmp_path: Path) -> None:
    mark = tmp_path / "pid"
    script = f"""
import os, time
from pathlib import Path
new = Path({str(mark)!r} + ".new")
new.write_text(str(os.getpid()))
new.rename({str(mark)!r})
time.sleep(600)
"""
    record = Record(Training())
    task = asyncio.create_task(Retraining(record.read, 7, [sys.executable, "-c", script]).forever())
    await _until(mark.exists, task)
    process = psutil.Process(int(mark.read_text()))
    niceness, own = process.nice(), psutil.Process().nice()

    await _end(task)

    assert niceness > own or own == 19
    assert not process.is_running()
