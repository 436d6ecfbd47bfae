"""X: hourly counts of a hashtag, recent posts, replies and accounts, by the API v2 and for money.

Endpoints: https://docs.x.com/x-api (posts/counts/recent, posts/search/recent, users/by/username).
Searches see seven days and give the newest post first, so a walk goes from now back to where the
last one began, and its cursor holds only once it has been walked to its end.
"""

from __future__ import annotations

import logging
import re
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Sequence
from contextlib import aclosing, asynccontextmanager
from datetime import datetime, timedelta
from typing import Annotated, TypeVar
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator

from ingestors.fields import host_of, mapping, whole
from ingestors.files import x
from ingestors.files.cells import identity
from ingestors.formats.x_v2 import FORMAT
from ingestors.platform import Page, Payload, Target
from ingestors.x_answers import Batch, counter_records, post_id, read_batch, refusal, user_of
from ingestors.x_spending import Prices, Spending
from lake import http, times
from lake.errors import InvalidError, RetryError
from lake.http_answer import Answer
from lake.records import Record
from lake.retry import Backoff, retrying
from lake.text import hashtags_in, normal_hashtag

logger = logging.getLogger(__name__)
T = TypeVar("T")
Usd = Annotated[float, Field(ge=0, le=100)]
_WEEK = timedelta(days=7)
_MARGIN = timedelta(minutes=5)  # for the way to X and for clocks that differ
_LONGEST_QUERY = 512
_HANDLE = re.compile(r"[A-Za-z0-9_]{1,20}")
_SEARCH_FIELDS = {
    "tweet.fields": "created_at,lang,public_metrics,entities,author_id,conversation_id,"
    "referenced_tweets,in_reply_to_user_id,attachments,possibly_sensitive,note_tweet",
    "expansions": "author_id,attachments.media_keys",
    "media.fields": "type,public_metrics,preview_image_url",
}
_USER_FIELDS = {"user.fields": "username,name,description,verified,public_metrics,created_at"}


class Options(BaseModel):
    """The platform's section of config.yaml.

    Args:
        bearer_token: The app's, from X's developer console.
        base: The API's address, without a path.
        include_reposts: Whether reposts are counted and read too.
        language: Posts in this language only, as X names it; counts are of all languages.
        counts: Whether a hashtag's hourly counts are asked for.
        posts: Whether a hashtag's posts are read.
        page_size: Posts a page.
        max_pages: Pages that one poll reads; what lies beyond is never read and shows as a gap.
        timeout_s: Longest time for one call.
        attempts: Calls in all before a poll is cut short.
        backoff_s: Longest wait after the first failure; it doubles with each further one.
        usd_per_post: Price of reading a post once a UTC day.
        usd_per_user: Price of reading an account once a UTC day.
        usd_per_count: Price of one call for counts.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    bearer_token: SecretStr
    base: str = "https://api.x.com"
    include_reposts: bool = False
    language: Annotated[str, Field(pattern=r"^[a-z]{2,3}(-[A-Za-z]{2,4})?$")] | None = None
    counts: bool = True
    posts: bool = True
    page_size: Annotated[int, Field(ge=10, le=100)] = 100
    max_pages: Annotated[int, Field(ge=1, le=1_000)] = 10
    timeout_s: Annotated[float, Field(gt=0, le=600)] = 60
    attempts: Annotated[int, Field(ge=1, le=20)] = 5
    backoff_s: Annotated[float, Field(gt=0, le=60)] = 0.5
    usd_per_post: Usd = 0.005
    usd_per_user: Usd = 0.010
    usd_per_count: Usd = 0.005

    @field_validator("bearer_token")
    @classmethod
    def _a_token(cls, token: SecretStr) -> SecretStr:
        if not re.fullmatch(r"[!-~]+", token.get_secret_value()):
            raise ValueError("must be the app's bearer token, without blanks")
        return token

    @field_validator("base")
    @classmethod
    def _a_server(cls, base: str) -> str:
        base = base.strip().rstrip("/")
        host = host_of(base)
        if host is None or base.split("://", 1)[1].lower() != host:
            raise ValueError("must be a server's address, such as https://api.x.com")
        return f"{urlsplit(base).scheme}://{host}"


@asynccontextmanager
async def connect(options: Options) -> AsyncIterator[X]:
    """The platform, with connections that are closed at the end of the block."""
    async with http.connect(http.HttpOptions(timeout_s=options.timeout_s)) as client:
        yield X(client, options)


class X:
    """The API with one app's token; see ``ingestors.platform.Platform``."""

    name = "x"
    context: str | None = None

    def __init__(self, client: http.Http, options: Options) -> None:
        self._http = client
        self.limits = client.limits
        self._options = options
        self._backoff = Backoff(base_s=options.backoff_s)
        self._headers = {"Authorization": f"Bearer {options.bearer_token.get_secret_value()}"}
        self._spending = Spending(
            Prices(options.usd_per_post, options.usd_per_user, options.usd_per_count)
        )

    @property
    def spent_usd(self) -> float:
        """US dollars that the answers so far cost, by the prices in the options."""
        return self._spending.usd

    def pages(self, target: Target, cursor: str | None) -> AsyncGenerator[Page, None]:
        """See ``Platform.pages``; a comments target is the id of a conversation's first post.

        Raises:
            NotFoundError: The account is not there, or X shows it to nobody.
        """
        if target.kind == "hashtag":
            walk = self._tag_pages(_tag(target), cursor)
        elif target.kind == "profile" and _HANDLE.fullmatch(target.value.strip().lstrip("@")):
            walk = self._user_pages(target.value.strip().lstrip("@"))
        elif target.kind == "comments" and x.is_snowflake(target.value):
            walk = self._search(f"conversation_id:{target.value}", cursor)
        else:
            raise InvalidError(f"x cannot poll {target.key!r}")
        return self._billed(target, walk)

    def normalise(self, payload: Payload, observed_at: datetime) -> Sequence[Record]:
        """See ``Platform.normalise``."""
        return normalise(payload, observed_at)

    def related(self, payload: Payload) -> Sequence[Target]:
        """See ``Platform.related``: the whole conversation of a post that has replies."""
        tweet = mapping(mapping(payload.body).get("data"))
        root = identity(tweet.get("conversation_id")) or post_id(payload)
        if payload.kind != "tweet" or not root or not x.is_snowflake(root):
            return ()
        has_replies = whole(mapping(tweet.get("public_metrics")).get("reply_count"))
        return (Target(self.name, "comments", root),) if has_replies else ()

    async def check(self) -> str:
        """See ``Platform.check``."""
        await self._get("/2/usage/tweets", {})
        return "the token is accepted"

    async def _billed(
        self, target: Target, walk: AsyncGenerator[Page, None]
    ) -> AsyncGenerator[Page, None]:
        before = self.spent_usd
        try:
            async with aclosing(walk):
                async for page in walk:
                    yield page
        finally:
            # Polls that run at the same time share the bill, so this poll's part is a most.
            usd = self.spent_usd
            spent = {"target": target.key, "usd": usd - before, "usd_in_all": usd}
            logger.info("X is paid", extra=spent)

    async def _tag_pages(self, tag: str, cursor: str | None) -> AsyncGenerator[Page, None]:
        query = f"#{tag}" if self._options.include_reposts else f"#{tag} -is:retweet"
        if self._options.counts:
            yield await self._counts(tag, query)
        if not self._options.posts:
            return
        language = f" lang:{self._options.language}" if self._options.language else ""
        async with aclosing(self._search(query + language, cursor)) as walk:
            async for page in walk:
                yield page

    async def _counts(self, tag: str, query: str) -> Page:
        # From a full hour on: X would begin at this minute, and each poll with another period.
        hour = timedelta(hours=1)
        oldest = times.now() - _WEEK + _MARGIN
        start = oldest.replace(minute=0, second=0, microsecond=0) + hour
        params = {"query": query, "granularity": "hour", "start_time": _as_x(start)}
        answer = await self._get("/2/tweets/counts/recent", params)
        self._spending.add_count()
        # X does not repeat what it counted, so that stands beside its answer.
        body = {"hashtag": tag, "query": query, "counts": answer.body}
        return Page([Payload("counts", body)], answer.received_at)

    async def _search(self, query: str, cursor: str | None) -> AsyncGenerator[Page, None]:
        edge = _edge(cursor)
        seen: set[str] = set()
        tokens: list[str] = []
        newest: str | None = None
        for number in range(1, self._options.max_pages + 1):
            try:
                batch = await self._batch(query, edge, tokens, seen)
            except InvalidError as exc:
                if tokens or "since_id" not in edge or "since_id" not in str(exc):
                    raise
                edge = _last_week()  # X's clock is ahead of ours
                batch = await self._batch(query, edge, tokens, seen)
            seen.update(batch.ids)
            newest = newest or batch.newest_id
            is_last = batch.next_token is None or number == self._options.max_pages
            overlaps = None if cursor is None or not is_last else _met(edge, batch)
            yield batch.page(newest if is_last and newest != cursor else None, overlaps=overlaps)
            if is_last or batch.next_token is None:
                return
            tokens.append(batch.next_token)

    async def _batch(
        self, query: str, edge: dict[str, str], tokens: list[str], seen: set[str]
    ) -> Batch:
        params = {"query": query, "max_results": str(self._options.page_size)}
        params |= edge | _SEARCH_FIELDS | _USER_FIELDS
        if tokens:
            params["next_token"] = tokens[-1]

        async def ask() -> Batch:
            batch = read_batch(await self._ask("/2/tweets/search/recent", params), seen, tokens)
            self._spending.add(batch.observed_at, posts=batch.ids, users=batch.users)
            return batch

        return await self._retry(ask)

    async def _user_pages(self, handle: str) -> AsyncGenerator[Page, None]:
        answer = await self._get(f"/2/users/by/username/{handle}", _USER_FIELDS)
        payload = user_of(answer, handle)
        self._spending.add(answer.received_at, users=[identity(payload.body.get("id")) or handle])
        yield Page([payload], answer.received_at)

    async def _get(self, path: str, params: dict[str, str]) -> Answer:
        return await self._retry(lambda: self._ask(path, params))

    async def _ask(self, path: str, params: dict[str, str]) -> Answer:
        url = self._options.base + path
        return await self._http.get_json(url, params, self._headers, refusal=refusal)

    async def _retry(self, call: Callable[[], Awaitable[T]]) -> T:
        attempts = self._options.attempts
        return await retrying(call, backoff=self._backoff, attempts=attempts, on_wait=_log_wait)


def normalise(payload: Payload, observed_at: datetime) -> Sequence[Record]:
    """The records that a payload of X's holds; needs no connection.

    Raises:
        PayloadError: The payload lacks something that no record can do without.
    """
    if payload.kind == "counts":
        return counter_records(payload.body, observed_at)
    return FORMAT.normalise(payload, observed_at)


def _tag(target: Target) -> str:
    """The hashtag, if X takes it: anything else in a query could be one of its operators."""
    tag = normal_hashtag(target.value)
    if hashtags_in(f"#{tag}") != (tag,) or len(tag) > _LONGEST_QUERY - 40:
        raise InvalidError(f"x cannot poll {target.key!r}")
    return tag


def _edge(cursor: str | None) -> dict[str, str]:
    """Where a walk ends: X refuses a ``since_id`` that is older than its seven days."""
    if cursor is None:
        return {}
    if not x.is_snowflake(cursor) or x.snowflake_time(cursor) < times.now() - _WEEK + _MARGIN:
        return _last_week()
    return {"since_id": cursor}


def _last_week() -> dict[str, str]:
    return {"start_time": _as_x(times.now() - _WEEK + _MARGIN)}


def _met(edge: dict[str, str], batch: Batch) -> bool:
    return "since_id" in edge and batch.next_token is None


def _as_x(moment: datetime) -> str:
    return times.to_text(moment.replace(microsecond=0))


def _log_wait(exc: RetryError, wait_s: float) -> None:
    logger.warning("waiting for the platform", extra={"reason": str(exc), "wait_s": wait_s})
