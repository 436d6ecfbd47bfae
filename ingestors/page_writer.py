"""One page into the lake: its payloads, their records, what could not be used, what is gone."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from ingestors.drift import Radar
from ingestors.platform import Page, Payload, Platform, Unreadable
from ingestors.run import Run
from lake.batch import Batch, Written
from lake.dead_letters import DeadLetter
from lake.documents import Origin, RawPayload
from lake.erasure import erase
from lake.errors import PayloadError
from lake.json_text import dumps
from lake.records import Erasure
from lake.store import Sighting, Store

logger = logging.getLogger(__name__)
_MOST_RELATED = 100


@dataclass(frozen=True, slots=True)
class Flight:
    """A page on its way into the lake.

    Args:
        batch: Its documents.
        erasures: Posts that it says are gone.
        cursor: Where to go on once it has landed.
    """

    batch: Batch
    erasures: Sequence[Erasure]
    cursor: str | None


class PageWriter:
    """Writes a run's pages and counts them into it.

    Args:
        platform: Whose payloads they are.
        run: What is counted into.
        store: Where everything goes.
    """

    def __init__(self, platform: Platform, run: Run, store: Store) -> None:
        self._platform = platform
        self._store = store
        self._origin = Origin(run.id, run.target.key, platform.context)
        self.run = run
        self.radar = Radar(platform.name, run.id, run.target.kind)
        run.context = platform.context

    async def submit(self, page: Page) -> Flight:
        """Queues a page; waits while the queue is full."""
        letters = [self._unreadable(part, page) for part in page.unreadable]
        sightings: list[Sighting] = []
        for payload in page.payloads:
            try:
                sightings.append(self._sighting(payload, page.observed_at))
            except PayloadError as exc:
                self.radar.saw(payload, None)
                letters.append(self._letter(payload, page, exc))
        self.radar.read(
            len(page.payloads), unreadable=sum(part.place is None for part in page.unreadable)
        )
        self.run.pages += 1
        self.run.payloads += len(page.payloads) + len(page.unreadable)
        self.run.dead_letters += len(letters)
        gone = [r for seen in sightings for r in seen.records if isinstance(r, Erasure)]
        batch = await self._store.submit(sightings, self._origin, letters)
        return Flight(batch, gone, page.cursor)

    async def land(self, flight: Flight) -> Written:
        """Waits until a page is in the lake and what it says is gone is marked so.

        Raises:
            RetryError: Elasticsearch did not answer; the page's cursor must not move.
        """
        written = await flight.batch.done()
        self.run.written.add(written)
        if flight.erasures:
            self.run.erased += await erase(
                self._store, flight.erasures, only_kept=self.run.target.kind == "stream"
            )
        return written

    def _sighting(self, payload: Payload, observed_at: datetime) -> Sighting:
        records = self._platform.normalise(payload, observed_at)
        self.radar.saw(payload, records)
        if len(self.run.related) < _MOST_RELATED:
            self.run.related += self._platform.related(payload)
        seen_at = records[0].observed_at if records else observed_at
        raw = RawPayload(payload.kind, payload.body, seen_at, payload.place, payload.source)
        return Sighting(raw, records)

    def _unreadable(self, part: Unreadable, page: Page) -> DeadLetter:
        logger.warning("unreadable", extra={"place": part.place, "reason": part.reason})
        return DeadLetter(
            origin=self._origin,
            stage="read",
            reason=part.reason,
            payload=part.text,
            observed_at=page.observed_at,
            place=part.place,
        )

    def _letter(self, payload: Payload, page: Page, exc: PayloadError) -> DeadLetter:
        logger.warning("payload unusable", extra={"place": payload.place, "reason": str(exc)})
        return DeadLetter(
            origin=self._origin,
            stage="normalise",
            reason=str(exc),
            payload=dumps(payload.body).decode(),
            observed_at=page.observed_at,
            kind=payload.kind,
            place=payload.place,
            source=payload.source,
        )
