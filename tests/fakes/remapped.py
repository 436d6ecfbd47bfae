"""Payloads that an older mapper wrote into a lake, and the lake before and after a remap."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from ingestors.platform import Payload
from ingestors.platforms import mastodon
from ingestors.remap import Scope, remap
from ingestors.remap_report import Report
from lake.documents import Origin, RawPayload
from lake.records import Post, Record
from lake.store import Sighting, Store
from tests.fakes.mastodon import status, status_id

BASE = "https://a.example"
AT = datetime(2026, 10, 5, 12, tzinfo=UTC)
DAY = timedelta(days=1)
ORIGIN = Origin("run-1", "mastodon:hashtag:vans")
SCOPE = Scope("mastodon", datetime(2026, 1, 1, tzinfo=UTC))
Broken = Callable[[Record], Record]


def body(number: int = 1, **changes: Any) -> dict[str, Any]:
    """A status as a server gives it."""
    return status(status_id(number), BASE) | changes


def without(*names: str) -> Broken:
    """A mapper that overlooks metrics, as after their keys were renamed."""

    def broken(record: Record) -> Record:
        if not isinstance(record, Post):
            return record
        metrics = {name: n for name, n in record.metrics.items() if name not in names}
        return replace(record, metrics=metrics)

    return broken


def as_it_is(record: Record) -> Record:
    """A mapper without a fault."""
    return record


async def saw(
    store: Store,
    *bodies: dict[str, Any],
    at: datetime = AT,
    broken: Broken = as_it_is,
    kind: str = "status",
    origin: Origin = ORIGIN,
) -> None:
    """Writes payloads as a poll at that time did, with the mapper of its day."""
    sightings = []
    for one in bodies:
        records = mastodon.normalise(Payload(kind, one, source="a.example"), at)
        raw = RawPayload(kind, one, at, None, "a.example")
        sightings.append(Sighting(raw, [broken(record) for record in records]))
    await (await store.submit(sightings, origin)).done()
    await store.refresh()


async def lake(store: Store, *kinds: str) -> list[dict[str, Any]]:
    """Every document of these kinds, in a certain order."""
    await store.refresh()
    found = []
    for kind in kinds or ("posts", "metrics", "raw", "deadletter"):
        answer = await store.search(store.layout.every(kind), {"size": 1000})
        found += [hit["_source"] for hit in answer["hits"]["hits"]]
    return sorted(found, key=lambda source: json.dumps(source, sort_keys=True))


async def run(store: Store, scope: Scope = SCOPE, *, apply: bool = False) -> Report:
    """One remap."""
    await store.refresh()
    report = await remap(store, scope, apply=apply, on_progress=lambda _done: None)
    await store.refresh()
    return report


async def scored(store: Store, ids: Sequence[str]) -> dict[str, Any]:
    """Marks posts as scored; gives the sentiment that they carry."""
    sentiment = {"label": "positive", "score": 0.5, "model": "m"}
    for id_ in ids:
        await store.client.update(
            index=store.layout.posts(AT),
            id=id_,
            doc={"sentiment": sentiment, "enrich": {"state": "done"}},
        )
    await store.refresh()
    return sentiment
