"""Stored payloads mapped anew, gathered by the post, profile or count that they are of."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from ingestors.connections import Mapper, mapper
from ingestors.platform import Payload
from ingestors.remap_report import Report
from lake import times
from lake.documents import (
    Document,
    Origin,
    native_id_of,
    post_document,
    profile_document,
    tag_observation,
)
from lake.errors import ConfigError, PayloadError
from lake.raw_payloads import ARCHIVE, Owner, contexts, payloads
from lake.records import Json, Post, Profile, Record, TagCounter
from lake.refold import Entity, EntityKind
from lake.store import Store

_MOST_CONTEXTS = 1_000
EntityKey = tuple[EntityKind, str]


@dataclass(slots=True)
class Gathered:
    """One entity's payloads on their way.

    Args:
        entity: What they say of it.
        dated: (observed_at, id of the payload, what it says): sorting makes the order certain.
        owners: What the payloads are of.
        kind: Which of the platform's shapes the newest payload has.
        body: The newest payload.
        origin: How it came.
    """

    entity: Entity
    dated: list[tuple[str, str, Json]] = field(default_factory=list)
    owners: set[str] = field(default_factory=set)
    kind: str = ""
    body: Json = field(default_factory=dict)
    origin: Origin = field(default_factory=lambda: Origin("", ""))


@dataclass(slots=True)
class Mapped:
    """What the payloads of some owners say.

    Args:
        entities: Posts and profiles.
        counters: What payloads say of a hashtag's count, by the count's id, oldest first.
    """

    entities: dict[EntityKey, Gathered] = field(default_factory=dict)
    counters: dict[str, list[Document]] = field(default_factory=dict)


class Reader:
    """Maps stored payloads anew.

    Args:
        store: Where they are.
        report: What cannot be mapped is counted there.
    """

    def __init__(self, store: Store, report: Report) -> None:
        self._store = store
        self._report = report
        self._mappers: dict[tuple[str, str | None], Mapper] = {}
        self._contexts: dict[str, str | None] = {}

    async def read(self, chunk: Sequence[Owner]) -> Mapped:
        """Every payload of the owners, mapped.

        Raises:
            RetryError: Elasticsearch did not answer.
        """
        mapped = Mapped()
        broken: set[str] = set()
        async for hits in payloads(self._store, chunk):
            await self._learn_contexts(hits)
            for hit in hits:
                if not self._take(hit, mapped):
                    broken.add(hit["_source"]["native_id"])
        for gathered in mapped.entities.values():
            gathered.dated.sort(key=lambda one: one[:2])
            gathered.entity.seen = [source for _, _, source in gathered.dated]
            if gathered.owners & broken:
                gathered.entity.whole = False
        for documents in mapped.counters.values():
            documents.sort(key=lambda document: str(document.source["@timestamp"]))
        return mapped

    async def _learn_contexts(self, hits: Sequence[Json]) -> None:
        sources = [hit["_source"] for hit in hits]
        runs = {one["run"] for one in sources if _origin(one).platform == ARCHIVE}
        unknown = runs - self._contexts.keys()
        if len(self._contexts) > _MOST_CONTEXTS:
            self._contexts.clear()
            unknown = runs
        if unknown:
            found = await contexts(self._store, unknown)
            self._contexts |= {run: found.get(run) for run in unknown}

    def _take(self, hit: Json, mapped: Mapped) -> bool:
        """Maps one payload; gives whether it still says what it is of."""
        source = hit["_source"]
        native_id = source["native_id"]
        origin = _origin(source)
        context = self._contexts.get(origin.run) if origin.platform == ARCHIVE else None
        if origin.platform == ARCHIVE and context is None:
            self._report.no_context += 1
            return False
        self._report.payloads += 1
        try:
            records = self._records(source, origin.platform, context)
        except (PayloadError, ConfigError) as exc:
            self._report.fails(native_id, str(exc))
            return False
        if not records:
            self._report.fails(native_id, "holds nothing any more")
            return False
        if native_id_of(records[0]) != native_id or records[0].platform != source["platform"]:
            self._report.renamed += 1
            now = f"{records[0].platform}:{native_id_of(records[0])}"
            self._report.tell(native_id, f"is now of {now}")
            return False
        for record in records:
            self._gather(record, hit, origin, mapped)
        return True

    def _records(self, source: Json, platform: str, context: str | None) -> Sequence[Record]:
        key = (platform, context)
        if key not in self._mappers:
            self._mappers[key] = mapper(platform, context)
        payload = Payload(
            source["kind"], source["payload"], source.get("place"), source.get("source")
        )
        return self._mappers[key](payload, times.from_text(source["@timestamp"]))

    def _gather(self, record: Record, hit: Json, origin: Origin, mapped: Mapped) -> None:
        layout, source = self._store.layout, hit["_source"]
        kind: EntityKind
        match record:
            case TagCounter():
                counted = tag_observation(layout, record, origin)
                mapped.counters.setdefault(counted.id, []).append(counted)
                return
            case Post():
                kind, document = "post", post_document(layout, record, origin)
            case Profile():
                kind, document = "profile", profile_document(layout, record, origin)
            case _:  # what is gone is no matter of mapping
                return
        key = (kind, document.id)
        gathered = mapped.entities.get(key)
        if gathered is None:
            gathered = mapped.entities[key] = Gathered(Entity(kind, document.id))
        if native_id_of(record) != source["native_id"]:
            gathered.entity.whole = False  # other payloads may hold it too
        gathered.dated.append((document.source["observed_at"], hit["_id"], document.source))
        gathered.owners.add(source["native_id"])
        gathered.kind, gathered.body, gathered.origin = source["kind"], source["payload"], origin


def _origin(source: Json) -> Origin:
    return Origin(source["run"], source["target"])
