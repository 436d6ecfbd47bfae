"""Training on people's labels every some days, by one of however many replicas.

When a model was trained last is a document in the lake, so a restart forgets nothing. Who trains
has claimed it by compare-and-set; a claim ends by itself if its holder dies. The training is a
process of its own at a low priority: scoring goes on beside it.
"""

from __future__ import annotations

import asyncio
import logging
import shutil
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from lake import times
from lake.errors import ConflictError, TaglakeError
from lake.model_record import Training
from lake.model_records import ModelRecords

logger = logging.getLogger(__name__)

CLAIM = timedelta(hours=12)
"""A training that takes longer may be started a second time."""

NEW_LABELS = 50
"""Labels more than at the last training, for another to be worth it."""

_LOOK_S = 600.0
_NICENESS = "15"
_STOP_S = 20.0


def is_due(training: Training, now: datetime, days: int) -> bool:
    """Whether it is time for a training, and nobody is at it."""
    if training.claimed_until is not None and now < training.claimed_until:
        return False
    last = training.finished_at
    return last is None or now - last >= timedelta(days=days)


def has_news(training: Training, labels_n: int) -> bool:
    """Whether people labelled enough since the last training."""
    return labels_n - (training.labels_n or 0) >= NEW_LABELS


async def claim(records: ModelRecords, by: str, days: int) -> Training | None:
    """The training as it was, now claimed; None where it is not due or another was first.

    Raises:
        RetryError: Elasticsearch did not answer.
    """
    training, now = await records.training(), times.now()
    if not is_due(training, now, days):
        return None
    try:
        await records.move_training(
            training, replace(training, claimed_by=by, claimed_until=now + CLAIM)
        )
    except ConflictError:
        return None
    return training


async def finish(records: ModelRecords, outcome: str, labels_n: int | None = None) -> None:
    """Ends the claim and keeps what came of it.

    Args:
        records: The registry's records.
        outcome: What came of the training, in a line.
        labels_n: Labels that it learnt from; None where it learnt nothing.

    Raises:
        RetryError: Elasticsearch did not answer.
    """
    old = await records.training()
    seen = old.labels_n if labels_n is None else labels_n
    new = Training(finished_at=times.now(), outcome=outcome, labels_n=seen)
    try:
        await records.move_training(old, new)
    except ConflictError:  # the claim was void and another took it: what it writes is newer
        logger.info("the training's record was changed meanwhile", extra={"outcome": outcome})


class Retraining:
    """Looks now and then whether a training is due, and starts one.

    Args:
        training: Reads the last training, such as ``ModelRecords.training``.
        days: Days from one training to the next.
        command: Trains, proposes and ends; it claims the training itself.
        look_s: Seconds between two looks.
    """

    def __init__(
        self,
        training: Callable[[], Awaitable[Training]],
        days: int,
        command: Sequence[str],
        *,
        look_s: float = _LOOK_S,
    ) -> None:
        self._training = training
        self._days = days
        self._command = tuple(command)
        self._look_s = look_s
        self._told: str | None = None

    async def forever(self) -> None:
        """Looks until it is cancelled; a training that goes on then is ended."""
        while True:
            try:
                if is_due(await self._training(), times.now(), self._days):
                    await self._train()
            except TaglakeError as exc:
                self._tell(f"cannot look: {exc}")
            await asyncio.sleep(self._look_s)

    async def _train(self) -> None:
        nice = shutil.which("nice")
        prefix = (nice, "-n", _NICENESS) if nice else ()
        process = await asyncio.create_subprocess_exec(
            *prefix,
            *self._command,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            start_new_session=True,  # Ctrl-C is ours to pass on
        )
        try:
            out, err = await process.communicate()
        except asyncio.CancelledError:
            await _stopped(process)
            raise
        if lines := (out if process.returncode == 0 else err).decode(errors="replace").split("\n"):
            self._tell(_last(lines))

    def _tell(self, line: str) -> None:
        """One line; the same is not said again."""
        if line and line != self._told:
            self._told = line
            logger.info("retraining", extra={"outcome": line})


async def _stopped(process: asyncio.subprocess.Process) -> None:
    """Ends a training: asked first, then made to."""
    process.terminate()
    try:
        async with asyncio.timeout(_STOP_S):
            await process.communicate()
    except TimeoutError:
        process.kill()
        await process.communicate()


def _last(lines: Sequence[str]) -> str:
    return next((line.strip() for line in reversed(lines) if line.strip()), "")
