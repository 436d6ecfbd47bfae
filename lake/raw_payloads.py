"""Stored payloads, read by the post or account that they are of."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Iterable, Sequence
from contextlib import aclosing
from datetime import datetime

from lake import times
from lake.bulk import Stored, fetch
from lake.client import while_starting
from lake.documents import Document
from lake.records import Json
from lake.reobserve import StoredObservation
from lake.scan import scan
from lake.store import Store

ARCHIVE = "archive"
_IDS_A_CHUNK = 200
_PAGE = 200

Owner = tuple[str, str]
"""A platform and the native id that a payload is of."""


async def owners(
    store: Store, platform: str, since: datetime, until: datetime | None
) -> AsyncGenerator[list[Owner], None]:
    """What the payloads of a time are of, each once, 200 at a time and of one platform.

    Args:
        store: The lake.
        platform: Whose payloads; ``archive`` for those of every platform that came from files.
        since: When they were received at the earliest.
        until: Before when; None for no end.
    """
    filters: list[Json] = [{"range": {"@timestamp": _span(since, until)}}]
    if platform == ARCHIVE:
        filters.append({"prefix": {"target": f"{ARCHIVE}:"}})
        index = store.layout.every("raw")
    else:
        index = store.layout.every(f"raw-{platform}")
    body: Json = {
        "query": {"bool": {"filter": filters}},
        "_source": ["platform", "native_id"],
        "sort": ["platform", "native_id", "_shard_doc"],
    }
    chunk: list[Owner] = []
    last: Owner | None = None
    async with aclosing(scan(store.client, index, body, size=1_000)) as pages:
        async for hits in pages:
            for hit in hits:
                owner = (hit["_source"]["platform"], hit["_source"]["native_id"])
                if owner == last:
                    continue
                if len(chunk) == _IDS_A_CHUNK or (last is not None and last[0] != owner[0]):
                    yield chunk
                    chunk = []
                chunk.append(owner)
                last = owner
    if chunk:
        yield chunk


def _span(since: datetime, until: datetime | None) -> Json:
    found = {"gte": times.to_text(since)}
    return found if until is None else found | {"lt": times.to_text(until)}


async def payloads(store: Store, chunk: Sequence[Owner]) -> AsyncGenerator[list[Json], None]:
    """Every payload of the owners, of any time, a page of hits at a time, each owner's together.

    Payloads of erased posts hold nothing any more and are left out.
    """
    ids = [native_id for _, native_id in chunk]
    held: list[Json] = [{"terms": {"native_id": ids}}, {"exists": {"field": "payload"}}]
    body: Json = {
        "query": {"bool": {"filter": held}},
        "sort": ["native_id", "@timestamp", "_shard_doc"],
    }
    index = store.layout.every(f"raw-{chunk[0][0]}")
    async with aclosing(scan(store.client, index, body, size=_PAGE)) as pages:
        async for hits in pages:
            yield hits


async def contexts(store: Store, runs: Iterable[str]) -> dict[str, str]:
    """What the payloads of imports need to be mapped, by run; runs that tell none are left out.

    Raises:
        RetryError: Elasticsearch did not answer.
    """
    wanted = sorted(runs)
    if not wanted:
        return {}
    body: Json = {"query": {"terms": {"run": wanted}}, "_source": ["run", "context"], "size": 1000}
    answer = await store.search(store.layout.every("runs"), body)
    sources = [hit["_source"] for hit in answer["hits"]["hits"]]
    return {source["run"]: source["context"] for source in sources if source.get("context")}


async def stored_posts(store: Store, ids: Sequence[str]) -> dict[str, list[tuple[str, Stored]]]:
    """Posts by id wherever they lie, as (index, document); mostly one each."""
    found: dict[str, list[tuple[str, Stored]]] = {}
    body: Json = {"query": {"ids": {"values": list(ids)}}, "seq_no_primary_term": True}
    async with aclosing(scan(store.client, store.layout.every("posts"), body)) as pages:
        async for hits in pages:
            for hit in hits:
                one = Stored(hit["_source"], hit["_seq_no"], hit["_primary_term"])
                found.setdefault(hit["_id"], []).append((hit["_index"], one))
    return found


async def stored_profiles(store: Store, ids: Sequence[str]) -> dict[str, list[tuple[str, Stored]]]:
    """Profiles by id, in the form of ``stored_posts``.

    Raises:
        RetryError: Elasticsearch did not answer.
    """
    documents = [Document(store.layout.one("profiles"), id_, {}) for id_ in ids]
    if not documents:
        return {}
    answers = await while_starting(lambda: fetch(store.client, documents))
    return {
        document.id: [(document.index, stored)]
        for document, stored in zip(documents, answers, strict=True)
        if stored is not None
    }


async def observations_of(
    store: Store, kind: str, ids: Sequence[str]
) -> dict[str, list[StoredObservation]]:
    """Observations of posts or profiles, by the document that they are of."""
    filters: list[Json] = [{"term": {"entity.type": kind}}, {"terms": {"entity.id": list(ids)}}]
    found: dict[str, list[StoredObservation]] = {}
    for one in await _observations(store, {"bool": {"filter": filters}}):
        found.setdefault(one.document.source["entity"]["id"], []).append(one)
    return found


async def observations_by_id(store: Store, ids: Sequence[str]) -> dict[str, StoredObservation]:
    """Observations by their own ids."""
    found: dict[str, StoredObservation] = {}
    for start in range(0, len(ids), 1_000):
        query: Json = {"ids": {"values": list(ids[start : start + 1_000])}}
        found |= {one.document.id: one for one in await _observations(store, query)}
    return found


async def _observations(store: Store, query: Json) -> list[StoredObservation]:
    found: list[StoredObservation] = []
    body: Json = {"query": query, "version": True}
    async with aclosing(scan(store.client, store.layout.every("metrics"), body)) as pages:
        async for hits in pages:
            for hit in hits:
                document = Document(hit["_index"], hit["_id"], hit["_source"])
                found.append(StoredObservation(document, hit["_version"]))
    return found
