"""The API's keys: the index ``keys``, and the index ``key-uses``, which says when each was used.

The command line writes the first one, as the user ``admin``. The API only reads it: whoever takes
over the API's user can make no key. The second one is the API's own.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime

from elasticsearch import AsyncElasticsearch

from lake import times
from lake.client import our_errors, read_one, while_starting
from lake.errors import NotFoundError
from lake.key import Key, key_of, source_of
from lake.layout import Layout
from lake.records import Json

_MOST_KEYS = 10_000  # Elasticsearch's default result window


class Keys:
    """The keys of a lake.

    Args:
        client: How to reach the lake.
        layout: Where they are.
    """

    def __init__(self, client: AsyncElasticsearch, layout: Layout) -> None:
        self._client = client
        self._index = layout.one("keys")
        self._uses = layout.one("key-uses")

    async def add(self, key: Key) -> None:
        """Keeps a new key.

        Raises:
            ConflictError: There is one with its id.
            RetryError: Elasticsearch did not answer.
        """
        with our_errors(f"keeping the key {key.id}"):
            await self._client.create(
                index=self._index, id=key.id, document=source_of(key), refresh="wait_for"
            )

    async def list(self, *, timeout_s: float | None = None) -> list[Key]:
        """Every key that was ever made, the newest first.

        Args:
            timeout_s: How long the answer may take, where that is less than the configured time.

        Raises:
            RetryError: Elasticsearch did not answer. It is asked once.
        """
        client = (
            self._client if timeout_s is None else self._client.options(request_timeout=timeout_s)
        )
        with our_errors("reading the keys"):
            answer = await client.search(
                index=self._index,
                size=_MOST_KEYS,
                sort=[{"created_at": "desc"}, {"id": "asc"}],
                ignore_unavailable=True,
            )
        return [key_of(hit["_source"]) for hit in answer["hits"]["hits"]]

    async def revoke(self, key_id: str, now: datetime) -> Key:
        """The key, which is no longer taken from now on; once revoked it keeps its first time.

        Raises:
            NotFoundError: There is no such key.
            ConflictError: Somebody else changed it at this moment.
            RetryError: Elasticsearch did not answer.
        """
        try:
            found = await read_one(self._client, self._index, key_id, f"reading the key {key_id}")
        except NotFoundError as exc:
            raise NotFoundError(
                f"there is no key {key_id[:80]!r}; 'taglake key list' shows those there are"
            ) from exc
        key = key_of(found["_source"])
        if key.revoked_at is not None:
            return key
        revoked = replace(key, revoked_at=now)
        with our_errors(f"revoking the key {key_id}"):
            await self._client.index(
                index=self._index,
                id=key.id,
                document=source_of(revoked),
                if_seq_no=found["_seq_no"],
                if_primary_term=found["_primary_term"],
                refresh="wait_for",
            )
        return revoked

    async def note_use(self, key_id: str, day: date) -> None:
        """Keeps that a key was used on a day (UTC).

        Raises:
            RetryError: Elasticsearch did not answer for a while.
        """
        document = {"id": key_id, "last_used": day.isoformat()}

        async def write() -> None:
            with our_errors(f"keeping the use of the key {key_id}"):
                await self._client.index(index=self._uses, id=key_id, document=document)

        await while_starting(write)

    async def uses(self) -> Mapping[str, date]:
        """The last day (UTC) that each key was used on; a key that never was is absent.

        Raises:
            RetryError: Elasticsearch did not answer for a while.
        """

        async def ask() -> Json:
            with our_errors("reading the uses of the keys"):
                answer = await self._client.search(
                    index=self._uses, size=_MOST_KEYS, ignore_unavailable=True
                )
            return dict(answer)

        hits = (await while_starting(ask))["hits"]["hits"]
        sources = [hit["_source"] for hit in hits]
        return {one["id"]: times.from_text(one["last_used"]).date() for one in sources}
