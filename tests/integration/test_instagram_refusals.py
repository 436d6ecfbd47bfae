from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from ingestors.platform import Page, Payload, Target
from ingestors.platforms.instagram import about, connect, normalise
from lake.errors import (
    BlockedError,
    InvalidError,
    NotFoundError,
    RateLimitedError,
    TaglakeError,
    UnauthorizedError,
    UnavailableError,
)
from lake.records import Post, Profile
from tests.fakes import instagram as fakes
from tests.fakes.instagram import TOKEN, USER_ID, FakeInstagram, Fault, run_instagram
from tests.fakes.instagram_poll import VANS, ids, options, poll

SECOND = {"user_id": "17841400000000002", "access_token": "EAAB-second-token"}
ANN = Target("instagram", "profile", "ann")
REFUSALS: dict[str, tuple[Fault, type[TaglakeError], str]] = {
    "190": (fakes.refusing(190), UnauthorizedError, "access_token"),
    "190 expired": (fakes.refusing(190, 463, status=401), UnauthorizedError, "expired"),
    "190 invalid": (fakes.refusing(190, 467), UnauthorizedError, "invalid"),
    "401 without JSON": (fakes.saying("no", "text/plain", 401), UnauthorizedError, "401"),
    "10": (fakes.refusing(10, status=403), BlockedError, "permission"),
    "200": (fakes.refusing(200, status=403), BlockedError, "permission"),
    "299": (fakes.refusing(299), BlockedError, "permission"),
    "368": (fakes.refusing(368), BlockedError, "blocked the account"),
    "403": (fakes.saying("no", "text/plain", 403), BlockedError, "403"),
    "a login page": (fakes.saying("<!DOCTYPE html>", "text/html"), BlockedError, "login wall"),
    "24 2207024": (fakes.refusing(24, 2207024), NotFoundError, "does not have or show"),
    "404": (fakes.refusing(803, status=404), NotFoundError, "does not have or show"),
    "100": (fakes.refusing(100, message="(#100) bad field"), InvalidError, "bad field"),
    "an unknown code": (fakes.refusing(36_003), InvalidError, "36003"),
}


@pytest.fixture
async def fake() -> AsyncIterator[FakeInstagram]:
    async with run_instagram() as server:
        yield server


@pytest.mark.parametrize("case", REFUSALS.values(), ids=list(REFUSALS))
@pytest.mark.parametrize("where", ["ig_hashtag_search", "recent_media"])
async def test_a_refusal_is_told_at_once(
    fake: FakeInstagram, case: tuple[Fault, type[TaglakeError], str], where: str
) -> None:
    fault, error, said = case
    fake.script(where, fault)

    with pytest.raises(error, match=said):
        await poll(fake)

    assert fake.count(where) == 1


@pytest.mark.parametrize("code", [4, 17, 32, 613, 80002])
async def test_a_rate_limit_is_waited_for_as_long_as_the_header_says(
    fake: FakeInstagram, code: int
) -> None:
    usage = {"type": "instagram", "call_count": 100, "estimated_time_to_regain_access": 20}
    fake.script("recent_media", fakes.refusing(code, **usage))

    async with connect(options(fake)) as platform:
        with pytest.raises(RateLimitedError) as caught:
            await anext(platform.pages(VANS, None))
        with pytest.raises(RateLimitedError):
            await anext(platform.pages(VANS, None))

    assert caught.value.after_s == pytest.approx(1_200)
    assert fake.count("recent_media") == 1, "the second poll waits too"


async def test_a_short_rate_limit_is_waited_out(fake: FakeInstagram) -> None:
    posted = fake.add(3)
    fault = fakes.refusing(4, call_count=40, estimated_time_to_regain_access=0.005)
    fake.script("recent_media", fault)

    assert ids(await poll(fake)) == posted[::-1]


async def test_a_bad_token_is_told_without_showing_it(fake: FakeInstagram) -> None:
    with pytest.raises(UnauthorizedError) as caught:
        await poll(fake, access_token="wrong-secret")

    assert "wrong-secret" not in str(caught.value)


async def test_a_message_that_quotes_a_token_is_not_told_on(fake: FakeInstagram) -> None:
    quoted = "EAAB" + "x" * 60
    fake.script("recent_media", fakes.refusing(100, message=f"Cannot parse {quoted} here"))

    with pytest.raises(InvalidError, match="Cannot parse … here") as caught:
        await poll(fake)

    assert quoted not in str(caught.value)


async def test_the_31st_hashtag_is_refused_before_the_api_is_asked(fake: FakeInstagram) -> None:
    async with connect(options(fake, tags_per_week=2)) as platform:
        for tag in ("vans", "skate", "vans"):
            await _all(platform, Target("instagram", "hashtag", tag))
        asked = len(fake.calls)
        with pytest.raises(RateLimitedError, match="#board would be one more") as caught:
            await _all(platform, Target("instagram", "hashtag", "board"))
        state = platform.limits.state()
        await _all(platform, VANS)
    async with connect(options(fake, tags_per_week=2)) as restarted:
        restarted.limits.restore(state)
        with pytest.raises(RateLimitedError):
            await _all(restarted, Target("instagram", "hashtag", "board"))

    assert (caught.value.after_s or 0) > 6 * 86_400
    assert all("board" not in query.values() for _, query in fake.calls)
    assert len(fake.calls) == asked + 1


async def test_a_tag_limit_that_only_instagram_knows_of_moves_on_to_the_next_account(
    fake: FakeInstagram,
) -> None:
    fake.accounts[SECOND["access_token"]] = SECOND["user_id"]
    fake.tags = 1
    fake.add(3)
    async with connect(options(fake, more_accounts=[SECOND])) as platform:
        for tag in ("vans", "skate"):
            assert await _all(platform, Target("instagram", "hashtag", tag))
        with pytest.raises(RateLimitedError):
            await _all(platform, Target("instagram", "hashtag", "board"))
        calls = len(fake.calls)
        assert await _all(platform, VANS), "what was paid for goes on"

    assert len(fake.calls) == calls + 1


async def test_two_new_hashtags_at_once_do_not_both_take_the_last_place(
    fake: FakeInstagram,
) -> None:
    async with connect(options(fake, tags_per_week=1)) as platform:
        walks = [_all(platform, Target("instagram", "hashtag", tag)) for tag in ("vans", "skate")]
        outcomes = await asyncio.gather(*walks, return_exceptions=True)

    assert sorted(type(one).__name__ for one in outcomes) == ["RateLimitedError", "list"]
    assert fake.count("ig_hashtag_search") == 1


async def test_a_hashtag_whose_first_answer_was_lost_counts_all_the_same(
    fake: FakeInstagram,
) -> None:
    fake.script("ig_hashtag_search", fakes.cut_off, fakes.cut_off, fakes.cut_off)

    async with connect(options(fake, tags_per_week=1)) as platform:
        with pytest.raises(UnavailableError):
            await _all(platform, VANS)
        with pytest.raises(RateLimitedError, match="#skate would be one more"):
            await _all(platform, Target("instagram", "hashtag", "skate"))


@pytest.mark.parametrize("code", [190, 368, 10])
async def test_an_account_that_is_refused_is_left_out_and_another_goes_on(
    fake: FakeInstagram, code: int
) -> None:
    fake.accounts[SECOND["access_token"]] = SECOND["user_id"]
    posted = fake.add(3)
    fake.script("recent_media", fakes.refusing(code))

    async with connect(options(fake, more_accounts=[SECOND])) as platform:
        pages = await _all(platform, VANS)
        again = await _all(platform, VANS)

    assert ids(pages) == ids(again) == posted[::-1]
    users = [query["user_id"] for path, query in fake.calls if path.endswith("recent_media")]
    assert len(users) == 3
    assert len(set(users[1:])) == 1
    assert users[0] not in users[1:]


async def test_an_account_with_no_calls_left_rests_while_another_works(
    fake: FakeInstagram,
) -> None:
    fake.accounts[SECOND["access_token"]] = SECOND["user_id"]
    usage = {"call_count": 40, "estimated_time_to_regain_access": 20}
    fake.script(fake.accounts[TOKEN], fakes.refusing(4, **usage))
    fake.script(SECOND["user_id"], fakes.refusing(4, **usage))

    async with connect(options(fake, more_accounts=[SECOND])) as platform:
        with pytest.raises(RateLimitedError, match="every credential is used up"):
            await _all(platform, ANN)

    assert len(fake.calls) == 2


@pytest.mark.parametrize(("target", "call"), [(VANS, "ig_hashtag_search"), (ANN, USER_ID)])
async def test_a_rate_limit_of_untold_length_moves_on_to_the_next_account(
    fake: FakeInstagram, target: Target, call: str
) -> None:
    fake.accounts[SECOND["access_token"]] = SECOND["user_id"]
    fake.add(1)
    fake.script(call, fakes.refusing(4))

    async with connect(options(fake, more_accounts=[SECOND], attempts=1)) as platform:
        assert await _all(platform, target)

    assert len(fake.calls) > 1
    assert not fake.faults[call], "nobody was refused"


async def test_a_profile_comes_with_its_latest_posts(fake: FakeInstagram) -> None:
    posted = fake.add(2)

    [page] = await poll(fake, target=Target("instagram", "profile", "@ann"))
    profile, *posts = [
        record for load in page.payloads for record in normalise(load, page.observed_at)
    ]

    assert isinstance(profile, Profile)
    assert (profile.author.followers, profile.following, profile.posts) == (64_976, 3, 436)
    assert [post.native_id for post in posts if isinstance(post, Post)] == posted[::-1]
    assert {post.author.handle for post in posts if isinstance(post, Post)} == {"ann"}
    assert TOKEN not in str(page)


async def test_an_account_that_is_not_professional_is_not_found(fake: FakeInstagram) -> None:
    with pytest.raises(NotFoundError, match="no professional account 'nobody'"):
        await poll(fake, target=Target("instagram", "profile", "nobody"))


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("hashtag", "a b"),
        ("hashtag", "🛹"),
        ("hashtag", ""),
        ("profile", "ann){id}"),
        ("profile", ""),
        ("comments", "3984285244001148342"),
        ("posts", "3984285244001148342"),
        ("stream", "vans"),
    ],
)
async def test_a_target_that_instagram_lacks_is_invalid(
    fake: FakeInstagram, kind: Any, value: str
) -> None:
    with pytest.raises(InvalidError, match="instagram cannot poll"):
        await poll(fake, target=Target("instagram", kind, value))

    assert fake.calls == []


async def test_the_check_names_the_account(fake: FakeInstagram) -> None:
    async with connect(options(fake)) as platform:
        assert "accepted for us" in await platform.check()
        assert platform.related(Payload("media", {})) == ()

    assert len(fake.calls) == 1


def test_it_says_what_it_is_about_without_credentials(fake: FakeInstagram) -> None:
    shipped, configured = about(None), about(options(fake, more_accounts=[SECOND]))

    assert set(shipped.capabilities) == {"posts", "profiles"}
    assert (shipped.credentials, configured.credentials) == (1, 2)
    assert configured.poll_calls == {"calls": 1}


async def _all(platform: Any, target: Target) -> list[Page]:
    return [page async for page in platform.pages(target, None)]
