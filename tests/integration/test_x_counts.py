from __future__ import annotations

import copy
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pydantic import ValidationError

from ingestors.platform import Payload
from ingestors.platforms.x import Options, connect
from lake.errors import PayloadError
from lake.records import TagCounter
from tests.fakes.x import FakeX, run_x
from tests.fakes.x_poll import options, poll


@pytest.fixture
async def fake() -> AsyncIterator[FakeX]:
    async with run_x() as server:
        yield server


async def test_counts_become_a_counter_for_each_hour_as_x_sent_it(fake: FakeX) -> None:
    pages = await poll(fake)
    async with connect(options(fake)) as platform:
        records = platform.normalise(pages[0].payloads[0], pages[0].observed_at)
    counters = [one for one in records if isinstance(one, TagCounter)]

    assert [one.posts for one in counters] == [5, 0, 2]
    assert {one.tag for one in counters} == {"vans"}
    starts = [one.start for one in counters if one.start]
    assert {(one.minute, one.second) for one in starts} == {(0, 0)}
    lengths = [one.end - one.start for one in counters if one.start and one.end]
    assert lengths == [timedelta(hours=1), timedelta(hours=1), timedelta(minutes=7)]
    assert list(pages[0].payloads[0].body) == ["hashtag", "query", "counts"]
    assert pages[0].payloads[0].body["counts"]["meta"] == {"total_tweet_count": 7}


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"hashtag": "vans"},
        {"hashtag": "#", "counts": {"data": []}},
        {"hashtag": "vans", "counts": {"data": None}},
        {"hashtag": "vans", "counts": {"data": [{"start": "a", "end": "b", "tweet_count": 1}]}},
    ],
)
async def test_counts_without_a_tag_or_a_period_are_refused(
    fake: FakeX, body: dict[str, Any]
) -> None:
    before = copy.deepcopy(body)

    async with connect(options(fake)) as platform:
        with pytest.raises(PayloadError):
            platform.normalise(Payload("counts", body), datetime(2026, 11, 21, tzinfo=UTC))

    assert body == before


async def test_the_new_name_of_a_count_is_read(fake: FakeX) -> None:
    period = {"start": "2026-11-20T10:00:00Z", "end": "2026-11-20T11:00:00Z", "post_count": 4}
    body = {"hashtag": "Vans", "counts": {"data": [period]}}

    async with connect(options(fake)) as platform:
        [counter] = platform.normalise(Payload("counts", body), datetime(2026, 11, 21, tzinfo=UTC))

    assert isinstance(counter, TagCounter)
    assert counter.posts == 4


@pytest.mark.parametrize(
    "section",
    [
        {},
        {"bearer_token": ""},
        {"bearer_token": "se cret"},
        {"bearer_token": []},
        {"bearer_token": ["secret", "se cret"]},
        {"bearer_token": ["secret", ""]},
        {"bearer_token": 3},
        {"bearer_token": "secret", "usd_per_day": -1},
        {"bearer_token": "secret", "base": "https://api.x.com/2"},
        {"bearer_token": "secret", "base": "api.x.com"},
        {"bearer_token": "secret", "language": "en -is:reply"},
        {"bearer_token": "secret", "page_size": 5},
    ],
)
def test_options_that_cannot_work_are_refused_without_showing_the_token(
    section: dict[str, Any],
) -> None:
    with pytest.raises(ValidationError) as caught:
        Options.model_validate(section)

    assert "secret" not in str(caught.value)
    assert "se cret" not in str(caught.value)
