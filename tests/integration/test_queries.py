"""Every query of docs/queries.md is asked of a real node with the sample campaign in it."""

from __future__ import annotations

import asyncio
import os
import sys
from base64 import b64encode
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import yaml

from lake.access import Access
from lake.config import Config, NodeConfig, WriterConfig
from lake.node_start import NodeAccess
from lake.store import open_store
from tests.conftest import ROOT
from tests.fakes.everything import seed_everything
from tests.fakes.query_page import Query, preamble, queries
from tests.lakes import CommandLine

VIRAL = "x:2109253185615953921"
QUERIES = [query for query in queries() if not query.esql]


@dataclass(frozen=True)
class Reader:
    """Somebody who may only read, in the lake of a user who changed no setting."""

    session: aiohttp.ClientSession
    folder: Path

    async def ask(self, query: Query) -> list[Any]:
        """The answers to a query's requests; what the first names is put in the others."""
        found: list[Any] = []
        for request in query.console:
            body = request.body
            if found and isinstance(body, dict):
                body = _filled(body, found[0].get("id"))
            async with self.session.request(
                request.method, f"/{request.path}", json=body
            ) as answer:
                assert answer.status == 200, f"{query.title}: {await answer.text()}"
                found.append(await answer.json())
        return found


def _filled(body: dict[str, Any], name: str | None) -> dict[str, Any]:
    if body.get("id") == "PIT_ID":
        return body | {"id": name}
    return body | {"pit": body["pit"] | {"id": name}} if "pit" in body else body


def _session(node: NodeAccess, role: str) -> aiohttp.ClientSession:
    user = node.users[role]
    login = b64encode(f"{user.user}:{user.password}".encode()).decode()
    return aiohttp.ClientSession(node.url, headers={"Authorization": f"Basic {login}"})


@pytest.fixture(scope="module")
async def reader(
    node: NodeAccess, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Reader]:
    """The sample campaign in the default indices of the node, which are deleted afterwards."""
    folder = tmp_path_factory.mktemp("reader")
    data_dir = node.data_dir.parents[1]  # above node/data: the folder that was given to the node
    sections = {
        "node": {"data_dir": str(data_dir)},
        "writer": {"dead_letter_dir": str(folder / "dead-letters")},
    }
    (folder / "config.yaml").write_text(yaml.safe_dump(sections))
    admin = node.users["admin"]
    await _cleared(node)
    try:
        taglake = CommandLine(folder / "config.yaml", ROOT)
        loaded = await taglake("demo", "--once", "--json")
        assert loaded.status == 0, loaded.err
        assert "starting Elasticsearch" not in loaded.err  # it found the tests' own node
        config = Config(
            node=NodeConfig(data_dir=data_dir),
            writer=WriterConfig(dead_letter_dir=folder / "dead-letters"),
        )
        access = Access(node.url, admin.user, admin.password)
        async with open_store(config, access) as store:
            await seed_everything(store, VIRAL)
        async with _session(node, "reader") as session:
            yield Reader(session, folder)
    finally:
        await _cleared(node)


async def _cleared(node: NodeAccess) -> None:
    """Removes the default indices: those of here, and what other tests left in them."""
    async with _session(node, "admin") as session:
        async with session.get("/taglake-*") as answer:
            names = ",".join(await answer.json())
        if names:
            await session.delete(f"/{names}")
        await session.delete("/_index_template/taglake-*")


@pytest.mark.parametrize("query", QUERIES, ids=lambda query: query.title)
async def test_the_query_finds_something(reader: Reader, query: Query) -> None:
    answers = await reader.ask(query)

    searches = [answer for answer in answers if "hits" in answer]
    assert searches
    for answer in searches:
        assert answer["_shards"]["failed"] == 0
        assert answer["_shards"]["total"] > 0
        assert not answer["timed_out"]
        assert answer["hits"]["hits"] or answer["aggregations"]
        assert answer["hits"]["hits"] or not _empty(answer["aggregations"])
        assert not _empty(answer.get("aggregations", {}))


def _empty(aggregations: dict[str, Any]) -> list[str]:
    """Names of the aggregations that found nothing, at the top or in every bucket above them."""
    return [name for name, found in aggregations.items() if not _found(found)]


def _found(aggregation: Any) -> bool:
    if not isinstance(aggregation, dict):
        return False
    if "buckets" in aggregation:
        buckets = aggregation["buckets"]
        buckets = list(buckets.values()) if isinstance(buckets, dict) else buckets
        return any(bucket["doc_count"] and _below(buckets) for bucket in buckets)
    if "doc_count" in aggregation:
        return bool(aggregation["doc_count"]) and _below([aggregation])
    if "hits" in aggregation:
        return bool(aggregation["hits"]["hits"])
    values = aggregation.get("values") or aggregation
    return any(value is not None for value in values.values())


def _below(buckets: list[dict[str, Any]]) -> bool:
    """Whether every aggregation below some buckets found something in one of them."""
    names = {name for bucket in buckets for name, value in bucket.items() if _is_one(name, value)}
    return all(any(_found(bucket.get(name)) for bucket in buckets) for name in names)


def _is_one(name: str, value: Any) -> bool:
    return isinstance(value, dict) and name != "key"


async def test_the_shell_lines_make_one_the_nodes_reader(reader: Reader) -> None:
    first = QUERIES[0].console[0]
    calls = [
        f"""curl -sS -K "$LOGIN" "$ES/{first.path}" -d '{{"size": 0}}'""",
        """curl -sS -o /dev/null -w '\\n%{http_code}' -K "$LOGIN" -X DELETE "$ES/taglake-audit\"""",
        'rm "$LOGIN"',
    ]
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"

    process = await asyncio.create_subprocess_exec(
        "bash",
        "-c",
        "\n".join(["set -eu", preamble(), *calls]),
        cwd=reader.folder,
        env=os.environ | {"PATH": path},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, err = (part.decode() for part in await process.communicate())

    assert process.returncode == 0, err
    assert "taglake-posts-2026" in out  # the list of indices
    assert '"hits":{"total":{"value":' in out
    assert out.splitlines()[-1] == "403"  # who may read may not delete
