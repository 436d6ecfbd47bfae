"""Workers that share a backlog while two of them are killed: is every text scored once?

Four worker processes on 200,000 pending posts; at a fifth and at two fifths one is killed with
SIGKILL, and then another is started. Prints one line of JSON: ``posts``, ``seconds`` until nothing
waits, ``posts_per_s``, ``double_scored`` (posts that were written more than once: must be 0),
``wasted_share`` (scores of the workers that lived which somebody else had written first, of all
their scores), ``stuck`` (posts without a score at the end: must be 0) and ``largest_mb``, the
largest memory of a worker.

    python -m benchmarks.enrich_workers
    python -m benchmarks.enrich_workers --posts 20000 --model champion
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import resource
import signal
import sys
import tempfile
import time
from asyncio.subprocess import PIPE, Process
from pathlib import Path
from uuid import uuid4

from elasticsearch import AsyncElasticsearch

from benchmarks.posts import documents
from enrichment.loading import resolve
from enrichment.worker import Worker, always
from lake.bulk import Write, create_lines, send
from lake.client import open_client
from lake.config import ElasticsearchConfig, EnrichmentConfig
from lake.layout import Layout
from lake.node import use_node
from lake.node_files import NodeSettings
from lake.node_start import NodeAccess
from lake.pending import PendingPosts
from lake.templates import install_templates

_AT_ONCE = 2_000
_WORKERS = 4
_KILL_AT = (0.2, 0.4)
_CONFIG = ElasticsearchConfig(request_timeout_s=300)


def _client(url: str) -> AsyncElasticsearch:
    return open_client(
        url, _CONFIG, user=os.environ["BENCH_USER"], password=os.environ["BENCH_PASSWORD"]
    )


async def seed(client: AsyncElasticsearch, prefix: str, count: int) -> None:
    """Pending posts, no two texts alike."""
    lines: list[bytes] = []
    for number, document in enumerate(documents(f"{prefix}posts-2026", count)):
        document.source["text"] = f"{document.source['text']} {number}"
        lines.append(create_lines(Write(document)))
        if len(lines) == _AT_ONCE:
            await send(client, lines)
            lines = []
    if lines:
        await send(client, lines)


async def work(url: str, prefix: str, model: str) -> None:
    """What one worker process does; prints what it has done."""
    client = _client(url)
    try:
        pending = PendingPosts(client, Layout(prefix))
        scored = await Worker(pending, always(resolve(model, EnrichmentConfig()))).drain()
    finally:
        await client.close()
    largest_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    done = {"posts": scored.posts, "wasted": scored.changed_meanwhile, "mb": largest_mb}
    print(json.dumps(done))


async def _start(url: str, prefix: str, model: str) -> Process:
    arguments = ("--worker", url, prefix, "--model", model)
    return await asyncio.create_subprocess_exec(
        sys.executable, "-m", "benchmarks.enrich_workers", *arguments, stdout=PIPE
    )


async def _count(client: AsyncElasticsearch, prefix: str, state: str) -> int:
    pattern = f"{prefix}posts-*"
    answer = await client.count(index=pattern, query={"term": {"enrich.state": state}})
    return int(answer["count"])


async def _double(client: AsyncElasticsearch, prefix: str) -> int:
    """Posts whose version is above 2: written, and scored once."""
    double: int = 0
    after: list[object] = []
    while True:
        answer = await client.search(
            index=f"{prefix}posts-*",
            size=10_000,
            version=True,
            source=False,
            sort=[{"native_id": "asc"}],
            search_after=after or None,
        )
        hits = answer["hits"]["hits"]
        double += sum(1 for hit in hits if hit["_version"] > 2)
        if len(hits) < 10_000:
            return double
        after = hits[-1]["sort"]


async def measured(url: str, count: int, model: str) -> dict[str, object]:
    """Seeds, works, kills, and looks at what came of it."""
    prefix = f"bench-{uuid4().hex[:8]}-"
    client = _client(url)
    try:
        await install_templates(client, prefix)
        await seed(client, prefix, count)
        await client.indices.refresh(index=f"{prefix}posts-*")
        began = time.perf_counter()
        workers = [await _start(url, prefix, model) for _ in range(_WORKERS)]
        for share in _KILL_AT:
            while await _count(client, prefix, "done") < count * share:  # noqa: ASYNC110
                await asyncio.sleep(0.5)
            victim = workers.pop(0)
            victim.send_signal(signal.SIGKILL)
            await victim.communicate()
        workers.append(await _start(url, prefix, model))
        told = [json.loads((await one.communicate())[0]) for one in workers]
        took = time.perf_counter() - began
        await client.indices.refresh(index=f"{prefix}posts-*")
        wasted = sum(one["wasted"] for one in told)
        return {
            "posts": count,
            "model": model,
            "seconds": round(took, 1),
            "posts_per_s": round(count / took),
            "double_scored": await _double(client, prefix),
            "wasted_share": round(wasted / (wasted + sum(one["posts"] for one in told)), 4),
            "stuck": count - await _count(client, prefix, "done"),
            "largest_mb": round(max(one["mb"] for one in told)),
        }
    finally:
        await client.close()


def _enter(access: NodeAccess) -> None:
    admin = access.users["admin"]
    os.environ["BENCH_USER"], os.environ["BENCH_PASSWORD"] = admin.user, admin.password


def main() -> None:
    """See the module."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--posts", type=int, default=200_000)
    parser.add_argument("--model", default="vader", help="as enrichment.model of config.yaml")
    parser.add_argument("--worker", nargs=2, metavar=("URL", "PREFIX"), help=argparse.SUPPRESS)
    wanted = parser.parse_args()
    if wanted.worker:
        url, prefix = wanted.worker
        asyncio.run(work(url, prefix, wanted.model))
        return
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)  # as root the node has an account of its own
        settings = NodeSettings(data_dir=Path(folder), heap_mb=2_048)
        with use_node(settings, lambda line: print(line, file=sys.stderr)) as access:
            _enter(access)
            print(json.dumps(asyncio.run(measured(access.url, wanted.posts, wanted.model))))


if __name__ == "__main__":
    main()
