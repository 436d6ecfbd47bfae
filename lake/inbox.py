"""The inbox: what remote collectors pushed, until it is normalised.

The API puts payloads there as they came and knows nothing of platforms; the drain
(``ingestors.inbox``) takes them out in the order of their arrival. The id is a digest of what was
pushed, so the same thing pushed again while it waits is the same document.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from lake import times
from lake.bulk import Write, create_lines, fetch, must_wait, send
from lake.client import our_errors
from lake.dead_letters import keep_in_folder
from lake.documents import Document
from lake.errors import RejectedError, UnavailableError
from lake.json_text import dumps
from lake.layout import Layout
from lake.records import Json
from lake.store import Store
from lake.text import digest

_CHUNK_DOCS = 500
_CHUNK_BYTES = 4_000_000
_PATIENCE_S = 15.0  # somebody waits for the answer to a push, and the spool is near


@dataclass(frozen=True, slots=True)
class Pushed:
    """One line of a push, as it waits.

    Args:
        platform: Whose payload it is.
        target: What it was collected for, such as ``mastodon:hashtag:vans``.
        collector: Who pushed it.
        received_at: When it came, aware UTC.
        seq: Sorts lines by their arrival.
        observed_at: When the platform gave it, aware UTC.
        payload: The payload's JSON, all in ASCII; of a refused line the line as it came.
        kind: Which of the platform's shapes it has; None of a refused line.
        source: Which server sent it, where a platform is many.
        place: Where it stood in the push, for people; None where it can be used.
        refused: Why the line cannot be used; None where it can.
        said_at: ``observed_at`` as the collector wrote it; None where it wrote none.
    """

    platform: str
    target: str
    collector: str
    received_at: datetime
    seq: str
    observed_at: datetime
    payload: str
    kind: str | None = None
    source: str | None = None
    place: str | None = None
    refused: str | None = None
    said_at: str | None = None

    @property
    def id(self) -> str:
        """The same for the same line, whenever it is pushed again."""
        told = (self.kind, self.source, self.said_at, self.place, self.refused)
        parts = [dumps([part is not None, part or ""]) for part in told]
        return digest("pushed", self.platform, self.target, *parts, self.payload)

    def document(self, layout: Layout) -> Document:
        """The line as it is kept."""
        source: Json = {
            "received_at": times.to_text(self.received_at),
            "seq": self.seq,
            "platform": self.platform,
            "target": self.target,
            "collector": self.collector,
            "observed_at": times.to_text(self.observed_at),
            "payload": self.payload,
            "payload_bytes": len(self.payload.encode()),
        }
        optional = {
            "kind": self.kind,
            "source": self.source,
            "place": self.place,
            "refused": self.refused,
        }
        source.update((name, value) for name, value in optional.items() if value is not None)
        return Document(layout.one("inbox"), self.id, source)


def pushed(source: Json) -> Pushed:
    """A line as it was kept."""
    return Pushed(
        platform=source["platform"],
        target=source["target"],
        collector=source["collector"],
        received_at=times.from_text(source["received_at"]),
        seq=source["seq"],
        observed_at=times.from_text(source["observed_at"]),
        payload=source["payload"],
        kind=source.get("kind"),
        source=source.get("source"),
        place=source.get("place"),
        refused=source.get("refused"),
    )


class Inbox:
    """The ``inbox`` index.

    Args:
        store: The lake; putting needs the role ``api``, taking out the role ``ingest``.
        folder: Where a document goes that Elasticsearch refuses for good.
    """

    def __init__(self, store: Store, folder: Path) -> None:
        self._store = store
        self._folder = folder
        self._index = store.layout.one("inbox")

    async def put(self, documents: Sequence[Document]) -> None:
        """Returns when all of them are durable; what is there already stays as it is.

        Raises:
            RetryError: Elasticsearch did not take all of them; putting them again is harmless.
            StopProcessError: This user may not write there, or a refused one can be kept nowhere.
        """
        for chunk in _chunks(documents):
            await self._put(chunk)

    async def _put(self, documents: Sequence[Document]) -> None:
        client = self._store.client.options(request_timeout=_PATIENCE_S)
        writes = [Write(document) for document in documents]
        try:
            outcomes = await send(client, [create_lines(write) for write in writes])
        except RejectedError as exc:
            if len(writes) == 1:
                keep_in_folder(self._folder, writes[0], str(exc))
                return
            middle = len(documents) // 2
            await self._put(documents[:middle])
            await self._put(documents[middle:])
            return
        late = False
        for write, outcome in zip(writes, outcomes, strict=False):  # none where all is well
            if outcome.error is None or outcome.status == 409:
                continue
            if must_wait(outcome):
                late = True
            else:
                keep_in_folder(self._folder, write, outcome.reason)
        if late:
            raise UnavailableError("writing to the inbox: Elasticsearch has no room")

    async def oldest(self, *, most_docs: int = 500, most_bytes: int = 8_000_000) -> list[Document]:
        """The lines that came first, in order; at least one where there is any.

        Raises:
            RetryError: Elasticsearch did not answer.
        """
        body: Json = {
            "size": most_docs,
            "sort": ["seq"],
            "_source": False,
            "docvalue_fields": ["payload_bytes"],
            "track_total_hits": False,
        }
        answer = await self._store.search(self._index, body)
        chosen: list[Document] = []
        room = most_bytes
        for hit in answer["hits"]["hits"]:
            room -= hit["fields"]["payload_bytes"][0]
            if chosen and room < 0:
                break
            chosen.append(Document(self._index, hit["_id"], {}))
        if not chosen:
            return []
        # The search may show what is deleted already; reading by id does not.
        stored = await fetch(self._store.client, chosen)
        return [
            Document(self._index, document.id, found.source)
            for document, found in zip(chosen, stored, strict=True)
            if found is not None
        ]

    async def remove(self, documents: Sequence[Document]) -> None:
        """Deletes lines that are dealt with; those that are gone already are no error.

        Raises:
            RetryError: Elasticsearch did not answer; some may be deleted.
        """
        lines = [
            dumps({"delete": {"_index": self._index, "_id": document.id}}) + b"\n"
            for document in documents
        ]
        outcomes = await send(self._store.client, lines)
        if any(outcome.error is not None and must_wait(outcome) for outcome in outcomes):
            raise UnavailableError("deleting from the inbox: Elasticsearch has no room")
        with our_errors("refreshing the inbox"):
            await self._store.client.indices.refresh(index=self._index)


def _chunks(documents: Sequence[Document]) -> Iterator[list[Document]]:
    chunk: list[Document] = []
    size = 0
    for document in documents:
        more = document.source["payload_bytes"]
        if chunk and (len(chunk) >= _CHUNK_DOCS or size + more > _CHUNK_BYTES):
            yield chunk
            chunk, size = [], 0
        chunk.append(document)
        size += more
    if chunk:
        yield chunk
