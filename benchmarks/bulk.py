"""How fast does the writer put new posts into Elasticsearch, and at what price?

Against two peers, same documents, same node, one run, in turn:

* ``helper``: ``elasticsearch.helpers.async_bulk``, updates with ``doc_as_upsert``, its defaults;
* ``ceiling``: bulk bodies built beforehand and posted raw with aiohttp, as many at once as the
  writer has.

Each variant is a process of its own, so its processor time is its own. ``rss_mb`` is the largest
memory of one more process, in which the writer takes three times as many documents from a
generator. Prints one line of JSON: medians over the rounds.

    python -m benchmarks.bulk
    python -m benchmarks.bulk --docs 200000 --rounds 5
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Coroutine, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

import aiohttp
from elasticsearch import AsyncElasticsearch
from elasticsearch.helpers import async_bulk

from benchmarks.posts import documents
from lake.bulk import Write, create_lines
from lake.client import open_client
from lake.config import ElasticsearchConfig, WriterConfig
from lake.delivery import Delivery
from lake.documents import Document
from lake.merge import merge_post
from lake.node import use_node
from lake.node_files import NodeSettings
from lake.node_start import NodeAccess
from lake.templates import install_templates
from lake.writer import Writer

_LIMITS = WriterConfig()
VARIANTS = ("writer", "helper", "ceiling")
STREAM = "stream"
_FIRST = 5_000
# The node's compiler needs some hundred thousand documents before its speed is steady.
_WARM_UP = ("helper", "writer", "ceiling", "writer", "ceiling")
Measured = dict[str, list[dict[str, float]]]


def _refused(_write: Write, reason: str) -> list[Write]:
    raise SystemExit(f"a document was refused: {reason}")


async def write_with_writer(client: AsyncElasticsearch, made: Iterable[Document]) -> None:
    """Ours: create, merge on conflict."""
    async with Writer(Delivery(client, _refused), _LIMITS) as writer:
        writes = (Write(document, merge_post) for document in made)
        await (await writer.submit(writes)).done()


async def write_with_helper(client: AsyncElasticsearch, made: Iterable[Document]) -> None:
    """The library's helper, the way its documentation shows upserts."""

    async def actions() -> AsyncIterator[dict[str, object]]:
        for document in made:
            yield {
                "_op_type": "update",
                "_index": document.index,
                "_id": document.id,
                "doc": document.source,
                "doc_as_upsert": True,
            }

    await async_bulk(client, actions())


async def write_bodies(url: str, bodies: list[bytes]) -> None:
    """The ceiling: nothing is left to do but to post the bodies and to read the answers."""
    turns = asyncio.Semaphore(_LIMITS.in_flight)
    user = aiohttp.BasicAuth(os.environ["BENCH_USER"], os.environ["BENCH_PASSWORD"])
    headers = {"content-type": "application/x-ndjson"}
    async with aiohttp.ClientSession(url, auth=user, headers=headers) as session:

        async def post(body: bytes) -> None:
            async with turns, session.post("/_bulk", data=body) as answer:
                assert b'"errors":false' in await answer.read()

        await asyncio.gather(*(post(body) for body in bodies))


def _bodies(made: Iterable[Document]) -> list[bytes]:
    lines = [create_lines(Write(document)) for document in made]
    size = _LIMITS.bulk_docs
    return [b"".join(lines[start : start + size]) for start in range(0, len(lines), size)]


def _work(
    variant: str, client: AsyncElasticsearch, url: str, made: Iterable[Document]
) -> Coroutine[None, None, None]:
    match variant:
        case "ceiling":
            return write_bodies(url, _bodies(made))
        case "helper":
            return write_with_helper(client, made)
        case _:
            return write_with_writer(client, made)


async def run_variant(variant: str, url: str, index: str, count: int) -> dict[str, float]:
    """Writes once; seconds, processor seconds and the largest memory of this process."""
    config = ElasticsearchConfig()
    user, password = os.environ["BENCH_USER"], os.environ["BENCH_PASSWORD"]
    if variant == "helper":  # as its users have it: the library's own client and serializer
        client = AsyncElasticsearch(url, basic_auth=(user, password), request_timeout=120)
    else:
        client = open_client(url, config, user=user, password=password)
    gc.set_threshold(20_000, 20, 20)  # as the command line does; the same for every variant
    # All documents are there before the clock starts; only `stream`, whose memory is measured,
    # makes them on the way.
    made = documents(index, count) if variant == STREAM else list(documents(index, count))
    first = list(documents(f"{index}-first", _FIRST))
    try:
        await _work(variant, client, url, first)  # connects, and warms this process up
        await client.indices.delete(index=f"{index}-first")
        await client.indices.create(index=index)
        work = _work(variant, client, url, made)
        gc.collect()
        gc.freeze()
        began, cpu = time.perf_counter(), time.process_time()
        await work
        took = time.perf_counter() - began
        used = time.process_time() - cpu
        await client.indices.refresh(index=index)
        found = (await client.count(index=index))["count"]
        assert found == count, f"{variant}: {found} of {count} documents"
        await client.indices.delete(index=index)
    finally:
        await client.close()
    rss_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {"s": took, "cpu_s": used, "rss_mb": rss_mb}


@contextmanager
def node_of_its_own() -> Iterator[NodeAccess]:
    """A node whose data is deleted afterwards."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)  # as root the node has an account of its own
        with use_node(NodeSettings(data_dir=Path(folder)), _say) as node:
            yield node


def _child(variant: str, url: str, count: int, environment: dict[str, str]) -> dict[str, float]:
    index = f"bench-posts-{uuid4().hex[:10]}"
    command = [sys.executable, "-m", "benchmarks.bulk", "--variant", variant, "--url", url]
    command += ["--index", index, "--docs", str(count)]
    answer = subprocess.run(
        command, env=environment, capture_output=True, text=True, check=False, timeout=600
    )
    if answer.returncode:
        raise SystemExit(f"{variant} failed: {answer.stderr[-2000:]}")
    found: dict[str, float] = json.loads(answer.stdout)
    return found


async def _prepare(url: str, user: str, password: str) -> None:
    client = open_client(url, ElasticsearchConfig(), user=user, password=password)
    try:
        await install_templates(client, "bench-")
    finally:
        await client.close()


def compare(count: int, rounds: int) -> dict[str, float]:
    """Runs every variant ``rounds`` times in turn on one node."""
    measured: Measured = {name: [] for name in (*VARIANTS, STREAM)}
    with node_of_its_own() as node:
        admin = node.users["admin"]
        environment = os.environ | {"BENCH_USER": admin.user, "BENCH_PASSWORD": admin.password}
        asyncio.run(_prepare(node.url, admin.user, admin.password))
        for variant in _WARM_UP:
            _child(variant, node.url, count, environment)
        for number in range(rounds):
            # The order turns, so that no variant always follows the same one.
            for variant in VARIANTS[number % 3 :] + VARIANTS[: number % 3]:
                found = _child(variant, node.url, count, environment)
                measured[variant].append(found)
                _say(f"{variant}: {count / found['s']:,.0f} posts/s {found}")
        measured[STREAM].append(_child(STREAM, node.url, 3 * count, environment))
    return _summary(measured, count)


def _summary(measured: Measured, count: int) -> dict[str, float]:
    def median(variant: str, field: str) -> float:
        return statistics.median(run[field] for run in measured[variant])

    return {
        "posts_per_s": round(count / median("writer", "s")),
        "ratio_helper": round(_paired(measured, "helper", "writer", "s"), 3),
        "ratio_ceiling": round(_paired(measured, "ceiling", "writer", "s"), 3),
        "client_cpu_ratio": round(_paired(measured, "writer", "helper", "cpu_s"), 3),
        "rss_mb": round(measured[STREAM][0]["rss_mb"], 1),
        "docs": count,
        "rounds": len(measured["writer"]),
    }


def _paired(measured: Measured, over: str, under: str, field: str) -> float:
    """The median of the rounds' ratios: a machine that slows down does so for both."""
    pairs = zip(measured[over], measured[under], strict=True)
    return statistics.median(one[field] / other[field] for one, other in pairs)


def _say(line: str) -> None:
    print(line, file=sys.stderr)


def main() -> None:
    """Reads the command line; a child process is the same script with ``--variant``."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--docs", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--variant", choices=(*VARIANTS, STREAM), help=argparse.SUPPRESS)
    parser.add_argument("--url", help=argparse.SUPPRESS)
    parser.add_argument("--index", help=argparse.SUPPRESS)
    wanted = parser.parse_args()
    if wanted.variant:
        found = asyncio.run(run_variant(wanted.variant, wanted.url, wanted.index, wanted.docs))
    else:
        found = compare(wanted.docs, wanted.rounds)
    print(json.dumps(found))


if __name__ == "__main__":
    main()
