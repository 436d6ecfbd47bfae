"""Signing in to a Bluesky server with an app password, and what its errors mean.

Lexicons: https://docs.bsky.app (com.atproto.server.createSession, refreshSession). A server lets
somebody sign in only some hundred times a day, so the tokens are kept for the whole connection:
a dead one is renewed, and only where that fails too is the password sent again.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import SecretStr

from ingestors.fields import mapping, string
from lake.errors import (
    BlockedError,
    InvalidError,
    NotFoundError,
    RateLimitedError,
    TaglakeError,
    UnauthorizedError,
    UnavailableError,
)
from lake.http import Http
from lake.http_answer import Answer

# The error's name goes before the status: a dead token is a 400 here.
_ERRORS: Mapping[str, type[TaglakeError]] = {
    "ExpiredToken": UnauthorizedError,
    "InvalidToken": UnauthorizedError,
    "AuthMissing": UnauthorizedError,
    "AuthenticationRequired": UnauthorizedError,
    "AuthFactorTokenRequired": UnauthorizedError,
    "RateLimitExceeded": RateLimitedError,
    "UpstreamFailure": UnavailableError,
    "UpstreamTimeout": UnavailableError,
    "NotEnoughResources": UnavailableError,
    "InternalServerError": UnavailableError,
    "AccountTakedown": BlockedError,
    "AccountSuspended": BlockedError,
    "AccountDeactivated": BlockedError,
    "MethodNotImplemented": NotFoundError,
    "XRPCNotSupported": NotFoundError,
    "NotFound": NotFoundError,
    "BadQueryString": InvalidError,
    "InvalidRequest": InvalidError,
}
_GONE = frozenset(
    {"InvalidRequest", "NotFound", "AccountTakedown", "AccountSuspended", "AccountDeactivated"}
)


def refusal(status: int, body: Any) -> TaglakeError | None:
    """What an error answer means; None where the status alone decides."""
    name = string(mapping(body).get("error"))
    message = f"Bluesky refused a call: {name or status} ({status})"
    if status == 501:  # says that it has no such method, which is no outage
        return NotFoundError(message)
    error = _ERRORS.get(name or "")
    return error(message) if error else None


def refusal_of_one(status: int, body: Any) -> TaglakeError | None:
    """As ``refusal``, where one account or post was asked for: a taken down one is not there."""
    name = string(mapping(body).get("error"))
    if status < 500 and name in _GONE:
        return NotFoundError(f"Bluesky refused a call: {name} ({status})")
    return refusal(status, body)


@dataclass(frozen=True, slots=True)
class Login:
    """Who signs in: a handle, DID or e-mail address, and an app password."""

    identifier: str
    app_password: SecretStr


@dataclass(frozen=True, slots=True)
class _Tokens:
    access: str
    refresh: str


class Session:
    """Calls to one server on behalf of an account.

    Args:
        client: Makes the calls.
        service: The server's address.
        login: Who signs in; None: nobody, and each call is refused.
    """

    def __init__(self, client: Http, service: str, login: Login | None) -> None:
        self._http = client
        self._xrpc = f"{service}/xrpc/"
        self._login = login
        self._lock = asyncio.Lock()
        self._tokens: _Tokens | None = None
        self._refused: str | None = None

    async def get(self, method: str, params: Mapping[str, str]) -> Answer:
        """One signed query; the tokens are renewed once if they died.

        Raises:
            UnauthorizedError: Nobody signs in here, or the server does not let them.
        """
        tokens = await self._alive(None)
        try:
            return await self._query(method, params, tokens)
        except UnauthorizedError:
            tokens = await self._alive(tokens)
        return await self._query(method, params, tokens)

    async def _query(self, method: str, params: Mapping[str, str], tokens: _Tokens) -> Answer:
        url, headers = self._xrpc + method, _bearer(tokens.access)
        return await self._http.get_json(url, params, headers, refusal=refusal)

    async def _alive(self, dead: _Tokens | None) -> _Tokens:
        """Tokens other than those that died: another call's, renewed ones or new ones."""
        async with self._lock:
            if self._tokens is None or self._tokens is dead:
                self._tokens = await self._renewed(dead) or await self._signed_in()
            return self._tokens

    async def _renewed(self, dead: _Tokens | None) -> _Tokens | None:
        if dead is None:
            return None
        headers = _bearer(dead.refresh)
        try:
            return await self._session("refreshSession", None, headers)
        except (UnauthorizedError, InvalidError, NotFoundError):
            return None

    async def _signed_in(self) -> _Tokens:
        if self._login is None:
            raise UnauthorizedError(
                "Bluesky's search is for signed-in accounts only; set identifier and app_password"
            )
        if self._refused is not None:  # asking again would use up the logins of a day
            raise UnauthorizedError(self._refused)
        password = self._login.app_password.get_secret_value()
        body = {"identifier": self._login.identifier, "password": password}
        try:
            return await self._session("createSession", body, {})
        except (UnauthorizedError, InvalidError) as exc:
            self._refused = (
                f"Bluesky did not let {self._login.identifier!r} in; make a new app password "
                "under Settings and set app_password"
            )
            raise UnauthorizedError(self._refused) from exc
        except NotFoundError as exc:
            raise BlockedError(
                f"{self._xrpc} lets nobody sign in; is it a Bluesky server?"
            ) from exc

    async def _session(
        self, method: str, body: Mapping[str, str] | None, headers: Mapping[str, str]
    ) -> _Tokens:
        url = f"{self._xrpc}com.atproto.server.{method}"
        answer = await self._http.post_json(url, body, headers, refusal=refusal)
        access = string(mapping(answer.body).get("accessJwt"))
        refresh = string(mapping(answer.body).get("refreshJwt"))
        if access is None or refresh is None:
            raise BlockedError(f"{url} answered without tokens; is it a Bluesky server?")
        return _Tokens(access, refresh)


def _bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}
