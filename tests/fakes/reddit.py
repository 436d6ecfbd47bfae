"""A Reddit on loopback: tokens, searches, comment trees, accounts, things by name, and faults.

A search gives the newest first, within the period that is asked for, pages by fullname, and ends
after ``search_ends`` results. Things are dictionaries by fullname; change them whenever you like.
"""

from __future__ import annotations

from base64 import b64decode
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from aiohttp import web
from aiohttp.test_utils import TestServer

Json = dict[str, Any]
Fault = Callable[["FakeReddit", web.Request], Awaitable[web.StreamResponse]]
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
APP, SECRET = "app-one", "s3cret-one"
PERIODS = {"hour": 1 / 24, "day": 1, "week": 7, "month": 31, "year": 366, "all": 10_000}


def submission(number: int, created: datetime, **extra: Any) -> Json:
    """A text post that names the tag."""
    id_ = f"s{number:06d}"
    return {
        "id": id_,
        "name": f"t3_{id_}",
        "title": f"Shoes {number}",
        "selftext": "My #Vans, by u/ann_bee",
        "author": "ann",
        "author_fullname": "t2_ann1",
        "subreddit": "shoes",
        "created_utc": created.timestamp(),
        "score": 12,
        "ups": 12,
        "num_comments": 3,
        "num_crossposts": 0,
        "view_count": None,
        "permalink": f"/r/shoes/comments/{id_}/shoes/",
        "is_self": True,
        "removed_by_category": None,
    } | extra


def comment(id_: str, parent: str, created: datetime, **extra: Any) -> Json:
    """A comment, with nothing below it."""
    return {
        "id": id_,
        "name": f"t1_{id_}",
        "parent_id": parent,
        "link_id": "t3_s000000",
        "author": "bob",
        "author_fullname": "t2_bob1",
        "body": f"I like #{id_}",
        "score": -2,
        "score_hidden": False,
        "created_utc": created.timestamp(),
        "replies": "",
    } | extra


def thing(kind: str, data: Json) -> Json:
    """A thing as Reddit wraps it."""
    return {"kind": kind, "data": data}


def more(parent: str, *ids: str) -> Json:
    """What stands for comments that are not in the answer."""
    data = {"count": len(ids), "children": list(ids), "parent_id": parent, "id": "_", "depth": 1}
    return thing("more", data)


def _hours_ago(hours: int) -> datetime:
    return datetime.now(UTC).replace(microsecond=0) - timedelta(hours=hours)


def listing(children: list[Json], after: str | None = None) -> Json:
    """A page of a listing."""
    return thing("Listing", {"after": after, "before": None, "children": children})


@dataclass
class FakeReddit:
    """What the server holds and how it misbehaves.

    Args:
        things: Submissions by fullname.
        comments: Comments by fullname.
        trees: A submission's or a comment's id to what stands below it.
        users: Accounts by name in lower case.
        faults: Played one a call before anything else, None for a call that goes well.
        token_faults: The same for sign-ins.
        apps: Client id to secret.
        calls: Each call's path and query, in order; sign-ins apart.
        callers: The app of each call.
        agents: Every User-Agent that was seen.
        search_ends: Results after which a search ends.
        remaining: What the limit headers say is left.
        reset_s: When they say it resets.
        odd_headers: What is sent in place of all that.
    """

    things: dict[str, Json] = field(default_factory=dict)
    comments: dict[str, Json] = field(default_factory=dict)
    trees: dict[str, list[Json]] = field(default_factory=dict)
    users: dict[str, Json] = field(default_factory=dict)
    faults: deque[Fault | None] = field(default_factory=deque)
    token_faults: deque[Fault | None] = field(default_factory=deque)
    apps: dict[str, str] = field(default_factory=lambda: {APP: SECRET})
    live: dict[str, str] = field(default_factory=dict)
    calls: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    callers: list[str] = field(default_factory=list)
    agents: set[str] = field(default_factory=set)
    sign_ins: int = 0
    search_ends: int = 250
    remaining: float = 995.0
    reset_s: int = 300
    odd_headers: dict[str, str] | None = None
    base: str = ""
    start: datetime = field(default_factory=lambda: _hours_ago(3))

    def add(self, count: int, first_s: float | None = None, **extra: Any) -> list[str]:
        """Post ``count`` submissions a second apart, ``first_s`` after the fake's beginning."""
        number = len(self.things)
        first = number if first_s is None else first_s
        at = [self.start + timedelta(seconds=first + n) for n in range(count)]
        new = [submission(number + n, at[n], **extra) for n in range(count)]
        self.things |= {one["name"]: one for one in new}
        return [one["name"] for one in new]

    def remark(self, id_: str, parent: str = "t3_s000000", **extra: Any) -> Json:
        """Write a comment; it is in no tree yet."""
        one = comment(id_, parent, self.start, **extra)
        self.comments[one["name"]] = one
        return thing("t1", one)

    def headers(self) -> dict[str, str]:
        """The limit as Reddit tells it: a float, and seconds from now."""
        if self.odd_headers is not None:
            return self.odd_headers
        return {
            "x-ratelimit-used": "5",
            "x-ratelimit-remaining": str(self.remaining),
            "x-ratelimit-reset": str(self.reset_s),
        }

    def search(self, request: web.Request) -> web.Response:
        """One page of a search."""
        query = request.query
        oldest = datetime.now(UTC) - timedelta(days=PERIODS[query["t"]])
        word = query["q"].strip('"').lower()
        found = [
            one
            for one in self.things.values()
            if word in f"{one['title']} {one['selftext']}".lower()
            and one["created_utc"] >= oldest.timestamp()
        ]
        found.sort(key=lambda one: float(one["created_utc"]), reverse=True)
        found = found[: self.search_ends]
        names = [one["name"] for one in found]
        first = names.index(query["after"]) + 1 if query.get("after") in names else 0
        size = int(query["limit"])
        page = found[first : first + size]
        after = page[-1]["name"] if len(found) > first + size else None
        return self.answer(listing([thing("t3", one) for one in page], after))

    def answer(self, body: Any) -> web.Response:
        """A good answer."""
        return web.json_response(body, headers=self.headers())


def unauthorized() -> web.Response:
    """What a dead token is told."""
    headers = {"WWW-Authenticate": 'Bearer realm="reddit", error="invalid_token"'}
    return web.json_response({"message": "Unauthorized", "error": 401}, status=401, headers=headers)


@asynccontextmanager
async def run_reddit() -> AsyncIterator[FakeReddit]:
    """A server on a free port of loopback, closed at the end of the block."""
    fake = FakeReddit()
    app = web.Application()
    app.router.add_post("/api/v1/access_token", _token(fake))
    app.router.add_get("/{path:.*}", _guarded(fake))
    async with TestServer(app) as server:
        fake.base = str(server.make_url("")).rstrip("/")
        yield fake


def _token(fake: FakeReddit) -> Handler:
    async def handler(request: web.Request) -> web.StreamResponse:
        fake.sign_ins += 1
        fake.agents.add(request.headers["User-Agent"])
        if fake.token_faults and (fault := fake.token_faults.popleft()):
            return await fault(fake, request)
        given = b64decode(request.headers["Authorization"].removeprefix("Basic ")).decode()
        name, _, secret = given.partition(":")
        if fake.apps.get(name) != secret:
            return web.json_response({"message": "Unauthorized", "error": 401}, status=401)
        assert (await request.post())["grant_type"] == "client_credentials"
        token = f"token-{fake.sign_ins}"
        fake.live[token] = name
        body = {"access_token": token, "token_type": "bearer", "expires_in": 3600, "scope": "*"}
        return web.json_response(body)

    return handler


def _guarded(fake: FakeReddit) -> Handler:
    async def handler(request: web.Request) -> web.StreamResponse:
        caller = fake.live.get(request.headers["Authorization"].removeprefix("bearer "))
        fake.calls.append((request.path, dict(request.query)))
        fake.callers.append(caller or "nobody")
        assert request.query["raw_json"] == "1"
        if fake.faults and (fault := fake.faults.popleft()):
            return await fault(fake, request)
        return unauthorized() if caller is None else _routed(fake, request)

    return handler


def _routed(fake: FakeReddit, request: web.Request) -> web.Response:
    parts = request.path.strip("/").split("/")
    query = request.query
    if parts[-1] == "search":
        return fake.search(request)
    if parts == ["api", "info"]:
        held = {**fake.things, **fake.comments}
        names = [name for name in query["id"].split(",") if name in held]
        assert len(query["id"].split(",")) <= 100
        return fake.answer(listing([thing(name[:2], held[name]) for name in names]))
    if parts == ["api", "morechildren"]:
        found = [thing("t1", fake.comments[f"t1_{id_}"]) for id_ in query["children"].split(",")]
        return fake.answer({"json": {"errors": [], "data": {"things": found}}})
    if parts[0] == "user" and parts[1].lower() in fake.users:
        return fake.answer(thing("t2", fake.users[parts[1].lower()]))
    if parts[0] == "comments" and f"t3_{parts[1]}" in fake.things:
        link = thing("t3", fake.things[f"t3_{parts[1]}"])
        below = fake.trees.get(query.get("comment", parts[1]), [])
        return fake.answer([listing([link]), listing(below)])
    if parts[-1] == "scopes":
        return fake.answer({"read": {"id": "read"}})
    return web.json_response({"message": "Not Found", "error": 404}, status=404)
