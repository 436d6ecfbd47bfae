"""Do many clients that ask without pause get anything but answers and "too many requests"?

One embedded node, one API with its usual limits in this process, clients in it too, so the times
are of a busy machine; ``benchmarks.api`` measures answers. Fails where a status is neither 2xx nor
429. The last line is JSON.

    python -m benchmarks.load
    python -m benchmarks.load --seconds 5 --no-limits
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import socket
import sys
import time
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import cycle, islice
from typing import Any

import aiohttp
import uvicorn
from fastapi import FastAPI

from api.app import create_app
from benchmarks.api import fill, register
from benchmarks.api_load import percentile, questions, routes_of, session_of
from benchmarks.api_posts import PREFIX, START, World
from benchmarks.bulk import node_of_its_own
from lake.access import Access
from lake.config import ApiConfig, Config, ElasticsearchConfig
from lake.node_start import NodeAccess
from lake.store import open_store

CLIENTS = 200
SECONDS = 60.0


@dataclass(slots=True)
class Storm:
    """What came of it.

    Args:
        statuses: How often each was answered; 0 stands for a connection that broke.
        answered_ms: How long the 2xx took.
    """

    statuses: Counter[int] = field(default_factory=Counter)
    answered_ms: list[float] = field(default_factory=list)

    def surprises(self) -> dict[int, int]:
        """What is neither 2xx nor 429."""
        return {
            status: count
            for status, count in self.statuses.items()
            if status != 429 and not 200 <= status < 300
        }


async def storm(
    session: aiohttp.ClientSession, addresses: Sequence[str], *, clients: int, seconds: float
) -> Storm:
    """Many clients that ask one address after the other, each beginning with another one.

    Args:
        session: Whose connector lets as many connections be as there are clients.
        addresses: Path and query.
        clients: How many ask at the same time.
        seconds: When the last question is begun; its answer is waited for.
    """
    found = Storm()
    until = time.monotonic() + seconds

    async def client(number: int) -> None:
        for address in islice(cycle(addresses), number % len(addresses), None):
            await _ask(session, address, found)
            if time.monotonic() > until:
                return

    await asyncio.gather(*(client(number) for number in range(clients)))
    return found


async def _ask(session: aiohttp.ClientSession, address: str, found: Storm) -> None:
    began = time.perf_counter()
    try:
        async with session.get(address) as answer:
            await answer.read()
            status = answer.status
    except aiohttp.ClientError:
        status = 0
    found.statuses[status] += 1
    if 200 <= status < 300:
        found.answered_ms.append(1000 * (time.perf_counter() - began))


@asynccontextmanager
async def _serving(app: FastAPI) -> AsyncIterator[int]:
    with socket.create_server(("127.0.0.1", 0), backlog=1_024) as listener:
        config = uvicorn.Config(app, log_level="warning", access_log=False, lifespan="on")
        server = uvicorn.Server(config)
        task = asyncio.create_task(server.serve(sockets=[listener]))
        try:
            yield listener.getsockname()[1]
        finally:
            server.should_exit = True
            await task


async def measure(
    node: NodeAccess, world: World, clients: int, seconds: float, *, limits: bool
) -> dict[str, Any]:
    """Fills a lake, serves it, asks, and says what came of it."""
    admin = node.users["admin"]
    api = ApiConfig() if limits else ApiConfig(requests_per_min=None)
    where = ElasticsearchConfig(url=node.url, index_prefix=PREFIX)
    config = Config(elasticsearch=where, api=api)
    async with open_store(config, Access(node.url, admin.user, admin.password)) as store:
        await fill(store, world)
        async with _serving(create_app(store, config)) as port, session_of(port) as session:
            async with session.get("/openapi.json") as answer:
                routes = routes_of(await answer.json())
            ids = await register(session, world)
            start = START.isoformat()[:10]
            asked = [one for campaign in ids for one in questions(routes, campaign, start)]
            addresses = [f"{one.path}?{'&'.join(map('='.join, one.params))}" for one in asked]
            connector = aiohttp.TCPConnector(limit=0)
            base = f"http://127.0.0.1:{port}"
            async with aiohttp.ClientSession(base, connector=connector) as crowd:
                found = await storm(crowd, addresses, clients=clients, seconds=seconds)
    times = found.answered_ms or [0.0]
    return {
        "statuses": {str(status): count for status, count in sorted(found.statuses.items())},
        "surprises": sum(found.surprises().values()),
        "p50_ms": round(percentile(times, 0.5), 1),
        "p95_ms": round(percentile(times, 0.95), 1),
        "clients": clients,
        "seconds": seconds,
        "limits": limits,
        "posts": world.posts,
        "cores": os.cpu_count(),
    }


def main() -> None:
    """Reads the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--clients", type=int, default=CLIENTS)
    parser.add_argument("--seconds", type=float, default=SECONDS)
    parser.add_argument("--posts", type=int, default=20_000)
    parser.add_argument("--limits", action=argparse.BooleanOptionalAction, default=True)
    wanted = parser.parse_args()
    world = World(wanted.posts, wanted.posts // 5, 3)
    with node_of_its_own() as node:
        told = measure(node, world, wanted.clients, wanted.seconds, limits=wanted.limits)
        found = asyncio.run(told)
    print(json.dumps(found))
    sys.exit(1 if found["surprises"] else 0)


if __name__ == "__main__":
    main()
