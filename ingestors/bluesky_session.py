"""Signing in to a Bluesky server with an app password, and what its errors mean.

Lexicons: https://docs.bsky.app (com.atproto.server.createSession, refreshSession). A server lets
somebody sign in 30 times in 5 minutes and 300 times a day
(https://docs.bsky.app/docs/advanced-guides/rate-limits), so the tokens are kept for the whole
connection: a dead one is renewed, and only where that fails too is the password sent again. They
are secrets and nowhere on disk; what outlives the process is how often somebody signed in.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import SecretStr

from ingestors.credentials import credential_name
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
from lake.quota import Rolling

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
_ACCOUNT_OUT = frozenset({"AccountTakedown", "AccountSuspended", "AccountDeactivated"})
LOGINS_A_DAY = Rolling(300, 86_400)
LOGINS_IN_5_MINUTES = Rolling(30, 300)
_GONE = frozenset({"NotFound", *_ACCOUNT_OUT})


def refusal(status: int, body: Any) -> TaglakeError | None:
    """What an error answer means; None where the status alone decides."""
    name = string(mapping(body).get("error"))
    message = f"Bluesky refused a call: {name or status} ({status})"
    if status == 501:  # says that it has no such method, which is no outage
        return NotFoundError(message)
    error = _ERRORS.get(name or "")
    return error(message) if error else None


def refusal_of_account(status: int, body: Any) -> TaglakeError | None:
    """As ``refusal``, where one account was asked for: a taken down one is not there."""
    name = string(mapping(body).get("error"))
    if is_gone(status, body) or (status < 500 and name == "InvalidRequest"):
        return NotFoundError(f"Bluesky refused a call: {name} ({status})")
    return refusal(status, body)


def is_gone(status: int, body: Any) -> bool:
    """Whether the server itself says that what was asked for is not there, or no longer."""
    return status < 500 and string(mapping(body).get("error")) in _GONE


@dataclass(frozen=True, slots=True)
class Login:
    """Who signs in: a handle, DID or e-mail address, and an app password."""

    identifier: str
    app_password: SecretStr

    @property
    def name(self) -> str:
        """What logs and limits call the account."""
        return credential_name(self.identifier)


@dataclass(frozen=True, slots=True)
class _Tokens:
    access: str
    refresh: str


class Session:
    """Calls to one server on behalf of an account.

    Args:
        client: Makes the calls.
        service: The server's address.
        login: Who signs in.

    Attributes:
        is_out: Whether the server does not accept the account any more.
    """

    def __init__(self, client: Http, service: str, login: Login) -> None:
        self.is_out = False
        self._http = client
        self._logins = [f"login/{login.name}", f"login-5-min/{login.name}"]
        for bucket, budget in zip(self._logins, (LOGINS_A_DAY, LOGINS_IN_5_MINUTES), strict=True):
            client.limits.allow(bucket, budget)
        self._xrpc = f"{service}/xrpc/"
        self._login = login
        self._lock = asyncio.Lock()
        self._tokens: _Tokens | None = None
        self._refused: str | None = None

    async def get(
        self, method: str, params: Mapping[str, str], bucket: str | None = None
    ) -> Answer:
        """One signed query; the tokens are renewed once if they died.

        Args:
            method: The lexicon's name.
            params: The query.
            bucket: Whose limit the call falls under; the server's by default.

        Raises:
            UnauthorizedError: The server does not let the account in.
            RateLimitedError: Too many calls, or so many logins that the server takes no more.
        """
        tokens = await self._alive(None)
        try:
            return await self._query(method, params, tokens, bucket)
        except UnauthorizedError:
            tokens = await self._alive(tokens)
        return await self._query(method, params, tokens, bucket)

    async def _query(
        self, method: str, params: Mapping[str, str], tokens: _Tokens, bucket: str | None
    ) -> Answer:
        url, headers = self._xrpc + method, _bearer(tokens.access)
        return await self._http.get_json(
            url, params, headers, refusal=self._noted_refusal, bucket=bucket
        )

    def _noted_refusal(self, status: int, body: Any) -> TaglakeError | None:
        self.is_out = self.is_out or string(mapping(body).get("error")) in _ACCOUNT_OUT
        return refusal(status, body)

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
        if self._refused is not None:  # asking again would use up the logins of a day
            raise UnauthorizedError(self._refused)
        password = self._login.app_password.get_secret_value()
        body = {"identifier": self._login.identifier, "password": password}
        for bucket in self._logins:
            self._http.limits.spend(bucket)
        try:
            return await self._session("createSession", body, {})
        except (UnauthorizedError, InvalidError) as exc:
            self._refused = (
                f"Bluesky did not let {self._login.identifier!r} in; make a new app password "
                "under Settings and set app_password"
            )
            self.is_out = True
            raise UnauthorizedError(self._refused) from exc
        except NotFoundError as exc:
            raise BlockedError(
                f"{self._xrpc} lets nobody sign in; is it a Bluesky server?"
            ) from exc

    async def _session(
        self, method: str, body: Mapping[str, str] | None, headers: Mapping[str, str]
    ) -> _Tokens:
        url = f"{self._xrpc}com.atproto.server.{method}"
        answer = await self._http.post_json(url, body, headers, refusal=self._noted_refusal)
        access = string(mapping(answer.body).get("accessJwt"))
        refresh = string(mapping(answer.body).get("refreshJwt"))
        if access is None or refresh is None:
            raise BlockedError(f"{url} answered without tokens; is it a Bluesky server?")
        return _Tokens(access, refresh)


def _bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}
