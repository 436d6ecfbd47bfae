"""Bluesky: searches for a hashtag, hit counts, profiles, and the replies to a post.

Endpoints: https://docs.bsky.app (app.bsky.feed.searchPostsV2, searchPosts, getPostThread,
app.bsky.actor.getProfile). Searching needs an account's handle and an app password; profiles and
replies are public. What accounts label ``!no-unauthenticated`` is left out.

The cursor is the time up to which every post was met. A search gives the newest first, so the
first poll moves it with its last page only; a later one that is cut off on its way down notes
where, and the next goes on from there before it looks for what is newer. Each poll starts
``lookback_s`` before the cursor, for posts that were indexed late. searchPosts sorts by the
client's ``createdAt`` where that is earlier: what is backdated further it shows to no poll.
"""

from __future__ import annotations

import logging
import re
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import aclosing, asynccontextmanager
from datetime import datetime, timedelta
from typing import Annotated, Self, TypeVar
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator, model_validator

from ingestors.bluesky_records import is_shown, normalise, replies, sorted_out
from ingestors.bluesky_search import Hits, Place, Walk, place, query, read_hits
from ingestors.bluesky_session import Login, Session, refusal_of_one
from ingestors.fields import host_of, mapping, string, whole
from ingestors.platform import Page, Payload, Target
from lake import http
from lake.errors import BlockedError, InvalidError, NotFoundError, RetryError, UnavailableError
from lake.http_answer import Answer
from lake.records import Record
from lake.retry import Backoff, retrying
from lake.times import now

__all__ = ["Bluesky", "Options", "connect", "normalise"]

logger = logging.getLogger(__name__)
T = TypeVar("T")
_SEARCH = "app.bsky.feed.searchPosts"
_POST = re.compile(r"at://[^/?#\s]+/app\.bsky\.feed\.post/[^/?#\s]+")
PAGE_CAP = 500  # a walk ends here whatever the server says; the next poll goes on
THREAD_DEPTH = 100  # a server takes up to 1,000, but JSON that deep cannot be decoded


class Options(BaseModel):
    """The platform's section of config.yaml.

    Args:
        service: The server that signs in and searches: the account's own, or its entry.
        public: The server that shows profiles and threads to everybody.
        identifier: The account's handle; together with ``app_password``, or searching is off.
        app_password: One made for this program under Settings, not the account's own.
        prefer_v2: Whether searchPostsV2 is tried before searchPosts.
        timeout_s: Longest time for one call.
        attempts: Calls in all before a poll is cut short.
        backoff_s: Longest wait after the first failure; it doubles with each further one.
        first_poll_pages: Pages of 100 that the first poll of a hashtag goes back; fewer than a
            poll may take in all, or the cursor never moves.
        lookback_s: How far before the cursor later polls begin, for posts indexed late.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    service: str = "https://bsky.social"
    public: str = "https://public.api.bsky.app"
    identifier: str | None = None
    app_password: SecretStr | None = None
    prefer_v2: bool = True
    timeout_s: Annotated[float, Field(gt=0, le=600)] = 60
    attempts: Annotated[int, Field(ge=1, le=20)] = 5
    backoff_s: Annotated[float, Field(gt=0, le=60)] = 0.5
    first_poll_pages: Annotated[int, Field(ge=1, le=90)] = 10
    lookback_s: Annotated[int, Field(ge=0, le=7 * 86_400)] = 900

    @field_validator("service", "public")
    @classmethod
    def _a_server(cls, address: str) -> str:
        address = address.strip().rstrip("/")
        host = host_of(address)
        if host is None or address.split("://", 1)[1].lower() != host:
            raise ValueError("must be a server's address, such as https://bsky.social")
        return f"{urlsplit(address).scheme}://{host}"

    @model_validator(mode="after")
    def _both_or_neither(self) -> Self:
        if (self.login is None) and (self.identifier or self.app_password):
            raise ValueError("identifier and app_password belong together: set both or neither")
        return self

    @property
    def login(self) -> Login | None:
        """Who signs in; None where nobody does."""
        identifier = (self.identifier or "").strip().removeprefix("@")
        if not identifier or not self.app_password or not self.app_password.get_secret_value():
            return None
        return Login(identifier, self.app_password)


@asynccontextmanager
async def connect(options: Options) -> AsyncIterator[Bluesky]:
    """The platform, with connections that are closed at the end of the block."""
    async with http.connect(http.HttpOptions(timeout_s=options.timeout_s)) as client:
        yield Bluesky(client, options)


class Bluesky:
    """One account's view of the network; see ``ingestors.platform.Platform``."""

    name = "bluesky"
    context: str | None = None

    def __init__(self, client: http.Http, options: Options) -> None:
        self.limits = client.limits
        self._http = client
        self._options = options
        self._backoff = Backoff(base_s=options.backoff_s)
        self._session = Session(client, options.service, options.login)
        self._v2 = options.prefer_v2

    def pages(self, target: Target, cursor: str | None) -> AsyncGenerator[Page, None]:
        """See ``Platform.pages``; a comments target is a post's at:// URI.

        Raises:
            NotFoundError: The account or the post is not there, or no longer.
        """
        if target.kind == "hashtag" and target.value.strip():
            return self._tag_pages(target.value, place(cursor))
        if target.kind == "profile" and target.value.strip("@ "):
            return self._profile_pages(target.value.strip("@ "))
        if target.kind == "comments" and _POST.fullmatch(target.value):
            return self._reply_pages(target.value)
        raise InvalidError(f"bluesky cannot poll {target.key!r}")

    def normalise(self, payload: Payload, observed_at: datetime) -> Sequence[Record]:
        """See ``Platform.normalise``."""
        return normalise(payload, observed_at)

    def related(self, payload: Payload) -> Sequence[Target]:
        """See ``Platform.related``."""
        body = mapping(payload.body)
        uri = string(body.get("uri")) if payload.kind == "post" else None
        if uri is None or not whole(body.get("replyCount")) or not _POST.fullmatch(uri):
            return ()
        return (Target(self.name, "comments", uri),)

    async def check(self) -> str:
        """See ``Platform.check``."""
        await self._session.get("app.bsky.actor.getPreferences", {})
        return "the app password is accepted"

    async def _tag_pages(self, tag: str, known: Place | None) -> AsyncGenerator[Page, None]:
        count = await self._search(tag, {"limit": "1"})
        total = mapping(count.answer.body).get("hitsTotal")
        if whole(total) is not None:
            body = {"tag": tag, "hitsTotal": total}  # its post may be one that is left out
            yield Page([Payload("hits", body)], count.answer.received_at)
        polls = self._first_poll(tag) if known is None else self._later_poll(tag, known)
        async with aclosing(polls):
            async for page in polls:
                yield page

    async def _first_poll(self, tag: str) -> AsyncGenerator[Page, None]:
        walk, newest, ended_at = Walk(), None, now()
        steps = self._walk(tag, walk, self._options.first_poll_pages)
        async with aclosing(steps):
            async for hits in steps:
                newest, ended_at = newest or hits.newest, hits.answer.received_at
                yield hits.page(None)
        yield Page([], ended_at, Place(newest).text if newest else None)

    async def _later_poll(self, tag: str, known: Place) -> AsyncGenerator[Page, None]:
        while True:
            walk = Walk(since=known.known - timedelta(seconds=self._options.lookback_s))
            walk.until = known.until
            pages = self._walk_down(tag, walk, known)
            async with aclosing(pages):
                async for page in pages:
                    yield page
            if known.newest is None or not walk.done:
                return
            known = Place(known.newest)  # the rest of the poll before is there: now what is new

    async def _walk_down(self, tag: str, walk: Walk, known: Place) -> AsyncGenerator[Page, None]:
        """Down to what is known; an empty page at the end tells whether it was reached."""
        newest, ended_at = known.newest, now()
        steps = self._walk(tag, walk, PAGE_CAP)
        async with aclosing(steps):
            async for hits in steps:
                ended_at = hits.answer.received_at
                if newest is None and hits.newest is not None:
                    newest = max(hits.newest, known.known)
                on_the_way = Place(known.known, walk.lowest, newest)
                yield hits.page(on_the_way.text if newest and walk.lowest else None)
        cursor = Place(newest).text if newest and walk.done else None
        overlaps = walk.done if known.newest is None or not walk.done else None
        yield Page([], ended_at, cursor, overlaps)

    async def _walk(self, tag: str, walk: Walk, most: int) -> AsyncGenerator[Hits, None]:
        for _ in range(most):
            yield walk.take(await self._next_hits(tag, walk))
            if walk.done:
                return

    async def _next_hits(self, tag: str, walk: Walk) -> Hits:
        try:
            return await self._search(tag, walk.params())
        except UnavailableError:
            if not walk.skip():
                raise
        return await self._search(tag, walk.params())

    async def _search(self, tag: str, asked: Mapping[str, str]) -> Hits:
        """A page of the better search that the server has; which one that is, is remembered."""
        if self._v2:
            try:
                return await self._found(f"{_SEARCH}V2", query(tag, v2=True) | dict(asked))
            except NotFoundError:
                logger.info("no searchPostsV2 here", extra={"server": self._options.service})
                self._v2 = False
                # An offset of the one search means nothing in the other: the slice begins anew.
                asked = {name: value for name, value in asked.items() if name != "cursor"}
        try:
            return await self._found(_SEARCH, query(tag, v2=False) | dict(asked))
        except NotFoundError as exc:
            raise BlockedError(f"{self._options.service} has no search; see service") from exc

    async def _found(self, method: str, params: Mapping[str, str]) -> Hits:
        async def ask() -> Hits:
            answer = await self._session.get(method, params)
            return read_hits(answer, params.get("cursor"), v2=method != _SEARCH)

        return await self._retry(ask)

    async def _profile_pages(self, actor: str) -> AsyncGenerator[Page, None]:
        try:
            answer = await self._public("app.bsky.actor.getProfile", {"actor": actor})
        except NotFoundError as exc:
            raise NotFoundError(f"Bluesky knows no account {actor!r}, or no longer") from exc
        body = mapping(answer.body)
        if not is_shown(body):
            logger.info("left out: for signed-in eyes only", extra={"account": actor})
        yield Page([Payload("profile", body)] if is_shown(body) else [], answer.received_at)

    async def _reply_pages(self, uri: str) -> AsyncGenerator[Page, None]:
        params = {"uri": uri, "depth": str(THREAD_DEPTH), "parentHeight": "0"}
        try:
            answer = await self._public("app.bsky.feed.getPostThread", params)
            payloads, unreadable = sorted_out(replies(mapping(answer.body).get("thread")))
        except NotFoundError as exc:
            raise NotFoundError(f"the post {uri} is not there, or no longer") from exc
        yield Page(payloads, answer.received_at, unreadable=unreadable)

    async def _public(self, method: str, params: Mapping[str, str]) -> Answer:
        url = f"{self._options.public}/xrpc/{method}"
        return await self._retry(lambda: self._http.get_json(url, params, refusal=refusal_of_one))

    async def _retry(self, call: Callable[[], Awaitable[T]]) -> T:
        attempts = self._options.attempts
        return await retrying(call, backoff=self._backoff, attempts=attempts, on_wait=_log_wait)


def _log_wait(exc: RetryError, wait_s: float) -> None:
    logger.warning("waiting for the platform", extra={"reason": str(exc), "wait_s": wait_s})
