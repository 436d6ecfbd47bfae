"""What Instagram serves browsers, on loopback: a hashtag in sections, accounts, scripted faults."""

from __future__ import annotations

import json
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from aiohttp import web
from aiohttp.test_utils import TestServer

from ingestors.instagram_media import code_of_id, media_id
from ingestors.platform import Page, Target
from ingestors.platforms.instagram import Options, connect

APP_ID = "936619743392459"
SESSION = "77%3Asecret-session"
VANS = Target("instagram", "hashtag", "vans")
WAIT = {
    "message": "Please wait a few minutes before you try again.",
    "require_login": True,
    "igweb_rollout": True,
    "status": "fail",
}
FIRST = 3_984_285_244_001_148_342
Fault = Callable[["FakeWeb", web.Request], Awaitable[web.StreamResponse]]
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass
class FakeWeb:
    """What the server holds and how it misbehaves.

    Args:
        posts: Under every hashtag, newest first.
        top: Items of the top section.
        faults: Played one a call, None for a call that goes well.
        calls: Method, path and query or form of each call, in order.
        answers: Whole answers to a hashtag, played one a call in place of ``posts``.
    """

    posts: list[dict[str, Any]] = field(default_factory=list)
    top: list[dict[str, Any]] = field(default_factory=list)
    faults: deque[Fault | None] = field(default_factory=deque)
    calls: list[tuple[str, str, dict[str, str]]] = field(default_factory=list)
    answers: deque[Any] = field(default_factory=deque)
    count: int = 4_321
    page_size: int = 6
    base: str = ""

    def add(self, count: int, *, age: timedelta = timedelta()) -> list[str]:
        """Post ``count`` posts a second apart, the last of them now or ``age`` ago."""
        start = FIRST + 1_000_000_000 * len(self.posts)
        ids = [str(start + 1_000_000_000 * number) for number in range(count)]
        now = int((datetime.now(UTC) - age).timestamp())
        made = [item(id_, now - count + number) for number, id_ in enumerate(ids)]
        self.posts = made[::-1] + self.posts
        return ids

    def state(self, start: int) -> dict[str, Any]:
        """One stretch of the list and where it goes on."""
        chosen = self.posts[start : start + self.page_size]
        half = len(chosen) // 2
        clips = [{"media": one} for one in chosen[half:]]
        sections = [
            {"layout_content": {"medias": [{"media": one} for one in chosen[:half]]}},
            {"layout_content": {"one_by_two_item": {"clips": {"items": clips}}}},
        ]
        end = start + self.page_size
        more = end < len(self.posts)
        paging = {"next_max_id": f"m{end}", "next_page": end, "next_media_ids": [1, 2]}
        return {"sections": sections, "more_available": more} | paging


def item(id_: str, taken_at: int) -> dict[str, Any]:
    """A post as the web gives it in sections."""
    return {
        "pk": id_,
        "id": f"{id_}_77",
        "code": code_of_id(id_),
        "taken_at": taken_at,
        "media_type": 1,
        "product_type": "feed",
        "user": {"pk": "77", "username": "ann", "full_name": "Ann", "is_verified": False},
        "caption": {"text": f"Post {id_} #Vans"},
        "like_count": 3,
        "comment_count": 1,
    }


def saying(text: str, kind: str = "application/json", status: int = 200, **more: str) -> Fault:
    """An answer with this body; ``more`` are headers."""

    async def fault(_: FakeWeb, request: web.Request) -> web.Response:
        headers = {name.replace("_", "-"): value for name, value in more.items()}
        return web.Response(text=text, content_type=kind, status=status, headers=headers)

    return fault


def refusing(status: int, body: dict[str, Any]) -> Fault:
    """An error with this body."""
    return saying(json.dumps(body), status=status)


async def silent(_: FakeWeb, request: web.Request) -> web.Response:
    """A connection that is closed without an answer."""
    if request.transport is not None:
        request.transport.close()
    return web.Response()


def options(fake: FakeWeb, **changes: Any) -> Options:
    """Options that let a test be quick, with both switches on."""
    quick = {"timeout_s": 2, "backoff_s": 0.001, "attempts": 3}
    on = {"mode": "web", "accept_terms_risk": True, "session_cookie": SESSION}
    return Options.model_validate({"web_base": fake.base} | on | quick | changes)


async def poll(
    fake: FakeWeb, cursor: str | None = None, *, target: Target = VANS, **changes: Any
) -> list[Page]:
    """Every page of one poll."""
    async with connect(options(fake, **changes)) as platform:
        return [page async for page in platform.pages(target, cursor)]


def ids(pages: list[Page]) -> list[str]:
    """The ids of the posts, in the order they came."""
    loads = [load for page in pages for load in page.payloads if load.kind == "media"]
    return [media_id(load.body) or "" for load in loads]


@asynccontextmanager
async def run_web() -> AsyncIterator[FakeWeb]:
    """A server on a free port of loopback, closed at the end of the block."""
    fake = FakeWeb()
    app = web.Application(middlewares=[_guard(fake)])

    async def tag(request: web.Request) -> web.StreamResponse:
        if fake.answers:
            return web.json_response(fake.answers.popleft())
        top = {"sections": [{"layout_content": {"medias": [{"media": one} for one in fake.top]}}]}
        data = {
            "name": request.query["tag_name"],
            "media_count": fake.count,
            "formatted_media_count": "4,3 Tsd.",
            "recent": fake.state(0),
            "top": top,
        }
        text = "for (;;);" + json.dumps({"data": data, "status": "ok"})
        return web.Response(text=text, content_type="application/json")

    async def sections(request: web.Request) -> web.StreamResponse:
        start = int(str((await request.post())["max_id"])[1:])
        return web.json_response(fake.state(start) | {"status": "ok"})

    async def profile(request: web.Request) -> web.StreamResponse:
        if request.query["username"] not in ("ann", "instagram"):
            return web.json_response({"data": {"user": None}, "status": "ok"})
        return web.json_response({"data": {"user": _user(fake)}, "status": "ok"})

    app.router.add_get("/api/v1/tags/web_info/", tag)
    app.router.add_post("/api/v1/tags/{tag}/sections/", sections)
    app.router.add_get("/api/v1/users/web_profile_info/", profile)
    async with TestServer(app) as server:
        fake.base = str(server.make_url("")).rstrip("/")
        yield fake


def _user(fake: FakeWeb) -> dict[str, Any]:
    node = {"shortcode": code_of_id(str(FIRST)), "taken_at_timestamp": 1_789_207_239}
    return {
        "id": "77",
        "username": "ann",
        "full_name": "Ann",
        "biography": "Boards",
        "is_verified": True,
        "edge_followed_by": {"count": 8_938},
        "edge_follow": {"count": 5},
        "edge_owner_to_timeline_media": {"count": 436, "edges": [{"node": node}]},
    }


def _guard(fake: FakeWeb) -> Any:
    @web.middleware
    async def guard(request: web.Request, handler: Handler) -> web.StreamResponse:
        sent = await request.post() if request.method == "POST" else request.query
        fake.calls.append((request.method, request.path, {k: str(v) for k, v in sent.items()}))
        assert request.headers["x-ig-app-id"] == APP_ID
        fault = fake.faults.popleft() if fake.faults else None
        if fault is not None:
            return await fault(fake, request)
        if "/tags/" in request.path and request.headers.get("Cookie") != f"sessionid={SESSION}":
            return web.json_response({"message": "login_required", "status": "fail"}, status=403)
        return await handler(request)

    return guard
