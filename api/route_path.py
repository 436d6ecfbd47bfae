"""The path that was asked for: as routes see it, and as it may be shown."""

from __future__ import annotations

from urllib.parse import quote

from starlette.types import Scope

from lake.key import holds_key

_LONGEST = 200


def route_path(scope: Scope) -> str:
    """The path below the address that the API is mounted at."""
    path: str = scope["path"]
    root: str = scope.get("root_path", "").rstrip("/")
    return path[len(root) :] if root and path.startswith(f"{root}/") else path


def shown_path(scope: Scope) -> str:
    """The path in plain ASCII without its query, for logs and the audit; never with a key in it."""
    path = route_path(scope)
    return "(a key)" if holds_key(path) else quote(path, safe="/:@")[:_LONGEST]
