"""What a hostile, tired or absent server does to the stream."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator

import pytest

from ingestors.bluesky_stream import Jetstream
from lake.errors import (
    BlockedError,
    RateLimitedError,
    RetryError,
    UnauthorizedError,
    UnavailableError,
)
from lake.records import Post
from tests.fakes import jetstream as fakes
from tests.fakes.jetstream import (
    START_US,
    FakeJetstream,
    Turn,
    post_event,
    run_jetstream,
)
from tests.fakes.jetstream_pages import (
    BEGINNING,
    VANS,
    keys,
    pages_until,
    pages_until_cut,
    records,
    stream,
)


@pytest.fixture
async def fake() -> AsyncIterator[FakeJetstream]:
    async with run_jetstream() as server:
        yield server


RUBBISH = [
    "not json",
    "[" * 100_000,
    "7",
    '{"kind": "commit", "commit": ["app.bsky.feed.post"]}',
    '{"kind": "shout", "time_us": "soon"}',
    '{"kind": "commit", "time_us": 1, "commit": {"collection": "app.bsky.feed.post", '
    '"operation": "delete", "rkey": 7}}',
    json.dumps({"kind": "account", "account": {"active": False, "status": "takendown"}}),
    json.dumps({"kind": "identity", "did": "did:plc:ann", "identity": None}),
    "{}",
]


async def test_rubbish_is_told_and_no_obstacle(fake: FakeJetstream) -> None:
    fake.send(post_event(1, "vans"), *RUBBISH, *["junk"] * 50, post_event(2, "vans"))

    pages = await pages_until(stream(fake), {"+key2"})

    assert keys(pages) == ["+key1", "+key2"]
    letters = [part for page in pages for part in page.unreadable]
    assert {"not json", "7"} <= {part.text for part in letters}
    assert all(len(part.text) <= 10_000 for part in letters)
    assert max(len(page.unreadable) for page in pages) <= 10


async def test_a_time_far_ahead_does_not_carry_the_cursor_away(fake: FakeJetstream) -> None:
    far = post_event(1, "vans") | {"time_us": START_US * 100}
    fake.send(far)

    pages = await pages_until(stream(fake), {"+key1"})

    assert len(pages[-1].cursor or "") == 16
    assert [type(one) for one in records(pages)] == [Post]


async def test_a_message_past_all_size_ends_the_connection(fake: FakeJetstream) -> None:
    fake.send(post_event(1, "vans", text="x" * 17_000_000))

    with pytest.raises(UnavailableError, match=r"broke|closed"):
        await pages_until(stream(fake), {"+key1"})


async def test_an_error_that_the_server_sends_ends_the_stream(fake: FakeJetstream) -> None:
    fake.send('{"error": "ConsumerTooSlow", "message": "secret?token=1"}')

    with pytest.raises(UnavailableError, match="ConsumerTooSlow"):
        await pages_until(stream(fake), {"+key1"})


async def test_what_came_before_a_cut_is_given_although_no_page_was_due(
    fake: FakeJetstream,
) -> None:
    fake.send(*(post_event(number, "vans") for number in range(1, 5)))
    fake.turns.extend([fakes.cut_after(2), fakes.closing_after(4, 1011)])
    source = Jetstream(fake.url, 60, page_s=3_600)

    first, cursor = await pages_until_cut(source, BEGINNING)
    second, _ = await pages_until_cut(source, cursor)

    assert keys(first) == ["+key1", "+key2"]
    assert keys(second) == ["+key3", "+key4"]
    assert cursor == str(START_US + 2_000)


async def test_a_silent_server_is_given_up(fake: FakeJetstream) -> None:
    fake.turns.append(fakes.silent)

    with pytest.raises(UnavailableError, match="said nothing"):
        await pages_until(stream(fake, silence_s=0.3), {"+key1"})


@pytest.mark.parametrize(
    ("turn", "error"),
    [
        (fakes.refusing(429, {"Retry-After": "7"}), RateLimitedError),
        (fakes.refusing(500), UnavailableError),
        (fakes.refusing(503), UnavailableError),
        (fakes.refusing(401), UnauthorizedError),
        (fakes.refusing(403), BlockedError),
        (fakes.refusing(400), BlockedError),
        (fakes.refusing(404), BlockedError),
        (fakes.refusing(200), BlockedError),
    ],
)
async def test_a_refused_connection_says_what_to_do(
    fake: FakeJetstream, turn: Turn, error: type[Exception]
) -> None:
    fake.turns.append(turn)

    with pytest.raises(error) as caught:
        await pages_until(stream(fake), {"+key1"})

    if error is RateLimitedError:
        assert isinstance(caught.value, RateLimitedError)
        assert caught.value.after_s == 7
    assert "cursor" not in str(caught.value)


async def test_a_server_that_is_not_there_is_unavailable() -> None:
    async with run_jetstream() as gone:
        source = stream(gone)

    with pytest.raises(RetryError):
        await anext(source.pages(lambda: VANS, None))


async def test_a_closed_stream_leaves_nothing_behind(fake: FakeJetstream) -> None:
    fake.send(post_event(1, "vans"))
    await pages_until(stream(fake), {"+key1"})

    async with asyncio.timeout(60):
        await fake.left.wait()
    assert not [task for task in asyncio.all_tasks() if "ClientWebSocket" in str(task.get_coro())]
