"""A Jetstream on loopback: a real WebSocket, replay from a cursor, and scripted misbehaviour."""

from __future__ import annotations

import asyncio
import json
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import WSMsgType, web
from aiohttp.test_utils import TestServer

Json = dict[str, Any]
Turn = Callable[["FakeJetstream", web.Request], Awaitable[web.StreamResponse]]


@dataclass
class FakeJetstream:
    """What the server has seen and how it misbehaves.

    Args:
        events: In the order of their ``time_us``; texts are sent as they are.
        turns: Played one a connection instead of a good one, None for one that goes well.
        queries: Each connection's query, in order.
        left: Set once a client has gone again.
    """

    events: list[Json | str] = field(default_factory=list)
    turns: deque[Turn | None] = field(default_factory=deque)
    queries: list[dict[str, str]] = field(default_factory=list)
    left: asyncio.Event = field(default_factory=asyncio.Event)
    url: str = ""
    changed: asyncio.Event = field(default_factory=asyncio.Event)

    def send(self, *events: Json | str) -> None:
        """Lets events happen, for whoever listens now or comes later."""
        self.events += events
        self.changed.set()

    async def serve(self, request: web.Request, most: int | None = None) -> web.WebSocketResponse:
        """Sends what happened from the cursor on and what happens then, ``most`` events at most."""
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        reader = asyncio.ensure_future(_until_gone(socket))
        sender = asyncio.ensure_future(self._send_all(socket, request.query.get("cursor"), most))
        try:
            await asyncio.wait([reader, sender], return_when=asyncio.FIRST_COMPLETED)
        finally:
            reader.cancel()
            sender.cancel()
            await asyncio.gather(reader, sender, return_exceptions=True)
            self.left.set()
        return socket

    async def _send_all(
        self, socket: web.WebSocketResponse, cursor: str | None, most: int | None
    ) -> None:
        at = len(self.events) if cursor is None else 0
        sent = 0
        while True:
            for event in self.events[at:]:
                at += 1
                if isinstance(event, dict) and event.get("time_us", 0) < int(cursor or 0):
                    continue
                if sent == most:
                    return
                sent += 1
                await socket.send_str(event if isinstance(event, str) else json.dumps(event))
            if sent == most:
                return
            self.changed.clear()
            await self.changed.wait()


async def _until_gone(socket: web.WebSocketResponse) -> None:
    while (await socket.receive()).type not in (WSMsgType.CLOSE, WSMsgType.CLOSED, WSMsgType.ERROR):
        pass


@asynccontextmanager
async def run_jetstream() -> AsyncIterator[FakeJetstream]:
    """A server on a free port of loopback, closed at the end of the block."""
    fake = FakeJetstream()

    async def answer(request: web.Request) -> web.StreamResponse:
        fake.queries.append(dict(request.query))
        turn = fake.turns.popleft() if fake.turns else None
        return await (turn(fake, request) if turn else fake.serve(request))

    app = web.Application()
    app.router.add_get("/subscribe", answer)
    async with TestServer(app) as server:
        fake.url = f"ws://127.0.0.1:{server.port}/subscribe"
        yield fake


def cut_after(events: int) -> Turn:
    """A connection that is dropped, without a word, after so many events."""

    async def turn(fake: FakeJetstream, request: web.Request) -> web.StreamResponse:
        socket = await fake.serve(request, most=events)
        assert request.transport is not None
        request.transport.abort()
        return socket

    return turn


def closing_after(events: int, code: int) -> Turn:
    """A connection that the server closes with a code after so many events."""

    async def turn(fake: FakeJetstream, request: web.Request) -> web.StreamResponse:
        socket = await fake.serve(request, most=events)
        await socket.close(code=code, message=b"consumer too slow")
        return socket

    return turn


def refusing(status: int, headers: dict[str, str] | None = None) -> Turn:
    """No connection at all."""

    async def turn(_: FakeJetstream, request: web.Request) -> web.StreamResponse:
        return web.Response(status=status, text="no", headers=headers)

    return turn


async def silent(_: FakeJetstream, request: web.Request) -> web.StreamResponse:
    """A connection that answers pings and says nothing."""
    socket = web.WebSocketResponse()
    await socket.prepare(request)
    await _until_gone(socket)
    return socket


def post_event(number: int, *tags: str, text: str = "hello", **commit: Any) -> Json:
    """A post that was made so many milliseconds after the fake's beginning."""
    facets = [
        {
            "index": {"byteStart": 0, "byteEnd": 1},
            "features": [{"$type": "app.bsky.richtext.facet#tag", "tag": tag}],
        }
        for tag in tags
    ]
    record: Json = {"$type": "app.bsky.feed.post", "createdAt": "2025-09-01T00:00:00Z"}
    record |= {"text": text} | ({"facets": facets} if facets else {})
    made: Json = {
        "rev": f"rev{number}",
        "operation": "create",
        "collection": "app.bsky.feed.post",
        "rkey": f"key{number}",
        "record": record,
        "cid": "bafy",
    }
    return _event(number, made | commit)


def delete_event(number: int, of: int) -> Json:
    """The end of the post with the number ``of``."""
    commit = {"rev": f"rev{number}", "operation": "delete", "rkey": f"key{of}"}
    return _event(number, commit | {"collection": "app.bsky.feed.post"})


def _event(number: int, commit: Json) -> Json:
    at_us = START_US + number * 1_000
    return {"did": "did:plc:ann", "time_us": at_us, "kind": "commit", "commit": commit}


START_US = 1_756_684_800_000_000  # 2025-09-01T00:00:00Z, which no clock is before
