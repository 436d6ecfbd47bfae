"""Where each target's poll goes on: one small document a target, moved by compare-and-set."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from datetime import datetime

from elasticsearch import AsyncElasticsearch

from lake import times
from lake.client import our_errors
from lake.errors import ConflictError, NotFoundError, RetryError, UnavailableError
from lake.layout import Layout, native_key
from lake.records import Json
from lake.retry import Backoff, retrying

MAX_CURSOR_CHARS = 4_000
_BACKOFF = Backoff(base_s=0.5, cap_s=5.0)


@dataclass(frozen=True, slots=True)
class Cursor:
    """A target's place and the version of the document that holds it.

    Args:
        value: The platform's token; None where the target was never polled, or starts anew.
        seq_no: With ``primary_term`` what a compare-and-set needs; None: there is no document yet.
        primary_term: See ``seq_no``.
        covered_until: Up to when polls have seen everything, aware UTC; None where none has.
        polled_at: When the last poll that succeeded began, aware UTC.
        blocked: Whether the platform refused the last poll.
        gap: The gap that the last poll found, with its ``run``, for a ledger that it may not have
            reached; None: it found none.
    """

    value: str | None = None
    seq_no: int | None = None
    primary_term: int | None = None
    covered_until: datetime | None = None
    polled_at: datetime | None = None
    blocked: bool = False
    gap: Json | None = None


class Cursors:
    """The ``state`` index."""

    def __init__(self, client: AsyncElasticsearch, layout: Layout) -> None:
        self._client = client
        self._index = layout.one("state")

    async def get(self, target: str) -> Cursor:
        """The target's cursor; an empty one where there is none. Waits for Elasticsearch."""
        try:
            found = await retrying(lambda: self._get(target), backoff=_BACKOFF, attempts=None)
        except NotFoundError:
            return Cursor()
        source = found["_source"]
        return Cursor(
            source.get("cursor"),
            found["_seq_no"],
            found["_primary_term"],
            _moment(source.get("covered_until")),
            _moment(source.get("polled_at")),
            bool(source.get("blocked")),
            source.get("gap"),
        )

    async def _get(self, target: str) -> Json:
        with our_errors(f"reading the cursor of {target}"):
            return dict(await self._client.get(index=self._index, id=native_key("cursor", target)))

    async def move(self, target: str, run: str, *, old: Cursor, new: Cursor) -> Cursor:
        """Moves the cursor from where it was read to ``new``; waits for Elasticsearch.

        Args:
            target: Key of the target.
            run: Who moves it.
            old: The cursor as it was read.
            new: Where it goes; its ``seq_no`` and ``primary_term`` do not count.

        Raises:
            ConflictError: Somebody else moved it meanwhile: two programs poll the same target.
            UnavailableError: The token is too long to be a place; nothing moved.
        """
        body = _body(target, run, new)
        tried = False
        waits = 0
        while True:
            try:
                done = await self._put(target, body, old)
            except RetryError as exc:
                tried = True  # it may have been carried out all the same
                await asyncio.sleep(_BACKOFF.wait_s(waits, exc.after_s))
                waits += 1
            except ConflictError:
                there = await self.get(target)
                if not tried or _bare(there) != _bare(new):
                    raise
                return there
            else:
                return replace(new, seq_no=done["_seq_no"], primary_term=done["_primary_term"])

    async def _put(self, target: str, body: Json, old: Cursor) -> Json:
        with our_errors(f"moving the cursor of {target}"):
            return dict(
                await self._client.index(
                    index=self._index,
                    id=native_key("cursor", target),
                    document=body,
                    if_seq_no=old.seq_no,
                    if_primary_term=old.primary_term,
                    op_type="create" if old.seq_no is None else None,
                )
            )


def _body(target: str, run: str, cursor: Cursor) -> Json:
    if cursor.value is not None and len(cursor.value) > MAX_CURSOR_CHARS:
        raise UnavailableError(f"a cursor of {len(cursor.value):,} characters for {target}")
    optional = {
        "cursor": cursor.value,
        "covered_until": _text(cursor.covered_until),
        "polled_at": _text(cursor.polled_at),
        "gap": cursor.gap,
    }
    body: Json = {"target": target, "run": run, "updated_at": times.to_text(times.now())}
    if cursor.blocked:
        body["blocked"] = True
    return body | {name: value for name, value in optional.items() if value is not None}


def _bare(cursor: Cursor) -> tuple[object, ...]:
    moments = _text(cursor.covered_until), _text(cursor.polled_at)
    return cursor.value, *moments, cursor.blocked, cursor.gap


def _text(moment: datetime | None) -> str | None:
    return times.to_text(moment) if moment else None


def _moment(text: str | None) -> datetime | None:
    return times.from_text(text) if text else None
