"""TikTok's site on loopback, for a real browser: a page that signs addresses, and its lists."""

from __future__ import annotations

import asyncio
import json
import shutil
import ssl
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import trustme
from aiohttp import web

from ingestors.platforms.tiktok import Options

START_S = 1_793_000_000  # 2026-10
TAG_ID = "229207"
Fault = Callable[["FakeSite", web.Request], Awaitable[web.StreamResponse]]
SIGNING = """<!doctype html><title>TikTok</title><script>
window.byted_acrawler = {frontierSign: url => ({"X-Bogus": "signed" + url.length})};
</script>"""


@dataclass
class FakeSite:
    """What the site holds and how it misbehaves.

    Args:
        posts: Items below the hashtag.
        comments: Below each video.
        faults: By path, played one a call, None for a call that goes well.
        calls: Path and query of each call, in order.
        page: The page that signs addresses.
        lost_visits: Visits that are answered with nothing.
        visits: Times that the page was opened.
        cookies: The msToken cookie of each call.
        held: Answers that a silent call waits for; set at the end.
    """

    posts: list[dict[str, Any]] = field(default_factory=list)
    comments: list[dict[str, Any]] = field(default_factory=list)
    faults: dict[str, deque[Fault | None]] = field(default_factory=dict)
    calls: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    page: str = SIGNING
    lost_visits: int = 0
    visits: int = 0
    cookies: list[str | None] = field(default_factory=list)
    held: asyncio.Event = field(default_factory=asyncio.Event)
    port: int = 0

    def clear(self) -> None:
        """As new, but for its page."""
        for several in (self.posts, self.comments, self.faults, self.calls, self.cookies):
            several.clear()

    def add(self, count: int) -> list[str]:
        """Publish ``count`` further videos."""
        made = [item(number) for number in range(len(self.posts), len(self.posts) + count)]
        self.posts.extend(made)
        return [one["id"] for one in made]

    def comment(self, count: int) -> list[str]:
        """Write ``count`` further comments."""
        start = len(self.comments)
        made = [comment(number) for number in range(start, start + count)]
        self.comments.extend(made)
        return [one["cid"] for one in made]

    def count(self, path: str) -> int:
        """Calls of a path so far."""
        return sum(called == path for called, _ in self.calls)

    def fault(self, path: str, *faults: Fault | None) -> None:
        """What the next calls of a path get."""
        self.faults[path] = deque(faults)

    def options(self, **changes: Any) -> Options:
        """Options that lead the browser here and to nowhere else."""
        rules = f"MAP www.tiktok.com:443 127.0.0.1:{self.port}, MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"
        args = (
            f"--host-resolver-rules={rules}",
            "--ignore-certificate-errors",
            "--disable-gpu",
            "--disable-quic",
            "--no-first-run",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
        )
        usual = {
            "accept_terms_risk": True,
            "ms_tokens": "one",  # without one each start waits for the page to give one
            "executable_path": shutil.which("chromium") or shutil.which("chromium-browser"),
            "browser_args": args,
            "backoff_s": 0.01,
            "empty_wait_s": 0.01,
            "timeout_s": 20,
            "page_cap": 5,
        }
        return Options.model_validate(usual | changes)


def answer(path: str, query: dict[str, str], site: FakeSite) -> dict[str, Any]:
    """What a call that goes well answers."""
    if path == "challenge/detail":
        if query["challengeName"] == "unused":
            return {"statusCode": 0, "status_code": 0}
        return {"challengeInfo": challenge(query["challengeName"]), "statusCode": 0}
    if path == "user/detail":
        return {"userInfo": user(query["uniqueId"]), "statusCode": 0, "status_code": 0}
    size, start = int(query["count"]), int(query["cursor"])
    if path == "comment/list":
        found = site.comments[start : start + size]
        more = start + size < len(site.comments)
        listed = {"comments": found or None, "has_more": int(more)}
    else:
        found = site.posts[start : start + size]
        more = start + size < len(site.posts)
        listed = {"itemList": found, "hasMore": more}
        if not found:
            del listed["itemList"]
    return listed | {"cursor": str(start + size), "status_code": 0, "statusCode": 0}


def item(number: int) -> dict[str, Any]:
    """A video with a comment."""
    made = START_S + number
    return {
        "id": str(made << 32),
        "desc": "Shoes #Vans",
        "createTime": made,
        "author": {"id": "6745191554350760966", "uniqueId": "ann", "nickname": "Ann"},
        "challenges": [{"id": TAG_ID, "title": "Vans"}],
        "stats": {"diggCount": 38900, "commentCount": 1, "playCount": 100},
        "statsV2": {"diggCount": "38884", "commentCount": "1", "playCount": "100"},
    }


def comment(number: int) -> dict[str, Any]:
    """A comment that nobody answered."""
    made = START_S + number
    return {"cid": str(made << 32), "text": "nice", "create_time": made, "digg_count": 0}


def challenge(tag: str) -> dict[str, Any]:
    """A hashtag's counter."""
    stats = {"videoCount": 42100000, "viewCount": 503200000000}
    return {"challenge": {"id": TAG_ID, "title": tag}, "stats": stats}


def user(handle: str) -> dict[str, Any]:
    """An account; ``nobody`` has none."""
    if handle == "nobody":
        return {}
    stats = {"followerCount": 427700, "followingCount": 1, "videoCount": 3}
    return {"user": {"id": "6745191554350760966", "uniqueId": handle}, "stats": stats}


@asynccontextmanager
async def run_site() -> AsyncIterator[FakeSite]:
    """An https server on a free port of loopback, closed at the end of the block."""
    site = FakeSite()

    async def page(request: web.Request) -> web.Response:
        site.visits += 1
        if site.visits <= site.lost_visits:
            return await lost(site, request)
        shown = web.Response(text=site.page, content_type="text/html")
        shown.set_cookie("msToken", "of-the-visit")
        return shown

    async def call(request: web.Request) -> web.StreamResponse:
        path, query = request.match_info["path"].strip("/"), dict(request.query)
        site.calls.append((path, query))
        site.cookies.append(request.cookies.get("msToken"))
        if not query.get("X-Bogus", "").startswith("signed"):
            return web.Response(text="")
        faults = site.faults.get(path)
        fault = faults.popleft() if faults else None
        if fault is not None:
            return await fault(site, request)
        return web.json_response(answer(path, query, site))

    app = web.Application()
    app.router.add_get("/api/{path:.*}", call)
    app.router.add_get("/{path:.*}", page)
    runner = web.AppRunner(app, shutdown_timeout=1)
    await runner.setup()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    trustme.CA().issue_cert("www.tiktok.com").configure_cert(context)
    listening = web.TCPSite(runner, "127.0.0.1", 0, ssl_context=context)
    await listening.start()
    site.port = runner.addresses[0][1]
    try:
        yield site
    finally:
        site.held.set()
        await runner.cleanup()


def saying(text: str, status: int = 200) -> Fault:
    """This body."""

    async def fault(_: FakeSite, request: web.Request) -> web.Response:
        return web.Response(text=text, status=status, content_type="text/plain")

    return fault


def telling(**body: Any) -> Fault:
    """This JSON."""
    return saying(json.dumps(body))


async def cut_off(site: FakeSite, request: web.Request) -> web.Response:
    """The right answer, of which the last quarter is missing."""
    path = request.match_info["path"].strip("/")
    text = json.dumps(answer(path, dict(request.query), site))
    return web.Response(text=text[: len(text) * 3 // 4], content_type="application/json")


async def lost(site: FakeSite, request: web.Request) -> web.Response:
    """The connection is closed without an answer."""
    if request.transport is not None:
        request.transport.abort()
    return web.Response()


async def silent(site: FakeSite, request: web.Request) -> web.Response:
    """No answer for longer than anybody waits."""
    await site.held.wait()
    return web.Response()


empty = saying("")
captcha = telling(code="10000", type="verify", region="va", subtype="slide")
