"""The Research API's clients: tokens, the day's requests, refusals."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from ingestors.platforms.tiktok import connect
from lake.errors import (
    BlockedError,
    InvalidError,
    NotFoundError,
    RateLimitedError,
    UnauthorizedError,
    UnavailableError,
)
from lake.meter import Meter, metered
from tests.fakes import tiktok_research as fakes
from tests.fakes.tiktok_poll import ids, walk
from tests.fakes.tiktok_research import NOW, SECRET, FakeResearch, run_research

VIDEO = "research_video"
TO_MIDNIGHT_S = 12 * 3_600


@pytest.fixture
async def fake() -> AsyncIterator[FakeResearch]:
    async with run_research() as server:
        yield server


async def test_a_token_serves_until_it_runs_out(fake: FakeResearch) -> None:
    fake.add(150)

    async with connect(fake.options(), clock=fake.clock) as tiktok:
        await walk(tiktok)
        assert [method for method, _ in fake.calls].count("token") == 1
        fake.clock.now += timedelta(hours=2)
        await walk(tiktok)

    assert [method for method, _ in fake.calls].count("token") == 2


async def test_a_token_that_is_dead_before_its_time_is_renewed_once(fake: FakeResearch) -> None:
    posted = fake.add(3)

    async with connect(fake.options(), clock=fake.clock) as tiktok:
        await walk(tiktok)
        fake.tokens.clear()
        assert ids(await walk(tiktok), VIDEO) == posted


async def test_a_check_signs_in_and_costs_no_request(fake: FakeResearch) -> None:
    async with connect(fake.options(), clock=fake.clock) as tiktok:
        assert await tiktok.check() == "the Research API accepts the client"

    assert [method for method, _ in fake.calls] == ["token"]


async def test_a_client_that_is_refused_is_left_out(
    fake: FakeResearch, caplog: pytest.LogCaptureFixture
) -> None:
    posted = fake.add(250)
    fake.clients.remove("bob")

    async with connect(fake.options("bob", "ann"), clock=fake.clock) as tiktok:
        assert ids(await walk(tiktok), VIDEO) == posted

    assert {*fake.keys} == {"ann"}
    assert "credential left out" in caplog.messages
    assert SECRET not in caplog.text


@pytest.mark.parametrize("client", ["nobody", "ann"])
async def test_the_last_client_that_is_refused_ends_the_platform(
    fake: FakeResearch, client: str
) -> None:
    missed = fakes.refusing(401, "scope_not_authorized")
    fake.fault("video/query", *[missed] * 4)

    async with connect(fake.options(client), clock=fake.clock) as tiktok:
        with pytest.raises(UnauthorizedError) as caught:
            await walk(tiktok)

    assert SECRET not in str(caught.value)


async def test_clients_share_the_load(fake: FakeResearch) -> None:
    posted = fake.add(350)

    async with connect(fake.options("ann", "bob"), clock=fake.clock) as tiktok:
        assert ids(await walk(tiktok), VIDEO) == posted

    assert {*fake.keys} == {"ann", "bob"}
    assert len(fake.keys) == 4


async def test_a_used_up_day_is_waited_out_until_midnight(fake: FakeResearch) -> None:
    posted = fake.add(3)
    fake.fault("video/query", fakes.refusing(429, "daily_quota_limit_exceeded"))

    async with connect(fake.options(), clock=fake.clock) as tiktok:
        for _ in range(2):
            with pytest.raises(RateLimitedError) as caught:
                await walk(tiktok)
            assert caught.value.after_s == TO_MIDNIGHT_S
        assert len(fake.bodies()) == 1, "it was asked again before midnight"
        fake.clock.now += timedelta(seconds=TO_MIDNIGHT_S)
        assert ids(await walk(tiktok), VIDEO) == posted


async def test_any_429_but_one_that_says_so_is_the_days(fake: FakeResearch) -> None:
    async with connect(fake.options(attempts=1), clock=fake.clock) as tiktok:
        fake.fault("video/query", fakes.refusing(429, "rate_limit_exceeded"))
        with pytest.raises(RateLimitedError) as short:
            await walk(tiktok)
        fake.fault("video/query", fakes.saying("", 429))
        with pytest.raises(RateLimitedError) as unknown:
            await walk(tiktok)

    assert short.value.after_s == 10
    assert unknown.value.after_s == TO_MIDNIGHT_S


async def test_a_code_that_nobody_knows_is_no_empty_answer(fake: FakeResearch) -> None:
    posted = fake.add(3)
    strange = fakes.refusing(200, "server_is_busy")

    async with connect(fake.options(attempts=2), clock=fake.clock) as tiktok:
        fake.fault("video/query", strange, strange)
        with pytest.raises(UnavailableError, match="server_is_busy"):
            await walk(tiktok)
        fake.fault("video/query", strange)
        assert ids(await walk(tiktok), VIDEO) == posted


async def test_when_one_clients_day_is_used_up_the_other_goes_on(fake: FakeResearch) -> None:
    posted = fake.add(250)
    fake.fault("video/query", None, fakes.refusing(429, "daily_quota_limit_exceeded"))

    async with connect(fake.options("ann", "bob"), clock=fake.clock) as tiktok:
        assert ids(await walk(tiktok), VIDEO) == posted


async def test_the_days_requests_are_counted_here_and_outlive_the_process(
    fake: FakeResearch,
) -> None:
    fake.add(350)
    options = fake.options(calls_per_day=3)

    async with connect(options, clock=fake.clock) as tiktok:
        with metered(Meter()) as meter, pytest.raises(RateLimitedError) as caught:
            await walk(tiktok)
        state = tiktok.limits.state()
    async with connect(options, clock=fake.clock) as tiktok:
        tiktok.limits.restore(state)
        with pytest.raises(RateLimitedError):
            await walk(tiktok)

    assert caught.value.after_s == TO_MIDNIGHT_S
    assert len(fake.bodies()) == 3
    assert [*meter.quota_left.values()] == [0]


async def test_a_wall_is_a_block_and_refuses_no_client(fake: FakeResearch) -> None:
    wall = fakes.saying("<html>", 403, "text/html")
    fake.fault("video/query", wall)

    async with connect(fake.options(), clock=fake.clock) as tiktok:
        with pytest.raises(BlockedError):
            await walk(tiktok)
        assert await walk(tiktok)


async def test_a_wrong_question_is_told_apart_from_what_is_not_there(fake: FakeResearch) -> None:
    async with connect(fake.options(), clock=fake.clock) as tiktok:
        fake.fault("video/query", fakes.refusing(400, "invalid_params", "bad date"))
        with pytest.raises(InvalidError, match="question wrong"):
            await walk(tiktok)
        fake.fault("video/comment/list", fakes.saying("{}", 404))
        with pytest.raises(NotFoundError):
            await walk(tiktok, "comments", "7444705554666130708")


async def test_nothing_secret_is_logged(
    fake: FakeResearch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    fake.fault("token", fakes.saying("", 500))

    async with connect(fake.options(), clock=fake.clock) as tiktok:
        await walk(tiktok, window=(NOW - timedelta(days=3), NOW))
        shown = f"{tiktok.limits.state()} {fake.options()!r}"

    assert "waiting for the platform" in caplog.messages
    assert not [word for word in (SECRET, "clt.") if word in caplog.text + shown]
