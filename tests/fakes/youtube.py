"""YouTube's Data API on loopback, in the shapes that it was recorded in, with scripted faults."""

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

KEY = "AIza-secret-value"
START = datetime(2026, 9, 1, tzinfo=UTC)
CHANNEL = "UC" + "c" * 22
Fault = Callable[["FakeYoutube", web.Request], Awaitable[web.StreamResponse]]


@dataclass
class FakeYoutube:
    """What the server holds and how it misbehaves.

    Args:
        videos: By id.
        hidden: Ids that a search still finds though the video is gone.
        threads: Comment threads by video id, oldest first.
        faults: By method, played one a call, None for a call that goes well.
        key_faults: The same by key, whatever it calls.
        keys: Those that are accepted.
        calls: Method and query of each call, in order.
        callers: The key of each call.
        query_ends: Results that one query gives at most.
    """

    videos: dict[str, dict[str, Any]] = field(default_factory=dict)
    hidden: set[str] = field(default_factory=set)
    threads: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    faults: dict[str, deque[Fault | None]] = field(default_factory=dict)
    key_faults: dict[str, deque[Fault | None]] = field(default_factory=dict)
    keys: set[str] = field(default_factory=lambda: {KEY})
    calls: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    callers: list[str] = field(default_factory=list)
    query_ends: int = 500
    base: str = ""

    def add(self, count: int, *, minute: int | None = None) -> list[str]:
        """Publish ``count`` videos a minute apart, after the last or from ``minute`` on."""
        start = len(self.videos) if minute is None else minute
        ids = [f"video{number:06d}" for number in range(start, start + count)]
        for number, id_ in enumerate(ids, start):
            self.videos[id_] = video(id_, START + timedelta(minutes=number))
        return ids

    def comment(self, video_id: str, count: int) -> list[str]:
        """Write ``count`` comments a second apart, after the last."""
        threads = self.threads.setdefault(video_id, [])
        made = [thread(video_id, number) for number in range(len(threads), len(threads) + count)]
        threads.extend(made)
        return [one["id"] for one in made]

    def count(self, method: str) -> int:
        """Calls of a method so far."""
        return sum(called == method for called, _ in self.calls)

    def search(self, query: dict[str, str]) -> web.Response:
        """Newest first; a token is the number of results before its page."""
        after, before = query.get("publishedAfter", ""), query.get("publishedBefore", "9999")
        times = {id_: one["snippet"]["publishedAt"] for id_, one in self.videos.items()}
        found = sorted((at, id_) for id_, at in times.items() if after <= at < before)[::-1]
        items = [
            {
                "kind": "youtube#searchResult",
                "id": {"kind": "youtube#video", "videoId": id_},
                "snippet": {"publishedAt": at, "title": "A &amp; B", "channelId": CHANNEL},
            }
            for at, id_ in found[: self.query_ends]
        ]
        return paged("youtube#searchListResponse", items, query)

    def listed(self, query: dict[str, str]) -> web.Response:
        """The videos that were asked for and are still there."""
        ids = [id_ for id_ in query["id"].split(",") if id_ not in self.hidden]
        items = [self.videos[id_] for id_ in ids if id_ in self.videos]
        return answer("youtube#videoListResponse", items)

    def channels(self, query: dict[str, str]) -> web.Response:
        """The one channel; what is unknown has no ``items`` at all."""
        asked = [*query.get("id", "").split(","), query.get("forHandle", "")]
        is_known = {CHANNEL, "@ann"} & set(asked)
        return answer("youtube#channelListResponse", [channel()] if is_known else None)

    def comments(self, query: dict[str, str]) -> web.Response:
        """Newest first."""
        if query["videoId"] not in self.videos:
            return error(404, "videoNotFound")
        items = self.threads.get(query["videoId"], [])[::-1]
        return paged("youtube#commentThreadListResponse", items, query)


def paged(kind: str, items: list[Any], query: dict[str, str]) -> web.Response:
    """One page, with the token of the next where there is one."""
    size, start = int(query["maxResults"]), int(query.get("pageToken", "0"))
    more = {"nextPageToken": str(start + size)} if start + size < len(items) else {}
    return answer(kind, items[start : start + size], **more)


def answer(kind: str, items: list[Any] | None, **extra: Any) -> web.Response:
    """An answer's envelope; the guess of how many there are is as wrong as the real one."""
    info = {"totalResults": 1_000_000, "resultsPerPage": 50}
    body = {"kind": kind, "etag": "x", "pageInfo": info} | extra
    return web.json_response(body if items is None else body | {"items": items})


def error(status: int, reason: str, **extra: Any) -> web.Response:
    """An error's envelope; the message is not to be told on."""
    entry = {"domain": "youtube", "reason": reason, "message": "no"}
    body = {"code": status, "message": f"no, {KEY}", "errors": [entry]}
    return web.json_response({"error": body | extra}, status=status)


def video(id_: str, published: datetime) -> dict[str, Any]:
    """A video with its counts as texts, one of them hidden."""
    return {
        "kind": "youtube#video",
        "id": id_,
        "snippet": {
            "publishedAt": f"{published:%Y-%m-%dT%H:%M:%SZ}",
            "channelId": CHANNEL,
            "title": "Shoes #Vans",
            "description": "More #OffTheWall by @ann",
            "channelTitle": "Ann",
            "tags": ["keyword"],
        },
        "statistics": {"viewCount": "12", "favoriteCount": "0", "commentCount": "3"},
    }


def channel(**statistics: Any) -> dict[str, Any]:
    """The channel that publishes everything here."""
    counts = {"subscriberCount": "10700000", "hiddenSubscriberCount": False, "videoCount": "7"}
    return {
        "kind": "youtube#channel",
        "id": CHANNEL,
        "snippet": {"title": "Ann", "customUrl": "@ann", "publishedAt": "2007-08-23T00:34:43Z"},
        "statistics": counts | statistics,
    }


def thread(video_id: str, number: int) -> dict[str, Any]:
    """A comment thread without answers."""
    id_, at = f"comment{number:06d}", START + timedelta(seconds=number)
    snippet = {
        "videoId": video_id,
        "authorDisplayName": "@bob",
        "authorChannelId": {"value": "UCbob"},
        "textDisplay": "nice",
        "likeCount": 0,
        "publishedAt": f"{at:%Y-%m-%dT%H:%M:%SZ}",
    }
    top = {"kind": "youtube#comment", "id": id_, "snippet": snippet}
    return {
        "kind": "youtube#commentThread",
        "id": id_,
        "snippet": {"videoId": video_id, "topLevelComment": top, "totalReplyCount": 2},
    }


@asynccontextmanager
async def run_youtube() -> AsyncIterator[FakeYoutube]:
    """A server on a free port of loopback, closed at the end of the block."""
    fake = FakeYoutube()
    methods = {
        "search": fake.search,
        "videos": fake.listed,
        "channels": fake.channels,
        "commentThreads": fake.comments,
    }

    async def handler(request: web.Request) -> web.StreamResponse:
        method, query = request.match_info["method"], dict(request.query)
        key = query.pop("key", "")
        fake.calls.append((method, query))
        fake.callers.append(key)
        if key not in fake.keys:
            return error(400, "keyInvalid")
        faults = fake.key_faults.get(key) or fake.faults.get(method)
        fault = faults.popleft() if faults else None
        return await fault(fake, request) if fault else methods[method](query)

    app = web.Application()
    app.router.add_get("/youtube/v3/{method}", handler)
    async with TestServer(app) as server:
        fake.base = str(server.make_url("/youtube/v3"))
        yield fake


def refusing(status: int, reason: str = "", headers: Any = None, **extra: Any) -> Fault:
    """An error answer."""

    async def fault(_: FakeYoutube, request: web.Request) -> web.Response:
        refused = error(status, reason, **extra)
        refused.headers.update(headers or {})
        return refused

    return fault


def saying(text: str, kind: str = "application/json", status: int = 200) -> Fault:
    """This body."""

    async def fault(_: FakeYoutube, request: web.Request) -> web.Response:
        return web.Response(text=text, content_type=kind, status=status)

    return fault


async def cut_off(fake: FakeYoutube, request: web.Request) -> web.Response:
    """The right page of a search, of which the last quarter is missing."""
    text = fake.search(dict(request.query)).text or ""
    return web.Response(text=text[: len(text) * 3 // 4], content_type="application/json")


async def silent(fake: FakeYoutube, request: web.Request) -> web.Response:
    """No answer for longer than anybody waits."""
    await asyncio.sleep(60)
    return web.Response()


def empty_with_more(token: str) -> Fault:
    """A page without videos that leads on."""

    async def fault(_: FakeYoutube, request: web.Request) -> web.Response:
        return answer("youtube#searchListResponse", [], nextPageToken=token)

    return fault


def json_of(response: web.Response) -> Any:
    """The body of an answer."""
    return json.loads(response.text or "null")
