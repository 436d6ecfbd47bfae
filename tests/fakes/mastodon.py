"""A Mastodon on loopback: real HTTP, real paging, and faults in the order they are scripted.

Paging is as in Mastodon's ``Paginable``: ``max_id`` and ``since_id`` give the newest page below or
above an id, ``min_id`` the page that follows an id, and every page is newest first.
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

START_MS = 1_790_000_000_000  # in September 2026
Fault = Callable[["FakeMastodon", web.Request], Awaitable[web.StreamResponse]]


def status_id(seconds: float) -> str:
    """The id of a status of so many seconds after the fake's beginning."""
    return str((START_MS + int(seconds * 1_000)) << 16)


@dataclass
class FakeMastodon:
    """What the server holds and how it misbehaves.

    Args:
        statuses: By id; add to it whenever you like.
        faults: Played one a timeline call before anything else, None for one that goes well.
        status_faults: The same for calls that ask for statuses by id.
        paths: Each call's path and query, in order.
        feed_access: What ``/api/v2/instance`` says of tag feeds; None for a server before 4.5.
        token: What a caller must bring; None lets everybody in.
        has_several: Whether several statuses can be asked for at once (4.3).
        gone: HTTP status for statuses that are not there.
        tag_status: HTTP status of every tag history.
        bearers: What each call brought, in order.
        when_called: Run at the start of each timeline call, such as to add a status.
    """

    statuses: dict[str, dict[str, Any]] = field(default_factory=dict)
    faults: deque[Fault | None] = field(default_factory=deque)
    status_faults: deque[Fault | None] = field(default_factory=deque)
    paths: list[str] = field(default_factory=list)
    bearers: list[str] = field(default_factory=list)
    has_several: bool = True
    gone: int = 404
    tag_status: int = 200
    feed_access: dict[str, str] | None = None
    token: str | None = None
    when_called: Callable[[], None] = lambda: None
    last_page: list[dict[str, Any]] = field(default_factory=list)
    base: str = ""

    def add(self, count: int, *, first_s: float | None = None, **extra: Any) -> list[str]:
        """Post ``count`` statuses a second apart, after the newest or at ``first_s``."""
        start = len(self.statuses) if first_s is None else first_s
        ids = [status_id(start + number) for number in range(count)]
        for id_ in ids:
            self.statuses[id_] = status(id_, self.base) | extra
        return ids

    def timeline(self, request: web.Request) -> web.Response:
        """One page of the tag's timeline."""
        query = request.query
        low = int(query.get("min_id") or query.get("since_id") or 0)
        high = int(query.get("max_id") or 2**63)
        limit = min(int(query.get("limit", 20)), 40)
        found = sorted((int(id_) for id_ in self.statuses if low < int(id_) < high), reverse=True)
        chosen = found[-limit:] if "min_id" in query else found[:limit]
        self.last_page = [self.statuses[str(id_)] for id_ in chosen]
        return self.page(request, self.last_page)

    def page(self, request: web.Request, statuses: list[dict[str, Any]]) -> web.Response:
        """An answer with the ``Link`` header that a page with statuses has."""
        link = ""
        if statuses:
            url = f"{self.base}{request.path}?limit=40"
            link = (
                f'<{url}&max_id={statuses[-1]["id"]}>; rel="next", '
                f'<{url}&min_id={statuses[0]["id"]}>; rel="prev"'
            )
        return web.json_response(statuses, headers=limit_headers() | {"Link": link})


def limit_headers(*, remaining: int = 299, reset_s: float = 300) -> dict[str, str]:
    """The rate limit headers, with the reset as an ISO time."""
    reset = datetime.now(UTC) + timedelta(seconds=reset_s)
    return {
        "X-RateLimit-Limit": "300",
        "X-RateLimit-Remaining": str(remaining),
        "X-RateLimit-Reset": reset.isoformat().replace("+00:00", "Z"),
    }


def status(id_: str, base: str) -> dict[str, Any]:
    """A status with what every server gives."""
    created = datetime.fromtimestamp((int(id_) >> 16) / 1_000, UTC)
    return {
        "id": id_,
        "uri": f"{base}/users/ann/statuses/{id_}",
        "url": f"{base}/@ann/{id_}",
        "created_at": created.isoformat().replace("+00:00", "Z"),
        "in_reply_to_id": None,
        "visibility": "public",
        "content": f"<p>Post {id_} <a>#<span>Vans</span></a></p>",
        "tags": [{"name": "Vans"}],
        "favourites_count": 1,
        "replies_count": 0,
        "reblogs_count": 2,
        "account": account(base),
    }


def account(base: str) -> dict[str, Any]:
    """The account that writes everything here."""
    return {
        "id": "1",
        "acct": "ann",
        "uri": f"{base}/users/ann",
        "url": f"{base}/@ann",
        "followers_count": 7,
    }


@asynccontextmanager
async def run_mastodon() -> AsyncIterator[FakeMastodon]:
    """A server on a free port of loopback, closed at the end of the block."""
    fake = FakeMastodon()
    app = web.Application(middlewares=[_guard(fake)])
    app.router.add_get("/api/v2/instance", _instance(fake))
    app.router.add_get("/api/v1/tags/{tag}", _tag(fake))
    app.router.add_get("/api/v1/timelines/tag/{tag}", _timeline(fake))
    app.router.add_get("/api/v1/accounts/lookup", _lookup(fake))
    app.router.add_get("/api/v1/statuses/{id}/context", _context(fake))
    app.router.add_get("/api/v1/statuses/{id}", _status(fake))
    app.router.add_get("/api/v1/statuses", _several(fake))
    async with TestServer(app) as server:
        fake.base = str(server.make_url("")).rstrip("/")
        yield fake


Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def _guard(fake: FakeMastodon) -> Any:
    @web.middleware
    async def guard(request: web.Request, handler: Handler) -> web.StreamResponse:
        fake.paths.append(request.path_qs)
        fake.bearers.append(request.headers.get("Authorization", "").removeprefix("Bearer "))
        if fake.token and request.headers.get("Authorization") != f"Bearer {fake.token}":
            return web.json_response({"error": "The access token is invalid"}, status=401)
        is_timeline = request.path.startswith("/api/v1/timelines/")
        is_status = request.path.startswith("/api/v1/statuses")
        queue = fake.faults if is_timeline else fake.status_faults if is_status else None
        fault = queue.popleft() if queue else None
        if is_timeline:
            fake.when_called()
        return await (fault(fake, request) if fault else handler(request))

    return guard


def _instance(fake: FakeMastodon) -> Handler:
    async def handler(_: web.Request) -> web.Response:
        if fake.feed_access is None:
            return web.json_response({"error": "Not Found"}, status=404)
        access = {"timelines_access": {"hashtag_feeds": fake.feed_access}}
        return web.json_response({"configuration": access})

    return handler


def _tag(fake: FakeMastodon) -> Handler:
    async def handler(request: web.Request) -> web.Response:
        name = request.match_info["tag"]
        day_s = START_MS // 86_400_000 * 86_400
        history = [
            {"day": str(day_s - number * 86_400), "uses": str(number), "accounts": "1"}
            for number in range(7)
        ]
        return web.json_response(
            {"name": name, "url": f"{fake.base}/tags/{name}", "history": history},
            status=fake.tag_status,
            headers=limit_headers(),
        )

    return handler


def _timeline(fake: FakeMastodon) -> Handler:
    async def handler(request: web.Request) -> web.Response:
        return fake.timeline(request)

    return handler


def _lookup(fake: FakeMastodon) -> Handler:
    async def handler(request: web.Request) -> web.Response:
        if request.query["acct"] != "ann":
            return web.json_response({"error": "Record not found"}, status=404)
        return web.json_response(account(fake.base))

    return handler


def _status(fake: FakeMastodon) -> Handler:
    async def handler(request: web.Request) -> web.Response:
        found = fake.statuses.get(request.match_info["id"])
        if found is None:
            return web.json_response({"error": "Record not found"}, status=fake.gone)
        return web.json_response(found)

    return handler


def _several(fake: FakeMastodon) -> Handler:
    async def handler(request: web.Request) -> web.Response:
        ids = request.query.getall("id[]")
        if not fake.has_several:
            return web.json_response({"error": "Not Found"}, status=404)
        if len(ids) > 20:
            return web.json_response({"error": "Validation failed"}, status=422)
        return web.json_response([fake.statuses[id_] for id_ in ids if id_ in fake.statuses])

    return handler


def _context(fake: FakeMastodon) -> Handler:
    async def handler(request: web.Request) -> web.Response:
        asked = request.match_info["id"]
        if asked not in fake.statuses:
            return web.json_response({"error": "Record not found"}, status=404)
        replies = [one for one in fake.statuses.values() if one["in_reply_to_id"] == asked]
        return web.json_response({"ancestors": [], "descendants": replies})

    return handler


def refusing(status_code: int, *, reset_s: float | None = None) -> Fault:
    """An answer with an error status, and a reset where it has one."""

    async def fault(_: FakeMastodon, request: web.Request) -> web.Response:
        headers = {} if reset_s is None else limit_headers(remaining=0, reset_s=reset_s)
        return web.json_response({"error": "no"}, status=status_code, headers=headers)

    return fault


def saying(text: str, kind: str = "application/json") -> Fault:
    """A good status with this body."""

    async def fault(_: FakeMastodon, request: web.Request) -> web.Response:
        return web.Response(text=text, content_type=kind)

    return fault


async def cut_off(fake: FakeMastodon, request: web.Request) -> web.Response:
    """The right page, of which the last quarter is missing."""
    text = fake.timeline(request).text or ""
    return web.Response(text=text[: len(text) * 3 // 4], content_type="application/json")


async def silent(fake: FakeMastodon, request: web.Request) -> web.Response:
    """No answer for longer than anybody waits."""
    await asyncio.sleep(60)
    return web.Response()


async def repeating(fake: FakeMastodon, request: web.Request) -> web.Response:
    """The page that was given before, whatever is asked for."""
    return fake.page(request, fake.last_page)


async def empty_with_more(fake: FakeMastodon, request: web.Request) -> web.Response:
    """A page whose every status was filtered out, with links to what lies beyond them."""
    older = int(request.query.get("max_id", 2**62)) - 1
    newer = int(request.query.get("min_id", 0)) + 1
    url = f"{fake.base}{request.path}"
    link = f'<{url}?max_id={older}>; rel="next", <{url}?min_id={newer}>; rel="prev"'
    return web.json_response([], headers={"Link": link})


async def empty_with_itself(fake: FakeMastodon, request: web.Request) -> web.Response:
    """An empty page whose links lead to itself."""
    link = f'<{fake.base}{request.path_qs}>; rel="next", <{fake.base}{request.path_qs}>; rel="prev"'
    return web.json_response([], headers={"Link": link})


async def not_a_list(fake: FakeMastodon, request: web.Request) -> web.Response:
    """A good status with an error's body."""
    return web.Response(text=json.dumps({"error": "busy"}), content_type="application/json")
