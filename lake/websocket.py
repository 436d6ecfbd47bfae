"""A WebSocket that a platform sends messages over: the only other aiohttp client.

It connects once and says what went wrong by what the caller must do; connecting again is the
caller's job.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass

import aiohttp

from lake.errors import BlockedError, NotFoundError, RetryError, UnavailableError
from lake.http_answer import shown, status_error
from lake.limits import reset_after_s
from lake.meter import meter
from lake.times import now

_GOODBYE_S = 2.0  # so long the other side may take to say that it closes too


@dataclass(frozen=True, slots=True)
class SocketOptions:
    """How a connection is made and kept.

    Args:
        connect_s: Longest time for it to be made.
        heartbeat_s: Seconds between pings; a connection that answers none is given up.
        max_bytes: Largest message that is taken; a larger one ends the connection.
    """

    connect_s: float = 30.0
    heartbeat_s: float = 30.0
    max_bytes: int = 16_000_000


class Socket:
    """An open connection; made by ``connect``.

    Args:
        socket: The connection.
        url: Where it leads, for messages.
    """

    def __init__(self, socket: aiohttp.ClientWebSocketResponse, url: str) -> None:
        self._socket = socket
        self._url = url
        self._waiting: asyncio.Task[aiohttp.WSMessage] | None = None

    async def receive(self, within_s: float) -> str | bytes | None:
        """The next message; None where none came in time. Nothing is lost by asking again.

        Args:
            within_s: How long to wait for it.

        Raises:
            UnavailableError: The connection is lost or was closed, or a message is too large.
        """
        if self._waiting is None:
            self._waiting = asyncio.ensure_future(self._socket.receive())
        done, _ = await asyncio.wait([self._waiting], timeout=max(0.0, within_s))
        if not done:
            return None
        task, self._waiting = self._waiting, None
        with _our_errors(self._url):
            return self._read(task.result())

    def _read(self, message: aiohttp.WSMessage) -> str | bytes:
        if message.type in (aiohttp.WSMsgType.TEXT, aiohttp.WSMsgType.BINARY):
            found: str | bytes = message.data
            return found
        if message.type is aiohttp.WSMsgType.ERROR:
            kind = type(message.data).__name__
            raise UnavailableError(f"{shown(self._url)}: the connection broke ({kind})")
        code = self._socket.close_code
        raise UnavailableError(f"{shown(self._url)} closed the connection ({code})")

    async def close(self) -> None:
        """Waits for nothing any more."""
        if self._waiting is not None:
            self._waiting.cancel()
            await asyncio.gather(self._waiting, return_exceptions=True)


@asynccontextmanager
async def connect(
    url: str,
    params: Mapping[str, str],
    options: SocketOptions,
    *,
    user_agent: str = "taglake",
) -> AsyncIterator[Socket]:
    """A connection that is closed at the end of the block.

    Args:
        url: Begins with ``ws://`` or ``wss://``; without a query.
        params: The query.
        options: How it is made and kept.
        user_agent: What the server is told.

    Raises:
        RetryError: The server is not there, has no time, or asks us to come later.
        StopPlatformError: It refuses us, or is no such server.
    """
    meter().calls += 1
    timeout = aiohttp.ClientTimeout(total=None, sock_connect=options.connect_s)
    async with aiohttp.ClientSession(
        timeout=timeout, headers={"User-Agent": user_agent}
    ) as session:
        with _our_errors(url):
            async with asyncio.timeout(options.connect_s):
                connected = await session.ws_connect(
                    url,
                    params=params,
                    timeout=aiohttp.ClientWSTimeout(ws_close=_GOODBYE_S),
                    heartbeat=options.heartbeat_s,
                    max_msg_size=options.max_bytes,
                )
        socket = Socket(connected, url)
        try:
            yield socket
        finally:
            await socket.close()
            await connected.close()


@contextmanager
def _our_errors(url: str) -> Iterator[None]:
    try:
        yield
    except aiohttp.WSServerHandshakeError as exc:
        raise _refusal(url, exc) from exc
    except (aiohttp.TooManyRedirects, aiohttp.InvalidURL) as exc:
        raise BlockedError(f"{shown(url)} leads nowhere ({type(exc).__name__})") from exc
    except TimeoutError as exc:
        raise UnavailableError(f"{shown(url)} did not answer") from exc
    except (aiohttp.ClientError, OSError) as exc:
        raise UnavailableError(f"{shown(url)}: {type(exc).__name__}") from exc


def _refusal(url: str, exc: aiohttp.WSServerHandshakeError) -> Exception:
    error = status_error(exc.status)
    if error is None or error is NotFoundError:
        return BlockedError(f"{shown(url)} is no WebSocket ({exc.status})")
    message = f"{shown(url)} answered {exc.status}"
    if issubclass(error, RetryError):
        return error(message, after_s=reset_after_s(exc.headers or {}, now()))
    return error(message)
