"""Questions that share what they read answer as if each had read for itself."""

from __future__ import annotations

import copy
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any, TypeVar

import pytest
from typing_extensions import override

from api.app import create_app
from api.reading import close_snapshot, open_snapshot
from api.routes import posts as posts_route
from benchmarks.api_load import questions, routes_of
from lake.config import ApiConfig, Config
from lake.errors import RetryError
from lake.generation import generation
from lake.records import Json
from lake.sharing import Sharing
from lake.store import Store
from tests.fakes.campaign_posts import START, random_posts, random_scores, seed_store
from tests.fakes.found_posts import a_post
from tests.fakes.running_api import Api, running_api

T = TypeVar("T")
NOON = START + timedelta(hours=12)
_OF_ITS_MOMENT = {"as_of", "request_id", "next"}


class Watched(Sharing):
    """Keeps a copy of every answer beside what the questions were given."""

    kept: list[tuple[Any, Any]]

    @override
    async def search(
        self, what: str, body: Json, ask: Callable[[], Awaitable[tuple[Json, int]]]
    ) -> Json:
        return self._watched(await super().search(what, body, ask))

    @override
    async def made(self, key: str, make: Callable[[], Awaitable[T]]) -> T:
        return self._watched(await super().made(key, make))

    def _watched(self, found: T) -> T:
        if not any(one is found for one, _ in self.kept):
            self.kept.append((found, copy.deepcopy(found)))
        return found


def _lasting(answer: Any) -> Any:
    """An answer without what differs from moment to moment."""
    if isinstance(answer, dict):
        return {key: _lasting(value) for key, value in answer.items() if key not in _OF_ITS_MOMENT}
    return [_lasting(one) for one in answer] if isinstance(answer, list) else answer


async def _ask_all(api: Api, campaign: str) -> dict[str, Any]:
    routes = routes_of(await api.get("/openapi.json"))
    asked = questions(routes, campaign, START.isoformat().replace("+00:00", "Z"))
    assert len(asked) > 20
    return {one.route: await api.get(one.path, **dict(one.params)) for one in asked}


async def test_answers_are_the_same_and_nobody_changes_what_others_were_given(
    store: Store,
) -> None:
    posts = random_posts(20_250_402)
    await seed_store(store, posts, random_scores(8, posts))
    app = create_app(store, Config(api=ApiConfig(requests_per_min=None)))
    async with running_api(app) as api:
        assert store.sharing is not None
        store.sharing.__class__ = Watched
        store.sharing.kept = []  # type: ignore[attr-defined]
        campaign = await api.create()
        shared = await _ask_all(api, campaign)
        kept = store.sharing.kept  # type: ignore[attr-defined]

        assert len(kept) > 20
        for given, before in kept:
            assert given == before
    assert store.sharing is None
    alone = create_app(store, Config(api=ApiConfig(requests_per_min=None, cache_s=0)))
    async with running_api(alone) as api:
        assert store.sharing is None
        assert _lasting(await _ask_all(api, campaign)) == _lasting(shared)


async def test_what_was_written_is_in_the_next_answer(store: Store, api: Api) -> None:
    campaign = await api.create()
    await seed_store(store, [a_post("1", NOON)], {})
    counts = []
    for number in range(2, 5):
        summary = await api.get(f"/v1/campaigns/{campaign}/summary")
        timeline = await api.get(f"/v1/campaigns/{campaign}/timeline")
        counts.append((summary["metrics"]["posts"]["value"], timeline["n"]))
        await seed_store(store, [a_post(str(number), NOON)], {})

    assert counts == [(1, 1), (2, 2), (3, 3)]


async def test_views_are_freed(store: Store) -> None:
    before = await _open_views(store)
    async with running_api(create_app(store, Config())) as api:
        campaign = await api.create()
        for number in range(3):
            await seed_store(store, [a_post(str(number), NOON)], {})
            await api.get(f"/v1/campaigns/{campaign}/summary")
            await api.get(f"/v1/campaigns/{campaign}/sentiment")
        assert await _open_views(store) <= before + 1
    assert await _open_views(store) == before


async def test_a_shared_view_that_elasticsearch_lost_is_opened_anew(store: Store, api: Api) -> None:
    """As after Elasticsearch was started anew while nothing was written."""
    campaign = await api.create()
    await seed_store(store, [a_post("1", NOON)], {})
    await api.get(f"/v1/campaigns/{campaign}/summary")
    assert store.sharing is not None
    with store.sharing.about(await generation(store.client, store.layout)):
        async with store.sharing.view() as view:
            assert view is not None
            await close_snapshot(store, view)

    timeline = await api.get(f"/v1/campaigns/{campaign}/timeline", interval="week")

    assert timeline["n"] == 1


async def test_what_was_written_changes_the_state_also_where_counters_begin_anew(
    store: Store,
) -> None:
    states = []
    for number in range(3):
        await seed_store(store, [a_post(str(number), NOON)], {})
        # An index that is opened counts from the beginning, as a node that is started does.
        index = ",".join(await store.client.indices.get(index=store.layout.every("posts")))
        await store.client.indices.close(index=index)
        await store.client.indices.open(index=index)
        states.append(await generation(store.client, store.layout))

    assert None not in states
    assert len(set(states)) == 3


async def test_an_answer_of_a_part_of_the_lake_is_none(store: Store) -> None:
    await seed_store(store, [a_post("1", NOON)], {})
    nowhere = {"index.routing.allocation.require._name": "nowhere"}
    for name in ("posts", "metrics"):
        index = store.layout.every(name).replace("*", "1999")
        await store.client.indices.create(
            index=index, settings=nowhere, wait_for_active_shards="0", timeout="1s"
        )

        with pytest.raises(RetryError):
            await store.search(store.layout.every(name), {"size": 0})
    with pytest.raises(RetryError):
        await open_snapshot(store, "1m")


async def test_a_campaign_under_the_id_of_one_that_was_removed_has_its_own_answers(
    store: Store, api: Api
) -> None:
    campaign = await api.create()
    await seed_store(store, [a_post(str(number), NOON) for number in range(2)], {})
    page = await api.get(f"/v1/campaigns/{campaign}/posts", limit=1)
    before = await api.get(f"/v1/campaigns/{campaign}/summary")
    async with api.session.delete(f"/v1/campaigns/{campaign}") as answer:
        assert answer.status == 204

    assert await api.create(hashtags=["nobodysaysthis"]) == campaign
    after = await api.get(f"/v1/campaigns/{campaign}/summary")
    further = {"limit": "1", "cursor": page["next"]}
    status, _ = await api.refusal("GET", f"/v1/campaigns/{campaign}/posts", params=further)

    found = [answer["metrics"]["posts"]["value"] for answer in (before, after)]
    assert (found, status) == ([2, 0], 400)


async def test_a_first_page_is_not_given_again_when_its_cursor_may_have_ended(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with running_api(create_app(store, Config(api=ApiConfig(cache_s=3_600)))) as api:
        campaign = await api.create()
        await seed_store(store, [a_post(str(number), NOON) for number in range(3)], {})
        pages = [await api.get(f"/v1/campaigns/{campaign}/posts", limit=1) for _ in range(2)]
        monkeypatch.setattr(posts_route, "_FIRST_PAGE_S", 1e-6)
        pages.append(await api.get(f"/v1/campaigns/{campaign}/posts", limit=1))

        assert pages[0] == pages[1]
        assert pages[2]["next"] != pages[0]["next"]
        assert pages[2]["items"] == pages[0]["items"]


async def _open_views(store: Store) -> int:
    # Other tests' nodes have views of their own; this one's are counted by shard.
    found = await store.client.nodes.stats(metric="indices", index_metric="search")
    return sum(int(node["indices"]["search"]["open_contexts"]) for node in found["nodes"].values())
