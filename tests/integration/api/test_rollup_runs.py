"""Runs of rollups: what a second one replaces and removes, and what stops none of the others."""

from __future__ import annotations

import asyncio
import json
from datetime import timedelta
from typing import Any

import pytest

from api.rollups.making import roll_up, roll_up_lake
from lake import times
from lake.client import open_client
from lake.config import RollupConfig
from lake.erasure import erase
from lake.erasure_on_request import erase_author
from lake.records import Erasure
from lake.store import Store
from taglake.rolling_up import roll_up_forever
from tests.fakes.campaign_posts import START
from tests.fakes.found_posts import a_post, seed_found
from tests.fakes.rolled_campaign import Rolls
from tests.fakes.running_api import Api
from tests.lakes import CommandLine, LakeOfTest

SHORT = {"from": "2025-03-29", "to": "2025-03-30", "competitors": []}
NOON = START + timedelta(hours=12)


def _post(name: str, author: str, **more: Any) -> Any:
    return a_post(name, NOON, author=author, comments=3, likes=2, **more)


@pytest.fixture
async def campaign(api: Api, store: Store) -> str:
    posts = [_post("p1", "ann"), _post("p2", "bob", tags=("acme", "extra"))]
    await seed_found(store, posts, score=0.5)
    return await api.create(**SHORT)


@pytest.fixture
def rolls(store: Store) -> Rolls:
    return Rolls(store)


async def _posts_of(rolls: Rolls) -> dict[str, Any]:
    return {row["post"]["key"]: row for row in await rolls("posts")}


async def test_a_second_run_replaces_rows_and_removes_those_that_are_no_more(
    store: Store, campaign: str, rolls: Rolls
) -> None:
    campaigns = await store.campaigns.list()
    [first] = await roll_up(store, campaigns)
    assert {row["author"]["key"] for row in await rolls("influencers", "author")} == {
        "x:ann",
        "x:bob",
    }
    before = await rolls("summary", "metric", metric="posts", scope="all")

    await store.client.delete(index=store.layout.posts(NOON), id="x:p2", refresh=True)
    least = first.rows
    done = asyncio.Event()

    async def watch() -> int:
        fewest = await rolls.count()
        while not done.is_set():
            fewest = min(fewest, await rolls.count())
            await asyncio.sleep(0.02)
        return fewest

    watching = asyncio.create_task(watch())
    [second] = await roll_up(store, campaigns)
    done.set()
    least = await watching

    after = await rolls("summary", "metric", metric="posts", scope="all")
    assert ([row["value"] for row in before], [row["value"] for row in after]) == ([2], [1])
    assert {row["author"]["key"] for row in await rolls("influencers", "author")} == {"x:ann"}
    assert (await _posts_of(rolls)).keys() == {"x:p1"}
    assert 0 < second.removed == first.rows - second.rows
    assert await rolls.count() == second.rows + 1
    assert least >= second.rows, "nobody ever saw less than what there is afterwards"
    assert campaign == after[0]["campaign"]


async def test_an_older_run_that_ends_later_takes_nothing_back(
    store: Store, campaign: str, rolls: Rolls
) -> None:
    del campaign
    campaigns = await store.campaigns.list()
    await roll_up(store, campaigns)
    index = store.layout.one("rollup-posts")
    hits = (await store.search(index, {"query": {"term": {"post.key": "x:p1"}}}))["hits"]["hits"]
    late = times.to_text(times.now() + timedelta(hours=1))
    version = int(times.from_text(late).timestamp() * 1000)
    later = hits[0]["_source"] | {"rank": 77, "rolled_at": late}
    await store.client.index(
        index=index, id=hits[0]["_id"], document=later, version=version, version_type="external"
    )

    [found] = await roll_up(store, campaigns)

    assert found.state == "done"
    assert (await _posts_of(rolls))["x:p1"]["rank"] == 77


async def test_rows_of_a_deleted_campaign_go(store: Store, campaign: str, rolls: Rolls) -> None:
    await roll_up(store, await store.campaigns.list())
    assert await rolls("posts", campaign=campaign)

    await store.campaigns.delete(campaign)
    await store.refresh()
    await roll_up_lake(store, await store.campaigns.list())

    assert await rolls("posts") == []
    assert [row["row"] for row in await rolls("health")] == ["enrichment"]


async def test_one_that_cannot_be_made_stops_no_other_and_keeps_what_it_had(
    api: Api, store: Store, campaign: str, rolls: Rolls
) -> None:
    other = await api.create(**SHORT | {"name": "Other", "hashtags": ["extra"]})
    campaigns = {one.id: one for one in await store.campaigns.list()}
    await roll_up(store, list(campaigns.values()))
    too_many = tuple(f"tag{n}" for n in range(70_000))  # Elasticsearch takes 65,536 terms
    broken = campaigns[campaign].model_copy(update={"hashtags": too_many})

    failed, done = await roll_up(store, [broken, campaigns[other]])

    assert (failed.state, done.state) == ("failed", "done")
    assert "65536" in (failed.error or "")
    assert await rolls("posts", campaign=campaign), "the rows of the run before stay"
    states = {row["campaign"]: row for row in await rolls("campaigns")}
    assert (states[campaign]["state"], states[other]["state"]) == ("failed", "done")
    assert states[campaign]["error"] == failed.error
    assert "mark" not in states[campaign], "it is tried again"


async def test_what_has_no_answer_is_left_out_and_told(
    api: Api, store: Store, rolls: Rolls
) -> None:
    # More hours than one answer holds: there are no peaks.
    await api.create(**SHORT | {"from": "1999-01-01", "to": "2025-04-01"})
    await seed_found(store, [_post("p1", "ann")])

    [found] = await roll_up(store, await store.campaigns.list())

    assert found.state == "done"
    assert [text.partition(":")[0] for text in found.left_out] == ["peaks"]
    assert (await rolls("campaigns"))[0]["left_out"] == list(found.left_out)
    assert {row["interval"] for row in await rolls("timeline")} == {"week"}


async def test_nothing_of_an_erased_post_or_author_stays(
    store: Store, campaign: str, rolls: Rolls
) -> None:
    del campaign
    await roll_up(store, await store.campaigns.list())
    at = times.now()
    assert (await _posts_of(rolls)).keys() == {"x:p1", "x:p2"}

    await erase(store, [Erasure("x", "p1", at, "deleted")])
    assert (await _posts_of(rolls)).keys() == {"x:p2"}
    await erase_author(store, "x", "bob", at)

    await store.refresh()
    found = await store.search(store.layout.every("rollup"), {"size": 10_000})
    assert "bob" not in json.dumps(found["hits"]["hits"])
    assert "words of" not in json.dumps(found["hits"]["hits"])


async def test_the_schedule_makes_them_again_and_again(
    api: Api, store: Store, campaign: str, rolls: Rolls, lake_of_test: LakeOfTest
) -> None:
    often = RollupConfig.model_construct(interval_s=0.1)
    config = lake_of_test.config.model_copy(update={"rollup": often})
    running = asyncio.create_task(roll_up_forever(config, store))
    try:
        await _until(rolls, {campaign})
        other = await api.create(**SHORT | {"name": "Other"})
        await _until(rolls, {campaign, other})
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


async def _until(rolls: Rolls, campaigns: set[str]) -> None:
    async with asyncio.timeout(120):
        while True:
            if {row["campaign"] for row in await rolls("campaigns")} == campaigns:
                return
            await asyncio.sleep(0.2)


async def test_the_command_makes_them_and_says_what_it_did(
    api: Api,
    store: Store,
    campaign: str,
    rolls: Rolls,
    taglake: CommandLine,
    lake_of_test: LakeOfTest,
) -> None:
    made = await taglake("rollup", "--json")
    assert made.status == 0, made.err
    one, whole = made.json()
    assert (one["campaign"], one["state"], one["error"]) == (campaign, "done", None)
    assert (whole["campaign"], whole["state"]) == (None, "done")
    assert await rolls.count() == one["rows"] + whole["rows"] + 1

    await store.refresh()  # that nothing new can be found, is not news
    unchanged = await taglake("rollup", "--changed", campaign)
    assert unchanged.status == 0
    assert "unchanged" in unchanged.out
    await seed_found(store, [_post("p3", "cat")])
    [rests] = await roll_up(store, await store.campaigns.list(), only_changed=True, rest_s=3_600.0)
    assert rests.state == "unchanged"
    anew = await taglake("rollup", "--changed", "--json")
    assert [row["state"] for row in anew.json()] == ["done", "done"]
    assert "x:p3" in await _posts_of(rolls)

    # An index that takes no rows of posts: the campaign without posts is not concerned.
    quiet = await api.create(**SHORT | {"name": "Quiet", "hashtags": ["nobodysaysthis"]})
    index = lake_of_test.prefix + "rollup-posts"
    client = open_client(
        lake_of_test.access.url,
        lake_of_test.config.elasticsearch,
        user=lake_of_test.access.user,
        password=lake_of_test.access.password,
    )
    try:
        await client.indices.delete(index=index)
        wrong = {"dynamic": "strict", "properties": {"rank": {"type": "boolean"}}}
        await client.indices.create(index=index, mappings=wrong)
    finally:
        await client.close()
    half = await taglake("rollup", "--json")
    states = {row["campaign"]: row["state"] for row in half.json()}
    assert states == {campaign: "failed", quiet: "done", None: "done"}
    assert half.status == 1
    assert f"taglake: {campaign}: a row of {index} was refused" in half.err
    nobody = await taglake("rollup", "nobody")
    assert nobody.status == 2
    assert "nobody" in nobody.err
