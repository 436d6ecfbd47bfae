"""An application behind a real HTTP server on a loopback port, and a client for it."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import aiohttp
import uvicorn
from fastapi import FastAPI

from tests.fakes.campaign_posts import SPEC

OWN = {"acme", "acmelove"}
BRANDS: Mapping[str, set[str]] = {
    "Acme spring": OWN,
    "Rival [x>y]": {"rival"},
    "Third": {"third", "drei"},
    "Silent": {"nobodysaysthis"},
}


@dataclass(frozen=True)
class Api:
    """A client of a running API."""

    session: aiohttp.ClientSession
    port: int

    async def get(self, path: str, **params: str | int) -> Any:
        async with self.session.get(path, params=params) as answer:
            assert answer.status == 200, await answer.text()
            return await answer.json()

    async def refusal(self, method: str, path: str, **options: Any) -> tuple[int, dict[str, Any]]:
        async with self.session.request(method, path, **options) as answer:
            assert answer.content_type == "application/problem+json", await answer.text()
            body = await answer.json()
            assert body["status"] == answer.status
            return answer.status, body

    async def create(self, **changes: Any) -> str:
        async with self.session.post("/v1/campaigns", json={**SPEC, **changes}) as answer:
            assert answer.status == 201, await answer.text()
            found = await answer.json()
            assert answer.headers["Location"] == f"/v1/campaigns/{found['id']}"
        return str(found["id"])

    async def raw_status(self, method: str, path: str) -> int:
        """Sends the path just as it stands; a client library would tidy it up."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        writer.write(f"{method} {path} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        line = await reader.readline()
        writer.close()
        await writer.wait_closed()
        return int(line.split()[1])


class _Server(uvicorn.Server):
    """A server that tells when it listens."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.listens = asyncio.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.listens.set()


@asynccontextmanager
async def running_api(app: FastAPI) -> AsyncIterator[Api]:
    server = _Server(uvicorn.Config(app, log_config=None, ws="none", lifespan="on"))
    with socket.create_server(("127.0.0.1", 0)) as listener:
        serving = asyncio.create_task(server.serve(sockets=[listener]))
        await server.listens.wait()
        port = listener.getsockname()[1]
        try:
            async with aiohttp.ClientSession(f"http://127.0.0.1:{port}") as session:
                yield Api(session, port)
        finally:
            server.should_exit = True
            await serving
