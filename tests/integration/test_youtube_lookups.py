from __future__ import annotations

from collections import deque
from collections.abc import AsyncIterator
from typing import Any

import pytest

from ingestors.platform import Page, Payload, Target
from ingestors.platforms.youtube import connect, normalise
from lake.errors import NotFoundError, PayloadError, TaglakeError
from lake.records import Erasure, Post, Record
from lake.times import now
from tests.fakes import youtube as fakes
from tests.fakes.youtube import FakeYoutube, run_youtube
from tests.fakes.youtube_poll import options


@pytest.fixture
async def fake() -> AsyncIterator[FakeYoutube]:
    async with run_youtube() as server:
        yield server


async def polled(fake: FakeYoutube, *ids: str) -> list[Page]:
    async with connect(options(fake)) as platform:
        target = Target("youtube", "posts", " ".join(ids))
        return [page async for page in platform.pages(target, None)]


def records(pages: list[Page]) -> list[Record]:
    return [
        record
        for page in pages
        for payload in page.payloads
        for record in normalise(payload, page.observed_at)
    ]


def erased(pages: list[Page]) -> list[str]:
    return [one.native_id for one in records(pages) if isinstance(one, Erasure)]


async def test_known_videos_come_with_their_numbers_fifty_a_call(fake: FakeYoutube) -> None:
    posted = fake.add(120)

    pages = await polled(fake, *posted, posted[0])

    posts = [one for one in records(pages) if isinstance(one, Post)]
    assert [one.native_id for one in posts] == posted
    assert posts[0].metrics == {"comments": 3, "views": 12}
    assert posts[0].author.followers == 10_700_000
    assert (fake.count("videos"), fake.count("channels"), fake.count("search")) == (3, 1, 0)
    assert {page.cursor for page in pages} == {None}


async def test_a_video_that_is_absent_is_erased(fake: FakeYoutube) -> None:
    there, gone = fake.add(2)
    fake.hidden.add(gone)

    pages = await polled(fake, there, gone, "video999999")

    assert erased(pages) == [gone, "video999999"]
    assert {one.reason for one in records(pages) if isinstance(one, Erasure)} == {
        "deleted or private"
    }
    assert [one.native_id for one in records(pages) if isinstance(one, Post)] == [there]


@pytest.mark.parametrize(
    "text",
    [
        '{"kind": "youtube#videoListResponse"}',
        '{"kind": "youtube#videoListResponse", "items": null}',
        '{"items": {}}',
        "[]",
        "",
        "<html>",
    ],
)
async def test_an_answer_without_a_list_erases_nothing(fake: FakeYoutube, text: str) -> None:
    fake.add(1)
    fake.faults["videos"] = deque([fakes.saying(text)] * 9)

    with pytest.raises(TaglakeError):
        await polled(fake, "video999999")


@pytest.mark.parametrize("item", ["3", "null", "{}", '{"id": null}', '{"id": {"videoId": "a"}}'])
async def test_an_item_that_cannot_be_told_erases_nothing(fake: FakeYoutube, item: str) -> None:
    body = f'{{"kind": "youtube#videoListResponse", "items": [{item}]}}'
    fake.faults["videos"] = deque([fakes.saying(body)])

    assert all(
        one.kind != "gone" for page in await polled(fake, "video999999") for one in page.payloads
    )


async def test_a_404_of_a_single_video_is_of_that_video(fake: FakeYoutube) -> None:
    fake.faults["videos"] = deque([fakes.refusing(404, "videoNotFound")])

    assert erased(await polled(fake, "video999999")) == ["video999999"]


@pytest.mark.parametrize(
    ("reason", "ids"),
    [("videoNotFound", ["video000000", "video000001"]), ("notFound", ["video000000"])],
)
async def test_a_404_that_may_be_of_anything_erases_nothing(
    fake: FakeYoutube, reason: str, ids: list[str]
) -> None:
    fake.faults["videos"] = deque([fakes.refusing(404, reason)])

    with pytest.raises(NotFoundError):
        await polled(fake, *ids)


@pytest.mark.parametrize("body", [{}, {"id": ""}, {"id": None}, {"id": 3}])
def test_a_gone_payload_without_an_id_is_refused(body: dict[str, Any]) -> None:
    with pytest.raises(PayloadError):
        normalise(Payload("gone", body), now())
