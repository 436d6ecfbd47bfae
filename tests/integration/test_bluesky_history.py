"""Windows of time, and the current numbers of known posts."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from ingestors import bluesky_walks
from ingestors.platform import Page, Target
from ingestors.platforms.bluesky import normalise
from lake.errors import InvalidError, RetryError, UnauthorizedError, UnavailableError
from lake.records import Erasure, Post
from tests.fakes import bluesky as fakes
from tests.fakes.bluesky import (
    DID,
    START,
    FakeBluesky,
    Fault,
    labelled,
    post,
    run_bluesky,
    text_of,
)
from tests.fakes.bluesky_poll import last_cursor, poll, uris


@pytest.fixture
async def fake() -> AsyncIterator[FakeBluesky]:
    async with run_bluesky() as server:
        yield server


def past(first_s: float, end_s: float) -> Target:
    window = START + timedelta(seconds=first_s), START + timedelta(seconds=end_s)
    return Target("bluesky", "hashtag", "vans", window)


def known(*names: str) -> Target:
    return Target("bluesky", "posts", " ".join(names))


def gone(pages: list[Page]) -> list[str]:
    return [p.body["uri"] for page in pages for p in page.payloads if p.kind == "gone"]


@pytest.mark.parametrize("has_v2", [True, False])
async def test_a_window_brings_its_posts_and_no_others(fake: FakeBluesky, *, has_v2: bool) -> None:
    fake.has_v2 = has_v2
    posted = fake.add(700)

    pages = await poll(fake, target=past(200, 500), lookback_s=50)

    assert sorted(uris(pages)) == sorted(posted[200:500])
    assert last_cursor(pages) == "done"
    assert {kind for page in pages for kind in (p.kind for p in page.payloads)} == {"post"}
    asked = [query for name, query in fake.calls if name.startswith("search")]
    assert asked[0]["since"] == text_of(START + timedelta(seconds=200))
    assert asked[0]["until"] == text_of(START + timedelta(seconds=550))


async def test_a_post_of_the_window_that_was_indexed_late_is_in_it(fake: FakeBluesky) -> None:
    late, early = post(130), post(150)
    late["record"]["createdAt"] = text_of(START + timedelta(seconds=90))
    early["record"]["createdAt"] = text_of(START + timedelta(seconds=10))
    fake.posts = [late, early, post(99), post(100)]

    pages = await poll(fake, target=past(50, 100), lookback_s=60)

    assert sorted(uris(pages)) == sorted([late["uri"], post(99)["uri"]])


async def test_a_window_that_is_cut_off_anywhere_resumes_without_a_loss(
    fake: FakeBluesky,
) -> None:
    posted = fake.add(650)[100:600]
    target = past(100, 600)
    whole = await poll(fake, target=target)
    for given in range(len(whole) + 1):
        written = whole[:given]

        rest = await poll(fake, last_cursor(written), target=target)

        assert set(uris(written)) | set(uris(rest)) == set(posted), given
    assert rest == []


async def test_a_window_with_more_than_a_poll_may_read_is_not_said_to_be_whole(
    fake: FakeBluesky, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake.add(500)
    monkeypatch.setattr(bluesky_walks, "PAGE_CAP", 2)

    with pytest.raises(UnavailableError, match="more posts"):
        await poll(fake, target=past(0, 500))


@pytest.mark.parametrize(
    "fault",
    [fakes.refusing("UpstreamFailure", 502), fakes.cut_off, fakes.silent, fakes.same_cursor],
)
async def test_no_fault_loses_or_doubles_a_post_of_a_window(
    fake: FakeBluesky, fault: Fault
) -> None:
    posted = fake.add(300)
    fake.faults.extend([None, fault])

    assert sorted(uris(await poll(fake, target=past(0, 300)))) == sorted(posted)


async def test_the_past_needs_an_account(fake: FakeBluesky) -> None:
    with pytest.raises(UnauthorizedError):
        await poll(fake, target=past(0, 9), identifier=None, app_password=None)


async def test_known_posts_are_read_again_in_few_calls_without_an_account(
    fake: FakeBluesky,
) -> None:
    names = fake.add(60, likeCount=77)

    pages = await poll(fake, target=known(*names, names[0]), identifier=None, app_password=None)

    assert sorted(uris(pages)) == sorted(names)
    assert fake.count("getPosts") == len(fake.calls) == 3
    [record] = normalise(pages[0].payloads[0], pages[0].observed_at)
    assert isinstance(record, Post)
    assert record.metrics["likes"] == 77


async def test_a_post_that_two_answers_lack_is_gone(fake: FakeBluesky) -> None:
    names = fake.add(30)
    fake.posts = [one for one in fake.posts if one["uri"] not in names[3:5]]

    pages = await poll(fake, target=known(*names))

    assert gone(pages) == names[3:5]
    assert sorted(uris(pages)) == sorted({*names} - {*names[3:5]})
    records = [r for page in pages for p in page.payloads for r in normalise(p, page.observed_at)]
    erased = [record for record in records if isinstance(record, Erasure)]
    assert [(one.native_id, one.reason) for one in erased] == [
        (names[3], "not found"),
        (names[4], "not found"),
    ]


async def test_a_post_that_one_answer_lacks_is_not_gone(fake: FakeBluesky) -> None:
    names = fake.add(10)
    fake.post_faults.append(fakes.saying({"posts": fake.posts[:4]}))

    pages = await poll(fake, target=known(*names))

    assert gone(pages) == []
    assert sorted(uris(pages)) == sorted(names)


@pytest.mark.parametrize(
    "fault",
    [
        fakes.refusing("UpstreamFailure", 502),
        fakes.refusing("InternalServerError", 500),
        fakes.saying({"posts": None}),
        fakes.saying({}),
        fakes.saying('{"posts": ['),
        fakes.saying(""),
    ],
)
async def test_a_server_that_fails_erases_nothing(fake: FakeBluesky, fault: Fault) -> None:
    names = fake.add(2)
    fake.post_faults.extend([fault] * 20)

    with pytest.raises(RetryError):
        await poll(fake, target=known(*names), attempts=2)

    fake.post_faults.clear()
    fake.post_faults.append(fault)
    assert sorted(uris(await poll(fake, target=known(*names)))) == sorted(names)


async def test_a_post_for_signed_in_eyes_only_goes(fake: FakeBluesky) -> None:
    [public] = fake.add(1)
    [hidden] = fake.add(1, author=labelled())

    pages = await poll(fake, target=known(public, hidden))

    assert uris(pages) == [public]
    assert gone(pages) == [hidden]
    assert "no-unauthenticated" not in str([page.payloads for page in pages])


async def test_what_names_no_post_is_left_out(fake: FakeBluesky) -> None:
    [name] = fake.add(1)
    strange = ["17", "at://ann.test/app.bsky.feed.post/1", f"at://{DID}/app.bsky.feed.like/1"]

    pages = await poll(fake, target=known(*strange, name))

    assert uris(pages) == [name]
    assert gone(pages) == []
    with pytest.raises(InvalidError):
        await poll(fake, target=known(" "))
