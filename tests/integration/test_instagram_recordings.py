"""What Instagram really sent, played back: a counter that grew, and its refusals."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest

from ingestors.platform import Payload, Target
from ingestors.platforms.instagram import connect, normalise
from ingestors.poll import poll
from lake import times
from lake.errors import (
    BlockedError,
    NotFoundError,
    PayloadError,
    TaglakeError,
    UnavailableError,
)
from lake.store import Store
from tests.contract.instagram_payloads import FOLDER, WITHOUT_TIME, recorded
from tests.fakes import instagram as graph_fakes
from tests.fakes import instagram_web as web_fakes
from tests.fakes.instagram import TOKEN, run_instagram
from tests.fakes.instagram_poll import options as graph_options
from tests.fakes.instagram_web import options, run_web

PARIS = Target("instagram", "hashtag", "paris")
ANN = Target("instagram", "profile", "ann")
FIRST, SECOND = 125_782_874, 125_783_288


async def test_two_polls_of_a_recorded_hashtag_show_how_its_count_grew(store: Store) -> None:
    runs = []
    async with run_web() as fake:
        fake.answers.extend([recorded("hashtag.json"), recorded("hashtag-2.json")])
        for hours in (2, 1):
            at = times.now() - timedelta(hours=hours)
            async with connect(options(fake), clock=_stopped(at)) as platform:
                runs.append(await poll(platform, PARIS, store))
        calls = len(fake.calls)
    await store.refresh()

    wanted = {"term": {"entity.type": "tag"}}
    body = {"size": 10, "sort": ["@timestamp"], "query": wanted}
    answer = await store.search(store.layout.every("metrics"), body)
    found = [hit["_source"] for hit in answer["hits"]["hits"]]
    assert [one["metrics"]["posts"] for one in found] == [FIRST, SECOND]
    assert found[1]["metrics"]["posts"] - found[0]["metrics"]["posts"] == 414
    assert {one["entity"]["id"] for one in found} == {"instagram:paris"}
    assert [run.dead_letters for run in runs] == [0, 0]
    assert calls == 2


@pytest.mark.parametrize(
    ("name", "status", "error"),
    [
        ("error_permission.json", 400, NotFoundError),
        ("error_code100.json", 400, BlockedError),
    ],
)
async def test_what_the_graph_api_said_of_an_account(
    name: str, status: int, error: type[TaglakeError]
) -> None:
    async with run_instagram() as fake:
        fault = graph_fakes.saying(json.dumps(recorded(name)), status=status)
        fake.script(fake.accounts[TOKEN], fault)
        async with connect(graph_options(fake)) as platform:
            with pytest.raises(error):
                await anext(platform.pages(ANN, None))


@pytest.mark.parametrize(
    ("name", "status", "error"),
    [
        ("challenge.json", 400, BlockedError),
        ("login-generic-errors.json", 200, UnavailableError),
        ("login-error.json", 200, UnavailableError),
        ("medias-error.json", 200, UnavailableError),
        ("profile-id-invalid.json", 200, NotFoundError),
    ],
)
async def test_what_the_web_said_of_an_account(
    name: str, status: int, error: type[TaglakeError]
) -> None:
    [path] = FOLDER.glob(f"*/{name}")
    async with run_web() as fake:
        fake.faults.append(web_fakes.saying(path.read_text(encoding="utf-8"), status=status))
        async with connect(options(fake, attempts=1)) as platform:
            with pytest.raises(error):
                await anext(platform.pages(ANN, None))


@pytest.mark.parametrize("name", sorted(WITHOUT_TIME))
def test_posts_that_were_asked_for_without_a_time_are_dead_letters(name: str) -> None:
    with pytest.raises(PayloadError, match="without a time"):
        normalise(Payload("page", recorded(name)), times.now())


def _stopped(at: datetime) -> Callable[[], datetime]:
    return lambda: at
