"""One or two of every kind of document that the sample campaign has none of, by the lake's ways."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from ingestors.gaps import Gap
from ingestors.platform import Target
from ingestors.run import Run
from lake.audit import Audit, Entry
from lake.dead_letters import DeadLetter
from lake.documents import Origin, RawPayload
from lake.drift_book import DriftBook
from lake.errors import BlockedError
from lake.label import LabelSpec
from lake.model_record import Measured, ModelRecord
from lake.model_records import ModelRecords
from lake.records import Author, Profile, Record, TagCounter
from lake.store import Sighting, Store

DAY = datetime(2026, 10, 20, 12, tzinfo=UTC)
TARGET = Target("instagram", "hashtag", "wyndhollow")


async def seed_everything(store: Store, labelled: str) -> None:
    """Writes a profile, tag counts, a failed run with a gap, a dead letter, a finding, and so on.

    Args:
        store: Where.
        labelled: A post of the lake, such as ``x:1``, that somebody labels.
    """
    await _records(store)
    await _runs(store)
    finding = {"platform": "x", "kind": "tweet", "change": "vanished", "path": "data.lang"}
    await DriftBook(store.client, store.layout).note(finding, DAY)
    await store.labels.put(LabelSpec(labelled, "positive", "ann"))
    figures = Measured("d1", "labels", 90, 0.8, 0.7, 0.75, DAY)
    record = ModelRecord("better-1", "trained", DAY, "ann", evaluations=(figures,))
    await ModelRecords(store.client, store.layout).add(record)
    entry = Entry("ann", "model.promote", "better-1", DAY, reason="it is better")
    await Audit(store.client, store.layout).note(entry)
    await store.refresh()


async def _records(store: Store) -> None:
    counts = [
        TagCounter("instagram", "wyndhollow", DAY + timedelta(days=day), posts=1_000 + 40 * day)
        for day in range(3)
    ]
    author = Author("17", "wyndhollow", "Wyndhollow", followers=52_000, verified=True)
    profile = Profile("instagram", author, DAY, following=120, posts=900)
    records: list[Record] = [*counts, profile]
    sightings = [Sighting(RawPayload("tag", {"n": n}, DAY), [one]) for n, one in enumerate(records)]
    origin = Origin("run-9", TARGET.key)
    letter = DeadLetter(origin, "normalise", "id is missing", "{}", DAY, place="page 2")
    await (await store.submit(sightings, origin, [letter])).done()


async def _runs(store: Store) -> None:
    run = Run(TARGET, DAY)
    run.gap = Gap(DAY - timedelta(hours=9), DAY - timedelta(hours=2), "overdue")
    ended = run.document(store.layout, DAY + timedelta(seconds=3), BlockedError("log in first"))
    await (await store.writer.submit([ended])).done()
