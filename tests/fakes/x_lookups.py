"""The look-ups of the fake X: posts by id, accounts by handle, and what was used.

What is not shown comes with a good status in ``errors``.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from aiohttp import web

from tests.fakes.x import PROBLEMS, FakeX, limit_headers, user

POSTS = "/2/tweets"
USERS = "/2/users/by"
USAGE = "/2/usage/tweets"


def answers(fake: FakeX) -> dict[str, Callable[[web.Request], web.Response]]:
    """Path to what answers it."""
    return {POSTS: partial(_posts, fake), USERS: _users, USAGE: _usage}


def lost(id_: str, kind: str = "resource-not-found", **changes: Any) -> dict[str, Any]:
    """The problem of a post that is not shown."""
    return {
        "value": id_,
        "detail": f"Could not find tweet with ids: [{id_}].",
        "title": "Not Found Error",
        "resource_type": "tweet",
        "parameter": "ids",
        "resource_id": id_,
        "type": PROBLEMS + kind,
    } | changes


def _posts(fake: FakeX, request: web.Request) -> web.Response:
    asked = request.query["ids"].split(",")
    if len(asked) > 100:
        return web.json_response({"title": "Invalid Request", "detail": "too many"}, status=400)
    found = [fake.posts[id_] for id_ in asked if id_ in fake.posts and id_ not in fake.hidden]
    problems = [lost(id_) for id_ in asked if id_ not in fake.posts]
    problems += [lost(id_, "not-authorized-for-resource") for id_ in asked if id_ in fake.hidden]
    body: dict[str, Any] = {"data": found} if found else {}
    if "author_id" in request.query["expansions"]:
        body["includes"] = {"users": [user()]}
    problems += fake.errors
    return web.json_response(
        body | ({"errors": problems} if problems else {}), headers=limit_headers()
    )


def _users(request: web.Request) -> web.Response:
    names = request.query["usernames"].split(",")
    accounts = {"ann": user(), "bob": user() | {"id": "8", "name": "Bob", "username": "bob"}}
    body: dict[str, Any] = {}
    if found := [accounts[name] for name in names if name in accounts]:
        body["data"] = found
    if unknown := [name for name in names if name not in accounts]:
        body["errors"] = [
            {
                "value": name,
                "detail": f"Could not find user with usernames: [{name}].",
                "title": "Not Found Error",
                "resource_type": "user",
                "parameter": "usernames",
                "resource_id": name,
                "type": PROBLEMS + "resource-not-found",
            }
            for name in unknown
        ]
    return web.json_response(body, headers=limit_headers())


def _usage(_: web.Request) -> web.Response:
    data = {"project_usage": "1234", "project_cap": "3000000", "cap_reset_day": 28}
    return web.json_response({"data": data}, headers=limit_headers())
