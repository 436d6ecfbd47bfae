"""Pages on their way to an API that is busy, away, wrong or behind a proxy."""

from __future__ import annotations

import gzip
import json
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from ingestors.outbox import Outbox
from ingestors.platform import Page, Payload, Target
from ingestors.remote import Collector
from ingestors.remote_state import StateFile
from lake import times
from lake.errors import ConfigError, RateLimitedError, UnavailableError
from lake.http import HttpOptions, connect
from lake.retry import Backoff
from tests.fakes.pushes import Recorded

VANS = Target("mastodon", "hashtag", "vans")
QUICK = Backoff(base_s=0.001, max_wait_s=5)


@dataclass
class ScriptedApi:
    """An API that answers as it is told, and keeps what it accepted."""

    # Played one a call, None for a call that goes well.
    answers: deque[Callable[[web.Request], Awaitable[web.Response]] | None] = field(
        default_factory=deque
    )
    lines: list[dict[str, Any]] = field(default_factory=list)
    sizes: list[int] = field(default_factory=list)
    calls: int = 0
    url: str = ""


@asynccontextmanager
async def _run() -> AsyncIterator[ScriptedApi]:
    api = ScriptedApi()

    async def handler(request: web.Request) -> web.Response:
        api.calls += 1
        body = await request.read()
        if api.answers and (answer := api.answers.popleft()):
            return await answer(request)
        # aiohttp's server has decompressed the body already.
        found = [json.loads(line) for line in body.splitlines()]
        api.lines += found
        api.sizes.append(len(gzip.compress(body)))
        return web.json_response(
            {"accepted": len(found), "refused_lines": 0, "refused": []}, status=202
        )

    app = web.Application(client_max_size=100_000_000)
    app.router.add_post("/v1/push/mastodon", handler)
    async with TestServer(app) as server:
        api.url = str(server.make_url("")).rstrip("/")
        yield api


@pytest.fixture
async def api() -> AsyncIterator[ScriptedApi]:
    async with _run() as running:
        yield running


def _problem(status: int, **headers: str) -> Callable[[web.Request], Awaitable[web.Response]]:
    async def answer(_: web.Request) -> web.Response:
        body = json.dumps({"status": status, "detail": "no"})
        kind = "application/problem+json"
        return web.Response(text=body, status=status, content_type=kind, headers=headers)

    return answer


async def _lost(request: web.Request) -> web.Response:
    assert request.transport is not None
    request.transport.close()
    return web.Response()


def _page_for_people(status: int) -> Callable[[web.Request], Awaitable[web.Response]]:
    async def answer(_: web.Request) -> web.Response:
        return web.Response(text="<html>Hello</html>", status=status, content_type="text/html")

    return answer


async def _other_json(_: web.Request) -> web.Response:
    return web.json_response({"hello": "world"})


def _page(count: int, **body: Any) -> Page:
    payloads = [Payload("status", {"id": str(n)} | body, source="s.example") for n in range(count)]
    return Page(payloads, times.now())


async def _push(api: ScriptedApi, page: Page, attempts: int | None = 6) -> tuple[int, int]:
    async with connect(HttpOptions(timeout_s=5)) as http:
        outbox = Outbox(http, api.url, "token", "attic", attempts, QUICK)
        return await outbox.push(VANS, page)


async def test_it_comes_again_until_the_api_keeps_the_page(api: ScriptedApi) -> None:
    api.answers.extend([_problem(503), _problem(429, **{"Retry-After": "0"}), _lost, _problem(502)])

    assert await _push(api, _page(3)) == (3, 0)

    assert api.calls == 5
    assert [one["payload"]["id"] for one in api.lines] == ["0", "1", "2"]
    assert {(one["kind"], one["target"], one["source"]) for one in api.lines} == {
        ("status", VANS.key, "s.example")
    }


async def test_a_longer_wait_than_it_has_patience_for_ends_the_push(api: ScriptedApi) -> None:
    api.answers.append(_problem(503, **{"Retry-After": "3600"}))

    with pytest.raises(UnavailableError) as caught:
        await _push(api, _page(1))

    assert caught.value.after_s == 3600
    assert api.calls == 1


async def test_it_gives_up_after_its_attempts(api: ScriptedApi) -> None:
    api.answers.extend([_problem(429)] * 3)

    with pytest.raises(RateLimitedError):
        await _push(api, _page(1), attempts=3)

    assert api.calls == 3


async def test_large_pages_go_in_parts_that_every_proxy_takes(api: ScriptedApi) -> None:
    page = _page(2_500, text="x" * 1_000)

    assert await _push(api, page) == (2_500, 0)

    assert [one["payload"]["id"] for one in api.lines] == [str(n) for n in range(2_500)]
    assert api.calls >= 3
    assert max(api.sizes) < 1_000_000


@pytest.mark.parametrize("status", [400, 401, 403, 404, 415, 422])
async def test_a_refusal_is_told_once_and_not_repeated(api: ScriptedApi, status: int) -> None:
    api.answers.append(_problem(status))

    with pytest.raises(ConfigError, match="--push http://127"):
        await _push(api, _page(1))

    assert api.calls == 1


async def test_a_page_of_something_between_is_waited_for(api: ScriptedApi) -> None:
    api.answers.extend([_page_for_people(200), _page_for_people(403), _page_for_people(413)])

    assert await _push(api, _page(2)) == (2, 0)


@pytest.mark.parametrize("status", [401, 404])
async def test_a_wrong_address_is_told(api: ScriptedApi, status: int) -> None:
    api.answers.append(_page_for_people(status))

    with pytest.raises(ConfigError, match="not as a Taglake API does"):
        await _push(api, _page(1))


async def test_what_is_no_taglake_api_is_told(api: ScriptedApi) -> None:
    api.answers.append(_other_json)

    with pytest.raises(ConfigError, match="no Taglake API"):
        await _push(api, _page(1))


async def test_text_that_utf8_cannot_say_arrives_as_it_came(api: ScriptedApi) -> None:
    await _push(api, _page(1, text="\ud83d", number=2**80))

    assert api.lines[0]["payload"] == {"id": "0", "text": "\ud83d", "number": 2**80}


async def test_a_place_moves_only_once_the_api_keeps_the_page(
    api: ScriptedApi, tmp_path: Path
) -> None:
    pages = [replace(_page(1, page=number), cursor=str(number)) for number in (1, 2, 3)]
    platforms = {"mastodon": Recorded(pages)}
    refused = [_problem(503)] * 2
    found = []
    for answers in (refused, [None, *refused], []):
        api.answers.extend(answers)
        state = StateFile.read(tmp_path / "state.json")
        async with connect(HttpOptions(timeout_s=5)) as http:
            outbox = Outbox(http, api.url, attempts=2, backoff=QUICK)
            [done] = await Collector(platforms, outbox, state).once([VANS])
        kept = StateFile.read(tmp_path / "state.json").cursor(VANS.key)
        found.append((done.pages, kept, done.error is None))

    assert found == [(0, None, False), (1, "1", False), (3, "3", True)]
    assert [one["payload"]["page"] for one in api.lines] == [1, 1, 2, 3]
