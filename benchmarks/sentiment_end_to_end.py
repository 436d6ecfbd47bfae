"""What do reading from Elasticsearch and writing back cost, beside scoring?

A node of its own, pending posts with real texts in it, and a worker with an int8 model of
roberta-base's architecture: read, scored (VADER and the language beside, as always), written.
Against that, ``OnnxModel.score`` alone on the same texts in the same process, before and after, the
node idle beside it. Nothing is remembered from one round to the next. The node works on the same
cores as the model; what it takes is part of what is measured. It is warm, as one that has run for a
while: in its first minute Java spends ten times as much on compiling itself as on the posts, so
posts that VADER scores go the same way before.

``lost_share`` is how much slower the whole way is: the median of the rounds, each against the
scoring alone right before and after it, as a machine's speed wanders. ``peak_rss_mb`` is this
process's largest memory, without the node's.

    python -m benchmarks.sentiment_end_to_end
    python -m benchmarks.sentiment_end_to_end --texts 300 --model minilm-l6
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import json
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from itertools import cycle, islice
from pathlib import Path
from uuid import uuid4

from elasticsearch import AsyncElasticsearch

from benchmarks.bulk import node_of_its_own
from benchmarks.posts import documents
from benchmarks.sentiment_texts import corpus
from enrichment.onnx import OnnxModel
from enrichment.sentiment import Model
from enrichment.vader import Vader
from enrichment.worker import Worker, always
from lake.bulk import Write, create_lines, send
from lake.client import open_client
from lake.config import ElasticsearchConfig
from lake.layout import Layout
from lake.node_start import NodeAccess
from lake.pending import PendingPosts
from lake.templates import install_templates

_AT_ONCE = 500
_WARMING_POSTS = 50_000
_READ_OUT_BY = 128
_KINDS = ("roberta-base", "minilm-l6")


def made_model(kind: str, folder: Path) -> OnnxModel:
    """A model of an architecture, exported to int8 by a process whose memory does not count."""
    arguments = ("benchmarks.sentiment_models", kind, str(folder), str(_READ_OUT_BY))
    # A process of its own: PyTorch's memory is not the worker's.
    command = [sys.executable, "-m", *arguments]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return OnnxModel(folder / "int8", device="cpu", remembered=0)


async def seed(client: AsyncElasticsearch, prefix: str, texts: Sequence[str]) -> None:
    """A pending post for each text."""
    lines = []
    for text, document in zip(texts, documents(f"{prefix}posts-2026", len(texts)), strict=True):
        document.source["text"] = text
        lines.append(create_lines(Write(document)))
    for start in range(0, len(lines), _AT_ONCE):
        await send(client, lines[start : start + _AT_ONCE])
    await client.indices.refresh(index=f"{prefix}posts-*")


async def whole_way(access: NodeAccess, model: Model, texts: Sequence[str]) -> float:
    """Seconds from the first read to the last score written."""
    admin = access.users["admin"]
    client = open_client(
        access.url, ElasticsearchConfig(), user=admin.user, password=admin.password
    )
    prefix = f"bench-{uuid4().hex[:8]}-"
    try:
        await install_templates(client, prefix)
        await seed(client, prefix, texts)
        began = time.perf_counter()
        scored = await Worker(PendingPosts(client, Layout(prefix)), always(model)).drain()
        took = time.perf_counter() - began
        assert scored.posts == len(texts), scored
    finally:
        await client.close()
    return took


def alone(model: OnnxModel, texts: Sequence[str]) -> float:
    """Seconds of scoring alone."""
    gc.collect()
    began = time.perf_counter()
    model.score(texts)
    return time.perf_counter() - began


def main() -> None:
    """Reads the command line; prints one line of JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--texts", type=int, default=2_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--model", choices=_KINDS, default=_KINDS[0])
    wanted = parser.parse_args()
    texts, _ = corpus(wanted.texts)
    scoring, whole = [], []
    with tempfile.TemporaryDirectory() as folder:
        model = made_model(wanted.model, Path(folder))
        model.score(texts[:100])
        with node_of_its_own() as access:
            warming = list(islice(cycle(texts), _WARMING_POSTS))
            asyncio.run(whole_way(access, Vader(), warming))
            for _ in range(wanted.rounds):
                scoring.append(alone(model, texts))
                whole.append(asyncio.run(whole_way(access, model, texts)))
                scoring.append(alone(model, texts))
                said = (
                    f"alone {scoring[-2]:.2f} s, {scoring[-1]:.2f} s; whole way {whole[-1]:.2f} s"
                )
                print(said, file=sys.stderr, flush=True)
    beside = [statistics.mean(pair) for pair in zip(scoring[::2], scoring[1::2], strict=True)]
    lost = [1 - alone_s / whole_s for alone_s, whole_s in zip(beside, whole, strict=True)]
    summary = {
        "model": wanted.model,
        "texts": len(texts),
        "alone_texts_per_s": round(len(texts) / min(scoring), 1),
        "end_to_end_texts_per_s": round(len(texts) / min(whole), 1),
        "lost_share": round(statistics.median(lost), 3),
        "peak_rss_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024),
    }
    print(json.dumps(summary))


if __name__ == "__main__":
    main()
