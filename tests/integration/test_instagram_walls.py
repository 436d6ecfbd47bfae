"""Answers of Instagram's web that say something else than they seem to at first sight."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator

import pytest

from ingestors.platform import Target
from lake.errors import (
    BlockedError,
    NotFoundError,
    RateLimitedError,
    RetryError,
    TaglakeError,
    UnauthorizedError,
)
from tests.fakes import instagram_web as fakes
from tests.fakes.instagram_web import FakeWeb, Fault, ids, poll, run_web

GUARD = "for (;;);"
ANN = Target("instagram", "profile", "ann")


@pytest.fixture
async def fake() -> AsyncIterator[FakeWeb]:
    async with run_web() as server:
        yield server


@pytest.mark.parametrize(
    ("status", "body", "error"),
    [
        (401, fakes.WAIT, RateLimitedError),
        (403, {"message": "login_required", "status": "fail"}, UnauthorizedError),
        (400, {"message": "checkpoint_required", "status": "fail"}, BlockedError),
    ],
)
async def test_a_refusal_is_read_behind_the_guard(
    fake: FakeWeb, status: int, body: dict[str, object], error: type[TaglakeError]
) -> None:
    fake.faults.append(fakes.saying(GUARD + json.dumps(body), status=status))

    with pytest.raises(error, match="instagram"):
        await poll(fake)


async def test_json_that_calls_itself_a_page_is_read(fake: FakeWeb) -> None:
    fake.faults.append(fakes.saying(GUARD + json.dumps({"data": {"hashtag": None}}), "text/html"))

    with pytest.raises(NotFoundError):
        await poll(fake)


@pytest.mark.parametrize(
    "fault",
    [
        fakes.saying("", status=400),
        fakes.saying("400: Bad Request", "text/plain", 400),
        fakes.saying("<!DOCTYPE html>", "text/html", 400),
    ],
)
async def test_an_account_that_is_refused_without_a_word_stops_nothing_else(
    fake: FakeWeb, fault: Fault
) -> None:
    fake.faults.append(fault)

    with pytest.raises(NotFoundError, match="no account 'ann'"):
        await poll(fake, target=ANN)


@pytest.mark.parametrize("status", [302, 403])
async def test_a_wall_before_an_account_is_a_block(fake: FakeWeb, status: int) -> None:
    fake.faults.append(fakes.saying("<html>", "text/html", status, Location="/accounts/login/"))

    with pytest.raises(BlockedError, match=str(status)):
        await poll(fake, target=ANN)


async def test_pages_that_lead_in_a_circle_are_no_endless_walk(fake: FakeWeb) -> None:
    posted = fake.add(6)
    fake.add(6)

    def page(following: str) -> Fault:
        body = {"sections": [], "more_available": True, "next_max_id": following}
        return fakes.saying(json.dumps(body))

    fake.faults.extend([None, page("m7"), *[page("m6"), page("m6"), page("m6")] * 9])

    with pytest.raises(RetryError, match="repeated a page"):
        await poll(fake)
    assert len(fake.calls) == 5

    fake.faults.clear()
    assert ids(await poll(fake))[-6:] == posted[::-1]
