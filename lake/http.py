"""HTTP to platforms: the only aiohttp client.

It asks once a call and sorts what went wrong by what the caller must do; ``lake.retry`` makes the
further attempts. It slows down before it is refused: an answer that says that no calls are left
makes the next call of the same bucket wait for the reset.
"""

from __future__ import annotations

import asyncio
import json
import ssl
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import aiohttp

from lake.errors import BlockedError, RateLimitedError, RetryError, TaglakeError, UnavailableError
from lake.http_answer import Answer, decoded, links, shown, status_error, unguarded
from lake.limits import remaining_calls, reset_after_s
from lake.meter import meter
from lake.quota import LimitBook
from lake.retry import Sleep
from lake.times import now as real_now

# An error status and its JSON body (None: a 501 without one) to the error that they mean; None: the
# status alone decides.
Refusal = Callable[[int, Any], TaglakeError | None]
_CHUNK_BYTES = 65_536
_NOT_IMPLEMENTED = 501  # tells all there is to tell, and no outage: sorted without a body too
_LONGEST_S = 31 * 86_400  # a reset further ahead is a mistake of the server's


@dataclass(frozen=True, slots=True)
class HttpOptions:
    """How calls are made.

    Args:
        timeout_s: Longest time for one call, and longest silence within it.
        connect_s: Longest time for a connection to be made.
        max_bytes: Largest body that is taken, after decompression.
        connections: Calls at once, to all servers together.
        max_pause_s: Longest wait for a reset before a call; a longer one is refused instead.
        redirects: Whether a redirect is followed; else it is a refusal.
    """

    timeout_s: float = 60.0
    connect_s: float = 10.0
    max_bytes: int = 20_000_000
    connections: int = 8
    max_pause_s: float = 900.0
    redirects: bool = True


class Http:
    """Calls to platforms over one pool of connections; made by ``connect``.

    Args:
        session: Where the connections are.
        options: How calls are made.
        limits: What is left of each bucket; told of every answer.
        clock: The current time, aware; tests pass their own.
        sleep: How to wait; tests pass their own.
    """

    def __init__(
        self,
        session: aiohttp.ClientSession,
        options: HttpOptions,
        limits: LimitBook,
        *,
        clock: Callable[[], datetime] = real_now,
        sleep: Sleep = asyncio.sleep,
    ) -> None:
        self._session = session
        self._options = options
        self._clock = clock
        self._sleep = sleep
        self.limits = limits

    async def get_json(
        self,
        url: str,
        params: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        *,
        refusal: Refusal | None = None,
        bucket: str | None = None,
    ) -> Answer:
        """The JSON that a GET brings, asked for once.

        Args:
            url: Without a query.
            params: The query.
            headers: What this call needs besides the usual ones.
            refusal: Sorts an error answer whose JSON body tells more than its status.
            bucket: Whose limit the call falls under; the server's by default.

        Raises:
            RateLimitedError: Too many calls; ``after_s`` where the server says when to come back.
            UnavailableError: No whole answer: time-out, lost connection, 5xx, empty or cut off.
            UnauthorizedError: HTTP 401.
            NotFoundError: HTTP 404 or 410: what the URL names is not there, or no longer.
            BlockedError: Another 4xx, a page for people instead of JSON, or a body past the limit.
        """
        return await self._ask("GET", url, refusal, bucket, params=params, headers=headers)

    async def post_json(
        self,
        url: str,
        body: Any = None,
        headers: Mapping[str, str] | None = None,
        *,
        params: Mapping[str, str] | None = None,
        form: Mapping[str, str] | None = None,
        data: bytes | None = None,
        refusal: Refusal | None = None,
        bucket: str | None = None,
    ) -> Answer:
        """The JSON that a POST brings, asked for once; errors as ``get_json``'s.

        Args:
            url: Without a query.
            body: What is sent as JSON; None sends no JSON.
            headers: What this call needs besides the usual ones.
            params: The query.
            form: What is sent as a form instead.
            data: What is sent as it is instead; ``headers`` say what it is.
            refusal: Sorts an error answer whose JSON body tells more than its status.
            bucket: Whose limit the call falls under; the server's by default.
        """
        sent = {"json": body} if form is None and data is None else {"data": form or data}
        return await self._ask("POST", url, refusal, bucket, params=params, headers=headers, **sent)

    async def _ask(
        self, method: str, url: str, refusal: Refusal | None, bucket: str | None, **sent: Any
    ) -> Answer:
        bucket = bucket or urlsplit(url).netloc
        await self._pause(bucket)
        meter().calls += 1
        try:
            follow = self._options.redirects
            async with self._session.request(
                method, url, allow_redirects=follow, **sent
            ) as response:
                self._note_limits(bucket, response)
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
        content = decoded(url, body, plain.get("content-type", ""))
        return Answer(content, plain, self._clock(), links(plain.get("link", "")))

    async def _pause(self, bucket: str) -> None:
        open_at = self.limits.open_at(bucket)
        if open_at is None:
            return
        wait_s = (open_at - self._clock()).total_seconds()
        if wait_s > self._options.max_pause_s:
            raise RateLimitedError(f"{bucket} takes no calls for {wait_s:.0f} s", after_s=wait_s)
        if wait_s > 0:
            meter().waited_s += wait_s
            await self._sleep(wait_s)

    def _note_limits(self, bucket: str, response: aiohttp.ClientResponse) -> None:
        left = remaining_calls(response.headers)
        refused = response.status == 429
        if left is None and not refused:
            return
        now = self._clock()
        wait_s = reset_after_s(response.headers, now)
        resets_at = None if wait_s is None else now + timedelta(seconds=min(wait_s, _LONGEST_S))
        if left is not None:
            meter().quota_left[bucket] = left
            self.limits.note(bucket, left=left, resets_at=resets_at)
        if resets_at is not None and (refused or (left is not None and left < 1)):
            self.limits.close(bucket, resets_at)

    def _check_status(self, url: str, response: aiohttp.ClientResponse) -> None:
        error = status_error(response.status)
        if error is None:
            return
        message = f"{shown(url)} answered {response.status}"
        if issubclass(error, RetryError):
            raise error(message, after_s=reset_after_s(response.headers, self._clock()))
        if error is BlockedError:
            raise BlockedError(message, status=response.status)
        raise error(message)

    async def _check_refusal(
        self, url: str, response: aiohttp.ClientResponse, refusal: Refusal
    ) -> None:
        if 200 <= response.status < 300:
            return
        try:
            body = json.loads(unguarded(await self._read(url, response)))
        except (ValueError, RecursionError):
            if response.status != _NOT_IMPLEMENTED:
                return
            body = None
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
    limits: LimitBook | None = None,
    user_agent: str = "taglake",
    trust: ssl.SSLContext | None = None,
    clock: Callable[[], datetime] = real_now,
    sleep: Sleep = asyncio.sleep,
) -> AsyncIterator[Http]:
    """A client whose connections are closed at the end of the block.

    Args:
        options: How calls are made.
        limits: Where what is left of each server's limit is kept.
        user_agent: What the servers are told.
        trust: Whose certificates are believed; those that the system believes by default.
        clock: The current time, aware; tests pass their own.
        sleep: How to wait; tests pass their own.
    """
    session = aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=options.connections, ssl=trust or True),
        timeout=aiohttp.ClientTimeout(
            total=options.timeout_s,
            sock_connect=min(options.connect_s, options.timeout_s),
            sock_read=options.timeout_s,
        ),
        headers={"User-Agent": user_agent, "Accept": "application/json"},
        cookie_jar=aiohttp.DummyCookieJar(),  # a platform's cookie must not tie our calls together
    )
    async with session:
        yield Http(session, options, limits or LimitBook(clock), clock=clock, sleep=sleep)
