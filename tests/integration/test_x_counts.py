from __future__ import annotations

import copy
import logging
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pydantic import ValidationError

from ingestors.platform import Payload, Target
from ingestors.platforms.x import Options, connect
from ingestors.x_spending import Prices, Spending
from lake.errors import PayloadError
from lake.records import TagCounter
from tests.fakes.x import FakeX, run_x
from tests.fakes.x_poll import VANS, options, poll


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


async def test_a_poll_says_what_it_costs(fake: FakeX, caplog: pytest.LogCaptureFixture) -> None:
    fake.add(25)

    with caplog.at_level(logging.INFO, "ingestors.platforms.x"):
        async with connect(options(fake)) as platform:
            assert [page async for page in platform.pages(VANS, None)]
            first = platform.spent_usd
            assert [page async for page in platform.pages(VANS, None)]
            assert [page async for page in platform.pages(Target("x", "profile", "ann"), None)]
            second = platform.spent_usd

    told = [vars(record)["usd"] for record in caplog.records if record.msg == "X is paid"]
    assert first == pytest.approx(0.005 + 25 * 0.005 + 0.010)
    assert second - first == pytest.approx(0.005), "the day's posts and accounts are paid for"
    assert told == pytest.approx([first, 0.005, 0])


def test_a_post_is_paid_for_again_on_the_next_utc_day() -> None:
    spending = Spending(Prices(post=1.0, user=10.0, count=100.0))
    late = datetime(2026, 11, 20, 23, 59, 59, tzinfo=UTC)

    spending.add(late, posts=["1", "2", "2"], users=["7"])
    spending.add(late, posts=["2", "3"], users=["7"])
    same_day = spending.usd
    spending.add(late + timedelta(seconds=1), posts=["3"])
    spending.add_count()

    assert same_day == 13.0
    assert spending.usd == 114.0


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
