"""Who asks, and whether they may: API keys, push tokens, and this machine where no key exists.

Everything but ``OPEN`` needs a key as soon as one exists, so a new route is closed from its
beginning. Answers to a wrong, an unknown, a revoked and an expired key are the same.

How a bearer is sent and refused: https://www.rfc-editor.org/rfc/rfc6750#section-3
"""

from __future__ import annotations

import hmac
import ipaddress
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from urllib.parse import parse_qsl

from starlette.datastructures import Headers
from starlette.types import Scope

from api.keyring import Keyring
from api.route_path import route_path
from lake import times
from lake.errors import RetryError
from lake.key import NOBODY, Key, Role, allows, holds_key, parts_of

OPEN = frozenset(
    {
        *("/healthz", "/readyz", "/metrics", "/openapi.json"),
        *("/docs", "/docs/oauth2-redirect", "/redoc"),
        "/v1/metrics/definitions",  # what numbers mean; dashboards link to it from a browser
    }
)
"""Paths that need no key."""

_PUSH = "/v1/push/"
_OF_ADMINS = ("/v1/erasures", "/v1/keys")
_READING = frozenset({"GET", "HEAD", "OPTIONS"})
_KEY_NAMES = frozenset({"access_token", "api_key", "apikey", "key", "token"})
_REALM = 'Bearer realm="taglake"'
_MISSING = "an API key is needed, sent as: Authorization: Bearer <key>"
_WRONG = "this API key is not accepted"
_PUSHING = (
    "a push needs one of api.push_tokens, or a key with the role write, "
    "sent as: Authorization: Bearer <token>"
)
_IN_ADDRESS = (
    "a key must not stand in an address, because addresses are kept in logs: send it as "
    "'Authorization: Bearer <key>', and revoke the one that was sent so"
)


@dataclass(frozen=True, slots=True)
class Caller:
    """Who was let in.

    Args:
        name: ``key:<id>``, ``token:<number>`` or ``address:<ip>``.
        role: What they may do.
        key_id: The id of their key, if they have one.
    """

    name: str
    role: Role
    key_id: str | None = None


@dataclass(frozen=True, slots=True)
class Denied:
    """Why somebody was not let in.

    Args:
        status: 400, 401 or 403.
        detail: What they are told.
        reason: What the audit is told.
        actor: Who it was, as far as that is proven.
        headers: What belongs to the answer.
    """

    status: int
    detail: str
    reason: str
    actor: str
    headers: Mapping[str, str] = field(default_factory=dict)


class Doorkeeper:
    """Says who may come in.

    Args:
        keyring: The keys that there are.
        require_keys: Whether a key is needed even where none exists.
        push_tokens: Other words that let in to ``/v1/push``.
    """

    def __init__(
        self, keyring: Keyring, *, require_keys: bool, push_tokens: Sequence[bytes] = ()
    ) -> None:
        self._keyring = keyring
        self._require_keys = require_keys
        self._push_tokens = push_tokens

    async def admit(self, scope: Scope) -> Caller | Denied:
        """Who asks, or why they are not let in.

        Raises:
            RetryError: Nobody knows, because the lake does not answer.
        """
        address = address_of(scope)
        if _key_in_query(scope):
            return Denied(400, _IN_ADDRESS, "key in the address", f"address:{address}")
        path = route_path(scope)
        if path in OPEN:
            return Caller(f"address:{address}", "read")
        found = await self._identify(scope, path, address)
        if isinstance(found, Denied):
            return found
        needed = needed_role(scope["method"], path)
        if allows(found.role, needed):
            return found
        return Denied(
            403,
            f"this needs a key with the role {needed}; this one has the role {found.role}",
            f"role {needed} needed",
            found.name,
            {"WWW-Authenticate": f'{_REALM}, error="insufficient_scope", scope="{needed}"'},
        )

    async def _identify(self, scope: Scope, path: str, address: str) -> Caller | Denied:
        sent = _bearer(scope)
        is_push = path.startswith(_PUSH)
        if is_push and (caller := self._with_token(sent)) is not None:
            return caller
        tokens = is_push and bool(self._push_tokens)
        keys = await self._keys(is_push=is_push, is_asked=parts_of(sent or "") is not None)
        if keys or self._require_keys or tokens:
            missing = _PUSHING if tokens else _MISSING
            return _with_key(sent, keys, f"address:{address}", missing)
        if is_loopback(address):  # all that the lake has to offer, to programs on its own machine
            return Caller(f"address:{address}", "admin")
        return _unauthorised(_MISSING, "not this machine, and there are no keys", address)

    def _with_token(self, sent: str | None) -> Caller | None:
        word = (sent or "").encode()
        # Every token is compared, so that the time tells nothing of which one it was.
        matches = [hmac.compare_digest(word, token) for token in self._push_tokens]
        return Caller(f"token:{matches.index(True)}", "write") if any(matches) else None

    async def _keys(self, *, is_push: bool, is_asked: bool) -> Mapping[str, Key]:
        """The keys; for a push, which the disk takes while the lake is away, those known last."""
        try:
            return await self._keyring.keys()
        except RetryError:
            known = self._keyring.last_known
            if not is_push or (known is None and is_asked):
                raise
            return known or {}


def needed_role(method: str, path: str) -> Role:
    """The least role that a request needs."""
    if any(path == prefix or path.startswith(f"{prefix}/") for prefix in _OF_ADMINS):
        return "admin"
    return "read" if method in _READING else "write"


def address_of(scope: Scope) -> str:
    """The address that a request came from; empty where the server does not tell."""
    client = scope.get("client")
    return str(client[0]) if client else ""


def is_loopback(address: str) -> bool:
    """Whether an address is one of this machine alone."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return False
    mapped = getattr(found, "ipv4_mapped", None)
    return (mapped or found).is_loopback


def _bearer(scope: Scope) -> str | None:
    """What stands behind ``Bearer``: empty where the header says something else, None without."""
    sent = Headers(scope=scope).getlist("authorization")
    if not sent:
        return None
    scheme, _, word = sent[0].partition(" ")
    return word.strip() if len(sent) == 1 and scheme.lower() == "bearer" else ""


def _with_key(
    sent: str | None, keys: Mapping[str, Key], actor: str, missing: str
) -> Caller | Denied:
    if not sent:
        reason = "no key" if sent is None else "no bearer"
        return _unauthorised(missing, reason, actor)
    parts = parts_of(sent)
    if parts is None:
        return _unauthorised(_WRONG, "garbled key", actor)
    key = keys.get(parts[0])
    fits = (key or NOBODY).fits(parts[1])  # as much work for an id that nobody has
    if key is None or not fits:
        return _unauthorised(_WRONG, "wrong key", actor)
    state = key.state(times.now())
    if state != "live":
        return _unauthorised(_WRONG, f"{state} key", f"key:{key.id}")
    return Caller(f"key:{key.id}", key.role, key.id)


def _unauthorised(detail: str, reason: str, actor: str) -> Denied:
    error = ', error="invalid_token"' if detail == _WRONG else ""
    return Denied(401, detail, reason, actor, {"WWW-Authenticate": f"{_REALM}{error}"})


def _key_in_query(scope: Scope) -> bool:
    query = scope.get("query_string", b"").decode("latin-1")
    return bool(query) and any(
        name.lower() in _KEY_NAMES or holds_key(name) or holds_key(value)
        for name, value in parse_qsl(query, keep_blank_values=True)
    )
