"""How the API behaves towards any client, whatever it asks. No lake is needed for any of it."""

from __future__ import annotations

import asyncio
import io
import json
import logging
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import aiohttp
import pytest
from starlette.responses import StreamingResponse

from lake.log import set_up_logging
from tests.fakes.lakeless_api import OWN, api_without_lake, own_app
from tests.fakes.running_api import running_api

ZIP = {"Accept-Encoding": "gzip"}
PLAIN = {"Accept-Encoding": "identity"}
DOCUMENT = "/openapi.json"  # large, always the same, and needs no lake


@pytest.mark.parametrize("brought", ["abc", "A-b_c.9", "x" * 64])
async def test_a_sane_request_id_is_taken(tmp_path: Path, brought: str) -> None:
    async with api_without_lake(tmp_path) as api:
        headers = {"X-Request-Id": brought}
        async with api.session.get("/healthz", headers=headers) as answer:
            told = answer.headers.getall("X-Request-Id")
        async with api.session.get("/v1/campaigns", headers=headers) as refused:
            problem = await refused.json()
            told_again = refused.headers.getall("X-Request-Id")

    assert told == told_again == [brought]
    assert problem["request_id"] == brought


@pytest.mark.parametrize("brought", ["", "a b", "x" * 65, "a\u00e9", "<script>", "a;b"])
async def test_another_request_id_is_replaced(tmp_path: Path, brought: str) -> None:
    async with api_without_lake(tmp_path) as api:
        async with api.session.get("/healthz", headers={"X-Request-Id": brought}) as one:
            first = one.headers["X-Request-Id"]
        async with api.session.get("/healthz", headers={"X-Request-Id": brought}) as two:
            second = two.headers["X-Request-Id"]

    assert first != second
    assert brought not in (first, second)
    assert len(first) == 32


@pytest.fixture
def log_lines() -> Iterator[io.StringIO]:
    """What the process logs, as JSON lines."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    stream = io.StringIO()
    set_up_logging("debug", "json", stream)
    yield stream
    root.handlers, root.level = handlers, level


async def test_log_lines_of_a_request_have_its_id_and_no_query(
    tmp_path: Path, log_lines: io.StringIO
) -> None:
    async with api_without_lake(tmp_path) as api:
        headers = {"X-Request-Id": "here-i-am"}
        async with api.session.get("/v1/campaigns?x=hush", headers=headers) as answer:
            assert answer.status == 503

    lines = [json.loads(line) for line in log_lines.getvalue().splitlines()]
    ours = [line for line in lines if line.get("request_id") == "here-i-am"]
    assert {line["message"] for line in ours} >= {"answer put off", "answered"}
    answered = next(line for line in ours if line["message"] == "answered")
    assert (answered["method"], answered["path"]) == ("GET", "/v1/campaigns")
    assert answered["status"] == 503
    assert not [line for line in lines if "hush" in str(line)]


async def test_a_bug_is_a_problem_with_the_requests_id(tmp_path: Path) -> None:
    app = own_app(tmp_path)

    async def broken() -> None:
        raise RuntimeError("hush")

    app.add_api_route(f"{OWN}/broken", broken)
    async with running_api(app) as api:
        headers = {"X-Request-Id": "mine"}
        async with api.session.get(f"{OWN}/broken", headers=headers) as answer:
            problem = await answer.json()
            told = answer.headers.getall("X-Request-Id")

    assert (problem["status"], problem["request_id"], told) == (500, "mine", ["mine"])


async def test_large_answers_are_sent_with_gzip_and_small_ones_are_not(tmp_path: Path) -> None:
    async with api_without_lake(tmp_path) as api:
        async with api.session.get(DOCUMENT, headers=ZIP) as zipped:
            found = await zipped.json()
            length = int(zipped.headers["Content-Length"])
        async with api.session.get(DOCUMENT, headers=PLAIN) as plain:
            whole = await plain.read()
        async with api.session.get("/healthz", headers=ZIP) as small:
            assert "Content-Encoding" not in small.headers

    assert zipped.headers["Content-Encoding"] == "gzip"
    assert "Content-Encoding" not in plain.headers
    assert (zipped.headers["Vary"], plain.headers["Vary"]) == ("Accept-Encoding",) * 2
    assert length < len(whole) / 3
    assert found == json.loads(whole)


async def test_who_has_an_answer_is_told_so_instead_of_sent_it(tmp_path: Path) -> None:
    async with api_without_lake(tmp_path) as api:
        tags = {}
        for name, encoding in (("zip", ZIP), ("plain", PLAIN)):
            async with api.session.get(DOCUMENT, headers=encoding) as answer:
                tags[name] = answer.headers["ETag"]
                assert answer.headers["Cache-Control"] == "private, no-cache"
            known = encoding | {"If-None-Match": f'"other", {tags[name]}'}
            async with api.session.get(DOCUMENT, headers=known) as again:
                assert (again.status, await again.read()) == (304, b"")
                assert again.headers["ETag"] == tags[name]
                assert again.headers["Cache-Control"] == "private, no-cache"
                assert again.headers["Vary"] == "Accept-Encoding"
                assert "Content-Type" not in again.headers
                assert "Content-Encoding" not in again.headers
        async with api.session.get(DOCUMENT, headers={"If-None-Match": '"other"'}) as other:
            assert (other.status, bool(await other.read())) == (200, True)

    assert tags["zip"] != tags["plain"]


async def test_a_problem_is_kept_by_nobody_and_has_no_tag(tmp_path: Path) -> None:
    async with (
        api_without_lake(tmp_path) as api,
        api.session.get("/readyz", headers={"If-None-Match": "*"}) as answer,
    ):
        assert (answer.status, answer.headers["Cache-Control"]) == (503, "no-store")
        assert "ETag" not in answer.headers


async def test_head_tells_what_get_would_without_a_body(tmp_path: Path) -> None:
    changing = {"date", "x-request-id", "ratelimit-remaining", "ratelimit-reset"}
    async with api_without_lake(tmp_path) as api:
        for path in ("/healthz", DOCUMENT, "/docs", "/readyz", "/v1/campaigns", "/v1/nothing"):
            for encoding in (ZIP, PLAIN):
                async with api.session.get(path, headers=encoding) as got:
                    size = len(await got.read())
                    expected = _headers(got, changing)
                async with api.session.head(path, headers=encoding) as answer:
                    body = await answer.read()
                    found = _headers(answer, changing)

                assert (answer.status, body, size > 0) == (got.status, b"", True), path
                if got.status == 200:
                    assert found == expected, path
        async with api.session.head("/v1/push/mastodon") as wrong:
            assert (wrong.status, wrong.headers["Allow"]) == (405, "POST")


def _headers(answer: aiohttp.ClientResponse, without: set[str]) -> dict[str, str]:
    lowered = {name.lower(): value for name, value in answer.headers.items()}
    return {name: value for name, value in lowered.items() if name not in without}


async def test_head_ends_an_answer_that_would_go_on(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    app = own_app(tmp_path)
    ended = asyncio.Event()

    async def endless() -> AsyncIterator[bytes]:
        try:
            while True:
                yield b"more"
                await asyncio.sleep(0.01)
        finally:
            ended.set()

    async def stream() -> StreamingResponse:
        return StreamingResponse(endless(), media_type="text/csv")

    app.add_api_route(f"{OWN}/endless", stream)
    async with running_api(app) as api, asyncio.timeout(60):
        reader, writer = await asyncio.open_connection("127.0.0.1", api.port)
        for request in (f"HEAD {OWN}/endless", "GET /healthz"):  # one after the other, on one line
            writer.write(f"{request} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
            head = await reader.readuntil(b"\r\n\r\n")
            assert head.startswith(b"HTTP/1.1 200")
        await ended.wait()
        writer.close()
        await writer.wait_closed()

    assert not [record for record in caplog.records if record.levelno >= logging.ERROR]


async def test_a_wrong_method_is_told_the_right_ones(tmp_path: Path) -> None:
    app = own_app(tmp_path)

    async def nothing() -> None:
        return None

    app.add_api_route(f"{OWN}/thing", nothing, methods=["GET"])
    app.add_api_route(f"{OWN}/thing", nothing, methods=["PATCH", "DELETE"])
    async with running_api(app) as api:
        for method in ("PUT", "POST", "BREW", "OPTIONS"):
            async with api.session.request(method, f"{OWN}/thing") as answer:
                assert answer.content_type == "application/problem+json"
                assert answer.headers["Allow"] == "DELETE, GET, HEAD, PATCH", method
                assert answer.status == 405


PREFLIGHT = {
    "Origin": "https://board.example.org",
    "Access-Control-Request-Method": "PATCH",
    "Access-Control-Request-Headers": "authorization, content-type",
}


async def test_web_pages_of_named_origins_alone_may_ask(tmp_path: Path) -> None:
    origin = PREFLIGHT["Origin"]
    async with api_without_lake(tmp_path, cors_origins=[origin]) as api:
        async with api.session.options("/v1/campaigns", headers=PREFLIGHT) as allowed:
            assert (allowed.status, allowed.headers["Access-Control-Allow-Origin"]) == (200, origin)
            assert "PATCH" in allowed.headers["Access-Control-Allow-Methods"]
        async with api.session.get("/v1/campaigns", headers={"Origin": origin}) as answer:
            assert answer.status == 503
            assert answer.headers["Access-Control-Allow-Origin"] == origin
            assert "ETag" in answer.headers["Access-Control-Expose-Headers"]
            assert "Access-Control-Allow-Credentials" not in answer.headers
        stranger = PREFLIGHT | {"Origin": "https://evil.example.org"}
        status, problem = await api.refusal("OPTIONS", "/v1/campaigns", headers=stranger)
        async with api.session.get("/healthz", headers={"Origin": stranger["Origin"]}) as other:
            assert "Access-Control-Allow-Origin" not in other.headers

    assert (status, "origin" in problem["detail"]) == (400, True)


async def test_without_origins_no_web_page_may_ask(tmp_path: Path) -> None:
    async with api_without_lake(tmp_path) as api:
        async with api.session.get("/healthz", headers={"Origin": "https://x.org"}) as answer:
            assert not [name for name in answer.headers if name.startswith("Access-Control")]
        async with api.session.options("/healthz", headers=PREFLIGHT) as preflight:
            assert preflight.status == 405
