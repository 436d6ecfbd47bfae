from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pydantic import ValidationError

from ingestors.mastodon_places import places, places_text
from ingestors.platform import Payload, Platform, Target
from ingestors.platforms.mastodon import Options, connect
from lake.errors import (
    BlockedError,
    InvalidError,
    NotFoundError,
    PayloadError,
    StopPlatformError,
    UnauthorizedError,
)
from lake.records import Post, Profile, TagCounter
from tests.fakes import mastodon as fakes
from tests.fakes.mastodon import FakeMastodon, run_mastodon, status_id
from tests.fakes.mastodon_poll import VANS, host, ids, options, poll


@pytest.fixture
async def fake() -> AsyncIterator[FakeMastodon]:
    async with run_mastodon() as server:
        yield server


@pytest.mark.parametrize(
    ("status", "error"),
    [(401, UnauthorizedError), (403, BlockedError), (422, BlockedError), (404, BlockedError)],
)
async def test_a_refusal_ends_the_platforms_work_at_once(
    fake: FakeMastodon, status: int, error: type[StopPlatformError]
) -> None:
    fake.faults.append(fakes.refusing(status))

    with pytest.raises(error):
        await poll(fake)

    assert sum("/timelines/" in path for path in fake.paths) == 1


@pytest.mark.parametrize("status", [401, 403, 404, 422])
async def test_a_server_that_keeps_its_tag_history_still_shows_the_timeline(
    fake: FakeMastodon, status: int
) -> None:
    posted = fake.add(3)
    fake.tag_status = status

    assert sorted(ids(await poll(fake))) == sorted(posted)


async def test_a_login_page_is_a_block(fake: FakeMastodon) -> None:
    fake.faults.append(fakes.saying("<!DOCTYPE html>", "text/html"))

    with pytest.raises(BlockedError, match="login wall"):
        await poll(fake)


@pytest.mark.parametrize(
    ("local", "remote", "token", "is_open"),
    [
        ("public", "public", None, True),
        ("public", "disabled", None, True),
        ("authenticated", "authenticated", None, False),
        ("authenticated", "authenticated", "key", True),
        ("disabled", "authenticated", "key", True),
        ("disabled", "disabled", "key", False),
        ("disabled", "disabled", None, False),
    ],
)
async def test_a_closed_feed_is_told_before_it_is_polled(
    fake: FakeMastodon, local: str, remote: str, token: str | None, is_open: bool
) -> None:
    posted = fake.add(3)
    fake.feed_access = {"local": local, "remote": remote}
    fake.token = token

    if is_open:
        assert sorted(ids(await poll(fake, access_token=token))) == posted
    else:
        with pytest.raises(BlockedError, match="closed its tag feeds"):
            await poll(fake, access_token=token)
        assert not [path for path in fake.paths if "/timelines/" in path]


async def test_the_feed_is_asked_about_once_a_connection(fake: FakeMastodon) -> None:
    fake.feed_access = {"local": "public", "remote": "public"}

    async with connect(options(fake)) as platform:
        for _ in range(3):
            assert [page async for page in platform.pages(VANS, None)]

    assert fake.paths.count("/api/v2/instance") == 1


async def test_a_wrong_token_is_told_without_showing_it(fake: FakeMastodon) -> None:
    fake.token = "right"

    with pytest.raises(UnauthorizedError) as caught:
        await poll(fake, access_token="wrong-secret")

    assert "wrong-secret" not in str(caught.value)


async def test_a_profile_is_looked_up(fake: FakeMastodon) -> None:
    async with connect(options(fake)) as platform:
        [page] = [page async for page in platform.pages(target("profile", "@ann"), None)]
        [profile] = platform.normalise(page.payloads[0], page.observed_at)

    assert isinstance(profile, Profile)
    assert profile.author.id == f"{fake.base}/users/ann"
    assert profile.author.followers == 7


async def test_an_unknown_account_is_not_found(fake: FakeMastodon) -> None:
    async with connect(options(fake)) as platform:
        with pytest.raises(NotFoundError, match="knows no account 'nobody'"):
            assert [page async for page in platform.pages(target("profile", "nobody"), None)]


@pytest.mark.parametrize("by", ["id", "copy", "uri"])
async def test_comments_are_the_replies_to_a_status(fake: FakeMastodon, by: str) -> None:
    [post] = fake.add(1)
    replies = fake.add(3, in_reply_to_id=post)
    names = {"id": post, "copy": f"{host(fake)}:{post}", "uri": fake.statuses[post]["uri"]}
    value = names[by]

    async with connect(options(fake)) as platform:
        pages = [page async for page in platform.pages(target("comments", value), None)]
        [record] = platform.normalise(pages[0].payloads[0], pages[0].observed_at)

    assert sorted(ids(pages)) == replies
    assert isinstance(record, Post)
    assert (record.kind, record.reply_to) == ("reply", post)


async def test_only_a_status_with_replies_suggests_its_comments(fake: FakeMastodon) -> None:
    [post] = fake.add(1, replies_count=2)
    [lonely] = fake.add(1)

    async with connect(options(fake)) as platform:
        payloads = [load async for page in platform.pages(VANS, None) for load in page.payloads]
        suggested = [one for payload in payloads for one in platform.related(payload)]
        of_rubbish = platform.related(Payload("status", {"id": "../x", "replies_count": 2}))

    assert lonely in {payload.body.get("id") for payload in payloads}
    assert suggested == [target("comments", fake.statuses[post]["uri"])]
    assert of_rubbish == ()


async def test_the_comments_of_a_deleted_status_are_not_found(fake: FakeMastodon) -> None:
    async with connect(options(fake)) as platform:
        with pytest.raises(NotFoundError):
            assert [page async for page in platform.pages(target("comments", "1"), None)]


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("file", "a.json"),
        ("hashtag", ""),
        ("hashtag", ".."),
        ("profile", "@"),
        ("comments", "../1"),
        ("comments", "https://other.example/users/ann/statuses/1"),
    ],
)
async def test_a_target_that_cannot_be_polled_is_refused(
    fake: FakeMastodon, kind: Any, value: str
) -> None:
    async with connect(options(fake)) as platform:
        with pytest.raises(InvalidError):
            assert [page async for page in platform.pages(target(kind, value), None)]

    assert fake.paths == []


async def test_a_tag_in_any_script_is_asked_for_as_it_is(fake: FakeMastodon) -> None:
    async with connect(options(fake)) as platform:
        pages = [page async for page in platform.pages(target("hashtag", "東京/x?y"), None)]

    assert pages[0].payloads[0].body["name"] == "東京/x?y"


async def test_payloads_become_records_with_global_names(fake: FakeMastodon) -> None:
    fake.add(1)

    async with connect(options(fake)) as platform:
        records = await all_records(platform)

    counters = [one for one in records if isinstance(one, TagCounter)]
    [post] = [one for one in records if isinstance(one, Post)]
    assert len(counters) == 7
    assert {one.source for one in counters} == {fake.base.removeprefix("http://")}
    assert {one.end - one.start for one in counters if one.start and one.end} == {timedelta(days=1)}
    assert post.native_id == f"{fake.base}/users/ann/statuses/{status_id(0)}"
    assert post.author.handle == f"ann@{fake.base.removeprefix('http://')}"
    assert post.metrics == {"likes": 1, "comments": 0, "shares": 2}


async def all_records(platform: Platform) -> list[Any]:
    return [
        record
        async for page in platform.pages(VANS, None)
        for payload in page.payloads
        for record in platform.normalise(payload, page.observed_at)
    ]


def target(kind: Any, value: str) -> Target:
    return Target("mastodon", kind, value)


async def test_a_payload_of_another_platform_is_refused(fake: FakeMastodon) -> None:
    async with connect(options(fake)) as platform:
        with pytest.raises(PayloadError):
            platform.normalise(Payload("tweet", {}), datetime(2026, 11, 21, tzinfo=UTC))


@pytest.mark.parametrize(
    "instance",
    ["mastodon.social", "ftp://a.test", "https://a.test/api", "https://me:pw@a.test", "https://"],
)
def test_an_instance_that_is_no_servers_address_is_refused(instance: str) -> None:
    with pytest.raises(ValidationError, match="must be servers' addresses"):
        Options(instances=("https://b.test", instance))


def test_each_instance_is_kept_once_without_its_last_slash() -> None:
    found = Options(instances=("https://Mastodon.Example/", "https://mastodon.example"))

    assert found.instances == ("https://mastodon.example",)


def test_a_token_belongs_to_a_server_that_is_asked_and_is_not_shown() -> None:
    with pytest.raises(ValidationError, match=r"b\.test is not among instances") as caught:
        Options.model_validate(
            {"instances": ["https://a.test"], "access_tokens": {"b.test": "hunter2"}}
        )

    assert "hunter2" not in str(caught.value)


def test_an_old_or_strange_cursor_is_no_place() -> None:
    assert places("115000000000000000") == {}
    assert places("{") == {}
    assert places('{"a": 1, "b": "2"}') == {"b": "2"}
    longest = {f"{n}.{'x' * 96}"[:100]: "9" * 64 for n in range(20)}
    assert len(places_text(longest)) <= 4_000
