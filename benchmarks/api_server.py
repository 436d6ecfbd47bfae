"""The API as a process of its own that says of each answer how long Elasticsearch had it.

``X-Bench-Raw-Ms`` is the time during which at least one of the answer's raw calls was under way,
from the first byte sent to the last one read; what is left of the answer's time is ours: routing,
building requests, reading JSON, arithmetic, writing JSON. ``X-Bench-Calls`` is their number.
"""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from contextvars import ContextVar
from typing import Any

import uvicorn
from fastapi import FastAPI
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.app import create_app
from api.garbage import collect_seldom
from benchmarks.api_posts import PREFIX
from lake.access import Access
from lake.config import ApiConfig, Config, ElasticsearchConfig
from lake.store import Store, open_store

Spans = list[tuple[float, float]]
_spans: ContextVar[Spans | None] = ContextVar("spans", default=None)


class Measured:
    """An application that adds the time of the raw calls to its answers."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        spans: Spans = []
        _spans.set(spans)

        async def told(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [
                    *message.get("headers", ()),
                    (b"x-bench-raw-ms", f"{1000 * union_s(spans):.3f}".encode()),
                    (b"x-bench-calls", str(len(spans)).encode()),
                ]
            await send(message)

        await self._app(scope, receive, told)


def union_s(spans: Spans) -> float:
    """How long at least one of them lasted."""
    covered, until = 0.0, float("-inf")
    for start, end in sorted(spans):
        covered += max(0.0, end - max(start, until))
        until = max(until, end)
    return covered


def watch(store: Store) -> None:
    """Notes when each raw call of the store's client begins and ends."""
    for node in store.client.transport.node_pool.all():
        node.perform_request = _noting(node.perform_request)  # type: ignore[method-assign]


def _noting(call: Callable[..., Any]) -> Callable[..., Any]:
    async def noted(*args: Any, **options: Any) -> Any:
        began = time.perf_counter()
        try:
            return await call(*args, **options)
        finally:
            spans = _spans.get()
            if spans is not None:
                spans.append((began, time.perf_counter()))

    return noted


def application(url: str, user: str, password: str) -> FastAPI:
    """The API as users run it, but that nobody asks too often."""
    config = Config(
        elasticsearch=ElasticsearchConfig(url=url, index_prefix=PREFIX),
        api=ApiConfig(requests_per_min=None),
    )

    @asynccontextmanager
    async def opened() -> AsyncIterator[Store]:
        async with open_store(config, Access(url, user, password)) as store:
            watch(store)
            yield store

    return create_app(opened, config)


def main() -> None:
    """Serves until it is stopped."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--url", required=True)
    parser.add_argument("--port", type=int, required=True)
    wanted = parser.parse_args()
    collect_seldom()
    app = application(wanted.url, os.environ["BENCH_USER"], os.environ["BENCH_PASSWORD"])
    uvicorn.run(Measured(app), port=wanted.port, log_level="warning", access_log=False)


if __name__ == "__main__":
    main()
