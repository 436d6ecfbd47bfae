"""A Kibana on loopback: its state, its spaces, and saved objects that are imported and read.

What it refuses and how is what a real Kibana 8.12 did: a newer version with 422, an attribute that
it does not know with 400 (dashboard) or 500 (lens), a lost reference in an answer with status 200;
and an object without ``typeMigrationVersion`` is taken with success and emptied by old migrations.
"""

from __future__ import annotations

import base64
import json
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

from aiohttp import web
from aiohttp.test_utils import TestServer

Key = tuple[str, str]
Fault = Callable[[web.Request], Awaitable[web.StreamResponse]]
KNOWN = {"index-pattern": "8.0.0", "lens": "8.9.0", "dashboard": "8.9.0", "search": "8.0.0"}
DASHBOARD_KEYS = frozenset({
    *("title", "description", "version", "timeRestore", "timeFrom", "timeTo", "refreshInterval"),
    *("optionsJSON", "panelsJSON", "controlGroupInput", "kibanaSavedObjectMeta", "hits"),
})  # fmt: skip
LENS_KEYS = frozenset({"title", "description", "visualizationType", "state"})
USER, PASSWORD, API_KEY = "ana", "open-sesame-1", "a2V5LWlkOmtleS1zZWNyZXQ="


@dataclass
class FakeKibana:
    """What the server holds and how it misbehaves.

    Args:
        now_s: Its clock; a test that waits moves it.
        ready_at_s: Until then it answers 503.
        version: What it says it is; None tells nobody.
        spaces: Beside the default one, which is "".
        open: Whether nobody has to sign in.
        objects: By space, type and id.
        faults: By path, played before anything else.
        empties: Whether it answers success and empties Lens panels all the same.
        loses: Objects that it says it took and did not.
        calls: Each call's method and path with its query.
    """

    now_s: float = 0.0
    ready_at_s: float = 0.0
    version: str | None = "8.19.21"
    spaces: set[str] = field(default_factory=lambda: {"marketing"})
    open: bool = False
    objects: dict[tuple[str, Key], dict[str, Any]] = field(default_factory=dict)
    faults: dict[str, deque[Fault]] = field(default_factory=dict)
    empties: bool = False
    loses: set[Key] = field(default_factory=set)
    calls: list[str] = field(default_factory=list)
    base: str = ""

    async def sleep(self, seconds: float) -> None:
        """Waits on the fake's own clock."""
        self.now_s += max(seconds, 0.1)

    def paths(self, end: str) -> list[str]:
        """The calls whose path ends so."""
        return [one for one in self.calls if one.partition("?")[0].endswith(end)]

    def status(self) -> web.Response:
        if self.now_s < self.ready_at_s:
            text = "Kibana server is not ready yet"
            if self.now_s < self.ready_at_s / 2:
                return web.Response(status=503, text=text)
            overall = {"level": "unavailable", "summary": "Elasticsearch is\nnot available"}
            return web.json_response({"status": {"overall": overall}}, status=503)
        body: dict[str, Any] = {"status": {"overall": {"level": "available", "summary": "All"}}}
        if self.version:
            body["version"] = {"number": self.version}
        return web.json_response(body)

    def take(self, space: str, query: Any, sent: list[dict[str, Any]]) -> web.Response:
        """An import."""
        refused = next(filter(None, map(_refusal, sent)), None)
        if refused is not None:
            return refused
        copies = query.get("createNewCopies") == "true"
        errors = [] if copies else self._conflicts(space, sent, query.get("overwrite") == "true")
        errors += self._lost_references(space, sent)
        if errors:
            return web.json_response({"success": False, "successCount": 0, "errors": errors})
        places = {_key(one): (one["type"], uuid4().hex if copies else one["id"]) for one in sent}
        for one in sent:
            self._keep(space, one, places)
        results = [
            {"type": one["type"], "id": one["id"], "meta": {}, "managed": False}
            | ({"destinationId": places[_key(one)][1]} if copies else {})
            for one in sent
        ]
        body = {"success": True, "successCount": len(sent), "successResults": results}
        return web.json_response(body | {"warnings": []})

    def _keep(self, space: str, sent: dict[str, Any], places: dict[Key, Key]) -> None:
        if _key(sent) in self.loses:
            return
        references = [
            one | {"id": places.get(_key(one), _key(one))[1]} for one in sent["references"]
        ]
        place = places[_key(sent)]
        kept = sent | {"id": place[1], "references": references, "namespaces": [space or "default"]}
        kept |= {"updated_at": f"2026-11-21T12:00:{len(self.calls):02}Z", "version": "WzEsMV0="}
        if self.empties or not sent.get("typeMigrationVersion"):
            kept["attributes"] = emptied(sent["attributes"])
        self.objects[space, place] = kept

    def _conflicts(
        self, space: str, sent: list[dict[str, Any]], overwrite: bool
    ) -> list[dict[str, Any]]:
        there = [one for one in sent if not overwrite and (space, _key(one)) in self.objects]
        return [_error(one, {"type": "conflict"}) for one in there]

    def _lost_references(self, space: str, sent: list[dict[str, Any]]) -> list[dict[str, Any]]:
        ours = {_key(one) for one in sent}
        found = []
        for one in sent:
            lost = [
                {"type": each["type"], "id": each["id"]}
                for each in one["references"]
                if _key(each) not in ours and (space, _key(each)) not in self.objects
            ]
            if lost:
                found.append(_error(one, {"type": "missing_references", "references": lost}))
        return found

    def read(self, space: str, wanted: list[dict[str, str]]) -> web.Response:
        """A bulk get."""
        missing = {"statusCode": 404, "error": "Not Found", "message": "not found"}
        found = [self.objects.get((space, _key(one)), one | {"error": missing}) for one in wanted]
        return web.json_response({"saved_objects": found})

    def find(self, space: str, type_: str) -> web.Response:
        """All of a type, with their titles alone."""
        found = [
            {"type": type_, "id": key[1], "attributes": {"title": body["attributes"]["title"]}}
            for (where, key), body in self.objects.items()
            if where == space and key[0] == type_
        ]
        return web.json_response({"saved_objects": found, "total": len(found)})


def emptied(attributes: dict[str, Any]) -> dict[str, Any]:
    """What old migrations leave of a newer object: layers without columns."""
    text = json.dumps(attributes)
    if "panelsJSON" not in attributes:
        return _without_columns(json.loads(text))
    panels = [_without_columns(one) for one in json.loads(attributes["panelsJSON"])]
    return attributes | {"panelsJSON": json.dumps(panels)}


def _without_columns(value: Any) -> Any:
    if isinstance(value, dict):
        return {
            key: {"layers": {}} if key == "formBased" else _without_columns(one)
            for key, one in value.items()
        }
    return [_without_columns(one) for one in value] if isinstance(value, list) else value


def _key(one: dict[str, Any]) -> Key:
    return one["type"], one["id"]


def _error(one: dict[str, Any], error: dict[str, Any]) -> dict[str, Any]:
    title = one["attributes"].get("title")
    return {"type": one["type"], "id": one["id"], "title": title, "meta": {}, "error": error}


def refusal(status: int, message: str) -> web.Response:
    """A refusal as Kibana words it."""
    names = {400: "Bad Request", 401: "Unauthorized", 403: "Forbidden", 404: "Not Found"}
    names |= {422: "Unprocessable Entity", 500: "Internal Server Error"}
    body = {"statusCode": status, "error": names[status], "message": message}
    return web.json_response(body, status=status)


def _refusal(one: dict[str, Any]) -> web.Response | None:
    version, known = one.get("typeMigrationVersion", "0"), KNOWN.get(one["type"], "99")
    if _number(version) > _number(known):
        return refusal(
            422,
            f'Document "{one["id"]}" belongs to a more recent version of Kibana [{version}] when '
            f"the last known version is [{known}].",
        )
    if one["type"] == "dashboard" and (more := set(one["attributes"]) - DASHBOARD_KEYS):
        return refusal(400, f"[attributes.{min(more)}]: definition for this key is missing")
    if one["type"] == "lens" and set(one["attributes"]) - LENS_KEYS:
        return refusal(500, "An internal server error occurred. Check Kibana server logs.")
    return None


def _number(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split("."))


def _may_enter(fake: FakeKibana, request: web.Request) -> bool:
    said = request.headers.get("Authorization", "")
    basic = base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
    return fake.open or said in (f"Basic {basic}", f"ApiKey {API_KEY}")


async def _sent(request: web.Request) -> list[dict[str, Any]]:
    part = await (await request.multipart()).next()
    assert part is not None
    assert getattr(part, "name", None) == "file"
    text = (await part.read()).decode()  # type: ignore[union-attr]
    return [json.loads(line) for line in text.split("\n") if line.strip()]


@asynccontextmanager
async def kibana_on_loopback(fake: FakeKibana, *, ssl: Any = None) -> AsyncIterator[FakeKibana]:
    """The fake at ``fake.base``."""

    async def answer(request: web.Request) -> web.StreamResponse:
        path = request.path
        fake.calls.append(f"{request.method} {request.path_qs}")
        for end, faults in fake.faults.items():
            if path.endswith(end) and faults:
                return await faults.popleft()(request)
        if path == "/api/status" and fake.now_s < fake.ready_at_s:
            return fake.status()
        if not _may_enter(fake, request):
            return refusal(401, "[security_exception]: unable to authenticate")
        return await _routed(fake, request)

    app = web.Application(client_max_size=50_000_000)
    app.router.add_route("*", "/{path:.*}", answer)
    server = TestServer(app, host="localhost", scheme="https" if ssl else "http")
    await server.start_server(**({"ssl": ssl} if ssl else {}))
    try:
        fake.base = str(server.make_url("/")).rstrip("/")
        yield fake
    finally:
        await server.close()


async def _routed(fake: FakeKibana, request: web.Request) -> web.StreamResponse:
    path, space = request.path, ""
    if path == "/api/status":
        return fake.status()
    if path.startswith("/api/spaces/space/"):
        name = path.rpartition("/")[2]
        return web.json_response({"id": name}) if name in fake.spaces else refusal(404, "Not Found")
    if path.startswith("/s/"):
        space, _, rest = path.removeprefix("/s/").partition("/")
        path = f"/{rest}"
    if request.method == "POST" and "kbn-xsrf" not in request.headers:
        return refusal(400, "Request must contain a kbn-xsrf header.")
    match path:
        case "/api/saved_objects/_import":
            return fake.take(space, request.query, await _sent(request))
        case "/api/saved_objects/_bulk_get":
            return fake.read(space, await request.json())
        case "/api/saved_objects/_find":
            return fake.find(space, request.query["type"])
    return refusal(404, "Not Found")
