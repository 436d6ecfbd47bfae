"""What the drift radar keeps: the known structure of payloads, and what changed in it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import orjson
from elasticsearch import AsyncElasticsearch

from lake import times
from lake.client import our_errors, read_one, while_starting
from lake.errors import ConflictError, NotFoundError
from lake.json_text import dumps
from lake.layout import Layout
from lake.records import Json
from lake.text import digest

_TRIES = 5
_MOST_FINDINGS = 10_000


@dataclass(frozen=True, slots=True)
class ShapeKey:
    """Whose structure is known together.

    Args:
        platform: Whose payloads.
        kind: Which of the platform's shapes.
        target_kind: How they were asked for: a profile's posts differ from a hashtag's.
        source: The server that sent them, where a platform is many with software of their own.
    """

    platform: str
    kind: str
    target_kind: str = ""
    source: str = ""

    @property
    def id(self) -> str:
        """The document's id."""
        return digest("shape", self.platform, self.kind, self.target_kind, self.source)


@dataclass(frozen=True, slots=True)
class KeptShape:
    """A known structure as it was read, with what a compare-and-set needs."""

    state: Json
    seq_no: int | None = None
    primary_term: int | None = None


class DriftBook:
    """The ``drift-*`` indices: ``drift-shapes`` and ``drift-findings``."""

    def __init__(self, client: AsyncElasticsearch, layout: Layout) -> None:
        self._client = client
        self._shapes = layout.one("drift-shapes")
        self._findings = layout.one("drift-findings")

    async def shape(self, key: ShapeKey) -> KeptShape:
        """What is known; an empty state where nothing is.

        Raises:
            RetryError: Elasticsearch did not answer.
        """
        found = await self._get(self._shapes, key.id, f"the structure of {key.platform}'s payloads")
        if found is None:
            return KeptShape({})
        try:
            state = orjson.loads(found["_source"].get("shape") or "{}")
        except ValueError:
            state = {}
        state = state if isinstance(state, dict) else {}
        return KeptShape(state, found["_seq_no"], found["_primary_term"])

    async def keep_shape(self, key: ShapeKey, state: Json, old: KeptShape, at: datetime) -> None:
        """Replaces what is known, if it is still as it was read.

        Raises:
            ConflictError: Another poll learnt something meanwhile.
            RetryError: Elasticsearch did not answer.
        """
        body = {
            "platform": key.platform,
            "kind": key.kind,
            "target_kind": key.target_kind,
            "source": key.source,
            "payloads": state.get("payloads", 0),
            "shape": dumps(state).decode(),
            "updated_at": times.to_text(at),
        }
        await self._put(self._shapes, key.id, body, old.seq_no, old.primary_term)

    async def note(self, finding: Json, at: datetime) -> None:
        """Keeps a finding; one that is known is counted.

        Two polls that count at the same moment are both counted; where five of them get in each
        other's way, the last is not.

        Args:
            finding: platform, kind, change, path, before, after, examples, run and ``detail``,
                which tells two findings of one path apart.
            at: When it was found.

        Raises:
            RetryError: Elasticsearch did not answer.
        """
        finding = dict(finding)
        names = ("platform", "kind", "source", "change", "path")
        detail = finding.pop("detail", "")
        key = digest("drift", *(finding.get(name) or "" for name in names), detail)
        now = times.to_text(at)
        for _ in range(_TRIES):
            found = await self._get(self._findings, key, "a drift finding")
            stored: Json = found["_source"] if found else {"@timestamp": now, "first_seen": now}
            body = {**stored, **finding, "last_seen": now, "count": stored.get("count", 0) + 1}
            versions = (found["_seq_no"], found["_primary_term"]) if found else (None, None)
            try:
                await self._put(self._findings, key, body, *versions)
            except ConflictError:
                continue
            return

    async def findings(
        self, *, platform: str | None = None, since: datetime | None = None, accepted: bool = False
    ) -> list[Json]:
        """Findings, each with its ``id``, the last seen first; at most 10,000.

        Args:
            platform: Only this platform's.
            since: Only those that were seen since.
            accepted: Also those that somebody accepted.

        Raises:
            RetryError: Elasticsearch did not answer.
        """
        filters: list[Json] = []
        if platform is not None:
            filters.append({"term": {"platform": platform}})
        if since is not None:
            filters.append({"range": {"last_seen": {"gte": times.to_text(since)}}})
        hidden = [] if accepted else [{"exists": {"field": "accepted_at"}}]
        body: Json = {
            "query": {"bool": {"filter": filters, "must_not": hidden}},
            "sort": [{"last_seen": "desc"}, {"path": "asc"}],
            "size": _MOST_FINDINGS,
        }

        async def ask() -> Json:
            with our_errors("reading the drift findings"):
                await self._client.indices.refresh(
                    index=self._findings, allow_no_indices=True, ignore_unavailable=True
                )
                answer = await self._client.search(
                    index=self._findings, body=body, allow_no_indices=True, ignore_unavailable=True
                )
            return dict(answer)

        hits = (await while_starting(ask))["hits"]["hits"]
        return [{"id": hit["_id"], **hit["_source"]} for hit in hits]

    async def accept(self, ids: Sequence[str], at: datetime) -> None:
        """Marks findings as known, so that they are no longer listed.

        Raises:
            NotFoundError: There is no such finding; those before it are marked.
            RetryError: Elasticsearch did not answer.
        """
        for key in ids:
            with our_errors(f"accepting the drift finding {key}"):
                await self._client.update(
                    index=self._findings, id=key, doc={"accepted_at": times.to_text(at)}
                )

    async def _get(self, index: str, key: str, what: str) -> Json | None:
        try:
            return await read_one(self._client, index, key, f"reading {what}")
        except NotFoundError:
            return None

    async def _put(
        self, index: str, key: str, body: Json, seq_no: int | None, term: int | None
    ) -> None:
        with our_errors("keeping what the drift radar found"):
            await self._client.index(
                index=index,
                id=key,
                document=body,
                if_seq_no=seq_no,
                if_primary_term=term,
                op_type="create" if seq_no is None else None,
            )
