"""What a remap would write, and the writing of it."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from ingestors.remap_reading import EntityKey, Gathered
from ingestors.remap_report import Report, Tally
from lake import times
from lake.bulk import Stored, Write, create_lines
from lake.documents import Document
from lake.layout import Layout
from lake.raw_payloads import observations_of, stored_posts, stored_profiles
from lake.records import Json
from lake.refold import (
    Entity,
    EntityKind,
    Refolded,
    fields,
    observations,
    observations_at,
    refold,
    same_but_enriched,
    was_seen_again,
)
from lake.reobserve import Repair, StoredObservation, repairs
from lake.settling import delete_line, settled, versioned_lines
from lake.store import Store

logger = logging.getLogger(__name__)

_CONFLICT = 409
Place = tuple[str, Stored]
"""An index and the document that lies there."""


@dataclass(frozen=True, slots=True)
class Change:
    """A document that says something else than is stored.

    Args:
        gathered: Its payloads.
        before: As it is stored; None where it is not.
        there: What is stored in the very index where it belongs; None where nothing is.
        document: As it should be.
        moved: Where it lay until now and must not lie any more: its time, so its index, changed.
    """

    gathered: Gathered
    before: Json | None
    there: Json | None
    document: Document
    moved: Sequence[Place] = ()


@dataclass(slots=True)
class Plan:
    """What would be written.

    Args:
        changes: Posts and profiles.
        repairs: Observations.
        recent: Documents that a poll has only just seen again; another run will tell.
    """

    changes: list[Change] = field(default_factory=list)
    repairs: list[Repair] = field(default_factory=list)
    recent: int = 0


async def plan(
    store: Store, entities: Mapping[EntityKey, Gathered], report: Report, fresh_since: str
) -> Plan:
    """Compares what payloads say with what is stored; the differences are counted in the report.

    Args:
        store: Where it is stored.
        entities: What payloads say.
        report: Counts.
        fresh_since: What was seen again since then is left alone: its payload may be on its way.

    Raises:
        RetryError: Elasticsearch did not answer.
    """
    found = Plan()
    kinds: tuple[EntityKind, ...] = ("post", "profile")
    for kind in kinds:
        of_kind = {id_: one for (its_kind, id_), one in entities.items() if its_kind == kind}
        if not of_kind:
            continue
        ids = sorted(of_kind)
        read = stored_posts if kind == "post" else stored_profiles
        stored = await read(store, ids)
        observed = await observations_of(store, kind, ids)
        for id_ in ids:
            _Comparison(store, report, found, fresh_since).add(
                of_kind[id_], stored.get(id_, []), observed.get(id_, [])
            )
    report.changed_meanwhile += found.recent
    return found


class _Comparison:
    def __init__(self, store: Store, report: Report, found: Plan, fresh_since: str) -> None:
        self._layout = store.layout
        self._report = report
        self._found = found
        self._fresh_since = fresh_since

    def add(
        self, gathered: Gathered, places: list[Place], observed: list[StoredObservation]
    ) -> None:
        entity = gathered.entity
        tally = self._report.posts if entity.kind == "post" else self._report.profiles
        tally.checked += 1
        before = _united(places)
        after = refold(entity, before)
        if before is not None and "erased" in before:
            tally.erased += 1
            return
        if after.source is None:
            tally.left += 1
            return
        found = _repairs(self._layout, entity, after, observed)
        index = self._index(entity, after.source)
        if before is None:
            tally.created += 1
            self._found.changes.append(
                Change(gathered, None, None, Document(index, entity.id, after.source))
            )
        else:
            moved = [place for place in places if place[0] != index]
            was, now = fields(entity.kind, before), fields(entity.kind, after.source)
            if moved:
                was, now = was | {"index": moved[0][0]}, now | {"index": index}
            if self._is_recent(entity, before) and (was != now or found):
                self._found.recent += 1
                return
            if tally.compare(entity.id, was, now):
                there = next((one.source for where, one in places if where == index), None)
                document = Document(index, entity.id, after.source)
                self._found.changes.append(Change(gathered, before, there, document, moved))
        tell_repairs(found, self._report.observations)
        self._report.observations.checked += len(observed)
        self._found.repairs += found

    def _is_recent(self, entity: Entity, before: Json) -> bool:
        return was_seen_again(entity, before) and before["observed_at"] >= self._fresh_since

    def _index(self, entity: Entity, source: Json) -> str:
        if entity.kind == "profile":
            return self._layout.one("profiles")
        return self._layout.posts(times.from_text(source["@timestamp"]))


def tell_repairs(found: Sequence[Repair], tally: Tally) -> None:
    """Counts observations that say something else."""
    for repair in found:
        source = repair.document.source
        if repair.before is None:
            tally.created += 1
            continue
        name = f"{source['entity']['id']} at {source['@timestamp']}"
        tally.compare(name, _numbers(repair.before), _numbers(source))


async def write(store: Store, planned: Plan) -> int:
    """Writes a plan; gives how many documents a poll changed since it was made.

    Posts and profiles come first, then their observations, then what lies in an index where it does
    not belong any more: whoever is killed in between leaves differences that the next run finds.

    Raises:
        StopProcessError: The lake cannot be written.
    """
    changed: set[str] = set()
    writes = [_write(change, changed) for change in planned.changes]
    await (await store.writer.submit(writes)).done()
    lines = [
        _lines(repair)
        for repair in planned.repairs
        if repair.document.source["entity"]["id"] not in changed
    ]
    for change in planned.changes:
        if change.document.id not in changed:
            lines += [
                delete_line(index, change.document.id, stored.seq_no, stored.primary_term)
                for index, stored in change.moved
            ]
    for outcome in await settled(store.client, lines):
        if outcome.error is not None and outcome.status != _CONFLICT:  # a newer sight won
            logger.warning("not remapped", extra={"reason": outcome.reason[:500]})
    return len(changed)


def _write(change: Change, changed: set[str]) -> Write:
    entity, gathered = change.gathered.entity, change.gathered
    wanted = fields(entity.kind, change.document.source)

    def merge(now: Json, _seen: Json) -> Json | None:
        if fields(entity.kind, now) == wanted:  # an earlier try was carried out after all
            return None
        if change.there is None or not same_but_enriched(now, change.there):
            changed.add(entity.id)
            return None
        return refold(entity, change.before if change.moved else now).source

    return Write(
        change.document,
        merge,
        origin=gathered.origin,
        kind=gathered.kind,
        payload=gathered.body,
        counted=False,
    )


def _lines(repair: Repair) -> bytes:
    document = repair.document
    if repair.version is not None:
        return versioned_lines(document, repair.version)
    seen_at = times.from_text(document.source["@timestamp"])
    return create_lines(Write(document, version=int(seen_at.timestamp() * 1000)))


def _united(places: Sequence[Place]) -> Json | None:
    """The stored document; where a remap was cut off between two indices, the newer of the two."""
    sources = [stored.source for _, stored in places]
    if len(sources) < 2:
        return sources[0] if sources else None
    newest = max(sources, key=lambda source: ("erased" in source, source["observed_at"]))
    targets = {target for source in sources for target in source["provenance"]["targets"]}
    return newest | {
        "first_seen": min(source["first_seen"] for source in sources),
        "provenance": newest["provenance"] | {"targets": sorted(targets)},
    }


def _repairs(
    layout: Layout, entity: Entity, after: Refolded, observed: Sequence[StoredObservation]
) -> list[Repair]:
    expected = observations(layout, entity, after.states)
    dated = observations_at(layout, entity, after.states)
    return repairs(observed, expected, dated, whole=after.whole)


def _numbers(source: Json) -> Json:
    return {f"metrics.{name}": value for name, value in source["metrics"].items()}
