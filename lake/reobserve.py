"""Which stored observations say something else once their payloads are mapped anew. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from lake.documents import Document
from lake.engagement import current_definition
from lake.records import Json


@dataclass(frozen=True, slots=True)
class StoredObservation:
    """An observation as it lies in the lake, with the version that orders its writes."""

    document: Document
    version: int


@dataclass(frozen=True, slots=True)
class Repair:
    """An observation as it should be.

    Args:
        document: The observation.
        before: What is stored; None where nothing is.
        version: What orders its writes: the stored one's, so that a newer sight wins; None for the
            document's own time.
    """

    document: Document
    before: Json | None = None
    version: int | None = None


def repairs(
    stored: Sequence[StoredObservation],
    expected: Mapping[str, Document],
    dated: Mapping[str, Document],
    *,
    whole: bool,
) -> list[Repair]:
    """The observations of one post, profile or hashtag that must be written.

    Args:
        stored: Those that are there.
        expected: Those that its payloads give, by id.
        dated: The numbers that held when each payload was seen, by id.
        whole: Whether these are all its payloads; else nothing is taken away and nothing added.
    """
    known = [document.source for document in dated.values()]
    found: list[Repair] = []
    for one in stored:
        says = expected.get(one.document.id) or dated.get(one.document.id)
        numbers = says.source if says is not None else _seen_again(one.document.source, known)
        if numbers is None:
            continue
        repaired = _with_numbers(one.document.source, numbers, whole=whole)
        if repaired != one.document.source:
            document = Document(one.document.index, one.document.id, repaired)
            found.append(Repair(document, one.document.source, one.version))
    there = {one.document.id for one in stored}
    told = [one.document.source["metrics"] for one in stored]
    told += [repair.document.source["metrics"] for repair in found]
    if whole:
        found += [
            Repair(document)
            for id_, document in expected.items()
            if id_ not in there and document.source["metrics"] not in told
        ]
    return found


def counter_repairs(
    stored: Mapping[str, StoredObservation], counted: Mapping[str, Sequence[Document]]
) -> list[Repair]:
    """The counts of hashtags that must be written.

    Args:
        stored: Those that are there, by id.
        counted: What each payload says of a count, by the count's id, oldest first.
    """
    found: list[Repair] = []
    for id_, documents in counted.items():
        one = stored.get(id_)
        if one is None:
            found.append(Repair(documents[-1]))
            continue
        repaired = _with_numbers(one.document.source, _said(one, documents), whole=True)
        if repaired != one.document.source:
            document = Document(one.document.index, id_, repaired)
            found.append(Repair(document, one.document.source, one.version))
    return found


def _said(stored: StoredObservation, documents: Sequence[Document]) -> Json:
    """The newest count, unless an older payload was seen again after it."""
    before, newest = stored.document.source, documents[-1].source
    if before["@timestamp"] <= newest["@timestamp"]:
        return newest
    sources = [document.source for document in reversed(documents)]
    numbers = before["metrics"].items()
    same = [one for one in sources if one["metrics"] == before["metrics"]]
    fitting = [one for one in sources if numbers <= one["metrics"].items()]
    return (same or fitting or sources)[0]


def _seen_again(stored: Json, known: Sequence[Json]) -> Json | None:
    """The numbers of an observation that no payload has the time of; None where they stay.

    It is of a payload that was seen before and is kept with the time of that sight. Which one, the
    numbers that are the same in both tell.
    """
    before = stored["metrics"]
    if any(one["metrics"] == before for one in known):
        return None
    fitting = [one for one in known if before.items() <= one["metrics"].items()]
    distinct = [one for n, one in enumerate(fitting) if one["metrics"] not in _metrics(fitting[:n])]
    return distinct[0] if len(distinct) == 1 else None


def _metrics(sources: Sequence[Json]) -> list[Json]:
    return [source["metrics"] for source in sources]


def _with_numbers(stored: Json, numbers: Json, *, whole: bool) -> Json:
    metrics = numbers["metrics"] if whole else {**stored["metrics"], **numbers["metrics"]}
    if metrics == stored["metrics"]:
        return stored
    result = {**stored, "metrics": metrics}
    definition = current_definition()
    value = definition.value(stored["platform"], metrics)
    result.pop("engagement", None)
    if value is not None and stored["entity"]["type"] == "post":
        result["engagement"] = {"value": value, "definition": definition.name}
    return result
