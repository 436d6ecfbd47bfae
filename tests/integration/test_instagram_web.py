from __future__ import annotations

import json
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest
from pydantic import ValidationError

from ingestors.platform import Target
from ingestors.platforms.instagram import Options, about, connect, normalise
from lake.errors import (
    BlockedError,
    ConfigError,
    InvalidError,
    NotFoundError,
    RateLimitedError,
    RetryError,
    StopPlatformError,
    TaglakeError,
    UnauthorizedError,
)
from lake.records import Post, Profile, TagCounter
from tests.fakes import instagram_web as fakes
from tests.fakes.instagram_web import SESSION, VANS, FakeWeb, Fault, ids, options, poll, run_web

CHECKPOINT = {
    "message": "checkpoint_required",
    "checkpoint_url": "/challenge/624247/x/",
    "lock": False,
}
REFUSALS: dict[str, tuple[Fault, type[TaglakeError]]] = {
    "please wait": (fakes.refusing(401, fakes.WAIT), RateLimitedError),
    "please wait with a good status": (fakes.refusing(200, fakes.WAIT), RateLimitedError),
    "rate_limit_error": (
        fakes.refusing(400, {"error_type": "rate_limit_error"}),
        RateLimitedError,
    ),
    "429": (fakes.saying("slow down", "text/plain", 429), RateLimitedError),
    "login_required": (
        fakes.refusing(403, {"message": "login_required", "status": "fail"}),
        UnauthorizedError,
    ),
    "401": (fakes.refusing(401, {"message": "", "require_login": True}), UnauthorizedError),
    "checkpoint": (fakes.refusing(400, CHECKPOINT), BlockedError),
    "challenge_required": (fakes.refusing(400, {"message": "challenge_required"}), BlockedError),
    "feedback_required": (fakes.refusing(400, {"message": "feedback_required"}), BlockedError),
    "sentry_block": (
        fakes.refusing(400, {"message": "", "error_type": "sentry_block"}),
        BlockedError,
    ),
    "a redirect to the sign-in": (
        fakes.saying("", status=302, Location="/accounts/login/?next=/"),
        BlockedError,
    ),
    "a page for people": (fakes.saying("<!DOCTYPE html>", "text/html"), BlockedError),
    "no such hashtag": (fakes.saying("{}", status=404), NotFoundError),
    "hashtag null": (fakes.saying('{"data": {"hashtag": null}}'), NotFoundError),
    "data null": (fakes.saying('{"data": null, "status": "ok"}'), NotFoundError),
    "400": (fakes.refusing(400, {"message": "odd", "status": "fail"}), InvalidError),
}
FAULTS: dict[str, Fault] = {
    "500": fakes.saying("{}", status=500),
    "572": fakes.saying("{}", status=572),
    "429 with a time": fakes.saying("{}", status=429, Retry_After="0"),
    "a generic error": fakes.saying('{"errors": {"error": ["Sorry"]}, "status": "ok"}'),
    "not JSON": fakes.saying("{error}"),
    "nothing": fakes.saying(""),
    "a lost connection": fakes.silent,
}


@pytest.fixture
async def fake() -> AsyncIterator[FakeWeb]:
    async with run_web() as server:
        yield server


async def test_a_hashtag_gives_its_counter_and_every_post_once(fake: FakeWeb) -> None:
    posted = fake.add(20)

    pages = await poll(fake)
    counter, *posts = [
        record
        for page in pages
        for load in page.payloads
        for record in normalise(load, page.observed_at)
    ]

    assert isinstance(counter, TagCounter)
    assert (counter.tag, counter.posts) == ("vans", 4_321)
    assert [one.native_id for one in posts if isinstance(one, Post)] == posted[::-1]
    assert {one.author.handle for one in posts if isinstance(one, Post)} == {"ann"}
    assert [method for method, _, _ in fake.calls] == ["GET", "POST", "POST", "POST"]
    form = {"tab": "recent", "max_id": "m6", "page": "6", "next_media_ids": "[1,2]"}
    assert fake.calls[1][2] == form | {"include_persistent": "false"}


async def test_a_later_poll_stops_at_what_it_knows(fake: FakeWeb) -> None:
    fake.add(30, age=timedelta(hours=3))
    first = await poll(fake)
    new = fake.add(8)
    fake.calls.clear()

    pages = await poll(fake, first[-1].cursor)

    assert ids(pages)[:8] == new[::-1]
    assert (first[-1].overlaps, pages[-1].overlaps, len(fake.calls)) == (None, True, 3)


async def test_a_poll_that_reaches_its_page_cap_tells_of_the_gap(fake: FakeWeb) -> None:
    fake.add(3, age=timedelta(hours=3))
    cursor = (await poll(fake))[-1].cursor
    posted = fake.add(30)

    pages = await poll(fake, cursor, max_pages=2)

    assert ids(pages) == posted[:-13:-1]
    assert pages[-1].overlaps is False


async def test_top_posts_are_taken_and_end_no_walk(fake: FakeWeb) -> None:
    fake.add(15, age=timedelta(hours=3))
    cursor = (await poll(fake))[-1].cursor
    fake.top = [fake.posts[0], fakes.item("3984285244999999999", 1_789_207_239)]
    fake.posts = []

    pages = await poll(fake, cursor)

    assert len(ids(pages)) == 2
    assert [(page.cursor, page.overlaps) for page in pages] == [(None, None)]


async def test_the_top_list_is_walked_where_there_is_no_recent_one(fake: FakeWeb) -> None:
    posted = fake.add(12)
    top = {"sections": [], "more_available": True, "next_max_id": "m0"}
    fake.answers.append({"data": {"name": "vans", "media_count": 9, "top": top}, "status": "ok"})

    pages = await poll(fake)

    assert set(ids(pages)) == set(posted)
    assert {form["tab"] for method, _, form in fake.calls if method == "POST"} == {"top"}
    assert [(page.cursor, page.overlaps) for page in pages] == [(None, None)] * 3


@pytest.mark.parametrize("case", REFUSALS.values(), ids=list(REFUSALS))
async def test_a_refusal_is_told_at_once(
    fake: FakeWeb, case: tuple[Fault, type[TaglakeError]]
) -> None:
    fault, error = case
    fake.faults.append(fault)

    with pytest.raises(error) as caught:
        await poll(fake)

    assert len(fake.calls) == 1
    assert SESSION not in str(caught.value)


@pytest.mark.parametrize("name", ["login_required", "checkpoint", "feedback_required"])
async def test_a_session_that_is_refused_is_not_used_again(fake: FakeWeb, name: str) -> None:
    fake.faults.append(REFUSALS[name][0])

    async with connect(options(fake)) as platform:
        for _ in range(3):
            with pytest.raises(StopPlatformError):
                await anext(platform.pages(VANS, None))
        with pytest.raises(StopPlatformError):
            await anext(platform.pages(Target("instagram", "profile", "ann"), None))

    assert len(fake.calls) == 1


async def test_after_please_wait_nothing_is_asked_for_half_an_hour(fake: FakeWeb) -> None:
    fake.faults.append(REFUSALS["please wait"][0])

    async with connect(options(fake)) as platform:
        for _ in range(3):
            with pytest.raises(RateLimitedError) as caught:
                await anext(platform.pages(VANS, None))

    assert 1_700 < (caught.value.after_s or 0) <= 1_800
    assert len(fake.calls) == 1


@pytest.mark.parametrize("fault", FAULTS.values(), ids=list(FAULTS))
async def test_a_fault_loses_and_doubles_nothing(fake: FakeWeb, fault: Fault) -> None:
    posted = fake.add(10)
    fake.faults.extend([fault, None, fault])

    assert ids(await poll(fake)) == posted[::-1]


async def test_a_page_that_leads_to_itself_is_no_endless_loop(fake: FakeWeb) -> None:
    fake.add(10)
    again = json.dumps({"sections": [], "more_available": True, "next_max_id": "m6"})
    fake.faults.extend([None, *[fakes.saying(again)] * 50])

    with pytest.raises(RetryError, match="repeated a page"):
        await poll(fake)

    assert len(fake.calls) == 4


async def test_an_empty_page_with_more_goes_on(fake: FakeWeb) -> None:
    posted = fake.add(12)
    empty = json.dumps({"sections": [], "more_available": True, "next_max_id": "m5"})
    fake.faults.extend([None, fakes.saying(empty)])

    assert set(ids(await poll(fake))) == set(posted)


async def test_calls_for_hashtags_have_a_budget_of_their_own(fake: FakeWeb) -> None:
    async with connect(options(fake, web_calls=2)) as platform:
        for _ in range(2):
            assert [page async for page in platform.pages(VANS, None)]
        with pytest.raises(RateLimitedError, match="quota of 2 calls") as caught:
            platform.limits.spend("tag calls")
        state = platform.limits.state()

    assert 600 < (caught.value.after_s or 0) <= 700
    assert list(state) == ["tag calls"]


@pytest.mark.parametrize("session", [SESSION, None])
async def test_a_profile_needs_no_session(fake: FakeWeb, session: str | None) -> None:
    target = Target("instagram", "profile", "ann")

    [page] = await poll(fake, target=target, session_cookie=session)
    profile, post = [one for load in page.payloads for one in normalise(load, page.observed_at)]

    assert isinstance(profile, Profile)
    assert (profile.author.followers, profile.following, profile.posts) == (8_938, 5, 436)
    assert isinstance(post, Post)


@pytest.mark.parametrize(
    "fault", [None, fakes.saying("{}", status=404), fakes.refusing(400, {"status": "fail"})]
)
async def test_an_account_that_is_not_shown_is_not_found(
    fake: FakeWeb, fault: Fault | None
) -> None:
    fake.faults.append(fault)

    with pytest.raises(NotFoundError, match="no account 'nobody'"):
        await poll(fake, target=Target("instagram", "profile", "nobody"))


@pytest.mark.parametrize(
    "section",
    [
        {"mode": "web", "accept_terms_risk": True, "session_cookie": "sec\nret"},
        {"mode": "graph"},
        {"user_id": "17841400000000001"},
        {"user_id": "me", "access_token": "secret"},
        {"user_id": "1", "access_token": "sec ret"},
        {"user_id": "1", "access_token": "secret", "base": "graph.facebook.com"},
        {"user_id": "1", "access_token": "secret", "version": "25"},
        {"user_id": "1", "access_token": "secret", "more_accounts": [{"user_id": "2"}]},
    ],
)
def test_options_that_cannot_work_are_refused_without_showing_a_secret(
    section: dict[str, Any],
) -> None:
    with pytest.raises(ValidationError) as caught:
        Options.model_validate(section)

    assert "secret" not in str(caught.value)


def test_the_web_tells_of_counters(fake: FakeWeb) -> None:
    found = about(options(fake))

    assert set(found.capabilities) == {"posts", "counts", "profiles"}
    assert found.poll_calls == {"tag calls": 1}
    assert found.off_because is None


async def test_the_web_needs_its_second_switch(fake: FakeWeb) -> None:
    off = options(fake, accept_terms_risk=False)

    assert "accept_terms_risk: true" in (about(off).off_because or "")
    with pytest.raises(ConfigError, match="terms do not allow"):
        async with connect(off):
            pass
    assert fake.calls == []


async def test_the_check_makes_one_call(fake: FakeWeb) -> None:
    async with connect(options(fake)) as platform:
        assert await platform.check() == "the web answers to the session"

    assert len(fake.calls) == 1
