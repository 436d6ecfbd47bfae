"""An X API v2 on loopback: its searches and counts, refusals and faults in scripted order.

Shapes as in the recordings: ``data`` is missing where nothing was found, accounts that are not
there come with a good status, and the reset of the rate limit is in seconds after 1970.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from aiohttp import web
from aiohttp.test_utils import TestServer

EPOCH_MS = 1_288_834_974_657
TOKEN = "AAAA-app-token"
PROBLEMS = "https://api.x.com/2/problems/"
WEEK_S = 7 * 86_400
SEARCH = "/2/tweets/search/recent"
COUNTS = "/2/tweets/counts/recent"
Fault = Callable[["FakeX", web.Request], Awaitable[web.StreamResponse]]
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
START_S = time.time() - 3_600


def post_id(seconds: float) -> str:
    """The id of a post of so many seconds after the fake's beginning, an hour ago."""
    return str((int((START_S + seconds) * 1_000) - EPOCH_MS) << 22)


@dataclass
class FakeX:
    """What the server holds and how it misbehaves.

    Args:
        posts: By id; add to it whenever you like.
        faults: Played one a search before anything else, None for a search that goes well.
        count_faults: The same for counts.
        path_faults: The same by path.
        token_faults: The same by token, whatever it calls.
        tokens: Those that are accepted.
        calls: Each call's path and query, in order.
        callers: The token of each call.
        hours: What the counts hold.
        hidden: Ids of posts that are there, but shown to nobody.
        errors: What every page holds beside its posts.
    """

    posts: dict[str, dict[str, Any]] = field(default_factory=dict)
    faults: deque[Fault | None] = field(default_factory=deque)
    count_faults: deque[Fault | None] = field(default_factory=deque)
    path_faults: dict[str, deque[Fault | None]] = field(default_factory=dict)
    token_faults: dict[str, deque[Fault | None]] = field(default_factory=dict)
    tokens: set[str] = field(default_factory=lambda: {TOKEN})
    calls: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    callers: list[str] = field(default_factory=list)
    hidden: set[str] = field(default_factory=set)
    hours: list[int] = field(default_factory=lambda: [5, 0, 2])
    errors: list[dict[str, Any]] = field(default_factory=list)
    last_page: dict[str, Any] = field(default_factory=dict)
    base: str = ""

    def add(self, count: int, *, first_s: float | None = None, **extra: Any) -> list[str]:
        """Post ``count`` posts a second apart, after the newest or at ``first_s``."""
        start = len(self.posts) if first_s is None else first_s
        ids = [post_id(start + number) for number in range(count)]
        for id_ in ids:
            self.posts[id_] = post(id_) | extra
        return ids

    def searches(self) -> list[dict[str, str]]:
        """The queries of all searches so far."""
        return [query for path, query in self.calls if path == SEARCH]

    def search(self, request: web.Request) -> web.Response:
        """One page of a search, newest first."""
        query = request.query
        since = query.get("since_id", "0")
        if since != "0" and _age_s(since) > WEEK_S:
            return invalid("'since_id' must be a tweet id created after [7 days ago]", "since_id")
        if "start_time" in query and _since_s(query["start_time"]) > WEEK_S:
            return invalid("'start_time' must be within 7 days", "start_time")
        if "end_time" in query and _since_s(query["end_time"]) < 10:
            return invalid("'end_time' must be a minimum of 10 seconds prior", "end_time")
        start, end = query.get("start_time", ""), query.get("end_time", "9999")
        below = int(query.get("next_token", "t" + str(2**63))[1:])
        asked = query["query"].partition(":")
        chosen = [
            one
            for one in self.posts.values()
            if int(since) < int(one["id"]) < below
            and (asked[0] != "conversation_id" or one["conversation_id"] == asked[2])
            and _age_s(one["id"]) < WEEK_S
            and start <= one["created_at"] < end
        ]
        chosen.sort(key=lambda one: -int(one["id"]))
        size = int(query["max_results"])
        self.last_page = page(chosen[:size], more=len(chosen) > size)
        if self.errors:
            self.last_page["errors"] = self.errors
        return web.json_response(self.last_page, headers=limit_headers())

    def count(self, request: web.Request) -> web.Response:
        """The hours of ``hours`` from ``start_time`` on, the last of them still open."""
        start = datetime.fromisoformat(request.query["start_time"])
        hour = timedelta(hours=1)
        data = [
            {
                "start": _text(start + number * hour),
                "end": _text(start + number * hour + hour),
                "tweet_count": count,
            }
            for number, count in enumerate(self.hours)
        ]
        data[-1]["end"] = _text(start + (len(data) - 1) * hour + timedelta(minutes=7))
        meta = {"total_tweet_count": sum(self.hours)}
        return web.json_response({"data": data, "meta": meta}, headers=limit_headers())


def page(posts: list[dict[str, Any]], *, more: bool) -> dict[str, Any]:
    """The body of a page."""
    if not posts:
        return {"meta": {"result_count": 0}}
    meta = {"newest_id": posts[0]["id"], "oldest_id": posts[-1]["id"], "result_count": len(posts)}
    if more:
        meta["next_token"] = "t" + posts[-1]["id"]
    return {"data": posts, "includes": {"users": [user()]}, "meta": meta}


def post(id_: str) -> dict[str, Any]:
    """A post with what the platform asks for."""
    return {
        "id": id_,
        "edit_history_tweet_ids": [id_],
        "text": f"Post {id_} #Vans",
        "author_id": "7",
        "conversation_id": id_,
        "created_at": _text(datetime.fromtimestamp(((int(id_) >> 22) + EPOCH_MS) / 1_000, UTC)),
        "lang": "en",
        "entities": {"hashtags": [{"start": 1, "end": 6, "tag": "Vans"}]},
        "public_metrics": {
            "retweet_count": 1,
            "reply_count": 0,
            "like_count": 4,
            "quote_count": 0,
            "bookmark_count": 0,
            "impression_count": 90,
        },
    }


def user() -> dict[str, Any]:
    """The account that writes everything here."""
    numbers = {"followers_count": 11, "following_count": 3, "tweet_count": 120}
    return {"id": "7", "name": "Ann", "username": "ann", "public_metrics": numbers}


def limit_headers(*, remaining: int = 449, reset_s: float = 300) -> dict[str, str]:
    """The rate limit headers, with the reset in seconds after 1970."""
    return {
        "x-rate-limit-limit": "450",
        "x-rate-limit-remaining": str(remaining),
        "x-rate-limit-reset": f"{time.time() + reset_s:.3f}",
    }


def problem(status: int, kind: str, title: str, **more: Any) -> Fault:
    """A refusal as a problem object; ``kind`` is the end of its type."""
    type_ = kind if kind == "about:blank" else PROBLEMS + kind
    body = {"title": title, "detail": f"{title}.", "type": type_, "status": status} | more
    return refusing(status, body)


def refusing(status: int, body: Any = None, *, reset_s: float | None = None) -> Fault:
    """An answer with an error status, and a reset where it has one."""

    async def fault(_: FakeX, request: web.Request) -> web.Response:
        headers = {} if reset_s is None else limit_headers(remaining=0, reset_s=reset_s)
        return web.json_response(body or {"title": "no"}, status=status, headers=headers)

    return fault


def saying(text: str, kind: str = "application/json", status: int = 200) -> Fault:
    """An answer with this body."""

    async def fault(_: FakeX, request: web.Request) -> web.Response:
        return web.Response(text=text, content_type=kind, status=status)

    return fault


async def cut_off(fake: FakeX, request: web.Request) -> web.Response:
    """A page whose JSON ends in the middle."""
    text = fake.search(request).text or ""
    return web.Response(text=text[: len(text) // 2], content_type="application/json")


async def silent(_: FakeX, request: web.Request) -> web.Response:
    """Nothing, for longer than anybody waits here."""
    await asyncio.sleep(60)
    return web.Response()


async def repeating(fake: FakeX, request: web.Request) -> web.Response:
    """The page that was given before, whatever is asked for."""
    return web.json_response(fake.last_page)


async def empty_with_more(fake: FakeX, request: web.Request) -> web.Response:
    """A page without posts that says that older ones follow."""
    below = int(request.query.get("next_token", "t" + str(2**62))[1:]) - 1
    return web.json_response({"meta": {"result_count": 0, "next_token": f"t{below}"}})


async def empty_with_itself(fake: FakeX, request: web.Request) -> web.Response:
    """A page without posts whose next page is itself."""
    return web.json_response({"meta": {"result_count": 0, "next_token": "t" + str(2**62)}})


def invalid(message: str, parameter: str) -> web.Response:
    """The refusal of a parameter."""
    body = {
        "errors": [{"parameters": {parameter: ["?"]}, "message": message}],
        "title": "Invalid Request",
        "detail": "One or more parameters to your request was invalid.",
        "type": PROBLEMS + "invalid-request",
    }
    return web.json_response(body, status=400)


@asynccontextmanager
async def run_x() -> AsyncIterator[FakeX]:
    """A server on a free port of loopback, closed at the end of the block."""
    from tests.fakes import x_lookups  # it builds on this module

    fake = FakeX()
    app = web.Application(middlewares=[_guard(fake)])
    app.router.add_get(SEARCH, _answering(fake.search))
    app.router.add_get(COUNTS, _answering(fake.count))
    for path, answer in x_lookups.answers(fake).items():
        app.router.add_get(path, _answering(answer))
    async with TestServer(app) as server:
        fake.base = str(server.make_url("")).rstrip("/")
        yield fake


def _guard(fake: FakeX) -> Any:
    @web.middleware
    async def guard(request: web.Request, handler: Handler) -> web.StreamResponse:
        token = request.headers.get("Authorization", "").removeprefix("Bearer ")
        fake.calls.append((request.path, dict(request.query)))
        fake.callers.append(token)
        if token not in fake.tokens:
            body = {"title": "Unauthorized", "type": "about:blank", "status": 401}
            return web.json_response(body | {"detail": "Unauthorized"}, status=401)
        scripts = {SEARCH: fake.faults, COUNTS: fake.count_faults} | fake.path_faults
        script = fake.token_faults.get(token) or scripts.get(request.path)
        fault = script.popleft() if script else None
        return await (fault(fake, request) if fault else handler(request))

    return guard


def _answering(answer: Callable[[web.Request], web.Response]) -> Handler:
    async def handler(request: web.Request) -> web.Response:
        return answer(request)

    return handler


def _age_s(id_: str) -> float:
    return time.time() - ((int(id_) >> 22) + EPOCH_MS) / 1_000


def _since_s(text: str) -> float:
    return time.time() - datetime.fromisoformat(text).timestamp()


def _text(moment: datetime) -> str:
    return moment.isoformat(timespec="milliseconds").removesuffix("+00:00") + "Z"
