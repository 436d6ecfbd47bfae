"""The wire form of writes: lines of ``_bulk`` out, one outcome a line back.

The library's bulk helper serialises each document twice over, keeps one request in flight and has
no create-or-merge; benchmarks/bulk.py compares the two.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from elasticsearch import AsyncElasticsearch

from lake.client import our_errors
from lake.documents import Document, Origin
from lake.errors import ConfigError, UnavailableError
from lake.json_text import dumps
from lake.records import Json

_HEADERS = {
    "accept": "application/vnd.elasticsearch+json; compatible-with=8",
    "content-type": "application/vnd.elasticsearch+x-ndjson; compatible-with=8",
}
_FILTER = (
    "errors,items.*.status,items.*.error.type,items.*.error.reason,items.*.error.caused_by.reason"
)

Merge = Callable[[Json, Json], Json | None]
# (as seen, as stored before or None, as it is now) -> what must be written besides
Follow = Callable[[Document, Document | None, Document], Sequence["Write"]]


@dataclass(slots=True)  # not frozen: that would double the cost of making one
class Write:
    """One document to be in the lake, and what to do if its id is taken.

    Args:
        document: The document and its place.
        merge: What the stored document becomes; without it a taken id means "there already".
        follow: Further writes, once this document is in the lake. They are asked for also when it
            was there unchanged: a crash may have come between it and them.
        version: Orders writes of one id: one that is not above the stored version is dropped.
        origin: How it came, for the dead letters; None for what is only our own bookkeeping.
        kind: Which of the platform's shapes ``payload`` has.
        payload: What the document was made of, for the dead letters.
        counted: Whether the submitter counts it: posts are, their payloads and numbers are not.
    """

    document: Document
    merge: Merge | None = None
    follow: Follow | None = None
    version: int | None = None
    origin: Origin | None = None
    kind: str | None = None
    payload: Json | None = None
    counted: bool = True


@dataclass(frozen=True, slots=True)
class Outcome:
    """What Elasticsearch said of one line.

    Args:
        status: As over HTTP: 201 created, 200 replaced, 409 taken or changed since it was read.
        error: The type of the error, such as ``cluster_block_exception``; None where there is none.
        reason: The error in words.
    """

    status: int
    error: str | None = None
    reason: str = ""


WELL = Outcome(200)
_NO_ROOM = frozenset({429, 502, 503, 504})
_BLOCKED = "cluster_block_exception"
_FORBIDDEN = "security_exception"
_NO_INDEX = "index_not_found_exception"
ALL_WELL: list[Outcome] = []  # what ``send`` gives when there is nothing to tell


def create_lines(write: Write) -> bytes:
    """A line pair that creates the document, or replaces an older version of it."""
    document = write.document
    source, index = dumps(document.source), document.index.encode()
    key = dumps(document.id)
    if write.version is None:
        return b'{"create":{"_index":"%b","_id":%b}}\n%b\n' % (index, key, source)
    return b'{"index":{"_index":"%b","_id":%b,"version":%d,"version_type":"external"}}\n%b\n' % (
        index,
        key,
        write.version,
        source,
    )


def replace_lines(document: Document, seq_no: int, primary_term: int) -> bytes:
    """A line pair that replaces the document if it is still as it was read."""
    place = {"_index": document.index, "_id": document.id}
    return _pair(
        {"index": {**place, "if_seq_no": seq_no, "if_primary_term": primary_term}},
        document.source,
    )


def update_lines(document: Document, seq_no: int, primary_term: int) -> bytes:
    """A line pair that sets only the given fields, if the document is still as it was read."""
    place = {"_index": document.index, "_id": document.id}
    return _pair(
        {"update": {**place, "if_seq_no": seq_no, "if_primary_term": primary_term}},
        {"doc": document.source},
    )


def _pair(action: Json, source: Json) -> bytes:
    return b"%b\n%b\n" % (dumps(action), dumps(source))


def must_wait(outcome: Outcome) -> bool:
    """Whether a refusal is about the cluster and not about the document.

    No room now (a full queue, a shard that is starting) and a block (a flooded disk, an operator's)
    pass; none of them is a reason to lose a document.

    Raises:
        ConfigError: The user may not write there.
    """
    if outcome.error == _FORBIDDEN:
        raise ConfigError(f"elasticsearch: this user may not write: {outcome.reason}")
    return outcome.status in _NO_ROOM or outcome.error == _BLOCKED


async def send(client: AsyncElasticsearch, lines: Sequence[bytes]) -> list[Outcome]:
    """Sends line pairs as one request; the outcomes are in their order, or ``ALL_WELL``.

    Raises:
        RetryError: The whole request was refused or got no answer; any part may have been written.
    """
    with our_errors("writing to the lake"):
        response = await client.perform_request(
            "POST", f"/_bulk?filter_path={_FILTER}", headers=_HEADERS, body=b"".join(lines)
        )
    if not response["errors"]:
        return ALL_WELL
    return [_outcome(next(iter(item.values()))) for item in response["items"]]


def _outcome(item: dict[str, Any]) -> Outcome:
    error = item.get("error")
    if error is None:
        return Outcome(item["status"])
    cause = error.get("caused_by", {}).get("reason")
    parts = [error.get("reason"), cause]
    return Outcome(item["status"], error.get("type"), ": ".join(part for part in parts if part))


@dataclass(frozen=True, slots=True)
class Stored:
    """A document as Elasticsearch holds it, with what a compare-and-set needs."""

    source: Json
    seq_no: int
    primary_term: int


async def fetch(client: AsyncElasticsearch, documents: Sequence[Document]) -> list[Stored | None]:
    """The stored state of each document, in order; None where there is none.

    Raises:
        RetryError: Elasticsearch did not answer.
    """
    with our_errors("reading from the lake"):
        response = await client.mget(
            docs=[{"_index": document.index, "_id": document.id} for document in documents]
        )
    lost = next((doc["error"] for doc in response["docs"] if "error" in doc), None)
    if lost is not None and lost.get("type") != _NO_INDEX:
        raise UnavailableError(f"reading from the lake: {lost.get('reason')}")
    return [
        Stored(doc["_source"], doc["_seq_no"], doc["_primary_term"]) if doc.get("found") else None
        for doc in response["docs"]
    ]
