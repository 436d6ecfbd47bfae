"""The drain: what remote collectors pushed goes the way of what was polled.

Lines are taken from the inbox in the order of their arrival, normalised by their platform's own
``normalise``, written, and only then deleted. A drain that is killed anywhere does its last batch
again, which changes nothing; so does a second program that drains at the same time.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

from ingestors.connections import Mapper, mapper
from ingestors.drift import Radar
from ingestors.platform import Payload, Target
from ingestors.run import Run
from lake import times
from lake.dead_letters import DeadLetter
from lake.documents import Document, Origin, RawPayload
from lake.erasure import erase
from lake.errors import ConfigError, PayloadError, RetryError
from lake.inbox import Inbox, Pushed, pushed
from lake.records import Erasure
from lake.retry import Backoff, retrying
from lake.store import Sighting, Store
from lake.text import digest

logger = logging.getLogger(__name__)

_BACKOFF = Backoff(base_s=0.5, cap_s=5.0)
_IDLE_S = 1.0


@dataclass(slots=True)
class Drained:
    """What a drain did.

    Args:
        lines: Lines that left the inbox.
        runs: One for each target of each batch.
    """

    lines: int
    runs: list[Run]


async def drain_forever(store: Store, inbox: Inbox) -> None:
    """Drains whatever comes, until it is cancelled or cannot go on.

    Raises:
        StopProcessError: The lake or a folder cannot be written; nothing is lost.
    """
    while True:
        drained = await drain(store, inbox)
        if drained.lines == 0:
            await asyncio.sleep(_IDLE_S)


async def drain(store: Store, inbox: Inbox) -> Drained:
    """Drains until the inbox is empty; waits while Elasticsearch is away.

    Raises:
        StopProcessError: See ``drain_forever``.
    """
    drained = Drained(0, [])
    while True:
        waiting = await retrying(inbox.oldest, backoff=_BACKOFF, attempts=None, on_wait=_told)
        if not waiting:
            return drained
        batch: dict[tuple[str, str], list[Document]] = {}
        for document in waiting:
            key = (document.source["platform"], document.source["target"])
            batch.setdefault(key, []).append(document)
        for documents in batch.values():
            drained.runs.append(await _take(store, documents))
        await _remove(inbox, waiting)
        drained.lines += len(waiting)


async def _remove(inbox: Inbox, documents: Sequence[Document]) -> None:
    await retrying(lambda: inbox.remove(documents), backoff=_BACKOFF, attempts=None, on_wait=_told)


async def _take(store: Store, documents: Sequence[Document]) -> Run:
    """Brings lines of one target into the lake; they are safe when this returns."""
    lines = [pushed(document.source) for document in documents]
    taking = _Taking(lines[0], digest("push", *sorted(document.id for document in documents)))
    sightings: list[Sighting] = []
    letters: list[DeadLetter] = []
    for line in lines:
        found = taking.sort(line)
        if isinstance(found, Sighting):
            sightings.append(found)
        else:
            letters.append(found)
    run = taking.run
    run.dead_letters += len(letters)
    batch = await store.submit(sightings, taking.origin, letters)
    run.written.add(await batch.done())
    run.erased = await retrying(
        lambda: erase(store, taking.erasures), backoff=_BACKOFF, attempts=None, on_wait=_told
    )
    await _enter(store, taking)
    return run


async def _enter(store: Store, taking: _Taking) -> None:
    run, now = taking.run, times.now()
    run.drift = await retrying(
        lambda: taking.radar.report(store, now), backoff=_BACKOFF, attempts=None, on_wait=_told
    )
    await (await store.writer.submit([run.document(store.layout, now)])).done()
    logger.info(
        "push drained",
        extra={
            "target": taking.origin.target,
            "payloads": run.payloads,
            "posts_created": run.written.created,
            "posts_updated": run.written.updated,
            "dead_letters": run.dead_letters,
        },
    )


class _Taking:
    """Lines of one target on their way.

    Args:
        first: The line that came first; the run begins with its arrival.
        run: The run's id: the same where the same lines are taken again.
    """

    def __init__(self, first: Pushed, run: str) -> None:
        bare = first.target.removeprefix(f"{first.platform}:").removeprefix("push:")
        self.run = Run(Target(first.platform, "push", bare), first.received_at, id=run, pages=1)
        # The posts name the target that was collected, as if it had been polled here.
        self.origin = Origin(run, first.target)
        self.radar = Radar(first.platform, run)
        self.erasures: list[Erasure] = []

    def sort(self, line: Pushed) -> Sighting | DeadLetter:
        """What a line becomes."""
        self.run.payloads += 1
        if line.refused is not None:
            return self._letter(line, "read", line.refused)
        payload = Payload(line.kind or "", json.loads(line.payload), source=line.source)
        try:
            records = _mapper(line.platform)(payload, line.observed_at)
        except (PayloadError, ConfigError) as exc:
            self.radar.saw(payload, None)
            return self._letter(line, "normalise", str(exc))
        self.radar.saw(payload, records)
        self.erasures += [record for record in records if isinstance(record, Erasure)]
        seen_at = records[0].observed_at if records else line.observed_at
        raw = RawPayload(payload.kind, payload.body, seen_at, None, payload.source)
        return Sighting(raw, records)

    def _letter(self, line: Pushed, stage: str, reason: str) -> DeadLetter:
        logger.warning("payload unusable", extra={"target": line.target, "reason": reason})
        return DeadLetter(
            origin=self.origin,
            stage=stage,
            reason=reason,
            payload=line.payload,
            observed_at=line.observed_at,
            kind=line.kind,
            place=line.place,
            source=line.source,
        )


@cache
def _mapper(platform: str) -> Mapper:
    return mapper(platform)


def _told(exc: RetryError, wait_s: float) -> None:
    what = {"reason": str(exc), "wait_s": round(wait_s, 2)}
    logger.warning("waiting for Elasticsearch", extra=what)
