"""The Threads API on loopback: searches of topics and texts, accounts, scripted faults."""

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

from ingestors.platform import Page, Target
from ingestors.platforms.threads import Options, connect

TOKEN = "THAA-secret-token"
START = datetime(2026, 11, 20, tzinfo=UTC)
VANS = Target("threads", "hashtag", "vans")
Fault = Callable[["FakeThreads", web.Request], Awaitable[web.StreamResponse]]
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass
class FakeThreads:
    """What the API holds and how it misbehaves.

    Args:
        posts: Oldest first.
        faults: Played one a call, None for a call that goes well.
        calls: Path and query of each call, in order.
        tokens: Those that are accepted.
    """

    posts: list[dict[str, Any]] = field(default_factory=list)
    faults: deque[Fault | None] = field(default_factory=deque)
    calls: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    tokens: set[str] = field(default_factory=lambda: {TOKEN})
    page_size: int = 10
    base: str = ""

    def add(self, count: int, *, minute: int | None = None, **extra: Any) -> list[str]:
        """Post ``count`` posts a minute apart, after the last or from ``minute`` on."""
        start = len(self.posts) if minute is None else minute
        first = 18_000_000_000_000_000 + len(self.posts)
        ids = [str(first + number) for number in range(count)]
        for number, id_ in enumerate(ids):
            self.posts.append(post(id_, START + timedelta(minutes=start + number)) | extra)
        return ids

    def search(self, query: dict[str, str]) -> dict[str, Any]:
        """One page, newest first; the last one has no cursor."""
        found = [one for one in self.posts if _matches(one, query)]
        found.sort(key=lambda one: str(one["timestamp"]), reverse=True)
        start = int(query.get("after", "c0")[1:])
        end = start + min(self.page_size, int(query["limit"]))
        body: dict[str, Any] = {"data": found[start:end]}
        if end < len(found):
            body["paging"] = {"cursors": {"before": "x", "after": f"c{end}"}}
        return body

    def queries(self) -> list[dict[str, str]]:
        """Of all searches so far."""
        return [query for path, query in self.calls if path.endswith("keyword_search")]


def post(id_: str, created: datetime) -> dict[str, Any]:
    """A post as a search gives it: its topic is Vans, and its text has the hashtag as well."""
    return {
        "id": id_,
        "text": f"Post {id_} #Vans",
        "media_type": "TEXT_POST",
        "permalink": f"https://www.threads.net/@ann/post/{id_}",
        "timestamp": created.strftime("%Y-%m-%dT%H:%M:%S+0000"),
        "username": "ann",
        "has_replies": False,
        "is_quote_post": False,
        "is_reply": False,
        "topic_tag": "Vans",
    }


def _matches(one: dict[str, Any], query: dict[str, str]) -> bool:
    at = datetime.fromisoformat(one["timestamp"]).timestamp()
    if not float(query.get("since", 0)) <= at < float(query.get("until", 1e12)):
        return False
    wanted = query["q"].lstrip("#").lower()
    if query["search_mode"] == "TAG":
        return str(one["topic_tag"]).lower() == wanted
    return wanted in one["text"].lower()


def refusing(code: int, *, status: int = 400, **usage: Any) -> Fault:
    """An error's envelope, and what the usage headers say beside it."""

    async def fault(_: FakeThreads, request: web.Request) -> web.Response:
        headers = {"X-Business-Use-Case-Usage": json.dumps({"1": [usage]})} if usage else {}
        body = {"error": {"message": "no", "type": "OAuthException", "code": code}}
        return web.json_response(body, status=status, headers=headers)

    return fault


def saying(text: str, kind: str = "application/json", status: int = 200) -> Fault:
    """An answer with this body."""

    async def fault(_: FakeThreads, request: web.Request) -> web.Response:
        return web.Response(text=text, content_type=kind, status=status)

    return fault


async def cut_off(fake: FakeThreads, request: web.Request) -> web.Response:
    """A page whose JSON ends in the middle."""
    text = json.dumps(fake.search(dict(request.query)))
    return web.Response(text=text[: len(text) // 2], content_type="application/json")


async def silent(_: FakeThreads, request: web.Request) -> web.Response:
    """Nothing, for longer than anybody waits here."""
    await asyncio.sleep(60)
    return web.Response()


async def repeating(fake: FakeThreads, request: web.Request) -> web.Response:
    """The first page, whatever is asked for."""
    query = {key: value for key, value in request.query.items() if key != "after"}
    return web.json_response(fake.search(query))


async def empty_with_more(_: FakeThreads, request: web.Request) -> web.Response:
    """A page without posts that has a cursor of its own."""
    after = request.query.get("after", "c") + "0"  # "c00" is where "c0" is
    return web.json_response({"data": [], "paging": {"cursors": {"after": after}}})


def options(fake: FakeThreads, **changes: Any) -> Options:
    """Options that let a test be quick; topics only."""
    quick = {"timeout_s": 0.5, "backoff_s": 0.001, "attempts": 3, "modes": ["TAG"]}
    access = {"base": fake.base, "access_token": TOKEN}
    return Options.model_validate(access | quick | changes)


async def poll(
    fake: FakeThreads,
    cursor: str | None = None,
    *,
    target: Target = VANS,
    into: list[Page] | None = None,
    **changes: Any,
) -> list[Page]:
    """Every page of one poll; ``into`` keeps those before an error."""
    given: list[Page] = [] if into is None else into
    async with connect(options(fake, **changes)) as platform:
        async for page in platform.pages(target, cursor):
            given.append(page)
    return given


def ids(pages: list[Page]) -> list[str]:
    """The ids of the posts, in the order they came."""
    return [load.body["id"] for page in pages for load in page.payloads if load.kind == "post"]


def last_cursor(pages: list[Page], cursor: str | None = None) -> str | None:
    """Where the next poll begins once all pages are written."""
    return next((page.cursor for page in reversed(pages) if page.cursor), cursor)


@asynccontextmanager
async def run_threads() -> AsyncIterator[FakeThreads]:
    """A server on a free port of loopback, closed at the end of the block."""
    fake = FakeThreads()
    app = web.Application(middlewares=[_guard(fake)])

    async def search(request: web.Request) -> web.StreamResponse:
        return web.json_response(fake.search(dict(request.query)))

    async def profile(request: web.Request) -> web.StreamResponse:
        if request.query["username"] != "ann":
            return await refusing(100)(fake, request)
        numbers = {"follower_count": 1_234, "likes_count": 5, "views_count": 0}
        return web.json_response({"username": "ann", "name": "Ann", "is_verified": True} | numbers)

    async def me(request: web.Request) -> web.StreamResponse:
        return web.json_response({"id": "1", "username": "us"})

    app.router.add_get("/v1.0/keyword_search", search)
    app.router.add_get("/v1.0/profile_lookup", profile)
    app.router.add_get("/v1.0/me", me)
    async with TestServer(app) as server:
        fake.base = str(server.make_url("")).rstrip("/")
        yield fake


def _guard(fake: FakeThreads) -> Any:
    @web.middleware
    async def guard(request: web.Request, handler: Handler) -> web.StreamResponse:
        fake.calls.append((request.path, dict(request.query)))
        if request.query.get("access_token") not in fake.tokens:
            return await refusing(190)(fake, request)
        fault = fake.faults.popleft() if fake.faults else None
        return await (fault(fake, request) if fault else handler(request))

    return guard
