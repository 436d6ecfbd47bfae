"""One Kibana over HTTP: what it answers, and what its refusals mean.

Endpoints: https://www.elastic.co/guide/en/kibana/8.19/saved-objects-api.html
"""

from __future__ import annotations

import asyncio
import base64
import secrets
import ssl
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping
from contextlib import asynccontextmanager
from typing import Any, TypeVar

from kibana.refusals import (
    OLDEST,
    WRONG_SERVER,
    explained,
    not_ready,
    not_taken,
    refused,
    summary,
)
from kibana.saved_objects import Key
from lake.config import KibanaConfig
from lake.errors import (
    BlockedError,
    ConfigError,
    InvalidError,
    NotFoundError,
    TaglakeError,
    UnauthorizedError,
    UnavailableError,
)
from lake.http import Http, HttpOptions, connect
from lake.http_answer import shown
from lake.records import Json
from lake.retry import Backoff, Sleep, retrying

T = TypeVar("T")
Say = Callable[[str], None]
_READY = ("available", "degraded")
_BACKOFF = Backoff(base_s=1.0, cap_s=4.0)
_SAY_EVERY_S = 10.0
_OPTIONS = HttpOptions(timeout_s=60.0, redirects=False)  # a password follows no redirect
_HEADERS = {"kbn-xsrf": "taglake"}


class Kibana:
    """A Kibana and one of its spaces; made by ``connected``.

    Args:
        http: The connections.
        config: Its address, the space and how to sign in.
        sleep: How to wait; tests pass their own.
    """

    def __init__(self, http: Http, config: KibanaConfig, sleep: Sleep = asyncio.sleep) -> None:
        self._http = http
        self._config = config
        self._sleep = sleep
        self.url = config.url
        self.base = f"{config.url}/s/{config.space}" if config.space else config.url

    async def wait(self, wait_s: float, say: Say) -> str | None:
        """Waits until it is ready and the space is there; gives its version where it tells it.

        Args:
            wait_s: For how long at most; 0 asks once.
            say: Told every few seconds why it still waits.

        Raises:
            UnavailableError: It was not ready in time.
            ConfigError: It is no Kibana, is too old, refuses us or its certificate is not trusted.
            InvalidError: It has no such space.
        """
        version = await self._once_ready(wait_s, say)
        if version is not None and _number(version) < OLDEST:
            raise ConfigError(
                f"{self.url} is Kibana {version}; the dashboards are of {OLDEST[0]}.{OLDEST[1]}, "
                "and a Kibana takes nothing newer than itself"
            )
        if self._config.space:
            await self._find_space(self._config.space)
        return version

    async def _once_ready(self, wait_s: float, say: Say) -> str | None:
        waited_s, said_s, reason = 0.0, -_SAY_EVERY_S, ""
        began_s = time.monotonic()

        def on_wait(exc: Exception, next_s: float) -> None:
            nonlocal waited_s, said_s, reason
            waited_s = max(waited_s, time.monotonic() - began_s)  # answers may be slow, too
            if str(exc) != reason or waited_s - said_s >= _SAY_EVERY_S:
                say(f"waiting for Kibana ({waited_s:.0f} of {wait_s:.0f} s): {exc}")
                said_s, reason = waited_s, str(exc)
            waited_s += next_s

        async def ask() -> str | None:
            if waited_s > wait_s:  # what the last wait was for is over
                raise _TooLateError(reason)
            return await self._version()

        attempts = None if wait_s > 0 else 1
        try:
            return await retrying(
                ask, backoff=_BACKOFF, attempts=attempts, sleep=self._sleep, on_wait=on_wait
            )
        except _TooLateError as exc:
            raise UnavailableError(f"Kibana was not ready within {wait_s:.0f} s: {exc}") from exc

    async def _version(self) -> str | None:
        body = await self._get(f"{self.url}/api/status", "asking for its state", not_ready)
        status = body.get("status") if isinstance(body, dict) else None
        overall = status.get("overall") if isinstance(status, dict) else None
        if not isinstance(overall, dict) or "level" not in overall:
            raise ConfigError(f"{shown(self.url)} {WRONG_SERVER}")
        if overall["level"] not in _READY:
            raise UnavailableError(f"{shown(self.url)} is {overall['level']}{summary(overall)}")
        version = body.get("version")  # only who is signed in is told
        return str(version["number"]) if isinstance(version, dict) and "number" in version else None

    async def _find_space(self, space: str) -> None:
        def no_space(status: int, body: Any) -> TaglakeError | None:
            if status != 404:
                return refused(status, body)
            return InvalidError(
                f"{shown(self.url)} has no space {space!r}; make it in Kibana (Stack Management, "
                "Spaces), or leave --space out for the default one"
            )

        await self._get(f"{self.url}/api/spaces/space/{space}", "looking at the space", no_space)

    async def send(self, ndjson: bytes, *, overwrite: bool, copies: bool, repeat: bool) -> Json:
        """Imports a file; gives Kibana's answer, which may be a failure.

        Args:
            ndjson: The file.
            overwrite: Whether what exists is replaced.
            copies: Whether every object gets a new id.
            repeat: Whether it may be sent again where no answer came.

        Raises:
            InvalidError: It is refused as a whole.
            ConfigError: It is no Kibana or refuses us.
            UnavailableError: It did not answer.
        """
        mark = secrets.token_hex(16)
        head = (
            f'--{mark}\r\nContent-Disposition: form-data; name="file"; filename="taglake.ndjson"'
            "\r\nContent-Type: application/ndjson\r\n\r\n"
        )
        data = head.encode() + ndjson + f"\r\n--{mark}--\r\n".encode()
        params = {"createNewCopies": "true"} if copies else {"overwrite": str(overwrite).lower()}
        headers = self._headers() | {"Content-Type": f"multipart/form-data; boundary={mark}"}
        url = f"{self.base}/api/saved_objects/_import"

        async def ask() -> Json:
            answer = await self._http.post_json(
                url, data=data, params=params, headers=headers, refusal=not_taken
            )
            return _mapping(url, answer.body)

        with_retries = retrying(
            lambda: self._call("importing", ask),
            backoff=_BACKOFF,
            attempts=4 if repeat else 1,
            sleep=self._sleep,
        )
        return await with_retries

    async def stored(self, keys: Iterable[Key]) -> dict[Key, Json]:
        """The objects that are there, of those that are asked for."""
        wanted = [{"type": type_, "id": id_} for type_, id_ in keys]
        if not wanted:
            return {}
        url = f"{self.base}/api/saved_objects/_bulk_get"

        async def ask() -> Json:
            headers = self._headers()
            answer = await self._http.post_json(url, wanted, headers, refusal=refused)
            return _mapping(url, answer.body)

        body = await self._call("reading objects", ask)
        found = body.get("saved_objects")
        return {
            (one["type"], one["id"]): one
            for one in (found if isinstance(found, list) else [])
            if isinstance(one, dict) and "error" not in one and "attributes" in one
        }

    async def dashboards(self) -> dict[str, str]:
        """The titles of the space's dashboards by id; of the first thousand."""
        params = {"type": "dashboard", "fields": "title", "per_page": "1000"}
        url = f"{self.base}/api/saved_objects/_find"
        body = _mapping(url, await self._get(url, "listing dashboards", params=params))
        return {
            str(one["id"]): str((one.get("attributes") or {}).get("title") or one["id"])
            for one in body.get("saved_objects") or []
        }

    async def _get(
        self,
        url: str,
        doing: str,
        refusal: Callable[[int, Any], TaglakeError | None] | None = None,
        params: Mapping[str, str] | None = None,
    ) -> Any:
        async def ask() -> Any:
            headers, sorts = self._headers(), refusal or refused
            return (await self._http.get_json(url, params, headers, refusal=sorts)).body

        return await self._call(doing, ask)

    async def _call(self, doing: str, ask: Callable[[], Awaitable[T]]) -> T:
        """What ``ask`` gives; errors say what they mean for somebody who reaches a Kibana."""
        try:
            return await ask()
        except (UnauthorizedError, BlockedError, NotFoundError, UnavailableError) as exc:
            meant = explained(exc, shown(self.url), self._who(), doing)
            if meant is exc:
                raise
            raise meant from exc

    def _who(self) -> str:
        if self._config.api_key:
            return "the API key"
        return f"the user {self._config.user!r}" if self._config.user else "a call without a user"

    def _headers(self) -> dict[str, str]:
        config = self._config
        if config.api_key:
            return _HEADERS | {"Authorization": f"ApiKey {config.api_key.get_secret_value()}"}
        if config.user and config.password:
            both = f"{config.user}:{config.password.get_secret_value()}"
            return _HEADERS | {"Authorization": f"Basic {base64.b64encode(both.encode()).decode()}"}
        return dict(_HEADERS)


class _TooLateError(Exception):
    """The time to wait is over."""


@asynccontextmanager
async def connected(config: KibanaConfig, *, sleep: Sleep = asyncio.sleep) -> AsyncIterator[Kibana]:
    """A Kibana, whose connections are closed at the end of the block.

    Raises:
        ConfigError: There is a user without a password, or the certificate file is unusable.
    """
    if config.user and not config.password and not config.api_key:
        raise ConfigError(
            f"kibana: the user {config.user!r} has no password; set TAGLAKE_KIBANA_PASSWORD"
        )
    trust = _trust(config) if config.url.startswith("https") else None
    async with connect(_OPTIONS, trust=trust) as http:
        yield Kibana(http, config, sleep)


def _trust(config: KibanaConfig) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cafile=config.ca_file)
    except (OSError, ssl.SSLError) as exc:
        raise ConfigError(f"kibana.ca_file: {config.ca_file}: cannot be used: {exc}") from exc


def _mapping(url: str, body: Any) -> Json:
    if not isinstance(body, dict):
        raise ConfigError(f"{shown(url)} {WRONG_SERVER}")
    return body


def _number(version: str) -> tuple[int, ...]:
    parts = version.partition("-")[0].split(".")
    return tuple(int(part) for part in parts if part.isdigit())
