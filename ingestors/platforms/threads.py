"""Threads, by its API: posts by topic and hashtag, of any time, and accounts; no numbers of posts.

Pages: https://developers.facebook.com/docs/threads. Without ``threads_keyword_search`` a search
sees the account's own posts only, and without ``threads_profile_discovery`` a look-up knows a
handful of accounts. Likes and the like are told of one's own posts only.
"""

from __future__ import annotations

import re
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator

from ingestors.about import About, Key, Limit
from ingestors.credentials import Lease, Pool, Secrets, by_name
from ingestors.fields import host_of, mapping, string
from ingestors.meta_graph import Account, Call, Graph
from ingestors.platform import Page, Payload, Target
from ingestors.threads_records import post_records, profile_records
from ingestors.threads_search import (
    DAY_S,
    NAME,
    PAGE_SIZE,
    SEARCH,
    Mode,
    Search,
)
from ingestors.threads_walk import new_pages, window_pages
from lake import http
from lake.errors import InvalidError, NotFoundError, PayloadError, UnavailableError
from lake.http_answer import Answer
from lake.records import Json, Record
from lake.retry import Backoff
from lake.text import hashtags_in, normal_hashtag

_HANDLE = re.compile(r"[A-Za-z0-9._]{1,30}")
_APPS = "https://developers.facebook.com/apps/"
_DOCS = "https://developers.facebook.com/docs/threads/keyword-search"
_READERS: Mapping[str, Callable[[Json, datetime], Sequence[Record]]] = {
    "post": post_records,
    "profile": profile_records,
}


class Options(BaseModel):
    """The platform's section of config.yaml.

    Args:
        access_token: A token of an account, or a list of several, which share the load.
        base: The API's address.
        version: Its version.
        modes: Where a hashtag is looked for: among topics (``TAG``) and in texts (``KEYWORD``).
        searches_per_day: Searches that an account has in a rolling 24 hours.
        max_pages: Pages that one search of a poll reads; what lies beyond shows as a gap.
        lookback_s: Each poll reads again what is not older than this before its cursor.
        timeout_s: Longest time for one call.
        attempts: Calls in all before a poll is cut short.
        backoff_s: Longest wait after the first failure; it doubles with each further one.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    access_token: Secrets
    base: str = "https://graph.threads.net"
    version: Annotated[str, Field(pattern=r"^v[0-9]{1,3}\.[0-9]{1,2}$")] = "v1.0"
    modes: Annotated[list[Mode], Field(min_length=1, max_length=2)] = ["TAG", "KEYWORD"]
    searches_per_day: Annotated[int, Field(ge=1, le=1_000_000)] = 2_200
    max_pages: Annotated[int, Field(ge=1, le=1_000)] = 10
    lookback_s: Annotated[int, Field(ge=0, le=7 * 86_400)] = 900
    timeout_s: Annotated[float, Field(gt=0, le=600)] = 60
    attempts: Annotated[int, Field(ge=1, le=20)] = 5
    backoff_s: Annotated[float, Field(gt=0, le=60)] = 0.5

    @field_validator("base")
    @classmethod
    def _a_server(cls, base: str) -> str:
        base = base.strip().rstrip("/")
        host = host_of(base)
        if host is None or base.split("://", 1)[1].lower() != host:
            raise ValueError("must be a server's address, such as https://graph.threads.net")
        return base

    @field_validator("modes")
    @classmethod
    def _each_once(cls, modes: list[Mode]) -> list[Mode]:
        if len(set(modes)) != len(modes):
            raise ValueError("must name each mode once")
        return modes


def about(options: Options | None) -> About:
    """What Threads is about."""
    per_day = options.searches_per_day if options else 2_200
    return About(
        label="Threads",
        capabilities={
            "posts": "by topic and hashtag, without numbers",
            "profiles": "public accounts of 100 followers or more",
            "history": "since 2023-07-05",
        },
        keys=(Key("access_token", "a token with threads_keyword_search", _APPS),),
        limits=(Limit(SEARCH, per_day, DAY_S, _DOCS),),
        poll_calls={SEARCH: len(options.modes) if options else 2},
        page_posts=PAGE_SIZE,
        page_bucket=SEARCH,
        credentials=len(options.access_token) if options else 1,
    )


@asynccontextmanager
async def connect(options: Options) -> AsyncIterator[Threads]:
    """The platform, with connections that are closed at the end of the block."""
    async with http.connect(http.HttpOptions(timeout_s=options.timeout_s)) as client:
        yield Threads(client, options)


class Threads:
    """The API with the operator's accounts; see ``ingestors.platform.Platform``."""

    name = NAME
    context: str | None = None

    def __init__(self, client: http.Http, options: Options) -> None:
        self.limits = client.limits
        self._options = options
        accounts = {
            name: Account("me", SecretStr(token))
            for name, token in by_name(options.access_token).items()
        }
        pool = Pool(accounts, client.limits)
        self._graph = Graph(
            client,
            pool,
            f"{options.base}/{options.version}",
            name=NAME,
            backoff=Backoff(base_s=options.backoff_s),
            attempts=options.attempts,
        )
        per_day = options.searches_per_day
        self._search = Search(self._graph, pool, list(accounts), client.limits, per_day)

    def pages(self, target: Target, cursor: str | None) -> AsyncGenerator[Page, None]:
        """See ``Platform.pages``.

        Raises:
            NotFoundError: The account is not there, private or too small.
        """
        tag = normal_hashtag(target.value)
        handle = target.value.strip().lstrip("@")
        if target.kind == "hashtag" and hashtags_in(f"#{tag}") == (tag,):
            return self._tag_pages(tag, target, cursor)
        if target.kind == "profile" and _HANDLE.fullmatch(handle):
            return self._profile_pages(handle)
        raise InvalidError(f"threads cannot poll {target.key!r}")

    def normalise(self, payload: Payload, observed_at: datetime) -> Sequence[Record]:
        """See ``Platform.normalise``."""
        return normalise(payload, observed_at)

    def related(self, payload: Payload) -> Sequence[Target]:
        """See ``Platform.related``: nothing, for replies are shown to the post's owner only."""
        del payload
        return ()

    async def check(self) -> str:
        """See ``Platform.check``."""
        call = Call("me", {"fields": "id,username"})
        answer = await self._graph.ask(self._graph.anybody, lambda _: call, _as_it_is)
        name = string(mapping(answer.body).get("username")) or "an account without a name"
        return f"the token is accepted for {name}"

    def _tag_pages(
        self, tag: str, target: Target, cursor: str | None
    ) -> AsyncGenerator[Page, None]:
        modes, lookback = self._options.modes, timedelta(seconds=self._options.lookback_s)
        if target.window is not None:
            return window_pages(
                self._search, tag, target.window, cursor, modes=modes, margin=lookback
            )
        most = self._options.max_pages
        return new_pages(self._search, tag, cursor, modes=modes, lookback=lookback, max_pages=most)

    async def _profile_pages(self, handle: str) -> AsyncGenerator[Page, None]:
        call = Call("profile_lookup", {"username": handle})

        def read(answer: Answer, _: Lease[Account]) -> Answer:
            if string(mapping(answer.body).get("username")) is None:
                raise UnavailableError("threads answered an account's look-up with no account")
            return answer

        try:
            answer = await self._graph.ask(self._graph.anybody, lambda _: call, read)
        except (NotFoundError, InvalidError) as exc:
            raise NotFoundError(f"threads shows no account {handle!r}") from exc
        yield Page([Payload("profile", answer.body)], answer.received_at)


def normalise(payload: Payload, observed_at: datetime) -> Sequence[Record]:
    """The records that a payload of the API holds; needs no connection.

    Raises:
        PayloadError: The payload lacks something that no record can do without.
    """
    reader = _READERS.get(payload.kind)
    if reader is None:
        raise PayloadError(f"threads has no payload of kind {payload.kind!r}")
    return reader(payload.body, observed_at)


def _as_it_is(answer: Answer, _: Lease[Account]) -> Answer:
    return answer
