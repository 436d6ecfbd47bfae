"""``docker/healthy.py`` as a container calls it, in a process of its own."""

from __future__ import annotations

import asyncio
import ssl
import sys
from pathlib import Path

import pytest
import trustme
from aiohttp import encode_basic_auth, web
from aiohttp.test_utils import TestServer

SCRIPT = Path(__file__).parents[2] / "docker" / "healthy.py"
USER, PASSWORD = "taglake_enrich", "pass-word:with-colon"


async def asked(*arguments: str, **environment: str) -> tuple[int, str]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-I", SCRIPT, *arguments,
        env=environment, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    _, err = await process.communicate()
    return process.returncode or 0, err.decode()


def _app(status: int = 200) -> web.Application:
    async def ready(_: web.Request) -> web.Response:
        return web.Response(status=status, text="{}")

    async def who(request: web.Request) -> web.Response:
        said = request.headers.get("Authorization", "")
        right = said == encode_basic_auth(USER, PASSWORD)
        return web.Response(status=200 if right else 401, text="{}")

    app = web.Application()
    app.router.add_get("/readyz", ready)
    app.router.add_get("/_security/_authenticate", who)
    return app


@pytest.mark.parametrize(("status", "healthy"), [(200, True), (503, False)])
async def test_the_api_is_healthy_while_it_can_answer(status: int, healthy: bool) -> None:
    async with TestServer(_app(status)) as server:
        code, err = await asked("api", TAGLAKE_HEALTH_URL=str(server.make_url("/readyz")))

    assert (code == 0) is healthy
    assert err.endswith("" if healthy else "/readyz answered 503\n")
    assert bool(err) is not healthy


async def test_nobody_listening_is_not_healthy() -> None:
    code, err = await asked("api", TAGLAKE_HEALTH_URL="http://127.0.0.1:9/readyz")

    assert code == 1
    assert err.startswith("URLError: ")


@pytest.mark.parametrize(("password", "code"), [(PASSWORD, 0), ("wrong-pass-word", 1)])
async def test_the_lake_must_know_the_user_and_be_the_one_that_is_trusted(
    tmp_path: Path, password: str, code: int
) -> None:
    authority, context = trustme.CA(), ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(context)
    trusted, other = tmp_path / "ca.crt", tmp_path / "other.crt"
    authority.cert_pem.write_to_path(str(trusted))
    trustme.CA().cert_pem.write_to_path(str(other))
    server = TestServer(_app(), host="localhost", scheme="https")
    await server.start_server(ssl=context)
    signs_in = {
        "TAGLAKE_HEALTH_URL": str(server.make_url("/_security/_authenticate")),
        "TAGLAKE_ELASTICSEARCH_USER": USER,
        "TAGLAKE_ELASTICSEARCH_PASSWORD": password,
    }
    try:
        found, err = await asked("lake", TAGLAKE_CA_FILE=str(trusted), **signs_in)
        strange, why = await asked("lake", TAGLAKE_CA_FILE=str(other), **signs_in)
    finally:
        await server.close()

    assert found == code, err
    assert password not in err
    assert strange == 1
    assert "CERTIFICATE_VERIFY_FAILED" in why


@pytest.mark.parametrize("arguments", [(), ("ingest",)])
async def test_it_says_what_it_can_look_at(arguments: tuple[str, ...]) -> None:
    assert await asked(*arguments) == (1, "say what to look at: api or lake\n")


async def test_a_container_without_a_user_is_not_healthy() -> None:
    code, err = await asked("lake")

    assert code == 1
    assert "TAGLAKE_ELASTICSEARCH_USER" in err
