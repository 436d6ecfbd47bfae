from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from lake.errors import BlockedError, UnavailableError
from lake.http import HttpOptions, connect
from lake.public_http import connect_public, is_public
from lake.quota import LimitBook


@pytest.mark.parametrize("address", ["1.1.1.1", "2606:4700:4700::1111", "2002:101:101::1"])
def test_an_address_of_the_internet_is_public(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "0.0.0.0",
        "10.1.2.3",
        "172.16.0.1",
        "192.168.1.1",
        "169.254.169.254",
        "100.64.0.1",
        "224.0.0.1",
        "255.255.255.255",
        "::1",
        "::",
        "fe80::1%eth0",
        "fc00::1",
        "ff02::1",
        "::ffff:127.0.0.1",
        "::ffff:10.0.0.1",
        "64:ff9b::7f00:1",
        "2002:7f00:1::",
        "localhost",
        "",
    ],
)
def test_any_other_address_is_not(address: str) -> None:
    assert not is_public(address)


@pytest.fixture
async def server() -> AsyncIterator[tuple[int, list[str]]]:
    """A port of this machine, and the calls that reached it."""
    calls: list[str] = []

    async def answer(request: web.Request) -> web.Response:
        calls.append(request.path)
        return web.json_response({})

    app = web.Application()
    app.router.add_get("/{path:.*}", answer)
    async with TestServer(app) as running:
        assert running.port is not None
        yield running.port, calls


@pytest.mark.parametrize("name", ["127.0.0.1", "localhost", "[::ffff:127.0.0.1]", "127.1"])
async def test_no_name_leads_to_this_machine(server: tuple[int, list[str]], name: str) -> None:
    port, calls = server
    async with connect_public(HttpOptions(timeout_s=5), LimitBook()) as client:
        with pytest.raises((UnavailableError, BlockedError)):
            await client.get_json(f"http://{name}:{port}/a")

    assert calls == []


async def test_the_server_would_have_answered(server: tuple[int, list[str]]) -> None:
    port, calls = server
    async with connect(HttpOptions(timeout_s=5)) as client:
        await client.get_json(f"http://127.0.0.1:{port}/a")

    assert calls == ["/a"]
