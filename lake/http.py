"""HTTP to platforms: the only aiohttp client.

It asks once a call and sorts what went wrong by what the caller must do; ``lake.retry`` makes the
further attempts. It slows down before it is refused: an answer that says that no calls are left
makes the next call to that server wait for the reset.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import aiohttp

from lake.errors import (
    BlockedError,
    NotFoundError,
    RateLimitedError,
    RetryError,
    TaglakeError,
    UnauthorizedError,
    UnavailableError,
)
from lake.limits import remaining_calls, reset_after_s
from lake.retry import Sleep
from lake.times import now as real_now

# What a status means for the caller; a status that is not listed goes by its hundred.
STATUS_ERRORS: Mapping[int, type[TaglakeError]] = {
    3: BlockedError,  # a redirect that cannot be followed
    4: BlockedError,
    5: UnavailableError,
    401: UnauthorizedError,
    404: NotFoundError,
    408: UnavailableError,
    410: NotFoundError,
    425: UnavailableError,
    429: RateLimitedError,
}
# An error status and its JSON body to the error that they mean; None: the status alone decides.
Refusal = Callable[[int, Any], TaglakeError | None]
_LINK = re.compile(r'<([^<>]*)>[^<]*?;\s*rel="?([A-Za-z ]+)"?')
_CHUNK_BYTES = 65_536
_LONGEST_CLOSED_S = 31 * 86_400  # a reset further ahead is a mistake of the server's


@dataclass(frozen=True, slots=True)
class HttpOptions:
    """How calls are made.

    Args:
        timeout_s: Longest time for one call, and longest silence within it.
        connect_s: Longest time for a connection to be made.
        max_bytes: Largest body that is taken, after decompression.
        connections: Calls at once, to all servers together.
        max_pause_s: Longest wait for a reset before a call; a longer one is refused instead.
    """

    timeout_s: float = 60.0
    connect_s: float = 10.0
    max_bytes: int = 20_000_000
    connections: int = 8
    max_pause_s: float = 900.0


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer with a JSON body.

    Args:
        body: The decoded JSON.
        headers: Names in lower case.
        received_at: When the whole body was there, aware UTC.
        links: The ``Link`` header: relation to URL, such as ``next``.
    """

    body: Any
    headers: Mapping[str, str]
    received_at: datetime
    links: Mapping[str, str]


class Http:
    """Calls to platforms over one pool of connections; made by ``connect``.

    Args:
        session: Where the connections are.
        options: How calls are made.
        clock: The current time, aware; tests pass their own.
        sleep: How to wait; tests pass their own.
    """

    def __init__(
        self,
        session: aiohttp.ClientSession,
        options: HttpOptions,
        *,
        clock: Callable[[], datetime] = real_now,
        sleep: Sleep = asyncio.sleep,
    ) -> None:
        self._session = session
        self._options = options
        self._clock = clock
        self._sleep = sleep
        self._open_at: dict[str, datetime] = {}

    async def get_json(
        self,
        url: str,
        params: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        *,
        refusal: Refusal | None = None,
    ) -> Answer:
        """The JSON that a GET brings, asked for once.

        Args:
            url: Without a query.
            params: The query.
            headers: What this call needs besides the usual ones.
            refusal: Sorts an error answer whose JSON body tells more than its status.

        Raises:
            RateLimitedError: Too many calls; ``after_s`` where the server says when to come back.
            UnavailableError: No whole answer: time-out, lost connection, 5xx, empty or cut off.
            UnauthorizedError: HTTP 401.
            NotFoundError: HTTP 404 or 410: what the URL names is not there, or no longer.
            BlockedError: Another 4xx, a page for people instead of JSON, or a body past the limit.
        """
        return await self._ask("GET", url, refusal, params=params, headers=headers)

    async def post_json(
        self,
        url: str,
        body: Any = None,
        headers: Mapping[str, str] | None = None,
        *,
        refusal: Refusal | None = None,
    ) -> Answer:
        """The JSON that a POST brings, asked for once; errors as ``get_json``'s.

        Args:
            url: Without a query.
            body: What is sent as JSON; None sends no body.
            headers: What this call needs besides the usual ones.
            refusal: Sorts an error answer whose JSON body tells more than its status.
        """
        return await self._ask("POST", url, refusal, json=body, headers=headers)

    async def _ask(self, method: str, url: str, refusal: Refusal | None, **sent: Any) -> Answer:
        await self._pause(url)
        try:
            async with self._session.request(method, url, **sent) as response:
                self._note_limits(url, response)
                if refusal is not None:
                    await self._check_refusal(url, response, refusal)
                self._check_status(url, response)
                body = await self._read(url, response)
        except (aiohttp.TooManyRedirects, aiohttp.InvalidURL) as exc:
            raise BlockedError(f"{shown(url)} leads nowhere ({type(exc).__name__})") from exc
        except TimeoutError as exc:
            raise UnavailableError(
                f"{shown(url)} did not answer within {self._options.timeout_s:g} s"
            ) from exc
        except (aiohttp.ClientError, OSError) as exc:
            # Its own text may hold the URL with its query, so only the kind is told.
            raise UnavailableError(f"{shown(url)}: {type(exc).__name__}") from exc
        plain = {name.lower(): value for name, value in response.headers.items()}
        decoded = _decoded(url, body, plain.get("content-type", ""))
        return Answer(decoded, plain, self._clock(), links(plain.get("link", "")))

    async def _pause(self, url: str) -> None:
        server = urlsplit(url).netloc
        open_at = self._open_at.get(server)
        if open_at is None:
            return
        wait_s = (open_at - self._clock()).total_seconds()
        if wait_s > self._options.max_pause_s:
            raise RateLimitedError(f"{server} takes no calls for {wait_s:.0f} s", after_s=wait_s)
        if wait_s > 0:
            await self._sleep(wait_s)
        # Another call may have learnt of a later reset while this one slept.
        if self._open_at.get(server) == open_at:
            del self._open_at[server]

    def _note_limits(self, url: str, response: aiohttp.ClientResponse) -> None:
        left = remaining_calls(response.headers)
        if response.status != 429 and (left is None or left >= 1):
            return
        now = self._clock()
        wait_s = reset_after_s(response.headers, now)
        if wait_s:
            closed = timedelta(seconds=min(wait_s, _LONGEST_CLOSED_S))
            self._open_at[urlsplit(url).netloc] = now + closed

    def _check_status(self, url: str, response: aiohttp.ClientResponse) -> None:
        status = response.status
        if 200 <= status < 300:
            return
        error = STATUS_ERRORS.get(status) or STATUS_ERRORS.get(status // 100, BlockedError)
        message = f"{shown(url)} answered {status}"
        if issubclass(error, RetryError):
            raise error(message, after_s=reset_after_s(response.headers, self._clock()))
        raise error(message)

    async def _check_refusal(
        self, url: str, response: aiohttp.ClientResponse, refusal: Refusal
    ) -> None:
        if 200 <= response.status < 300:
            return
        try:
            body = json.loads(await self._read(url, response))
        except (ValueError, RecursionError):
            return
        error = refusal(response.status, body)
        if isinstance(error, RetryError) and error.after_s is None:
            error.after_s = reset_after_s(response.headers, self._clock())
        if error is not None:
            raise error

    async def _read(self, url: str, response: aiohttp.ClientResponse) -> bytes:
        body = bytearray()
        async for chunk in response.content.iter_chunked(_CHUNK_BYTES):
            body += chunk
            if len(body) > self._options.max_bytes:
                raise BlockedError(
                    f"{shown(url)} answered more than {self._options.max_bytes:,} bytes"
                )
        return bytes(body)


@asynccontextmanager
async def connect(
    options: HttpOptions,
    *,
    user_agent: str = "taglake",
    clock: Callable[[], datetime] = real_now,
    sleep: Sleep = asyncio.sleep,
) -> AsyncIterator[Http]:
    """A client whose connections are closed at the end of the block."""
    session = aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=options.connections),
        timeout=aiohttp.ClientTimeout(
            total=options.timeout_s,
            sock_connect=min(options.connect_s, options.timeout_s),
            sock_read=options.timeout_s,
        ),
        headers={"User-Agent": user_agent, "Accept": "application/json"},
        cookie_jar=aiohttp.DummyCookieJar(),  # a platform's cookie must not tie our calls together
    )
    async with session:
        yield Http(session, options, clock=clock, sleep=sleep)


def shown(url: str) -> str:
    """A URL as messages may hold it: without user, password, query and fragment."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return "a URL that cannot be read"
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"


def links(header: str) -> dict[str, str]:
    """A ``Link`` header (RFC 8288) as relation to URL; what cannot be read is left out."""
    return {
        relation: target
        for target, relations in _LINK.findall(header)
        for relation in relations.lower().split()
    }


def _decoded(url: str, body: bytes, content_type: str) -> Any:
    start = body[:1_000].lstrip()
    if not start:
        raise UnavailableError(f"{shown(url)} answered nothing")
    if "html" in content_type.lower() or start.startswith(b"<"):
        raise BlockedError(
            f"{shown(url)} answered a page for people instead of JSON: a login wall or a block"
        )
    try:
        return json.loads(body, parse_constant=lambda _: None)
    except (ValueError, RecursionError) as exc:
        raise UnavailableError(f"{shown(url)} answered JSON that is cut off or damaged") from exc
