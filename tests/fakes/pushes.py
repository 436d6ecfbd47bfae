"""Pushes of the fake Mastodon's statuses, and what a lake holds afterwards."""

from __future__ import annotations

import asyncio
import gzip
import io
import json
from collections.abc import AsyncGenerator, Sequence
from datetime import datetime
from typing import Any

import aiohttp

from ingestors.inbox import Drained, drain
from ingestors.platform import Page, Payload, Target
from ingestors.platforms import mastodon
from lake import times
from lake.config import Config
from lake.inbox import Inbox
from lake.quota import LimitBook
from lake.records import Record
from lake.store import Store

VANS = "mastodon:hashtag:vans"
HEADERS = {"Content-Type": "application/x-ndjson", "Content-Encoding": "gzip"}
# What says how and when a document came, and not what it is.
_HOW = ("provenance", "run", "received_at")


class Recorded:
    """A Mastodon whose answers are given."""

    name = "mastodon"
    context = None

    def __init__(self, pages: Sequence[Page]) -> None:
        self.limits = LimitBook()
        self._pages = pages

    async def pages(self, target: Target, cursor: str | None) -> AsyncGenerator[Page, None]:
        for page in self._pages:
            yield page

    def normalise(self, payload: Payload, observed_at: datetime) -> Sequence[Record]:
        return mastodon.normalise(payload, observed_at)

    def related(self, payload: Payload) -> Sequence[Target]:
        return ()

    async def check(self) -> str:
        return "always there"


def lines(page: Page, target: str | None = VANS) -> bytes:
    """A page as a remote collector pushes it."""
    entries = [
        {
            "kind": payload.kind,
            "observed_at": times.to_text(page.observed_at),
            "target": target,
            "source": payload.source,
            "payload": payload.body,
        }
        for payload in page.payloads
    ]
    return b"".join(json.dumps(entry).encode() + b"\n" for entry in entries)


async def push(session: aiohttp.ClientSession, body: bytes, query: str = "") -> dict[str, Any]:
    """Pushes a body that must be accepted; gives the answer."""
    data = io.BytesIO(gzip.compress(body))
    url = f"/v1/push/mastodon{query}"
    async with session.post(url, data=data, headers=HEADERS) as answer:
        assert answer.status == 202, await answer.text()
        found: dict[str, Any] = await answer.json()
        return found


async def drained(store: Store) -> Drained:
    """Empties the inbox."""
    await store.refresh()
    return await drain(store, inbox(store))


def inbox(store: Store) -> Inbox:
    return Inbox(store, Config().writer.dead_letter_dir)


async def documents(store: Store, kind: str) -> dict[str, dict[str, Any]]:
    """Documents of one kind by id, without what says how they came."""
    await store.refresh()
    body = {"size": 10_000, "sort": ["_doc"]}
    answer = await store.search(f"{store.layout.prefix}{kind}*", body)
    hits = answer["hits"]["hits"]
    return {
        f"{hit['_index']}/{hit['_id']}": {
            name: value for name, value in hit["_source"].items() if name not in _HOW
        }
        for hit in hits
    }


async def lake_state(store: Store) -> dict[str, dict[str, dict[str, Any]]]:
    """Everything that payloads become."""
    kinds = ("posts-", "raw-", "metrics-", "profiles", "deadletter-")
    return {kind: await documents(store, kind) for kind in kinds}


async def until_posts(store: Store, count: int) -> None:
    """Waits until the lake holds so many posts and the inbox nothing."""
    async with asyncio.timeout(120):
        while True:
            posts = await documents(store, "posts-")
            waiting = await documents(store, "inbox")
            if len(posts) >= count and not waiting:
                return
            await asyncio.sleep(0.1)
