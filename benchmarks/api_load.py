"""Asking an API: the questions of a campaign, and clients that ask them at the same time."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import aiohttp

# A file of every post is no answer that somebody waits for.
APART = ("export",)
_PREFIX = "/v1/campaigns/{campaign_id}"
# What a dashboard asks of a route besides its defaults.
_MORE: dict[str, Sequence[dict[str, str]]] = {
    "/timeline": ({"interval": "hour"}, {"interval": "week", "tz": "Europe/Berlin"}),
    "/influencers": ({"by": "engagement"}, {"by": "posts"}, {"by": "reach", "limit": "100"}),
    "/share-of-voice": ({"counting": "fractional"},),
    "/posts": ({"sort": "engagement"},),
}


@dataclass(frozen=True, slots=True)
class Asked:
    """A question and what became of it.

    Args:
        route: Which question, for the table.
        took_ms: From asking to the last byte.
        raw_ms: How long Elasticsearch had it.
        calls: How many raw calls it took.
    """

    route: str
    took_ms: float
    raw_ms: float
    calls: int


@dataclass(frozen=True, slots=True)
class Question:
    """One address."""

    route: str
    path: str
    params: tuple[tuple[str, str], ...]


def routes_of(document: dict[str, Any]) -> list[str]:
    """Every route of a campaign that needs no more than the campaign's id."""
    found = []
    for path, methods in document["paths"].items():
        rest = path.removeprefix(_PREFIX)
        if not path.startswith(_PREFIX) or "get" not in methods or "{" in rest:
            continue
        required = [one for one in methods["get"].get("parameters", ()) if one.get("required")]
        if len(required) == 1 and rest.strip("/") not in APART:
            found.append(rest)
    return sorted(found)


def questions(routes: Iterable[str], campaign: str, start: str) -> list[Question]:
    """What is asked of one campaign.

    Args:
        routes: Of ``routes_of``.
        campaign: Its id.
        start: ``from`` of the routes that take it, so that the question is a new one.
    """
    found = []
    for route in routes:
        for more in ({}, *_MORE.get(route, ())):
            params = dict(more) | ({"from": start} if route else {})
            name = " ".join([route or "/", *(f"{k}={v}" for k, v in more.items())])
            path = f"/v1/campaigns/{campaign}{route}"
            found.append(Question(name, path, tuple(params.items())))
    return found


async def ask(session: aiohttp.ClientSession, question: Question) -> Asked:
    """Asks once.

    Raises:
        SystemExit: The answer is none.
    """
    began = time.perf_counter()
    async with session.get(question.path, params=question.params) as answer:
        body = await answer.read()
        took_ms = 1000 * (time.perf_counter() - began)
        if answer.status != 200:
            raise SystemExit(f"{question}: {answer.status} {body[:500]!r}")
        raw_ms = float(answer.headers["X-Bench-Raw-Ms"])
        return Asked(question.route, took_ms, raw_ms, int(answer.headers["X-Bench-Calls"]))


async def ask_all(
    session: aiohttp.ClientSession, wanted: Sequence[Question], clients: int
) -> list[Asked]:
    """Each question once, by so many clients at the same time."""
    waiting = iter(wanted)
    found: list[Asked] = []

    async def client() -> None:
        for question in waiting:
            found.append(await ask(session, question))

    await asyncio.gather(*(client() for _ in range(clients)))
    return found


@asynccontextmanager
async def session_of(port: int) -> AsyncIterator[aiohttp.ClientSession]:
    """A client of the server on a port, once it answers."""
    limits = aiohttp.ClientTimeout(total=600)
    async with aiohttp.ClientSession(f"http://127.0.0.1:{port}", timeout=limits) as session:
        for _ in range(600):
            try:
                async with session.get("/healthz"):
                    break
            except aiohttp.ClientConnectorError:
                await asyncio.sleep(0.1)
        yield session


def percentile(values: Sequence[float], share: float) -> float:
    """The value that so large a part of all is not above: the nearest rank."""
    order = sorted(values)
    return order[min(len(order) - 1, max(0, -(-int(len(order) * share * 1000) // 1000) - 1))]
