from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
from pydantic import ValidationError

from ingestors.platform import Payload, Target
from ingestors.platforms.threads import Options, about, connect, normalise
from lake.errors import (
    BlockedError,
    InvalidError,
    NotFoundError,
    TaglakeError,
    UnauthorizedError,
)
from lake.records import Post, Profile
from tests.fakes import threads as fakes
from tests.fakes.threads import (
    START,
    TOKEN,
    FakeThreads,
    Fault,
    options,
    poll,
    run_threads,
)

REFUSALS: dict[str, tuple[Fault, type[TaglakeError]]] = {
    "190": (fakes.refusing(190, status=401), UnauthorizedError),
    "10": (fakes.refusing(10, status=403), BlockedError),
    "368": (fakes.refusing(368), BlockedError),
    "100": (fakes.refusing(100), InvalidError),
    "24": (fakes.refusing(24), NotFoundError),
    "403": (fakes.saying("no", "text/plain", 403), BlockedError),
    "a login page": (fakes.saying("<!DOCTYPE html>", "text/html"), BlockedError),
}


@pytest.fixture
async def fake() -> AsyncIterator[FakeThreads]:
    async with run_threads() as server:
        yield server


@pytest.mark.parametrize("case", REFUSALS.values(), ids=list(REFUSALS))
async def test_a_refusal_is_told_at_once(
    fake: FakeThreads, case: tuple[Fault, type[TaglakeError]]
) -> None:
    fault, error = case
    fake.faults.append(fault)

    with pytest.raises(error) as caught:
        await poll(fake)

    assert len(fake.calls) == 1
    assert TOKEN not in str(caught.value)


async def test_a_post_has_no_numbers_and_its_topic_is_a_hashtag(fake: FakeThreads) -> None:
    fake.add(1, topic_tag="Vans Shoes", text="Look #Skate @bob", is_reply=True)

    [record] = normalise(Payload("post", fake.posts[0]), START)

    assert isinstance(record, Post)
    assert (record.kind, record.hashtags) == ("reply", ("vans shoes", "skate"))
    assert dict(record.metrics) == {}
    assert set(record.metrics_missing) == {"likes", "comments", "shares", "quotes", "views"}
    assert (record.author.handle, record.mentions) == ("ann", ("bob",))


@pytest.mark.parametrize("handle", ["ann", "@ann"])
async def test_a_profile_is_looked_up(fake: FakeThreads, handle: str) -> None:
    [page] = await poll(fake, target=Target("threads", "profile", handle))
    [record] = normalise(page.payloads[0], page.observed_at)

    assert isinstance(record, Profile)
    assert (record.author.handle, record.author.followers) == ("ann", 1_234)
    assert (record.posts, record.following, record.author.verified) == (None, None, True)


async def test_an_account_that_is_not_shown_is_not_found(fake: FakeThreads) -> None:
    with pytest.raises(NotFoundError, match="no account 'nobody'"):
        await poll(fake, target=Target("threads", "profile", "nobody"))


@pytest.mark.parametrize(
    ("kind", "value"),
    [("hashtag", "a b"), ("profile", "a/b"), ("comments", "1"), ("posts", "1"), ("stream", "a")],
)
async def test_a_target_that_threads_lacks_is_invalid(
    fake: FakeThreads, kind: Any, value: str
) -> None:
    with pytest.raises(InvalidError, match="threads cannot poll"):
        await poll(fake, target=Target("threads", kind, value))


async def test_the_check_names_the_account(fake: FakeThreads) -> None:
    async with connect(options(fake)) as platform:
        assert await platform.check() == "the token is accepted for us"
        assert platform.related(Payload("post", {})) == ()


def test_it_says_what_it_is_about_without_credentials(fake: FakeThreads) -> None:
    assert set(about(None).capabilities) == {"posts", "profiles", "history"}
    assert about(options(fake)).poll_calls == {"search": 1}


@pytest.mark.parametrize(
    "section",
    [
        {},
        {"access_token": "sec ret"},
        {"access_token": []},
        {"access_token": "secret", "base": "https://graph.threads.net/v1.0"},
        {"access_token": "secret", "modes": []},
        {"access_token": "secret", "modes": ["TAG", "TAG"]},
        {"access_token": "secret", "version": "1"},
    ],
)
def test_options_that_cannot_work_are_refused_without_showing_the_token(
    section: dict[str, Any],
) -> None:
    with pytest.raises(ValidationError) as caught:
        Options.model_validate(section)

    assert "secret" not in str(caught.value)
    assert "sec ret" not in str(caught.value)
