"""What dashboards read besides the lake's own documents: answers as rows, in ``rollup-*``.

A row's id is a function of what it is about, so a later run replaces what an earlier one wrote;
rows that no longer exist go after the new ones can be found. So readers see old rows or new ones,
never none. Of two runs at once the later one's rows stay.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from lake import times
from lake.bulk import Outcome
from lake.documents import Document
from lake.errors import ConfigError, RejectedError
from lake.records import Json
from lake.scan import scan
from lake.settling import delete_line, settled, versioned_lines
from lake.text import digest

if TYPE_CHECKING:
    from lake.store import Store

_CHUNK = 500
_NEWER = "version_conflict_engine_exception"


@dataclass(frozen=True, slots=True)
class RollupRow:
    """One row of a rollup.

    Args:
        kind: Which index it is in: ``summary``, ``timeline`` …
        key: What tells it from the other rows of its campaign and index.
        source: Its fields; what is unknown is not among them.
    """

    kind: str
    key: tuple[str, ...]
    source: Json


def row_document(store: Store, campaign: str | None, row: RollupRow, at: datetime) -> Document:
    """A row as it is stored.

    Args:
        store: Whose layout.
        campaign: Id of the campaign that the row is about; None: the whole lake.
        row: The row.
        at: When the run began that made it.
    """
    about = {} if campaign is None else {"campaign": campaign}
    source = {**row.source, **about, "rolled_at": times.to_text(at)}
    id_ = digest(campaign or "", row.kind, *row.key)
    return Document(store.layout.one(f"rollup-{row.kind}"), id_, source)


async def write_rows(
    store: Store, campaign: str | None, rows: Sequence[RollupRow], at: datetime
) -> None:
    """Writes rows over those of an earlier run; rows of a later one stay as they are.

    Raises:
        RejectedError: Elasticsearch refuses one for good.
        ConfigError: The user may not write there.
    """
    version = int(at.timestamp() * 1000)
    for start in range(0, len(rows), _CHUNK):
        documents = [row_document(store, campaign, row, at) for row in rows[start : start + _CHUNK]]
        lines = [versioned_lines(document, version) for document in documents]
        try:
            outcomes = await settled(store.client, lines)
        except ConfigError as exc:
            raise ConfigError(
                f"{exc}; a node that was started by an older Taglake gives the right to write "
                "rollups when it is started again (taglake node stop, then taglake up)"
            ) from exc
        for document, outcome in zip(documents, outcomes, strict=True):
            _check(document, outcome)


def _check(document: Document, outcome: Outcome) -> None:
    if outcome.error is not None and outcome.error != _NEWER:
        raise RejectedError(
            f"a row of {document.index} was refused: {outcome.error}: {outcome.reason}"
        )


async def remove_older(store: Store, campaign: str | None, before: datetime) -> int:
    """Removes the rows of a campaign, or of the whole lake, that a run did not write again.

    Args:
        store: The lake.
        campaign: Its id; None: rows that are about no campaign.
        before: When the run began.

    Returns:
        How many rows went.
    """
    older: Json = {"range": {"rolled_at": {"lt": times.to_text(before)}}}
    if campaign is None:
        mine: Json = {"bool": {"must_not": [{"exists": {"field": "campaign"}}]}}
    else:
        mine = {"term": {"campaign": campaign}}
    return await _remove(store, {"bool": {"filter": [mine, older]}})


async def remove_deleted(store: Store, campaigns: Collection[str]) -> int:
    """Removes the rows of campaigns that are not among these any more; gives how many went."""
    gone: Json = {
        "bool": {
            "filter": [{"exists": {"field": "campaign"}}],
            "must_not": [{"terms": {"campaign": sorted(campaigns)}}],
        }
    }
    return await _remove(store, gone)


async def forget_posts(store: Store, posts: Collection[str]) -> int:
    """Removes what rows show of posts whose text goes; the next run counts without it.

    Args:
        store: The lake.
        posts: Their ids, ``PLATFORM:ID``.
    """
    return await _remove(store, {"terms": {"post.key": sorted(posts)}}) if posts else 0


async def forget_authors(store: Store, authors: Collection[str]) -> int:
    """Removes the rows that name an author; the next run shows what is left of them.

    Args:
        store: The lake.
        authors: Their keys, ``PLATFORM:ID``.
    """
    query: Json = {
        "bool": {
            "should": [
                {"terms": {"author.key": sorted(authors)}},
                {"terms": {"part_key": sorted(authors)}},
            ],
            "minimum_should_match": 1,
        }
    }
    return await _remove(store, query) if authors else 0


async def _remove(store: Store, query: Json) -> int:
    """Removes the rows that a query finds, but those that are written anew meanwhile."""
    body: Json = {"query": query, "_source": False, "seq_no_primary_term": True}
    removed = 0
    async with aclosing(scan(store.client, store.layout.every("rollup"), body)) as pages:
        async for hits in pages:
            lines = [
                delete_line(hit["_index"], hit["_id"], hit["_seq_no"], hit["_primary_term"])
                for hit in hits
            ]
            outcomes = await settled(store.client, lines)
            removed += sum(outcome.error is None for outcome in outcomes)
    return removed
