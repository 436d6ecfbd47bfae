"""Random values that every program of a lake knows, made by whoever needs one first."""

from __future__ import annotations

import secrets

from elasticsearch import AsyncElasticsearch

from lake import times
from lake.client import our_errors, while_starting
from lake.errors import ConflictError, NotFoundError
from lake.layout import Layout

_BYTES = 32


class SharedSecrets:
    """The ``secrets`` index; what was read once is remembered."""

    def __init__(self, client: AsyncElasticsearch, layout: Layout) -> None:
        self._client = client
        self._index = layout.one("secrets")
        self._known: dict[str, str] = {}

    async def get(self, name: str) -> str:
        """The value of that name: 64 hexadecimal digits, the same for everybody.

        Raises:
            RetryError: Elasticsearch did not answer.
        """
        if name not in self._known:
            self._known[name] = await while_starting(lambda: self._read_or_make(name))
        return self._known[name]

    async def _read_or_make(self, name: str) -> str:
        try:
            return await self._read(name)
        except NotFoundError:
            await self._make(name)
        return await self._read(name)  # somebody else may have been first

    async def _read(self, name: str) -> str:
        with our_errors(f"reading the secret {name}"):
            answer = await self._client.get(index=self._index, id=name)
        return str(answer["_source"]["value"])

    async def _make(self, name: str) -> None:
        document = {"value": secrets.token_hex(_BYTES), "made_at": times.to_text(times.now())}
        try:
            with our_errors(f"making the secret {name}"):
                await self._client.create(index=self._index, id=name, document=document)
        except ConflictError:
            return
