from __future__ import annotations

import json
from collections import deque
from collections.abc import AsyncIterator
from typing import Any

import pytest

from ingestors.platform import Page, Payload, Target
from ingestors.platforms.x import connect, normalise
from lake.errors import NotFoundError, PayloadError, UnavailableError
from lake.records import Erasure, Post, Record
from lake.times import now
from tests.fakes import x as fakes
from tests.fakes.x import FakeX, post_id, run_x
from tests.fakes.x_lookups import POSTS, USERS, lost
from tests.fakes.x_poll import options


@pytest.fixture
async def fake() -> AsyncIterator[FakeX]:
    async with run_x() as server:
        yield server


async def polled(fake: FakeX, kind: Any, *values: str) -> list[Page]:
    async with connect(options(fake)) as platform:
        target = Target("x", kind, " ".join(values))
        return [page async for page in platform.pages(target, None)]


def records(pages: list[Page]) -> list[Record]:
    return [
        record
        for page in pages
        for payload in page.payloads
        for record in normalise(payload, page.observed_at)
    ]


def gone(pages: list[Page]) -> dict[str, str]:
    found = [one for one in records(pages) if isinstance(one, Erasure)]
    assert {one.text_goes for one in found} <= {True}
    return {one.native_id: one.reason for one in found}


async def test_known_posts_come_with_their_numbers_a_hundred_a_call(fake: FakeX) -> None:
    posted = fake.add(230)

    pages = await polled(fake, "posts", *posted, posted[0])

    posts = [one for one in records(pages) if isinstance(one, Post)]
    assert [one.native_id for one in posts] == posted
    assert posts[0].metrics["likes"] == 4
    assert len(fake.calls) == 3
    assert {page.cursor for page in pages} == {None}


async def test_the_authors_are_not_paid_for_and_nothing_better_is_overwritten(
    fake: FakeX,
) -> None:
    [posted] = fake.add(1)

    [post] = records(await polled(fake, "posts", posted))

    assert "author_id" not in fake.calls[0][1]["expansions"]
    assert isinstance(post, Post)
    assert (post.author.id, post.author.handle, post.url) == ("7", None, None)


async def test_what_is_gone_is_erased(fake: FakeX) -> None:
    there, hidden = fake.add(2)
    fake.hidden.add(hidden)
    deleted = post_id(500)

    pages = await polled(fake, "posts", there, hidden, deleted)

    assert gone(pages) == {hidden: "no longer public", deleted: "not found"}
    assert [one.native_id for one in records(pages) if isinstance(one, Post)] == [there]


async def test_posts_that_are_all_gone_are_erased(fake: FakeX) -> None:
    ids = [post_id(500), post_id(501)]

    assert gone(await polled(fake, "posts", *ids)).keys() == set(ids)


@pytest.mark.parametrize(
    "changes",
    [
        {"parameter": "referenced_tweets.id"},
        {"resource_type": "user"},
        {"resource_type": None},
        {"type": "https://api.x.com/2/problems/operational-disconnect"},
        {"type": None},
        {"value": "1", "resource_id": "1"},
        {"value": None, "resource_id": None},
    ],
)
async def test_a_problem_that_is_of_something_else_erases_nothing(
    fake: FakeX, changes: dict[str, Any]
) -> None:
    asked = post_id(500)
    body = {"errors": [lost(asked, **changes), {}, None, 3]}
    fake.path_faults[POSTS] = deque([_saying(body)])

    assert records(await polled(fake, "posts", asked)) == []


async def test_a_post_that_is_shown_is_there_whatever_the_problems_say(fake: FakeX) -> None:
    [posted] = fake.add(1)
    fake.errors = [lost(posted)]

    assert gone(await polled(fake, "posts", posted)) == {}


async def test_a_post_of_which_x_says_nothing_is_not_erased(fake: FakeX) -> None:
    [posted] = fake.add(1)
    fake.path_faults[POSTS] = deque([_saying({"data": [fake.posts[posted]]})])

    pages = await polled(fake, "posts", posted, post_id(500))

    assert len(records(pages)) == 1


async def test_a_search_that_tells_of_lost_posts_erases_none(fake: FakeX) -> None:
    posted = fake.add(2)
    fake.errors = [lost(posted[0], parameter="referenced_tweets.id"), lost(posted[1])]

    pages = await polled(fake, "hashtag", "vans")

    assert gone(pages) == {}


@pytest.mark.parametrize("text", ["{}", "[]", '{"data": {}}', '{"data": null, "errors": []}', ""])
async def test_an_answer_that_is_no_look_up_is_asked_for_again(fake: FakeX, text: str) -> None:
    [posted] = fake.add(1)
    fake.path_faults[POSTS] = deque([fakes.saying(text)])

    assert len(records(await polled(fake, "posts", posted))) == 1
    assert len(fake.calls) == 2


async def test_an_answer_that_stays_no_look_up_erases_nothing(fake: FakeX) -> None:
    fake.path_faults[POSTS] = deque([fakes.saying("{}")] * 9)

    with pytest.raises(UnavailableError):
        await polled(fake, "posts", post_id(500))


async def test_an_address_that_is_not_there_erases_nothing(fake: FakeX) -> None:
    fake.path_faults[POSTS] = deque([fakes.saying("{}", status=404)])

    with pytest.raises(NotFoundError):
        await polled(fake, "posts", post_id(500))


async def test_a_part_that_is_no_post_is_kept_as_unreadable(fake: FakeX) -> None:
    [posted] = fake.add(1)
    user = {"id": "7", "name": "Ann", "username": "ann"}
    body = {"data": [fake.posts[posted], "junk", user]}
    fake.path_faults[POSTS] = deque([_saying(body)])

    [page] = await polled(fake, "posts", posted)

    assert [payload.kind for payload in page.payloads] == ["post"]
    assert [part.reason for part in page.unreadable] == ["is no post", "is no post"]


@pytest.mark.parametrize("body", [{}, {"id": ""}, {"id": "abc"}, {"id": None}, {"problem": 3}])
def test_a_gone_payload_without_an_id_is_refused(body: dict[str, Any]) -> None:
    with pytest.raises(PayloadError):
        normalise(Payload("gone", body), now())


async def test_several_accounts_are_one_call(fake: FakeX) -> None:
    pages = await polled(fake, "profile", "@ann", "nobody", "bob")

    assert [payload.body["username"] for payload in pages[0].payloads] == ["ann", "bob"]
    assert [query["usernames"] for _, query in fake.calls] == ["ann,nobody,bob"]
    assert fake.calls[0][0] == USERS


def _saying(body: Any) -> fakes.Fault:
    return fakes.saying(json.dumps(body))
