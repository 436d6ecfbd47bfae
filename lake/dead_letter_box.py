"""The dead letters that are kept: read for people, and marked when a replay succeeded."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing, suppress
from dataclasses import dataclass

from lake import times
from lake.client import our_errors
from lake.documents import Document, Origin
from lake.errors import NotFoundError
from lake.records import Json
from lake.scan import scan
from lake.store import Store


@dataclass(frozen=True, slots=True)
class KeptLetter:
    """A dead letter as it lies in the lake."""

    index: str
    id: str
    source: Json

    @property
    def origin(self) -> Origin:
        """The run and target that brought it."""
        return Origin(self.source["run"], self.source["target"], self.source.get("context"))

    def summary(self) -> Json:
        """What people want to see of it: everything but the payload."""
        hidden = ("payload", "context")
        shown = {name: value for name, value in self.source.items() if name not in hidden}
        return {"id": self.id, **shown}


def letters_query(*, platform: str | None, target: str | None, ids: tuple[str, ...]) -> Json:
    """Letters that were not replayed yet, as a query. Pure.

    Args:
        platform: Only this platform's.
        target: Only those of targets that start so.
        ids: Only these.
    """
    filters: list[Json] = []
    if platform is not None:
        filters.append({"term": {"platform": platform}})
    if target is not None:
        filters.append({"prefix": {"target": target}})
    if ids:
        filters.append({"ids": {"values": list(ids)}})
    return {"bool": {"filter": filters, "must_not": [{"exists": {"field": "replayed_at"}}]}}


async def letters(store: Store, query: Json) -> AsyncGenerator[KeptLetter, None]:
    """The letters that a query finds, oldest first, however many there are."""
    body: Json = {"query": query, "sort": ["@timestamp", "_shard_doc"]}
    async with aclosing(scan(store.client, store.layout.every("deadletter"), body)) as pages:
        async for hits in pages:
            for hit in hits:
                yield KeptLetter(hit["_index"], hit["_id"], hit["_source"])


async def mark_replayed(store: Store, letter: KeptLetter, *, failure: str | None) -> None:
    """Notes that a letter was replayed: for good, or with what kept it from succeeding.

    One that is gone meanwhile, because its post was erased, needs no note.

    Raises:
        RetryError: Elasticsearch did not answer.
    """
    fields: Json = {"replays": letter.source.get("replays", 0) + 1}
    if failure is None:
        fields["replayed_at"] = times.to_text(times.now())
    else:
        fields["failure"] = failure
    document = Document(letter.index, letter.id, fields)
    with suppress(NotFoundError), our_errors("marking a dead letter"):
        await store.client.update(index=document.index, id=document.id, doc=document.source)
