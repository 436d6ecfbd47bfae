"""How long do people wait for an answer about one of a million posts' campaigns?

One embedded node, one API process, eight clients that ask every campaign route of the OpenAPI
document (but the export) at the same time:

* cold: nobody asked that before (each round asks about another window, and Elasticsearch's request
  cache is emptied before it);
* warm: the same again at once;
* own share: one client alone, cold; the part of the time in which no raw call to Elasticsearch was
  under way (see ``benchmarks.api_server``).

Exact rankings, which walk over every author, are printed apart. The posts are of several campaigns
of very different sizes (see ``benchmarks.api_posts``). The last line is JSON.

    python -m benchmarks.api
    python -m benchmarks.api --posts 50000 --authors 10000 --rounds 2
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from datetime import timedelta
from itertools import islice
from typing import Any

import aiohttp

from benchmarks.api_load import (
    Asked,
    Question,
    ask,
    ask_all,
    percentile,
    questions,
    routes_of,
    session_of,
)
from benchmarks.api_posts import PREFIX, START, World, documents
from benchmarks.bulk import node_of_its_own
from lake.access import Access
from lake.bulk import Write
from lake.config import Config, ElasticsearchConfig
from lake.node_start import NodeAccess
from lake.store import Store, open_store
from lake.templates import install_templates

CLIENTS = 8
_BATCH_POSTS = 5_000
_MERGES_S = 300
_WARM_UP_ROUNDS = 2
_REPEATS = 3
EXACT = ({"by": "score", "exact": "true"}, {"by": "er"}, {"by": "posts", "exact": "true"})


async def fill(store: Store, world: World) -> None:
    """Writes the world's posts."""
    await install_templates(store.client, PREFIX)
    made = documents(world, PREFIX)
    batches = []
    while some := list(islice(made, _BATCH_POSTS)):
        batches.append(await store.writer.submit([Write(document) for document in some]))
        if len(batches) % 40 == 0:
            _say(f"{len(batches) * _BATCH_POSTS:,} documents")
    for batch in batches:
        await batch.done()
    await store.refresh()
    for _ in range(_MERGES_S):
        if not await _merging(store):
            break
        await asyncio.sleep(1)


async def _merging(store: Store) -> bool:
    found = await store.client.indices.stats(index=store.layout.every("posts"), metric=["merge"])
    return bool(found["_all"]["total"]["merges"]["current"])


@contextmanager
def server(node: NodeAccess) -> Iterator[int]:
    """The API in a process of its own; gives its port."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    admin = node.users["admin"]
    environment = os.environ | {"BENCH_USER": admin.user, "BENCH_PASSWORD": admin.password}
    command = [sys.executable, "-m", "benchmarks.api_server", "--url", node.url]
    with subprocess.Popen([*command, "--port", str(port)], env=environment) as process:
        try:
            yield port
        finally:
            process.terminate()


async def register(session: aiohttp.ClientSession, world: World) -> list[str]:
    """Registers the campaigns; gives their ids, the largest first."""
    ids = []
    for number in range(world.campaigns):
        async with session.post("/v1/campaigns", json=world.spec(number)) as answer:
            found = await answer.json()
            if answer.status != 201:
                raise SystemExit(f"the campaign was refused: {found}")
        ids.append(str(found["id"]))
    return ids


class Bench:
    """One measurement.

    Args:
        store: The lake.
        session: A client of the API.
        campaigns: Their ids, the largest first.
        routes: Their routes.
    """

    def __init__(
        self,
        store: Store,
        session: aiohttp.ClientSession,
        campaigns: Sequence[str],
        routes: Sequence[str],
    ) -> None:
        self._store, self._session = store, session
        self._campaigns, self._routes = campaigns, routes
        self._asked = 0

    def _new(self, campaign: str) -> list[Question]:
        """Questions that nobody asked before: of a window that begins some minutes later."""
        self._asked += 1
        start = START + timedelta(minutes=self._asked)
        return questions(self._routes, campaign, start.strftime("%Y-%m-%dT%H:%M:%SZ"))

    async def _forget(self) -> None:
        await self._store.client.indices.clear_cache(index=f"{PREFIX}*", request=True)

    async def crowd(self, clients: int) -> tuple[list[Asked], list[Asked]]:
        """Every campaign once by many at the same time: cold, and the same again at once."""
        cold: list[Asked] = []
        warm: list[Asked] = []
        for campaign in self._campaigns:
            await self._forget()
            wanted = self._new(campaign)
            cold += await ask_all(self._session, wanted, clients)
            warm += await ask_all(self._session, wanted * _REPEATS, clients)
        return cold, warm

    async def alone(self) -> list[Asked]:
        """Every campaign once, one question after the other."""
        found = []
        for campaign in self._campaigns:
            await self._forget()
            found += [await ask(self._session, question) for question in self._new(campaign)]
        return found

    async def exact(self) -> list[Asked]:
        """The exact rankings of the largest campaign, one after the other."""
        path = f"/v1/campaigns/{self._campaigns[0]}/influencers"
        found = []
        for params in EXACT:
            name = " ".join(["/influencers", *(f"{k}={v}" for k, v in params.items())])
            await self._forget()
            found.append(await ask(self._session, Question(name, path, tuple(params.items()))))
        return found


async def measure(node: NodeAccess, world: World, rounds: int, clients: int) -> dict[str, Any]:
    """Fills the lake, asks, and prints what it took."""
    async with _store(node) as store:
        await fill(store, world)
        with server(node) as port:
            async with session_of(port) as session:
                async with session.get("/openapi.json") as answer:
                    routes = routes_of(await answer.json())
                bench = Bench(store, session, await register(session, world), routes)
                for _ in range(_WARM_UP_ROUNDS):
                    await bench.crowd(clients)
                _say("warmed up")
                cold: list[Asked] = []
                warm: list[Asked] = []
                for _ in range(rounds):
                    one, two = await bench.crowd(clients)
                    cold += one
                    warm += two
                alone = await bench.alone()
                exact = await bench.exact()
    for title, asked in (("cold", cold), ("warm", warm), ("alone", alone), ("exact", exact)):
        _table(title, asked)
    return {
        "p50_cold_ms": round(percentile([one.took_ms for one in cold], 0.5), 1),
        "p95_cold_ms": round(percentile([one.took_ms for one in cold], 0.95), 1),
        "p50_warm_ms": round(percentile([one.took_ms for one in warm], 0.5), 1),
        "p95_warm_ms": round(percentile([one.took_ms for one in warm], 0.95), 1),
        "own_share": round(1 - _ratio(alone), 3),
        "exact_ms": round(max(one.took_ms for one in exact)),
        "posts": world.posts,
        "campaigns": world.campaigns,
        "clients": clients,
        "cores": os.cpu_count(),
    }


@asynccontextmanager
async def _store(node: NodeAccess) -> AsyncIterator[Store]:
    admin = node.users["admin"]
    config = Config(elasticsearch=ElasticsearchConfig(url=node.url, index_prefix=PREFIX))
    async with open_store(config, Access(node.url, admin.user, admin.password)) as store:
        yield store


def _ratio(asked: Sequence[Asked]) -> float:
    """The raw calls' part of the time."""
    return sum(one.raw_ms for one in asked) / sum(one.took_ms for one in asked)


def _table(title: str, asked: Sequence[Asked]) -> None:
    print(f"\n{title:44} {'asked':>6} {'p50 ms':>8} {'p95 ms':>8} {'raw':>6} {'calls':>6}")
    by_route: dict[str, list[Asked]] = {}
    for one in asked:
        by_route.setdefault(one.route, []).append(one)
    for route, some in [*sorted(by_route.items()), ("all", list(asked))]:
        times = [one.took_ms for one in some]
        calls = sum(one.calls for one in some) / len(some)
        print(
            f"{route:44} {len(some):6} {percentile(times, 0.5):8.1f} "
            f"{percentile(times, 0.95):8.1f} {_ratio(some):6.0%} {calls:6.1f}"
        )


def _say(line: str) -> None:
    print(line, file=sys.stderr)


def main() -> None:
    """Reads the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--posts", type=int, default=1_000_000)
    parser.add_argument("--authors", type=int, default=200_000)
    parser.add_argument("--campaigns", type=int, default=12)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--clients", type=int, default=CLIENTS)
    wanted = parser.parse_args()
    world = World(wanted.posts, wanted.authors, wanted.campaigns)
    with node_of_its_own() as node:
        found = asyncio.run(measure(node, world, wanted.rounds, wanted.clients))
    print(json.dumps(found))


if __name__ == "__main__":
    main()
