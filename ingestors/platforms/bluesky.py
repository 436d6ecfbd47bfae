"""Bluesky: searches for a hashtag, hit counts, profiles, replies, and every post as it is made.

Endpoints: https://docs.bsky.app (app.bsky.feed.searchPostsV2, searchPosts, getPosts, getPostThread,
app.bsky.actor.getProfile). Searching needs an account's handle and an app password; the stream
(``ingestors.bluesky_stream``), profiles, replies and posts are public. What accounts label
``!no-unauthenticated`` is left out, and goes where it came by the stream, which shows no labels.

A hashtag's cursor is the time up to which every post was met (``ingestors.bluesky_walks``).
searchPosts sorts by the client's ``createdAt`` where that is earlier: what is backdated further it
shows to no poll. Without an account a hashtag's polls bring nothing: the stream does.
"""

from __future__ import annotations

import logging
import re
from collections.abc import (
    AsyncGenerator,
    AsyncIterator,
    Awaitable,
    Callable,
    Mapping,
    Sequence,
    Set,
)
from contextlib import aclosing, asynccontextmanager
from datetime import datetime, timedelta
from typing import Any, TypeVar
from urllib.parse import urlencode, urlsplit

from ingestors.about import About, Capability, Key, Limit
from ingestors.bluesky_options import Options
from ingestors.bluesky_records import is_shown, normalise, replies, sorted_out
from ingestors.bluesky_search import PAGE_SIZE, place
from ingestors.bluesky_session import (
    LOGINS_A_DAY,
    Session,
    is_gone,
    refusal,
    refusal_of_account,
)
from ingestors.bluesky_stream import Jetstream
from ingestors.bluesky_walks import Depth, Walks
from ingestors.credentials import Pool
from ingestors.fields import mapping, string, whole
from ingestors.platform import Page, Payload, Target
from lake import http
from lake.errors import (
    InvalidError,
    NotFoundError,
    RetryError,
    TaglakeError,
    UnauthorizedError,
    UnavailableError,
)
from lake.http import Refusal
from lake.http_answer import Answer
from lake.records import Record
from lake.retry import Backoff, retrying

__all__ = ["Bluesky", "Options", "about", "connect", "normalise"]

logger = logging.getLogger(__name__)
T = TypeVar("T")
_POST = re.compile(r"at://[^/?#\s]+/app\.bsky\.feed\.post/[^/?#\s]+")
_LIMITS_PAGE = "https://docs.bsky.app/docs/advanced-guides/rate-limits"
THREAD_DEPTH = 100  # a server takes up to 1,000, but JSON that deep cannot be decoded
POSTS_PER_CALL = 25  # the most that getPosts takes


def about(options: Options | None) -> About:
    """What Bluesky offers; see ``ingestors.about``."""
    chosen = options or Options()
    can: dict[Capability, str] = {
        "profiles": "followers, posts",
        "comments": "replies at any depth",
        "refresh": "of every post",
    }
    if chosen.logins:
        can |= {
            "posts": "searched, newest first",
            "counts": "hits of a search, an estimate",
            "history": "as far back as the search finds",
        }
    if chosen.streams:
        can |= {"posts": can.get("posts", "as they are made"), "stream": "every post of Bluesky"}
    public = urlsplit(chosen.public).netloc
    idle = "it needs an account for searching (identifier, app_password), or stream: true"
    return About(
        label="Bluesky",
        capabilities=can,
        keys=(
            Key(
                "app_password",
                "an app password of the account that identifier names",
                "https://bsky.app/settings/app-passwords",
                required=False,
            ),
        ),
        limits=(
            Limit("search", 3_000, 300.0, _LIMITS_PAGE),
            Limit(public, 3_000, 300.0, _LIMITS_PAGE),
            Limit("login", LOGINS_A_DAY.calls, LOGINS_A_DAY.window_s, _LIMITS_PAGE),
        ),
        poll_calls={"search": 2.0} if chosen.logins else {},
        page_posts=PAGE_SIZE,
        page_bucket="search" if chosen.logins else None,
        credentials=max(1, len(chosen.logins)),
        off_because=None if chosen.logins or chosen.streams else idle,
    )


@asynccontextmanager
async def connect(options: Options) -> AsyncIterator[Bluesky]:
    """The platform, with connections that are closed at the end of the block."""
    # A redirect could take the password, which is in a body, to another server.
    how = http.HttpOptions(timeout_s=options.timeout_s, redirects=False)
    async with http.connect(how) as client:
        yield Bluesky(client, options)


class Bluesky:
    """The network as some accounts see it; see ``ingestors.platform.Streaming``."""

    name = "bluesky"
    context: str | None = None

    def __init__(self, client: http.Http, options: Options) -> None:
        self.limits = client.limits
        self.streams = options.streams
        self._http = client
        self._options = options
        self._backoff = Backoff(base_s=options.backoff_s)
        self._sessions = {
            login.name: Session(client, options.service, login) for login in options.logins
        }
        depth = Depth(options.first_poll_pages, timedelta(seconds=options.lookback_s))
        pool = Pool(self._sessions, client.limits)
        self._walks = Walks(pool, self._retry, depth, prefer_v2=options.prefer_v2)
        self._jetstream = Jetstream(options.jetstream, options.timeout_s)

    def pages(self, target: Target, cursor: str | None) -> AsyncGenerator[Page, None]:
        """See ``Platform.pages``; posts, and a comments target's post, are named by at:// URIs.

        Raises:
            NotFoundError: The account or the post is not there, or no longer.
        """
        if target.kind == "hashtag" and target.value.strip():
            return self._tag_pages(target, cursor)
        if target.kind == "profile" and target.value.strip("@ "):
            return self._profile_pages(target.value.strip("@ "))
        if target.kind == "comments" and _POST.fullmatch(target.value):
            return self._reply_pages(target.value)
        if target.kind == "posts" and target.value.split():
            return self._refresh(target.value.split())
        raise InvalidError(f"bluesky cannot poll {target.key!r}")

    def stream(
        self, tags: Callable[[], Set[str]], cursor: str | None
    ) -> AsyncGenerator[Page, None]:
        """See ``ingestors.platform.Streaming.stream``."""
        return self._jetstream.pages(tags, cursor)

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
        """See ``Platform.check``: one call an account; without any, one that needs none."""
        if not self._sessions:
            if not self.streams:
                raise _nobody()
            params = {"actor": "bsky.app"}
            await self._public("app.bsky.actor.getProfile", params, refusal_of_account)
            return "no account: the stream, profiles and replies, but no search"
        for session in self._sessions.values():
            await session.get("app.bsky.actor.getPreferences", {})
        accounts = len(self._sessions)
        if accounts == 1:
            return "the app password is accepted"
        return f"{accounts} app passwords are accepted"

    async def _tag_pages(self, target: Target, cursor: str | None) -> AsyncGenerator[Page, None]:
        if not self._sessions:
            if target.window is None and self.streams:
                logger.debug("the stream brings its posts", extra={"target": target.key})
                return
            raise _nobody()
        if target.window is None:
            walk = self._walks.tag_pages(target.value, place(cursor))
        else:
            walk = self._walks.window_pages(target.value, target.window, cursor)
        async with aclosing(walk) as pages:
            async for page in pages:
                yield page

    async def _profile_pages(self, actor: str) -> AsyncGenerator[Page, None]:
        try:
            params = {"actor": actor}
            answer = await self._public("app.bsky.actor.getProfile", params, refusal_of_account)
        except NotFoundError as exc:
            raise NotFoundError(f"Bluesky knows no account {actor!r}, or no longer") from exc
        body = mapping(answer.body)
        if not is_shown(body):
            logger.info("left out: for signed-in eyes only", extra={"account": actor})
        yield Page([Payload("profile", body)] if is_shown(body) else [], answer.received_at)

    async def _reply_pages(self, uri: str) -> AsyncGenerator[Page, None]:
        params = {"uri": uri, "depth": str(THREAD_DEPTH), "parentHeight": "0"}
        said: list[int] = []

        def sort_out(status: int, body: Any) -> TaglakeError | None:
            said.extend([status] if is_gone(status, body) else [])
            return refusal(status, body)

        try:
            answer = await self._public("app.bsky.feed.getPostThread", params, sort_out)
        except TaglakeError as exc:
            if said:
                raise NotFoundError(f"the post {uri} is not there, or no longer") from exc
            if isinstance(exc, NotFoundError):  # a proxy's, say: who is not found is erased
                raise UnavailableError("Bluesky did not say itself whether a post is gone") from exc
            raise
        payloads, unreadable = sorted_out(replies(mapping(answer.body).get("thread")))
        yield Page(payloads, answer.received_at, unreadable=unreadable)

    async def _refresh(self, uris: Sequence[str]) -> AsyncGenerator[Page, None]:
        """What posts are now; those that two answers lack are gone."""
        known = [uri for uri in dict.fromkeys(uris) if _POST.fullmatch(uri) and "//did:" in uri]
        for start in range(0, len(known), POSTS_PER_CALL):
            wanted = known[start : start + POSTS_PER_CALL]
            views, received_at = await self._posts(wanted)
            missing = sorted(set(wanted) - set(map(_uri, views)), key=wanted.index)
            if missing:  # a server that is short of something leaves posts out as well
                again, received_at = await self._posts(missing)
                views += again
            payloads, unreadable = sorted_out(views)
            for uri in missing:
                if uri not in map(_uri, again):
                    payloads.append(Payload("gone", {"uri": uri}))
            for view in views:
                if not is_shown(mapping(view)) and _uri(view) in wanted:
                    hidden = {"uri": _uri(view), "reason": "for signed-in eyes only"}
                    payloads.append(Payload("gone", hidden))
            yield Page(payloads, received_at, unreadable=unreadable)

    async def _posts(self, uris: Sequence[str]) -> tuple[list[Any], datetime]:
        query = urlencode([("uris", uri) for uri in uris])
        url = f"{self._options.public}/xrpc/app.bsky.feed.getPosts?{query}"

        async def ask() -> tuple[list[Any], datetime]:
            answer = await self._http.get_json(url, refusal=refusal)
            views = mapping(answer.body).get("posts")
            if not isinstance(views, list):
                raise UnavailableError("Bluesky answered with no list of posts")
            return views, answer.received_at

        return await self._retry(ask)

    async def _public(self, method: str, params: Mapping[str, str], sort_out: Refusal) -> Answer:
        url = f"{self._options.public}/xrpc/{method}"
        return await self._retry(lambda: self._http.get_json(url, params, refusal=sort_out))

    async def _retry(self, call: Callable[[], Awaitable[T]]) -> T:
        attempts = self._options.attempts
        return await retrying(call, backoff=self._backoff, attempts=attempts, on_wait=_log_wait)


def _uri(view: Any) -> str:
    return string(mapping(view).get("uri")) or ""


def _nobody() -> UnauthorizedError:
    return UnauthorizedError(
        "Bluesky's search is for signed-in accounts only; set identifier and app_password, or "
        "stream: true"
    )


def _log_wait(exc: RetryError, wait_s: float) -> None:
    logger.warning("waiting for the platform", extra={"reason": str(exc), "wait_s": wait_s})
