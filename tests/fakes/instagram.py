"""Instagram's Graph API on loopback: hashtags, accounts, their limits and scripted faults.

Shapes as in the recordings. ``after`` has the same value on every page and leads on all the same:
the fake remembers how far each walk has come, as the real one seems to.
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

from ingestors.instagram_media import address, code_of_id

TOKEN = "EAAB-secret-token"
USER_ID = "17841400000000001"
TAG_ID = "17841562426109234"
AFTER = "QVFIUmNlnever-changes"
FIRST = 3_984_285_244_001_148_342
Fault = Callable[["FakeInstagram", web.Request], Awaitable[web.StreamResponse]]
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass
class FakeInstagram:
    """What the API holds and how it misbehaves.

    Args:
        posts: Under every hashtag, newest first; by the id in their address.
        top: Ids of the top posts.
        accounts: Token to user id.
        faults: By the path's last part, played one a call, None for a call that goes well.
        calls: Path and query of each call, in order.
        usage: What every answer's usage headers say.
        asked: Hashtags by user id.
        tags: Most hashtags that an account may ask for.
    """

    posts: dict[str, dict[str, Any]] = field(default_factory=dict)
    top: list[str] = field(default_factory=list)
    accounts: dict[str, str] = field(default_factory=lambda: {TOKEN: USER_ID})
    faults: dict[str, deque[Fault | None]] = field(default_factory=dict)
    calls: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    usage: dict[str, str] = field(default_factory=dict)
    asked: dict[str, set[str]] = field(default_factory=dict)
    tags: int = 30
    page_size: int = 10
    base: str = ""
    walked: dict[str, int] = field(default_factory=dict)

    def add(self, count: int, *, age: timedelta = timedelta(), **extra: Any) -> list[str]:
        """Post ``count`` posts a second apart, the last of them now or ``age`` ago."""
        now = datetime.now(UTC) - age
        start = FIRST + 1_000_000_000 * (len(self.posts) + 1)
        ids = [str(start + 1_000_000_000 * number) for number in range(count)]
        made = [media(id_, now - timedelta(seconds=count - n)) | extra for n, id_ in enumerate(ids)]
        self.posts = dict(zip(ids[::-1], made[::-1], strict=True)) | self.posts
        return ids

    def script(self, name: str, *faults: Fault | None) -> None:
        """Plays these before the calls whose path ends so."""
        self.faults.setdefault(name, deque()).extend(faults)

    def count(self, name: str) -> int:
        """Calls so far whose path ends so."""
        return sum(path.endswith(name) for path, _ in self.calls)

    def edge(self, request: web.Request) -> dict[str, Any]:
        """One page of a hashtag's posts, and the cursor that never changes."""
        query = request.query
        if request.path.endswith("top_media"):
            return {"data": [self.posts[id_] for id_ in self.top if id_ in self.posts]}
        start = self.walked.get(query["user_id"], 0) if query.get("after") == AFTER else 0
        end = start + min(self.page_size, int(query["limit"]))
        self.walked[query["user_id"]] = end
        chosen = list(self.posts.values())[start:end]
        return page(chosen, more=end < len(self.posts), base=self.base)

    def refused_tag(self, request: web.Request) -> web.Response | None:
        """The refusal of a hashtag too many; every hashtag has an id of its own."""
        tag = request.query.get("q") or request.match_info.get("id", "")
        asked = self.asked.setdefault(request.query["user_id"], set())
        asked.add(tag_id(tag) if tag and not tag.isdigit() else tag)
        if len(asked) > self.tags:
            asked.discard(tag_id(tag) if not tag.isdigit() else tag)
            return error(18, 2207034, "too many hashtags")
        return None


def tag_id(tag: str) -> str:
    """The id of a hashtag."""
    return TAG_ID if tag == "vans" else str(17_841_500_000_000_000 + sum(tag.encode()))


def media(id_: str, created: datetime) -> dict[str, Any]:
    """A post as the tag edges give it: its id is the Graph API's, its address the web's."""
    return {
        "id": f"1798{int(id_) % 10**13:013d}",
        "caption": f"Post {id_} #Vans",
        "comments_count": 2,
        "like_count": 5,
        "media_type": "IMAGE",
        "permalink": address(code_of_id(id_) or ""),
        "timestamp": created.strftime("%Y-%m-%dT%H:%M:%S+0000"),
    }


def page(items: list[Any], *, more: bool, base: str = "") -> dict[str, Any]:
    """A page; its link to the next one holds the token, as the real one's does."""
    paging: dict[str, Any] = {"cursors": {"after": AFTER}}
    if more:
        paging["next"] = f"{base}/next?access_token={TOKEN}&after={AFTER}"
    return {"data": items, "paging": paging}


def envelope(code: int, subcode: int | None = None, message: str = "no", **more: Any) -> Any:
    """An error's body."""
    body: dict[str, Any] = {"message": message, "type": "OAuthException", "code": code}
    if subcode is not None:
        body["error_subcode"] = subcode
    return {"error": body | {"fbtrace_id": "A1m6"} | more}


def error(code: int, subcode: int | None = None, message: str = "no", **more: Any) -> web.Response:
    """An error, with the status that nearly all have."""
    return web.json_response(envelope(code, subcode, message, **more), status=400)


def refusing(
    code: int, subcode: int | None = None, *, status: int = 400, message: str = "no", **usage: Any
) -> Fault:
    """An error, and what the usage headers say beside it."""

    async def fault(_: FakeInstagram, request: web.Request) -> web.Response:
        headers = {"X-Business-Use-Case-Usage": json.dumps({USER_ID: [usage]})} if usage else {}
        body = envelope(code, subcode, message)
        return web.json_response(body, status=status, headers=headers)

    return fault


def saying(text: str, kind: str = "application/json", status: int = 200, **headers: str) -> Fault:
    """An answer with this body."""

    async def fault(_: FakeInstagram, request: web.Request) -> web.Response:
        return web.Response(text=text, content_type=kind, status=status, headers=headers)

    return fault


async def cut_off(fake: FakeInstagram, request: web.Request) -> web.Response:
    """A page whose JSON ends in the middle."""
    text = json.dumps(page(list(fake.posts.values())[:5], more=True))
    return web.Response(text=text[: len(text) // 2], content_type="application/json")


async def silent(_: FakeInstagram, request: web.Request) -> web.Response:
    """Nothing, for longer than anybody waits here."""
    await asyncio.sleep(60)
    return web.Response()


async def repeating(fake: FakeInstagram, request: web.Request) -> web.Response:
    """The first page, whatever is asked for."""
    return web.json_response(page(list(fake.posts.values())[: fake.page_size], more=True))


async def empty_with_more(fake: FakeInstagram, request: web.Request) -> web.Response:
    """A page without posts that links to a next one."""
    return web.json_response(page([], more=True))


@asynccontextmanager
async def run_instagram() -> AsyncIterator[FakeInstagram]:
    """A server on a free port of loopback, closed at the end of the block."""
    fake = FakeInstagram()
    app = web.Application(middlewares=[_guard(fake)])

    async def search(request: web.Request) -> web.StreamResponse:
        refused = fake.refused_tag(request)
        found = [{"id": tag_id(request.query["q"])}]
        return refused or web.json_response({"data": found}, headers=fake.usage)

    async def edge(request: web.Request) -> web.StreamResponse:
        refused = fake.refused_tag(request)
        return refused or web.json_response(fake.edge(request), headers=fake.usage)

    async def node(request: web.Request) -> web.StreamResponse:
        fields = request.query["fields"]
        if "business_discovery" not in fields:
            return web.json_response({"id": request.match_info["id"], "username": "us"})
        return _discovered(fake, fields.partition("username(")[2].partition(")")[0])

    app.router.add_get("/v25.0/ig_hashtag_search", search)
    app.router.add_get("/v25.0/{id}/{edge:recent_media|top_media}", edge)
    app.router.add_get("/v25.0/{id}", node)
    async with TestServer(app) as server:
        fake.base = str(server.make_url("")).rstrip("/")
        yield fake


def _discovered(fake: FakeInstagram, handle: str) -> web.Response:
    if handle != "ann":
        return error(110, 2207013, "Invalid user id", error_user_title="Cannot find User")
    found = {
        "id": "17841407673135339",
        "username": "ann",
        "name": "Ann",
        "biography": "Boards",
        "followers_count": 64_976,
        "follows_count": 3,
        "media_count": 436,
        "media": page(list(fake.posts.values()), more=True, base=fake.base),
    }
    return web.json_response({"business_discovery": found, "id": USER_ID})


def _guard(fake: FakeInstagram) -> Any:
    @web.middleware
    async def guard(request: web.Request, handler: Handler) -> web.StreamResponse:
        fake.calls.append((request.path, dict(request.query)))
        token = request.query.get("access_token", "")
        if token not in fake.accounts:
            return error(190, 467, f"Malformed access token {token}")
        user = request.query.get("user_id", fake.accounts[token])
        assert user == fake.accounts[token], "one account's token with another's id"
        script = fake.faults.get(request.path.rpartition("/")[2])
        fault = script.popleft() if script else None
        return await (fault(fake, request) if fault else handler(request))

    return guard
