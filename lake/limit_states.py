"""What outlives a process of a platform's limits: one small document a platform."""

from __future__ import annotations

import logging
import time

import orjson
from elasticsearch import AsyncElasticsearch

from lake import times
from lake.client import our_errors, read_one
from lake.errors import NotFoundError, RetryError
from lake.json_text import dumps
from lake.layout import Layout
from lake.quota import LimitBook

logger = logging.getLogger(__name__)
_SAVE_S = 5.0


class LimitStates:
    """The limits' part of the ``state`` index."""

    def __init__(self, client: AsyncElasticsearch, layout: Layout) -> None:
        self._client = client
        self._index = layout.one("state")
        self._saved_at: dict[str, float] = {}

    async def load(self, platform: str, book: LimitBook) -> None:
        """Gives a platform's book what an earlier process knew.

        Raises:
            RetryError: Elasticsearch did not answer.
        """
        doing = f"reading the limits of {platform}"
        try:
            found = await read_one(self._client, self._index, _id(platform), doing)
        except NotFoundError:
            return
        try:
            state = orjson.loads(found["_source"].get("limits") or "{}")
        except ValueError:
            return
        if isinstance(state, dict):
            book.restore(state)

    async def save(self, platform: str, book: LimitBook, *, last: bool = False) -> None:
        """Keeps the book where it changed; a lake that does not answer is told in the log only.

        Args:
            platform: Whose it is.
            book: Its limits.
            last: Whether this is the last chance; otherwise a book is kept every few seconds only,
                and a process that is killed forgets what it spent since.
        """
        now_s = time.monotonic()
        fresh = now_s - self._saved_at.get(platform, -_SAVE_S) < _SAVE_S
        if not book.changed or (fresh and not last):
            return
        self._saved_at[platform] = now_s
        book.changed = False
        body = {
            "target": _id(platform),
            "limits": dumps(book.state()).decode(),
            "updated_at": times.to_text(times.now()),
        }
        try:
            with our_errors(f"keeping the limits of {platform}"):
                await self._client.index(index=self._index, id=_id(platform), document=body)
        except RetryError as exc:
            book.changed = True
            logger.warning("limits not kept", extra={"platform": platform, "reason": str(exc)})


def _id(platform: str) -> str:
    return f"limits:{platform}"
