"""What Reddit really answered, played to praw by the fake."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiohttp import web

from lake.errors import (
    BlockedError,
    InvalidError,
    NotFoundError,
    RateLimitedError,
    TaglakeError,
    UnauthorizedError,
)
from lake.meter import Meter, metered
from tests.contract.reddit_payloads import FOLDER
from tests.fakes.reddit import FakeReddit, Fault, run_reddit
from tests.fakes.reddit_poll import VANS, names, of, poll, records

_NOT_OURS = {"content-length", "content-encoding", "transfer-encoding", "connection", "server"}
_NOT_OURS |= {"date", "strict-transport-security"}
OUTAGES = [
    "bad_gateway",
    "cloudflare_connection_timed_out",
    "cloudflare_unknown_error",
    "gateway_timeout",
    "service_unavailable",
    "bad_json",
    "with_invalid_access_token",
]


@pytest.fixture
async def fake() -> AsyncIterator[FakeReddit]:
    async with run_reddit() as server:
        server.add(3)
        yield server


def answers(name: str) -> list[Fault]:
    """Every answer to a GET in a recording, to be played in order."""
    cassette = json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))
    return [
        _playing(exchange["response"])
        for exchange in cassette["interactions"]
        if exchange["request"]["method"] == "GET"
    ]


def refusals(name: str) -> list[Fault]:
    return answers(f"prawcore/TestSession.test_request__{name}")


def _playing(response: dict[str, Any]) -> Fault:
    headers = {
        key: values[0]
        for key, values in response["headers"].items()
        if key.lower() not in _NOT_OURS and key.lower() != "content-type"
    }
    kind = response["headers"]["Content-Type"][0].partition(";")[0]

    async def fault(_: FakeReddit, request: web.Request) -> web.Response:
        status, text = response["status"]["code"], response["body"].get("string", "")
        return web.Response(text=text, status=status, headers=headers, content_type=kind)

    return fault


@pytest.mark.parametrize("name", OUTAGES)
async def test_a_recorded_outage_passes(fake: FakeReddit, name: str) -> None:
    recorded = refusals(name)
    fake.faults.extend(recorded)

    pages = await poll(fake, attempts=4)

    assert len(names(pages)) == 3
    assert len(fake.calls) == len(recorded) + 1


async def test_the_recorded_limit_says_how_long_to_wait(fake: FakeReddit) -> None:
    fake.faults.extend(refusals("too__many_requests__with_retry_headers"))

    with pytest.raises(RateLimitedError) as refused:
        await poll(fake, attempts=1)

    assert refused.value.after_s == 4


@pytest.mark.parametrize(
    ("name", "of_all", "of_one"),
    [
        ("forbidden", BlockedError, InvalidError),
        ("not_found", BlockedError, NotFoundError),
        ("with_insufficient_scope", BlockedError, BlockedError),
        ("unavailable_for_legal_reasons", BlockedError, InvalidError),
        ("redirect", BlockedError, BlockedError),
        ("redirect_301", BlockedError, BlockedError),
    ],
)
async def test_a_recorded_refusal_is_one_kind_of_error(
    fake: FakeReddit, name: str, of_all: type[TaglakeError], of_one: type[TaglakeError]
) -> None:
    for target, error in ((VANS, of_all), (of("profile", "spez"), of_one)):
        fake.faults.extend(refusals(name))

        with pytest.raises(error):
            await poll(fake, target=target)


async def test_a_recorded_dead_token_that_stays_dead_ends_the_platform(fake: FakeReddit) -> None:
    fake.faults.extend(refusals("with_invalid_access_token") * 2)

    with pytest.raises(UnauthorizedError):
        await poll(fake)


async def test_the_recorded_search_is_read(fake: FakeReddit) -> None:
    fake.faults.extend(answers("praw/TestSubreddit.test_search")[:1])

    pages = await poll(fake, max_pages=1)

    assert len(names(pages)) == len(set(names(pages))) == 6
    assert pages[0].unreadable == []


async def test_the_recorded_account_is_read_with_its_limits(fake: FakeReddit) -> None:
    fake.faults.extend(answers("praw/TestRedditor.test_fullname_init")[1:])

    with metered(Meter()) as spent:
        [profile] = await records(fake, of("profile", "PyAPITestUser3"))

    assert profile.platform == "reddit"
    assert list(spent.quota_left.values()) == [593.0]
