"""How much may be sent, how long an answer may take, how often one may ask: none needs a lake."""

from __future__ import annotations

import asyncio
import io
from collections.abc import AsyncIterator
from pathlib import Path

from pydantic import BaseModel
from starlette.responses import StreamingResponse

from tests.fakes.api_keys import ELSEWHERE
from tests.fakes.lakeless_api import OWN, api_without_lake, own_app
from tests.fakes.running_api import Api, running_api

DOCUMENT = "/openapi.json"  # needs no lake, and is counted


class _Sent(BaseModel):
    text: str


async def _pieces(count: int, size: int) -> AsyncIterator[bytes]:
    for _ in range(count):
        yield b" " * size


async def test_a_body_that_is_too_large_is_refused_on_any_route(tmp_path: Path) -> None:
    app = own_app(tmp_path, push_bytes=10_000, body_bytes=1_000)

    async def take(sent: _Sent) -> dict[str, int]:
        return {"size": len(sent.text)}

    app.add_api_route(f"{OWN}/take", take, methods=["POST"])
    as_json = {"Content-Type": "application/json"}
    async with running_api(app) as api:
        for body in (io.BytesIO(b" " * 10_001), _pieces(11, 1_000), _pieces(9_000, 1_000)):
            options = {"data": body, "headers": as_json}
            status, problem = await api.refusal("POST", f"{OWN}/take", **options)
            assert (status, problem["detail"]) == (413, "the body is larger than 10,000 bytes")
        async with api.session.post(f"{OWN}/take", json={"text": "x" * 9_000}) as answer:
            assert (answer.status, await answer.json()) == (200, {"size": 9_000})


async def test_what_does_not_begin_in_time_is_given_up_and_what_began_goes_on(
    tmp_path: Path,
) -> None:
    app = own_app(tmp_path, time_limit_s=1)
    given_up, go_on = asyncio.Event(), asyncio.Event()

    async def slow() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            given_up.set()

    async def chunks() -> AsyncIterator[bytes]:
        yield b"one "
        await go_on.wait()
        yield b"two"

    async def stream() -> StreamingResponse:
        return StreamingResponse(chunks())

    app.add_api_route(f"{OWN}/slow", slow)
    app.add_api_route(f"{OWN}/stream", stream)
    async with running_api(app) as api, asyncio.timeout(60):
        async with api.session.get(f"{OWN}/stream") as begun:
            assert await begun.content.readany() == b"one "
            async with api.session.get(f"{OWN}/slow") as late:  # takes the whole limit
                problem = await late.json()
            go_on.set()
            rest = await begun.read()
        await given_up.wait()

    assert (late.status, late.headers["Retry-After"], rest) == (503, "5", b"two")
    assert late.content_type == "application/problem+json"
    assert "longer than 1 s" in problem["detail"]


async def test_a_body_that_keeps_coming_is_waited_for(tmp_path: Path) -> None:
    app = own_app(tmp_path, time_limit_s=3)

    async def take(sent: _Sent) -> dict[str, str]:
        return {"text": sent.text}

    async def slowly() -> AsyncIterator[bytes]:
        for piece in (b'{"te', b'xt"', b': "', b"abc", b'"}'):
            await asyncio.sleep(0.8)
            yield piece

    app.add_api_route(f"{OWN}/take", take, methods=["POST"])
    async with running_api(app) as api:
        headers = {"Content-Type": "application/json"}
        async with api.session.post(f"{OWN}/take", data=slowly(), headers=headers) as answer:
            assert (answer.status, await answer.json()) == (200, {"text": "abc"})


async def test_an_address_that_asks_too_often_waits(tmp_path: Path) -> None:
    async with api_without_lake(tmp_path, requests_per_min=1, requests_burst=2) as api:
        left = []
        for _ in range(2):
            async with api.session.get(DOCUMENT, headers=ELSEWHERE) as answer:
                left.append((answer.status, answer.headers["RateLimit-Remaining"]))
        async with api.session.get(DOCUMENT, headers=ELSEWHERE) as refused:
            problem = await refused.json()
        async with api.session.get("/healthz", headers=ELSEWHERE) as healthy:
            assert healthy.status == 200  # whoever watches the process asks as often as it likes
        async with api.session.get(DOCUMENT, headers={"X-Forwarded-For": "203.0.113.10"}) as other:
            assert other.status == 200
        here = 0
        while (await _status(api, DOCUMENT)) == 200:
            here += 1

    assert left == [(200, "1"), (200, "0")]
    assert (refused.status, problem["status"]) == (429, 429)
    assert refused.content_type == "application/problem+json"
    assert 50 <= int(refused.headers["Retry-After"]) <= 60
    assert 20 <= here < 200  # ten times as often


async def _status(api: Api, path: str) -> int:
    async with api.session.get(path) as answer:
        return answer.status


async def test_nobody_waits_where_no_limit_is_configured(tmp_path: Path) -> None:
    settings = {"requests_per_min": None, "requests_burst": 1}
    async with api_without_lake(tmp_path, **settings) as api:
        for _ in range(20):
            async with api.session.get(DOCUMENT, headers=ELSEWHERE) as answer:
                assert answer.status == 200
                assert "RateLimit-Limit" not in answer.headers
