"""How the fake Reddit misbehaves."""

from __future__ import annotations

import asyncio
import json
from typing import Any

from aiohttp import web

from tests.fakes import reddit
from tests.fakes.reddit import FakeReddit, Fault


def refusing(status: int, body: Any = None, headers: dict[str, str] | None = None) -> Fault:
    """An answer with a status, its JSON and what headers it has."""

    async def fault(_: FakeReddit, request: web.Request) -> web.Response:
        text = json.dumps({"message": "no", "error": status} if body is None else body)
        kind = "application/json"
        return web.Response(text=text, status=status, headers=headers, content_type=kind)

    return fault


def saying(text: str, kind: str = "application/json", status: int = 200) -> Fault:
    """A status with this body."""

    async def fault(_: FakeReddit, request: web.Request) -> web.Response:
        return web.Response(text=text, content_type=kind, status=status)

    return fault


def sending_to(path: str, status: int = 302) -> Fault:
    """A redirect."""
    return refusing(status, {}, {"Location": f"https://oauth.reddit.com{path}"})


async def cut_off(fake: FakeReddit, request: web.Request) -> web.Response:
    """The right page of a search, of which the last quarter is missing."""
    text = fake.search(request).text or ""
    return web.Response(text=text[: len(text) * 3 // 4], content_type="application/json")


async def silent(fake: FakeReddit, request: web.Request) -> web.Response:
    """No answer for longer than anybody waits."""
    await asyncio.sleep(60)
    return web.Response()


async def dripping(fake: FakeReddit, request: web.Request) -> web.StreamResponse:
    """Four seconds of an answer that never says anything."""
    response = web.StreamResponse(headers={"Content-Type": "application/json"})
    await response.prepare(request)
    for _ in range(40):
        await response.write(b" ")
        await asyncio.sleep(0.1)
    return response


async def leading_back(fake: FakeReddit, request: web.Request) -> web.Response:
    """A page of a search that leads back to itself, unless it is the first."""
    page = json.loads(fake.search(request).text or "")
    page["data"]["after"] = request.query.get("after", page["data"]["after"])
    return fake.answer(page)


async def going_on_too_early(fake: FakeReddit, request: web.Request) -> web.Response:
    """A page that begins with the last ten submissions of the one before."""
    after = int(request.query["after"].removeprefix("t3_s")) + 10
    query = {**request.query, "after": f"t3_s{after:06d}"}
    return fake.search(request.clone(rel_url=request.rel_url.with_query(query)))


def empty_with_more(after: str) -> Fault:
    """A page without a thing that says that there are more."""

    async def fault(fake: FakeReddit, request: web.Request) -> web.Response:
        return fake.answer(reddit.listing([], after))

    return fault


async def killing_tokens(fake: FakeReddit, request: web.Request) -> web.Response:
    """Every token dies."""
    fake.live.clear()
    return reddit.unauthorized()
