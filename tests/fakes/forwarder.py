"""A port that leads to a server, and to nobody while it is closed: a lake that goes and comes."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import urlsplit


def free_port() -> int:
    """A port of loopback that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port: int = taken.getsockname()[1]
    return port


@asynccontextmanager
async def forwarding(port: int, url: str) -> AsyncIterator[None]:
    """While the block runs, the port leads to the server at ``url``."""
    target = urlsplit(url)
    open_writers: set[asyncio.StreamWriter] = set()

    async def copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while data := await reader.read(65_536):
                writer.write(data)
                await writer.drain()
        except ConnectionError:
            return
        finally:
            writer.close()

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        theirs, ours = await asyncio.open_connection(target.hostname, target.port)
        open_writers.update((writer, ours))
        await asyncio.gather(copy(reader, ours), copy(theirs, writer))
        for each in (writer, ours):
            open_writers.discard(each)
            await asyncio.gather(each.wait_closed(), return_exceptions=True)

    server = await asyncio.start_server(connected, "127.0.0.1", port)
    try:
        yield
    finally:
        server.close()
        for writer in list(open_writers):
            writer.transport.abort()
        await server.wait_closed()
        while open_writers:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
