"""X: hourly counts of a hashtag, recent posts, replies and accounts, by the API v2 and for money.

Endpoints: https://docs.x.com/x-api (posts/counts/recent, posts/search/recent, posts by ids, users
by usernames). Several tokens of the operator's own share the load.
"""

from __future__ import annotations

import re
from collections.abc import AsyncGenerator, AsyncIterator, Iterator, Sequence
from contextlib import aclosing, asynccontextmanager
from datetime import datetime, timedelta
from functools import partial

from ingestors.fields import mapping, whole
from ingestors.files import x
from ingestors.files.cells import identity
from ingestors.formats.x_v2 import FORMAT
from ingestors.platform import Page, Payload, Target
from ingestors.x_answers import counter_records, post_id
from ingestors.x_calls import COUNTS, POSTS, USAGE, USERS, Calls
from ingestors.x_lookups import (
    MOST,
    gone_records,
    post_records,
    posts_page,
    usage_said,
    users_page,
)
from ingestors.x_options import Options, about
from ingestors.x_search import FIELDS, USER_FIELDS, Search, as_x, oldest
from lake import http
from lake.errors import InvalidError, NotFoundError, UnavailableError
from lake.records import Record
from lake.text import hashtags_in, normal_hashtag

__all__ = ["Options", "X", "about", "connect", "normalise"]

_LONGEST_QUERY = 512
_HANDLE = re.compile(r"@?[A-Za-z0-9_]{1,20}")
_ID = re.compile(r"[0-9]{1,19}")
# A look-up for new numbers does without the authors: they would cost twice what the posts do.
_POST_FIELDS = FIELDS | {"expansions": "attachments.media_keys"}
_READERS = {"counts": counter_records, "post": post_records, "gone": gone_records}


@asynccontextmanager
async def connect(options: Options) -> AsyncIterator[X]:
    """The platform, with connections that are closed at the end of the block."""
    async with http.connect(http.HttpOptions(timeout_s=options.timeout_s)) as client:
        yield X(client, options)


class X:
    """The API with the operator's tokens; see ``ingestors.platform.Platform``."""

    name = "x"
    context: str | None = None

    def __init__(self, client: http.Http, options: Options) -> None:
        self.limits = client.limits
        self._options = options
        self._calls = Calls(client, options)
        self._search = Search(self._calls, page_size=options.page_size, max_pages=options.max_pages)

    def pages(self, target: Target, cursor: str | None) -> AsyncGenerator[Page, None]:
        """See ``Platform.pages``; a profile target may name several handles, blanks between them.

        A comments target is the id of a conversation's first post.

        Raises:
            NotFoundError: X shows none of the accounts.
        """
        words = target.value.split()
        if target.kind == "hashtag" and target.window is not None:
            return self._search.window(self._query(_tag(target)), target.window, cursor)
        if target.kind == "hashtag":
            return self._tag_pages(_tag(target), cursor)
        if target.kind == "profile" and words and all(map(_HANDLE.fullmatch, words)):
            return self._user_pages([word.removeprefix("@") for word in words])
        if target.kind == "posts" and words and all(map(_ID.fullmatch, words)):
            return self._post_pages(list(dict.fromkeys(words)))
        if target.kind == "comments" and x.is_snowflake(target.value):
            return self._reply_pages(target.value, cursor)
        raise InvalidError(f"x cannot poll {target.key!r}")

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
        """See ``Platform.check``; the call is free."""
        return usage_said(await self._calls.get(USAGE, {}))

    async def _tag_pages(self, tag: str, cursor: str | None) -> AsyncGenerator[Page, None]:
        if self._options.counts:
            yield await self._counts(tag)
        if not self._options.posts:
            return
        async with aclosing(self._search.newest(self._query(tag), cursor)) as walk:
            async for page in walk:
                yield page

    async def _reply_pages(self, root: str, cursor: str | None) -> AsyncGenerator[Page, None]:
        try:
            async with aclosing(self._search.newest(f"conversation_id:{root}", cursor)) as walk:
                async for page in walk:
                    yield page
        except NotFoundError as exc:  # of the search: what is said to be gone is erased
            raise UnavailableError("X did not find its search for a conversation") from exc

    async def _counts(self, tag: str) -> Page:
        # From a full hour on: X would begin at this minute, and each poll with another period.
        start = oldest().replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)
        query = self._counted(tag)
        params = {"query": query, "granularity": "hour", "start_time": as_x(start)}
        answer = await self._calls.get(COUNTS, params)
        # X does not repeat what it counted, so that stands beside its answer.
        body = {"hashtag": tag, "query": query, "counts": answer.body}
        return Page([Payload("counts", body)], answer.received_at)

    def _counted(self, tag: str) -> str:
        return f"#{tag}" if self._options.include_reposts else f"#{tag} -is:retweet"

    def _query(self, tag: str) -> str:
        language = f" lang:{self._options.language}" if self._options.language else ""
        return self._counted(tag) + language

    async def _post_pages(self, ids: Sequence[str]) -> AsyncGenerator[Page, None]:
        for some in _batches(ids):
            params = {"ids": ",".join(some)} | _POST_FIELDS
            yield await self._calls.read(POSTS, params, partial(posts_page, ids=some))

    async def _user_pages(self, handles: Sequence[str]) -> AsyncGenerator[Page, None]:
        for some in _batches(handles):
            params = {"usernames": ",".join(some)} | USER_FIELDS
            yield await self._calls.read(USERS, params, partial(users_page, handles=some))


def normalise(payload: Payload, observed_at: datetime) -> Sequence[Record]:
    """The records that a payload of X's holds; needs no connection.

    Raises:
        PayloadError: The payload lacks something that no record can do without.
    """
    reader = _READERS.get(payload.kind)
    if reader is not None:
        return reader(payload.body, observed_at)
    return FORMAT.normalise(payload, observed_at)


def _tag(target: Target) -> str:
    """The hashtag, if X takes it: anything else in a query could be one of its operators."""
    tag = normal_hashtag(target.value)
    if hashtags_in(f"#{tag}") != (tag,) or len(tag) > _LONGEST_QUERY - 40:
        raise InvalidError(f"x cannot poll {target.key!r}")
    return tag


def _batches(several: Sequence[str]) -> Iterator[Sequence[str]]:
    return (several[first : first + MOST] for first in range(0, len(several), MOST))
