"""TikTok's Research API on loopback, in the documented shapes, with scripted faults."""

from __future__ import annotations

import asyncio
import json
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any

from aiohttp import web
from aiohttp.test_utils import TestServer

from ingestors.platforms.tiktok import Options

SECRET = "secret-of-"
NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
Fault = Callable[["FakeResearch", web.Request], Awaitable[web.StreamResponse]]


class Clock:
    """A clock that stands still until it is moved."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now


@dataclass
class FakeResearch:
    """What the archive holds and how it misbehaves.

    Args:
        videos: By id.
        comments: Of each video.
        faults: By method, played one a call, None for a call that goes well.
        calls: Method and JSON body of each call, in order.
        keys: The client of each call.
        tokens: Token to client; what is not here is refused.
        clients: Keys that may sign in.
        searches: Ids of searches that the server remembers.
    """

    videos: dict[str, dict[str, Any]] = field(default_factory=dict)
    comments: list[dict[str, Any]] = field(default_factory=list)
    faults: dict[str, deque[Fault | None]] = field(default_factory=dict)
    calls: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    keys: list[str] = field(default_factory=list)
    tokens: dict[str, str] = field(default_factory=dict)
    clients: set[str] = field(default_factory=lambda: {"ann", "bob"})
    searches: dict[str, str] = field(default_factory=dict)
    clock: Clock = field(default_factory=Clock)
    base: str = ""

    def add(self, count: int, *, days_ago: float = 1) -> list[str]:
        """Publish ``count`` videos a second apart, the first one so many days ago."""
        start = int((NOW - timedelta(days=days_ago)).timestamp())
        made = [video(start + number) for number in range(count)]
        self.videos |= {str(one["id"]): one for one in made}
        return [str(one["id"]) for one in made]

    def fault(self, method: str, *faults: Fault | None) -> None:
        """What the next calls of a method get."""
        self.faults[method] = deque(faults)

    def bodies(self, method: str = "video/query") -> list[dict[str, Any]]:
        """What the calls of a method asked."""
        return [body for called, body in self.calls if called == method]

    def options(self, *keys: str, **changes: Any) -> Options:
        """Options that lead here, with these clients."""
        clients = [{"client_key": key, "client_secret": SECRET + key} for key in keys or ("ann",)]
        usual = {"mode": "research", "clients": clients, "base": self.base, "backoff_s": 0.01}
        return Options.model_validate(usual | changes)

    def query(self, body: dict[str, Any]) -> web.Response:
        """A page of a search, whose id the further pages must name."""
        start, end = (_day(body[key]) for key in ("start_date", "end_date"))
        if (end - start).days > 30 or body["max_count"] > 100:
            return refused(400, "invalid_params", "too much")
        asked = json.dumps([body["query"], body["start_date"], body["end_date"]])
        if body.get("cursor") and self.searches.get(body.get("search_id", "")) != asked:
            return refused(400, "invalid_params", "Search Id is invalid or expired")
        search = body.get("search_id") or f"76{len(self.searches):010d}"
        self.searches[search] = asked
        found = [one for one in self.videos.values() if start <= _made(one) <= end]
        [condition] = body["query"]["and"]
        if condition["field_name"] == "video_id":
            found = [one for one in found if str(one["id"]) in condition["field_values"]]
        else:
            found = [one for one in found if condition["field_values"][0] in one["hashtag_names"]]
        first, size = body.get("cursor", 0), body["max_count"]
        rest = {"has_more": first + size < len(found), "search_id": search}
        return answered({"videos": found[first : first + size], "cursor": first + size} | rest)

    def user(self, body: dict[str, Any]) -> web.Response:
        """The one account."""
        if body["username"] != "ann":
            return refused(400, "invalid_params", "cannot find the user")
        return answered({"display_name": "Ann", "follower_count": 427682, "video_count": 3})

    def listed(self, body: dict[str, Any]) -> web.Response:
        """A page of comments."""
        first, size = body["cursor"], body["max_count"]
        if first + size > 1_000:
            return refused(400, "invalid_params", "too far")
        found = self.comments[first : first + size]
        more = first + size < len(self.comments)
        return answered({"comments": found, "cursor": first + size, "has_more": more})


def video(made: int) -> dict[str, Any]:
    """A video with a comment; its id is a number."""
    return {
        "id": made << 32,
        "video_description": "Shoes #Vans",
        "create_time": made,
        "hashtag_names": ["vans"],
        "username": "ann",
        "like_count": 0,
        "comment_count": 1,
    }


def comment(number: int) -> dict[str, Any]:
    """A comment."""
    made = int(NOW.timestamp()) + number
    return {"id": made << 32, "video_id": 7, "text": "nice", "create_time": made}


def answered(data: dict[str, Any]) -> web.Response:
    """An answer's envelope."""
    return web.json_response({"data": data, "error": {"code": "ok", "message": "", "log_id": "1"}})


def refused(status: int, code: str, message: str = "no") -> web.Response:
    """An error's envelope; some come with status 200."""
    error = {"code": code, "message": message, "log_id": "1"}
    return web.json_response({"data": {}, "error": error}, status=status)


@asynccontextmanager
async def run_research() -> AsyncIterator[FakeResearch]:
    """A server on a free port of loopback, closed at the end of the block."""
    fake = FakeResearch()
    methods = {
        "video/query": fake.query,
        "user/info": fake.user,
        "video/comment/list": fake.listed,
    }

    async def sign_in(request: web.Request) -> web.StreamResponse:
        form = await request.post()
        fake.calls.append(("token", {}))
        faults = fake.faults.get("token")
        fault = faults.popleft() if faults else None
        if fault is not None:
            return await fault(fake, request)
        key = str(form["client_key"])
        if key not in fake.clients or form["client_secret"] != SECRET + key:
            wrong = {"error": "invalid_client", "error_description": "no", "log_id": "1"}
            return web.json_response(wrong, status=401)
        token = f"clt.{key}{len(fake.calls)}"
        fake.tokens[token] = key
        return web.json_response({"access_token": token, "expires_in": 7200})

    async def call(request: web.Request) -> web.StreamResponse:
        method, body = request.match_info["method"].strip("/"), await request.json()
        fake.calls.append((method, body))
        token = request.headers.get("Authorization", "").removeprefix("Bearer ")
        if token not in fake.tokens:
            return refused(401, "access_token_invalid")
        fake.keys.append(fake.tokens[token])
        faults = fake.faults.get(method)
        fault = faults.popleft() if faults else None
        return await fault(fake, request) if fault else methods[method](body)

    app = web.Application()
    app.router.add_post("/v2/oauth/token/", sign_in)
    app.router.add_post("/v2/research/{method:.*}", call)
    async with TestServer(app) as server:
        fake.base = str(server.make_url("/")).rstrip("/")
        yield fake


def saying(text: str, status: int = 200, kind: str = "application/json") -> Fault:
    """This body."""

    async def fault(_: FakeResearch, request: web.Request) -> web.Response:
        return web.Response(text=text, status=status, content_type=kind)

    return fault


def refusing(status: int, code: str, message: str = "no") -> Fault:
    """An error answer."""

    async def fault(_: FakeResearch, request: web.Request) -> web.Response:
        return refused(status, code, message)

    return fault


def giving(**data: Any) -> Fault:
    """An answer with this data."""

    async def fault(_: FakeResearch, request: web.Request) -> web.Response:
        return answered(data)

    return fault


async def cut_off(fake: FakeResearch, request: web.Request) -> web.Response:
    """The right page, of which the last quarter is missing."""
    text = fake.query(await request.json()).text or ""
    return web.Response(text=text[: len(text) * 3 // 4], content_type="application/json")


async def silent(fake: FakeResearch, request: web.Request) -> web.Response:
    """No answer for longer than anybody waits."""
    await asyncio.sleep(60)
    return web.Response()


def _day(text: str) -> date:
    return datetime.strptime(text, "%Y%m%d").replace(tzinfo=UTC).date()


def _made(one: dict[str, Any]) -> date:
    return datetime.fromtimestamp(one["create_time"], UTC).date()
