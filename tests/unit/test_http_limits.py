from __future__ import annotations

import asyncio
import gzip
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from lake.errors import (
    BlockedError,
    NotFoundError,
    RateLimitedError,
    TaglakeError,
    UnauthorizedError,
    UnavailableError,
)
from lake.http import Http, HttpOptions, connect
from lake.http_answer import Answer, links, shown

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Clock:
    """A time that passes only while somebody sleeps."""

    def __init__(self) -> None:
        self.now = NOW
        self.waits: list[float] = []

    def __call__(self) -> datetime:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.waits.append(seconds)
        self.now += timedelta(seconds=seconds)


@asynccontextmanager
async def served(
    handler: Handler, options: HttpOptions | None = None, clock: Clock | None = None
) -> AsyncIterator[tuple[Http, str]]:
    app = web.Application()
    app.router.add_get("/{path:.*}", handler)
    clock = clock or Clock()
    async with (
        TestServer(app) as server,
        connect(options or HttpOptions(), clock=clock, sleep=clock.sleep) as client,
    ):
        yield client, str(server.make_url("/things"))


async def asked(handler: Handler, options: HttpOptions | None = None) -> Answer:
    async with served(handler, options) as (client, url):
        return await client.get_json(url, {"token": "secret-value"})


def answering(status: int, text: str = "{}", **headers: str) -> Handler:
    plain = {name.replace("_", "-"): value for name, value in headers.items()}

    async def handler(_: web.Request) -> web.Response:
        return web.Response(
            status=status, text=text, headers={"Content-Type": "application/json"} | plain
        )

    return handler


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (400, BlockedError),
        (401, UnauthorizedError),
        (403, BlockedError),
        (404, NotFoundError),
        (408, UnavailableError),
        (410, NotFoundError),
        (422, BlockedError),
        (429, RateLimitedError),
        (500, UnavailableError),
        (503, UnavailableError),
        (599, UnavailableError),
        (304, BlockedError),
    ],
)
async def test_each_status_says_what_to_do(status: int, error: type[TaglakeError]) -> None:
    with pytest.raises(TaglakeError) as caught:
        await asked(answering(status))

    assert type(caught.value) is error
    assert f"/things answered {status}" in str(caught.value)
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("status", [429, 503])
async def test_a_refusal_carries_the_wait_that_is_asked(status: int) -> None:
    with pytest.raises((RateLimitedError, UnavailableError)) as caught:
        await asked(answering(status, X_RateLimit_Reset="2026-11-21T12:00:30Z"))

    assert caught.value.after_s == 30.0


@pytest.mark.parametrize(
    ("text", "kind", "error"),
    [
        ("", "application/json", UnavailableError),
        ("  \n", "application/json", UnavailableError),
        ('[{"id": "1"}, {"id"', "application/json", UnavailableError),
        ("[" * 100_000, "application/json", UnavailableError),
        ("<!DOCTYPE html><title>Log in</title>", "application/json", BlockedError),
        ("Log in", "text/html", BlockedError),
        ('{"id": "1', "text/html", UnavailableError),
    ],
)
async def test_a_good_status_with_no_json_is_told_apart(
    text: str, kind: str, error: type[TaglakeError]
) -> None:
    with pytest.raises(error):
        await asked(answering(200, text, Content_Type=kind))


async def test_an_empty_answer_is_called_so() -> None:
    with pytest.raises(UnavailableError, match="answered nothing"):
        await asked(answering(200, ""))


async def test_an_answer_has_body_headers_time_and_links() -> None:
    next_page = '<https://a.test/x?max_id=1,2>; rel="next", <https://a.test/x>; rel="prev"'

    answer = await asked(answering(200, '{"a": ["\\ud800", 1]}', Link=next_page, X_Left="3"))

    assert answer.body == {"a": ["\ud800", 1]}
    assert answer.headers["x-left"] == "3"
    assert answer.received_at == NOW
    assert answer.links == {"next": "https://a.test/x?max_id=1,2", "prev": "https://a.test/x"}


async def test_a_compressed_answer_is_unpacked() -> None:
    async def handler(_: web.Request) -> web.Response:
        body = gzip.compress(b'{"a": 1}')
        return web.Response(body=body, headers={"Content-Encoding": "gzip"})

    assert (await asked(handler)).body == {"a": 1}


async def test_the_size_limit_holds_after_decompression() -> None:
    async def handler(_: web.Request) -> web.Response:
        body = gzip.compress(b'"' + b"a" * 5_000_000 + b'"')
        return web.Response(body=body, headers={"Content-Encoding": "gzip"})

    with pytest.raises(BlockedError, match="more than 100,000 bytes"):
        await asked(handler, HttpOptions(max_bytes=100_000))


async def test_a_silent_server_ends_as_unavailable() -> None:
    async def handler(_: web.Request) -> web.Response:
        await asyncio.sleep(30)
        return web.Response()

    with pytest.raises(UnavailableError, match=r"did not answer within 0\.05 s"):
        await asked(handler, HttpOptions(timeout_s=0.05))


async def test_a_body_shorter_than_promised_is_unavailable() -> None:
    async def handler(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Length": "1000"})
        await response.prepare(request)
        await response.write(b'{"a": 1}')
        assert request.transport is not None
        request.transport.abort()
        return response

    with pytest.raises(UnavailableError):
        await asked(handler)


async def test_nobody_listening_is_unavailable() -> None:
    async with served(answering(200)) as (client, url):
        pass

    async with connect(HttpOptions()) as client:
        with pytest.raises(UnavailableError):
            await client.get_json(url)


async def test_an_endless_redirect_is_a_block() -> None:
    async def handler(request: web.Request) -> web.Response:
        raise web.HTTPFound(request.path)

    with pytest.raises(BlockedError, match="leads nowhere"):
        await asked(handler)


async def test_waits_for_the_reset_before_a_call_when_none_is_left() -> None:
    clock = Clock()
    spent = answering(200, X_RateLimit_Remaining="0", X_RateLimit_Reset="2026-11-21T12:00:20Z")

    async with served(spent, clock=clock) as (client, url):
        await client.get_json(url)
        assert clock.waits == []
        await client.get_json(url)

    assert clock.waits == [20.0]


async def test_a_refusal_holds_back_the_next_call_too() -> None:
    clock = Clock()
    answers = iter([answering(429, Retry_After="3"), answering(200), answering(200)])

    async def handler(request: web.Request) -> web.StreamResponse:
        return await next(answers)(request)

    async with served(handler, clock=clock) as (client, url):
        with pytest.raises(RateLimitedError):
            await client.get_json(url)
        await client.get_json(url)
        await client.get_json(url)

    assert clock.waits == [3.0]


async def test_a_reset_that_is_too_far_is_refused_without_a_call() -> None:
    clock = Clock()
    calls = 0
    spent = answering(200, X_RateLimit_Remaining="0", X_RateLimit_Reset="9999-01-01T00:00:00Z")

    async def handler(request: web.Request) -> web.StreamResponse:
        nonlocal calls
        calls += 1
        return await spent(request)

    async with served(handler, HttpOptions(max_pause_s=60), clock) as (client, url):
        await client.get_json(url)
        with pytest.raises(RateLimitedError) as caught:
            await client.get_json(url)

    assert (calls, clock.waits) == (1, [])
    assert caught.value.after_s is not None
    assert caught.value.after_s > 60


def test_a_url_is_shown_without_its_secrets() -> None:
    assert shown("https://me:pw@a.test:8/p/q?token=x#y") == "https://a.test:8/p/q"
    assert "x" not in shown("http://[bad?token=x").removeprefix("a URL that")


@pytest.mark.parametrize("header", ["", "rubbish", "<a>", '<a>; rel="', ",,,;;;<<>>"])
def test_a_damaged_link_header_has_no_links(header: str) -> None:
    assert links(header) == {}
