"""Mastodon and the servers that speak its API: tag timelines, tag history, accounts, replies.

Endpoints: https://docs.joinmastodon.org/methods/ (timelines, tags, accounts, statuses, instance).
A server shows only what has reached it, so several may be polled; a post's global name is its
``uri``, and the counts of a remote post are those that this server has seen.

The cursor is the newest status id that was written. The first poll walks from the newest page
back and moves the cursor with its last page only, so a cut-off walk starts anew. Later polls walk
forward with ``min_id``, which leaves no gap wherever they stop. A server numbers a remote status
by the time it was written, not by when it arrived, so each poll starts ``lookback_s`` before the
cursor: what federated late lies there.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Sequence
from contextlib import aclosing, asynccontextmanager
from datetime import datetime
from typing import Annotated, TypeVar
from urllib.parse import quote, urlsplit

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator

from ingestors.fields import host_of, mapping, whole
from ingestors.mastodon_records import account_records, status_records, tag_records
from ingestors.mastodon_timeline import Batch, Edge, before, id_of, order, read_batch, sorted_out
from ingestors.platform import Page, Payload, Target
from lake import http
from lake.errors import (
    BlockedError,
    InvalidError,
    NotFoundError,
    PayloadError,
    RetryError,
    StopPlatformError,
)
from lake.http_answer import Answer
from lake.records import Record
from lake.retry import Backoff, retrying

logger = logging.getLogger(__name__)
T = TypeVar("T")
_READERS = {"status": status_records, "tag": tag_records, "account": account_records}
PAGE_SIZE = 40  # the most that a timeline gives
PAGE_CAP = 1_000  # a walk ends here whatever the server says; the next poll goes on


class Options(BaseModel):
    """The platform's section of config.yaml.

    Args:
        instance: The server's address, without a path.
        access_token: For servers that serve tag feeds to signed-in callers only.
        timeout_s: Longest time for one call.
        attempts: Calls in all before a poll is cut short.
        backoff_s: Longest wait after the first failure; it doubles with each further one.
        first_poll_pages: Pages of 40 that the first poll of a hashtag goes back; fewer than a
            poll may take in all, or the cursor never moves.
        lookback_s: How far before the cursor later polls begin, for posts that federated late.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    instance: str = "https://mastodon.social"
    access_token: SecretStr | None = None
    timeout_s: Annotated[float, Field(gt=0, le=600)] = 60
    attempts: Annotated[int, Field(ge=1, le=20)] = 5
    backoff_s: Annotated[float, Field(gt=0, le=60)] = 0.5
    first_poll_pages: Annotated[int, Field(ge=1, le=50)] = 10
    lookback_s: Annotated[int, Field(ge=0, le=7 * 86_400)] = 900

    @field_validator("instance")
    @classmethod
    def _a_server(cls, instance: str) -> str:
        instance = instance.strip().rstrip("/")
        host = host_of(instance)
        if host is None or instance.split("://", 1)[1].lower() != host:
            raise ValueError("must be a server's address, such as https://mastodon.social")
        return f"{urlsplit(instance).scheme}://{host}"


@asynccontextmanager
async def connect(options: Options) -> AsyncIterator[Mastodon]:
    """The platform, with connections that are closed at the end of the block."""
    async with http.connect(http.HttpOptions(timeout_s=options.timeout_s)) as client:
        yield Mastodon(client, options)


class Mastodon:
    """One server; see ``ingestors.platform.Platform``."""

    name = "mastodon"
    context: str | None = None

    def __init__(self, client: http.Http, options: Options) -> None:
        self._http = client
        self.limits = client.limits
        self._options = options
        self._host = host_of(options.instance) or ""
        self._backoff = Backoff(base_s=options.backoff_s)
        token = options.access_token
        self._headers = {"Authorization": f"Bearer {token.get_secret_value()}"} if token else {}
        self._feed_is_checked = False
        self._feed_check = asyncio.Lock()

    def pages(self, target: Target, cursor: str | None) -> AsyncGenerator[Page, None]:
        """See ``Platform.pages``; a comments target is a local status id or its URI here.

        Raises:
            NotFoundError: The account or the status is not there, or no longer.
        """
        if target.kind == "hashtag" and target.value.strip("."):
            return self._tag_pages(quote(target.value, safe=""), cursor or None)
        if target.kind == "profile" and target.value.strip("@ "):
            return self._account_pages(target.value.strip("@ "))
        if target.kind == "comments":
            return self._reply_pages(self._local_id(target.value))
        raise InvalidError(f"mastodon cannot poll {target.key!r}")

    def normalise(self, payload: Payload, observed_at: datetime) -> Sequence[Record]:
        """See ``Platform.normalise``."""
        return normalise(payload, observed_at)

    def related(self, payload: Payload) -> Sequence[Target]:
        """See ``Platform.related``."""
        status_id = id_of(payload.body) if payload.kind == "status" else None
        if not status_id or not whole(mapping(payload.body).get("replies_count")):
            return ()
        return (Target(self.name, "comments", status_id),) if _is_local_id(status_id) else ()

    async def check(self) -> str:
        """See ``Platform.check``."""
        await self._refuse_closed_feed()
        return f"{self._host} shows hashtags"

    async def _tag_pages(self, tag: str, cursor: str | None) -> AsyncGenerator[Page, None]:
        await self._refuse_closed_feed()
        try:
            history = await self._get(f"/api/v1/tags/{tag}")
        except NotFoundError:
            logger.info("the server has no tag history", extra={"server": self._host})
        else:
            yield Page([self._payload("tag", history)], history.received_at)
        path = f"/api/v1/timelines/tag/{tag}"
        walk = self._walk_back(path) if cursor is None else self._walk_forward(path, cursor)
        try:
            async with aclosing(walk):
                async for page in walk:
                    yield page
        except NotFoundError as exc:
            raise BlockedError(f"{self._host} has no tag timelines; is it Mastodon?") from exc

    async def _walk_back(self, path: str) -> AsyncGenerator[Page, None]:
        newest: str | None = None
        edge: Edge | None = None
        for number in range(1, self._options.first_poll_pages + 1):
            batch = await self._batch(path, edge)
            if newest is None and batch.ids:
                newest = max(batch.ids, key=order)
            edge = Edge("max_id", min(batch.ids, key=order)) if batch.ids else batch.further
            is_last = edge is None or number == self._options.first_poll_pages
            yield batch.page(newest if is_last else None, overlaps=None)
            if is_last:
                return

    async def _walk_forward(self, path: str, cursor: str) -> AsyncGenerator[Page, None]:
        newest = cursor
        edge = Edge("min_id", before(cursor, self._options.lookback_s))
        for number in range(PAGE_CAP):
            batch = await self._batch(path, edge)
            if batch.ids:
                edge = Edge("min_id", max(batch.ids, key=order))
                newest = max(newest, edge.id, key=order)
            # An empty first page is given too: it tells that nothing is new and nothing is missed.
            if batch.ids or batch.unreadable or number == 0:
                yield batch.page(None if newest == cursor else newest, overlaps=True)
            if not batch.ids:
                if batch.further is None:
                    return
                edge = batch.further

    async def _account_pages(self, handle: str) -> AsyncGenerator[Page, None]:
        try:
            answer = await self._get("/api/v1/accounts/lookup", {"acct": handle})
        except NotFoundError as exc:
            raise NotFoundError(f"{self._host} knows no account {handle!r}") from exc
        yield Page([self._payload("account", answer)], answer.received_at)

    async def _reply_pages(self, status_id: str) -> AsyncGenerator[Page, None]:
        answer = await self._get(f"/api/v1/statuses/{status_id}/context")
        payloads, unreadable = sorted_out(mapping(answer.body).get("descendants"), self._host)
        yield Page(payloads, answer.received_at, unreadable=unreadable)

    async def _refuse_closed_feed(self) -> None:
        """Ask once whether tag feeds are open; a server before 4.5 does not tell."""
        async with self._feed_check:
            if self._feed_is_checked:
                return
            try:
                instance = mapping((await self._get("/api/v2/instance")).body)
            except (NotFoundError, StopPlatformError):
                instance = {}  # the timeline itself will tell
            access = mapping(mapping(instance.get("configuration")).get("timelines_access"))
            feeds = mapping(access.get("hashtag_feeds"))
            closed = {"disabled"} if self._headers else {"disabled", "authenticated"}
            if feeds and closed.issuperset(map(str, feeds.values())):
                mend = "set access_token, or " if "authenticated" in feeds.values() else ""
                raise BlockedError(f"{self._host} closed its tag feeds; {mend}poll another server")
            self._feed_is_checked = True

    async def _batch(self, path: str, edge: Edge | None) -> Batch:
        params = {"limit": str(PAGE_SIZE)} | ({edge.name: edge.id} if edge else {})

        async def ask() -> Batch:
            return read_batch(await self._ask(path, params), edge, self._host)

        return await self._retry(ask)

    async def _get(self, path: str, params: dict[str, str] | None = None) -> Answer:
        return await self._retry(lambda: self._ask(path, params))

    async def _ask(self, path: str, params: dict[str, str] | None) -> Answer:
        return await self._http.get_json(self._options.instance + path, params, self._headers)

    async def _retry(self, call: Callable[[], Awaitable[T]]) -> T:
        attempts = self._options.attempts
        return await retrying(call, backoff=self._backoff, attempts=attempts, on_wait=_log_wait)

    def _payload(self, kind: str, answer: Answer) -> Payload:
        return Payload(kind, mapping(answer.body), source=self._host)

    def _local_id(self, value: str) -> str:
        host = host_of(value)
        status_id = urlsplit(value).path.rpartition("/")[2] if host == self._host else value
        if not _is_local_id(status_id):
            raise InvalidError(f"{value!r} is no status of {self._host}")
        return status_id


def normalise(payload: Payload, observed_at: datetime) -> Sequence[Record]:
    """The records that a payload of the server ``payload.source`` holds; needs no connection.

    Raises:
        PayloadError: The payload lacks something that no record can do without.
    """
    reader = _READERS.get(payload.kind)
    if reader is None:
        raise PayloadError(f"mastodon has no payload of kind {payload.kind!r}")
    return reader(payload.body, observed_at, payload.source or "")


def _is_local_id(text: str) -> bool:
    return text.isascii() and text.isalnum()


def _log_wait(exc: RetryError, wait_s: float) -> None:
    logger.warning("waiting for the platform", extra={"reason": str(exc), "wait_s": wait_s})
