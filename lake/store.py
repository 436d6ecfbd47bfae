"""The lake as the programs see it: records go in, documents come out.

Writing is idempotent (index and id are functions of the record), merging (a re-poll keeps what
enrichment added) and bounded (``lake.writer``). Posts are created first; only where the id is taken
are they read, merged and replaced by compare-and-set. A number's observation is written after its
post, and asked for again whenever the post is met again, so a crash between the two loses nothing.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import datetime

from elasticsearch import AsyncElasticsearch

from lake import times
from lake.access import Access
from lake.batch import Batch
from lake.bulk import Write
from lake.campaigns import Campaigns
from lake.client import open_client, our_errors, size_of, while_starting
from lake.config import Config
from lake.cursors import Cursors
from lake.dead_letters import DeadLetter, as_letters, dead_letter_write
from lake.delivery import Delivery
from lake.documents import (
    Document,
    Origin,
    RawPayload,
    post_document,
    post_observation,
    profile_document,
    profile_observation,
    raw_document,
    tag_observation,
)
from lake.generation import watched
from lake.json_text import dumps
from lake.labels import Labels
from lake.layout import Layout
from lake.limit_states import LimitStates
from lake.merge import merge_post, merge_profile
from lake.records import Erasure, Json, Post, Profile, Record, TagCounter
from lake.shared_secrets import SharedSecrets
from lake.sharing import Sharing
from lake.writer import Writer

Observe = Callable[[Layout, Document], Document | None]
_ABOVE_ALL = 2**62  # a version that no document reaches by being written again


@dataclass(frozen=True, slots=True)
class Sighting:
    """One payload and the records that it holds."""

    payload: RawPayload
    records: Sequence[Record]


class Store:
    """One connection to the lake; made by ``open_store``."""

    def __init__(self, client: AsyncElasticsearch, config: Config) -> None:
        self.client = client
        self.layout = Layout(
            config.elasticsearch.index_prefix, config.elasticsearch.posts_partition
        )
        self.cursors = Cursors(client, self.layout)
        self.limits = LimitStates(client, self.layout)
        self.campaigns = Campaigns(client, self.layout)
        self.labels = Labels(client, self.layout)
        self.secrets = SharedSecrets(client, self.layout)
        self.sharing: Sharing | None = None  # what answers questions sets it
        self._folder = config.writer.dead_letter_dir
        self.writer = Writer(Delivery(client, self._refused), config.writer)

    async def submit(
        self,
        sightings: Iterable[Sighting],
        origin: Origin,
        letters: Iterable[DeadLetter] = (),
    ) -> Batch:
        """Queues a page: its payloads, their records and what could not be used.

        Waits while the queue is full; ``await batch.done()`` says when all of it is safe.
        """
        writes = [write for seen in sightings for write in self._writes(seen, origin)]
        writes += [dead_letter_write(self.layout, letter) for letter in letters]
        return await self.writer.submit(writes)

    def _writes(self, seen: Sighting, origin: Origin) -> list[Write]:
        writes: list[Write] = []
        # What says that a post is gone is no document of its own: see lake.erasure.
        records = [record for record in seen.records if not isinstance(record, Erasure)]
        if not records:
            return writes
        raw = raw_document(self.layout, records[0], seen.payload, origin)
        for record in records:
            own = raw if record is records[0] else None
            writes.append(self._record_write(record, seen.payload, origin, own))
        kind, body = seen.payload.kind, seen.payload.body
        writes.append(Write(raw, origin=origin, kind=kind, payload=body, counted=False))
        return writes

    def _record_write(
        self,
        record: Post | Profile | TagCounter,
        payload: RawPayload,
        origin: Origin,
        raw: Document | None,
    ) -> Write:
        match record:
            case Post():
                document = post_document(self.layout, record, origin)
                write = Write(document, merge_post, _follow(self.layout, post_observation, raw))
            case Profile():
                document = profile_document(self.layout, record, origin)
                write = Write(document, merge_profile, _follow(self.layout, profile_observation))
            case TagCounter():
                document = tag_observation(self.layout, record, origin)
                write = Write(document, version=_version(document))
        counted = isinstance(record, Post)
        return replace(
            write, origin=origin, kind=payload.kind, payload=payload.body, counted=counted
        )

    def _refused(self, write: Write, reason: str) -> Sequence[Write]:
        return as_letters(self.layout, self._folder, write, reason, _observed_at(write))

    async def refresh(self) -> None:
        """Makes everything that is written visible to searches.

        Raises:
            RetryError: Elasticsearch did not answer.
        """
        with our_errors("refreshing the lake"):
            await self.client.indices.refresh(index=self.layout.one("*"), allow_no_indices=True)

    async def search(self, index: str, body: Json) -> Json:
        """One search's answer; an index pattern that matches nothing finds nothing.

        Raises:
            RetryError: Elasticsearch did not answer.
        """

        async def ask() -> tuple[Json, int]:
            with our_errors("searching the lake"):
                answer = await self.client.search(
                    index=index,
                    body=body,
                    allow_no_indices=True,
                    ignore_unavailable=True,
                    allow_partial_search_results=False,
                )
            return dict(answer), size_of(answer)

        if self.sharing is None or index not in watched(self.layout):
            return (await while_starting(ask))[0]
        return await self.sharing.search(index, body, lambda: while_starting(ask))


def _observed_at(write: Write) -> datetime:
    return times.from_text(
        write.document.source.get("observed_at") or write.document.source["@timestamp"]
    )


def _version(document: Document) -> int:
    # Elasticsearch takes no version below 0, which a time before 1970 would be.
    return max(0, int(times.from_text(document.source["@timestamp"]).timestamp() * 1000))


def _follow(
    layout: Layout, observe: Observe, raw: Document | None = None
) -> Callable[[Document, Document | None, Document], Sequence[Write]]:
    """The observations that belong to a post or profile once it is in the lake.

    Where that is a post whose text had to go, its payload ``raw`` is emptied, too.
    """

    def writes(seen: Document, before: Document | None, after: Document) -> Sequence[Write]:
        states = [after]
        if before is not None:  # a crash may have come between it and its observation
            states.append(before)
        late = seen.source["metrics_at"] < after.source["metrics_at"]
        if late and seen.source.get("metrics") != after.source.get("metrics"):
            states.append(seen)  # numbers that are no longer current were so at their time
        found = {
            (document.id, dumps(document.source["metrics"])): document
            for state in states
            if (document := observe(layout, state)) is not None
        }
        following = [Write(document, version=_version(document)) for document in found.values()]
        if raw is not None and after.source.get("erased", {}).get("text_removed"):
            following.append(_emptied(raw))
        return following

    return writes


def _emptied(raw: Document) -> Write:
    """A payload without what it holds: in its place already or before it comes, it stays so."""
    source = {name: value for name, value in raw.source.items() if name != "payload"}
    return Write(replace(raw, source=source), version=_ABOVE_ALL)


@asynccontextmanager
async def open_store(config: Config, access: Access) -> AsyncIterator[Store]:
    """A store; its end waits for what is queued. Nothing is asked of Elasticsearch yet."""
    client = open_client(
        access.url, config.elasticsearch, user=access.user, password=access.password
    )
    try:
        store = Store(client, config)
        async with store.writer:
            yield store
    finally:
        await client.close()
