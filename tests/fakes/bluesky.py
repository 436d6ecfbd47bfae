"""A Bluesky on loopback: sign-in, both searches, profiles and threads, with scripted faults.

A search gives the newest first by its own time (``indexedAt`` in searchPostsV2, the earlier of it
and ``createdAt`` in searchPosts) and pages by an offset that ends at ``deepest``.
"""

from __future__ import annotations

import asyncio
import json
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from aiohttp import web
from aiohttp.test_utils import TestServer

START = datetime(2026, 9, 1, tzinfo=UTC)
DID = "did:plc:ntd53albt5ffa4rgervvgibd"
Json = dict[str, Any]
Fault = Callable[["FakeBluesky", web.Request], Awaitable[web.StreamResponse]]
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def text_of(moment: datetime) -> str:
    """A time as Bluesky writes it."""
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def post(number: float, **extra: Any) -> Json:
    """A postView that was indexed so many seconds after the fake's beginning."""
    at = text_of(START + timedelta(seconds=number))
    tag = {"$type": "app.bsky.richtext.facet#tag", "tag": "Vans"}
    facet = {"index": {"byteStart": 0, "byteEnd": 5}, "features": [tag]}
    author = {"did": DID, "handle": "ann.bsky.social", "labels": []}
    counts = {"replyCount": 0, "repostCount": 1, "likeCount": 2, "quoteCount": 0}
    return {
        "uri": f"at://{DID}/app.bsky.feed.post/{number}",
        "cid": "bafy",
        "author": author,
        "record": {
            "$type": "app.bsky.feed.post",
            "createdAt": at,
            "text": "#Vans",
            "facets": [facet],
        },
        "indexedAt": at,
        "labels": [],
    } | (counts | extra)


def labelled(**extra: Any) -> Json:
    """What an account looks like that only signed-in people may see."""
    return {
        "did": DID,
        "handle": "ann.bsky.social",
        "labels": [{"val": "!no-unauthenticated"}],
    } | extra


@dataclass
class FakeBluesky:
    """What the server holds and how it misbehaves.

    Args:
        posts: In any order; add to them whenever you like.
        faults: Played one a search call before anything else, None for a call that goes well.
        calls: Each call's method and query, in order.
        password: What signs in.
        has_v2: Whether there is a searchPostsV2.
        deepest: The offset from which a search says nothing more, or fails.
        fails_deep: Whether it answers 502 there instead of leaving the cursor out.
        thread: What getPostThread answers.
        profile: What getProfile answers; None for an account that is not there.
        barred: Who may not sign in.
        accounts: Who signed in, once for each time.
        searched_by: Who searched, in order.
        post_faults: Played one a getPosts or getPostThread call, None for one that goes well.
    """

    posts: list[Json] = field(default_factory=list)
    faults: deque[Fault | None] = field(default_factory=deque)
    calls: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    password: str = "abcd-efgh"
    has_v2: bool = True
    deepest: int = 10_000
    fails_deep: bool = False
    thread: Any = None
    profile: Json | None = None
    barred: set[str] = field(default_factory=set)
    accounts: list[str] = field(default_factory=list)
    searched_by: list[str] = field(default_factory=list)
    post_faults: deque[Fault | None] = field(default_factory=deque)
    live: set[str] = field(default_factory=set)
    tokens_made: int = 0
    refresh_works: bool = True
    base: str = ""

    def add(self, count: int, first: float | None = None, **extra: Any) -> list[str]:
        """Index ``count`` posts a second apart."""
        start = len(self.posts) if first is None else first
        new = [post(start + number, **extra) for number in range(count)]
        self.posts += new
        return [one["uri"] for one in new]

    def count(self, method: str) -> int:
        """How often a method was called."""
        return sum(name == method for name, _ in self.calls)

    def expire(self) -> None:
        """Lets every access token die."""
        self.live.clear()

    def search(self, request: web.Request, *, v2: bool) -> web.Response:
        """One page of a search."""
        query = request.query
        offset, limit = int(query.get("cursor") or 0), int(query["limit"])
        if self.fails_deep and offset >= self.deepest:
            return refused("UpstreamFailure", 502)
        low, high = query.get("since", ""), query.get("until", "~")
        found = [one for one in self.posts if low <= _time(one, v2=v2) < high]
        found.sort(key=lambda one: _time(one, v2=v2), reverse=True)
        more = len(found) > offset + limit
        if not self.fails_deep and offset + limit >= self.deepest:
            more = False
        body: Json = {"posts": found[offset : offset + limit], "hitsTotal": len(found)}
        if more:
            body["cursor"] = str(offset + limit)
        return web.json_response(body, headers=limit_headers())


def _time(one: Json, *, v2: bool) -> str:
    indexed, created = str(one["indexedAt"]), str(one["record"]["createdAt"])
    return indexed if v2 else min(indexed, created)


def limit_headers(*, remaining: int = 2_999, reset_s: float = 300) -> dict[str, str]:
    """The rate limit headers, with the reset in seconds after 1970."""
    return {
        "RateLimit-Limit": "3000",
        "RateLimit-Remaining": str(remaining),
        "RateLimit-Reset": str(datetime.now(UTC).timestamp() + reset_s),
        "RateLimit-Policy": "3000;w=300",
    }


def refused(name: str, status: int, headers: dict[str, str] | None = None) -> web.Response:
    """An error as every method answers it."""
    return web.json_response({"error": name, "message": "no"}, status=status, headers=headers)


@asynccontextmanager
async def run_bluesky() -> AsyncIterator[FakeBluesky]:
    """A server on a free port of loopback, closed at the end of the block."""
    fake = FakeBluesky()
    app = web.Application()
    app.router.add_route("*", "/xrpc/{method}", _answer(fake))
    async with TestServer(app) as server:
        fake.base = str(server.make_url("")).rstrip("/")
        yield fake


def _answer(fake: FakeBluesky) -> Handler:
    async def handler(request: web.Request) -> web.StreamResponse:
        method = request.match_info["method"].rpartition(".")[2]
        fake.calls.append((method, dict(request.query)))
        if method in ("createSession", "refreshSession"):
            return await _sign_in(fake, request, method)
        if method in ("getPosts", "getPostThread"):
            fault = fake.post_faults.popleft() if fake.post_faults else None
            if fault:
                return await fault(fake, request)
        if method == "getPosts":
            return _posts(fake, request)
        if method in ("getProfile", "getPostThread"):
            return _public(fake, method)
        return await _search(fake, request, method)

    return handler


def _public(fake: FakeBluesky, method: str) -> web.Response:
    if method == "getProfile":
        return refused("InvalidRequest", 400) if fake.profile is None else _json(fake.profile)
    return refused("NotFound", 400) if fake.thread is None else _json({"thread": fake.thread})


def _json(body: Any) -> web.Response:
    return web.json_response(body)


async def _sign_in(fake: FakeBluesky, request: web.Request, method: str) -> web.Response:
    if request.method != "POST":
        return refused("InvalidRequest", 405)
    if method == "createSession":
        body = await request.json()
        who = body["identifier"]
        if body["password"] != fake.password or who in fake.barred:
            return refused("AuthenticationRequired", 401)
        fake.accounts.append(who)
    elif not fake.refresh_works or "refresh" not in request.headers["Authorization"]:
        return refused("ExpiredToken", 400)
    else:
        who = request.headers["Authorization"].partition("refresh/")[2].partition("/")[0]
    fake.tokens_made += 1
    access = f"access/{who}/{fake.tokens_made}"
    fake.live.add(access)
    refresh = f"refresh/{who}/{fake.tokens_made}"
    return web.json_response({"accessJwt": access, "refreshJwt": refresh})


def _posts(fake: FakeBluesky, request: web.Request) -> web.Response:
    uris = request.query.getall("uris")
    if len(uris) > 25:
        return refused("InvalidRequest", 400)
    return web.json_response({"posts": [one for one in fake.posts if one["uri"] in uris]})


async def _search(fake: FakeBluesky, request: web.Request, method: str) -> web.StreamResponse:
    token = request.headers.get("Authorization", "").removeprefix("Bearer ")
    if not token:
        return web.Response(status=403, text="<html>403</html>", content_type="text/html")
    if token not in fake.live:
        return refused("ExpiredToken", 400)
    if method == "getPreferences":
        return _json({})
    if method == "searchPostsV2" and not fake.has_v2:
        return refused("MethodNotImplemented", 501)
    fake.searched_by.append(token.split("/")[1])
    fault = fake.faults.popleft() if fake.faults else None
    if fault:
        return await fault(fake, request)
    return fake.search(request, v2=method == "searchPostsV2")


def refusing(name: str, status: int, *, reset_s: float | None = None) -> Fault:
    """An answer with an error's name, and a reset where it has one."""

    async def fault(_: FakeBluesky, request: web.Request) -> web.Response:
        headers = {} if reset_s is None else limit_headers(remaining=0, reset_s=reset_s)
        return refused(name, status, headers)

    return fault


def saying(body: Any, kind: str = "application/json", status: int = 200) -> Fault:
    """This body: JSON, or a text as it is."""

    async def fault(_: FakeBluesky, request: web.Request) -> web.Response:
        text = body if isinstance(body, str) else json.dumps(body)
        return web.Response(text=text, content_type=kind, status=status)

    return fault


async def cut_off(fake: FakeBluesky, request: web.Request) -> web.Response:
    """The right page, of which the last quarter is missing."""
    text = fake.search(request, v2=True).text or ""
    return web.Response(text=text[: len(text) * 3 // 4], content_type="application/json")


async def silent(fake: FakeBluesky, request: web.Request) -> web.Response:
    """No answer for longer than anybody waits."""
    await asyncio.sleep(60)
    return web.Response()


async def same_cursor(fake: FakeBluesky, request: web.Request) -> web.Response:
    """A page that leads back to itself."""
    body = json.loads(fake.search(request, v2=True).text or "")
    return web.json_response(body | {"cursor": request.query.get("cursor", "0")})


async def repeating(fake: FakeBluesky, request: web.Request) -> web.Response:
    """The newest page whatever is asked for, with a cursor that seems to go on."""
    offset = int(request.query.get("cursor") or 0) + 100
    newest = sorted(fake.posts, key=lambda one: str(one["indexedAt"]), reverse=True)[:100]
    return web.json_response({"posts": newest, "cursor": str(offset)})


async def empty_with_more(fake: FakeBluesky, request: web.Request) -> web.Response:
    """A page whose every post was filtered out, before the one that was asked for."""
    return web.json_response({"posts": [], "cursor": request.query.get("cursor") or "0"})
