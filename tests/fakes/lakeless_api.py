"""A real API whose lake is away: what is pushed to it lies on the disk."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any

from fastapi import FastAPI

from api.app import create_app
from lake.access import Access
from lake.config import ApiConfig, Config, WriterConfig
from lake.store import Store, open_store
from tests.fakes.running_api import Api, running_api

TOKEN = "a-token-of-the-home"
OWN = "/v1/push/own"
"""Where tests put routes of their own: while the lake is away, only pushes are let in."""


@asynccontextmanager
async def away() -> AsyncIterator[Store]:
    """A store whose lake nobody answers for."""
    async with open_store(Config(), Access("http://127.0.0.1:9")) as store:
        yield store


def api_without_lake(folder: Path, **settings: Any) -> AbstractAsyncContextManager[Api]:
    """An API that takes two platforms' payloads; ``settings`` are of the section ``api``."""
    wanted = {"spool_dir": folder / "spool", "push_bytes": 50_000} | settings
    config = Config(
        api=ApiConfig.model_validate(wanted),
        writer=WriterConfig(dead_letter_dir=folder),
    )
    return running_api(create_app(away, config, push_platforms=("bluesky", "mastodon")))


def own_app(folder: Path, **settings: Any) -> FastAPI:
    """An application without a lake, for routes of the test's own below ``OWN``."""
    wanted = {"spool_dir": folder / "spool"} | settings
    return create_app(away, Config(api=ApiConfig.model_validate(wanted)))


def spooled(folder: Path) -> list[dict[str, Any]]:
    """The lines that were accepted, in order."""
    texts = [path.read_text() for path in sorted((folder / "spool").glob("*"))]
    return [json.loads(line)[2] for text in texts for line in text.splitlines()]
