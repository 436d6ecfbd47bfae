"""The part of an Elasticsearch's security API that makes roles and users, on loopback.

The embedded node lacks it: its system index needs a filter that is not there.
"""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web
from aiohttp.test_utils import TestServer

SUPERUSER, PASSWORD = "elastic", "superuser-word-1"


@dataclass
class FakeSecurity:
    """What it was told.

    Args:
        roles: By name, as they were sent.
        users: The same, without passwords.
        passwords: By user.
        templates: Index templates by name.
        not_ready: So many calls are answered 503 first.
        allowed: Whether the user may manage security.
    """

    roles: dict[str, Any] = field(default_factory=dict)
    users: dict[str, Any] = field(default_factory=dict)
    passwords: dict[str, str] = field(default_factory=dict)
    templates: dict[str, Any] = field(default_factory=dict)
    not_ready: int = 0
    allowed: bool = True
    calls: list[str] = field(default_factory=list)
    base: str = ""

    def put(self, kind: str, name: str, body: Any) -> None:
        if kind == "role":
            self.roles[name] = body
        elif kind == "user":
            self.passwords[name] = body.pop("password")
            self.users[name] = body


@asynccontextmanager
async def security_on_loopback(fake: FakeSecurity) -> AsyncIterator[FakeSecurity]:
    """The fake at ``fake.base``."""
    said = base64.b64encode(f"{SUPERUSER}:{PASSWORD}".encode()).decode()

    async def answer(request: web.Request) -> web.Response:
        fake.calls.append(f"{request.method} {request.path}")
        if fake.not_ready > 0:
            fake.not_ready -= 1
            return _json({"error": "starting"}, 503)
        if request.headers.get("Authorization") != f"Basic {said}":
            return _json({"error": {"type": "security_exception", "reason": "who is that?"}}, 401)
        return await _routed(fake, request)

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", answer)
    async with TestServer(app) as server:
        fake.base = str(server.make_url("/")).rstrip("/")
        yield fake


async def _routed(fake: FakeSecurity, request: web.Request) -> web.Response:
    match request.path.strip("/").split("/"):
        case ["_cluster", "health"]:
            return _json({"status": "green"})
        case ["_index_template", name] if request.method == "PUT":
            fake.templates[name] = await request.json()
            return _json({"acknowledged": True})
        case ["_index_template", _]:
            there = [
                {"name": name, "index_template": {"version": body["version"]}}
                for name, body in fake.templates.items()
            ]
            return _json({"index_templates": there}, 200 if there else 404)
        case ["_security", *_] if not fake.allowed:
            return _json({"error": {"type": "security_exception", "reason": "not you"}}, 403)
        case ["_security", "user", name, "_password"]:
            fake.passwords[name] = (await request.json())["password"]
            return _json({})
        case ["_security", ("role" | "user") as kind, name]:
            fake.put(kind, name, await request.json())
            return _json({kind: {"created": True}})
    return _json({"error": "no such path"}, 404)


def _json(body: Any, status: int = 200) -> web.Response:
    # Elasticsearch's client believes nobody else.
    return web.json_response(body, status=status, headers={"X-Elastic-Product": "Elasticsearch"})
