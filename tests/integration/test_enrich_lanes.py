"""New posts go first, the history last, and a slow Elasticsearch fills no memory."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from enrichment.worker import Scored, Worker
from lake import times
from lake.access import Access
from lake.rescoring import Rescoring, Scope, rescore_query
from lake.store import Store, open_store
from tests.fakes.forwarder import forwarding, free_port
from tests.fakes.scoring import (
    AT,
    Steered,
    a_post,
    a_worker,
    collect,
    kept,
    pending_of,
    score_of,
    seed,
)
from tests.lakes import LakeOfTest

_LONG_ENOUGH_S = 300


@asynccontextmanager
async def _running(worker: Worker, rescoring: Rescoring | None = None) -> AsyncIterator[None]:
    task = asyncio.create_task(worker.forever(0.1, rescoring))
    try:
        yield
    finally:
        if task.done():  # it had no reason to end
            task.result()
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def _until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(_LONG_ENOUGH_S):
        while not holds():  # noqa: ASYNC110
            await asyncio.sleep(0.02)


async def test_a_new_post_overtakes_the_backlog(store: Store) -> None:
    backlog = 3_000
    await seed(store, [a_post(number, f"old {number}") for number in range(backlog)])
    model = Steered(text_s=0.05)  # minutes for all of it; the test ends with the new post

    async with _running(a_worker(store, model, latency_s=2)):
        await _until(lambda: len(model.asked) > 20)
        await collect(store, [a_post(backlog, "brand new", at=times.now())])
        written_at = len(model.asked)
        await _until(lambda: "brand new" in model.asked)

    waited_for = model.asked.index("brand new") - written_at
    assert waited_for < (backlog - written_at) / 2
    assert len(set(model.asked)) == len(model.asked)


async def test_what_is_scored_again_waits_for_all_others(store: Store) -> None:
    history, backlog = 1_500, 600
    old = [a_post(number, f"history {number}") for number in range(history)]
    await seed(store, old, **score_of("old-1"))
    model = Steered("new-2", text_s=0.005)
    rescoring = Rescoring(store.client, store.layout)
    await rescoring.ask(Scope(AT.replace(year=2025)), "new-2")

    async with _running(a_worker(store, model, latency_s=1), rescoring):
        await _until(lambda: len(model.asked) > 50)
        done = sum(text.startswith("history") for text in model.asked)
        await seed(store, [a_post(history + n, f"waits {n}") for n in range(backlog)])
        await _until(lambda: sum(text.startswith("waits") for text in model.asked) == backlog)
        between = sum(text.startswith("history") for text in model.asked) - done
        await _until(lambda: len(model.asked) >= history + backlog)
        await _gone(rescoring)

    # What was scored while the posts were being written and found does not count against it.
    assert between < history - done
    posts = await kept(store)
    assert {post["sentiment"]["model"] for post in posts.values()} == {"new-2"}


async def _gone(rescoring: Rescoring) -> None:
    async with asyncio.timeout(_LONG_ENOUGH_S):
        while await rescoring.wanted() is not None:  # noqa: ASYNC110
            await asyncio.sleep(0.1)


async def test_a_request_that_is_taken_back_is_left_where_it_is(store: Store) -> None:
    history = 1_500
    old = [a_post(number, f"history {number}") for number in range(history)]
    await seed(store, old, **score_of("old-1"))
    model = Steered("new-2", text_s=0.02)
    rescoring = Rescoring(store.client, store.layout)
    await rescoring.ask(Scope(AT.replace(year=2025)), "new-2")

    async with _running(a_worker(store, model, latency_s=1), rescoring):
        await _until(lambda: len(model.asked) > 20)
        assert await rescoring.cancel()
        await _stands_still(model)

    assert len(model.asked) < history


async def test_only_workers_with_the_wanted_model_take_up_a_request(store: Store) -> None:
    await seed(store, [a_post(1)], **score_of("old-1"))
    rescoring = Rescoring(store.client, store.layout)
    await rescoring.ask(Scope(AT.replace(year=2025), platform="x"), "new-2")
    model = Steered("other-3")

    async with _running(a_worker(store, model), rescoring):
        await collect(store, [a_post(2, "something to do")])
        await _until(lambda: model.asked == ["something to do"])

    request = await rescoring.wanted()
    assert request is not None
    assert request.scope == Scope(AT.replace(year=2025), platform="x")
    assert (await kept(store))["1"]["sentiment"]["model"] == "old-1"


async def test_the_history_keeps_its_scores_until_it_has_new_ones(store: Store) -> None:
    posts = [a_post(number, "poison" if number == 3 else f"{number}") for number in range(40)]
    await seed(store, posts, **score_of("old-1"))
    await seed(store, [a_post(99)])
    scope = Scope(AT.replace(year=2026, month=1), None, "x")
    wanted = pending_of(store).of(rescore_query(scope, "steered"))

    scored = await a_worker(store, Steered(), batch_docs=8).rescore(wanted)

    found = await kept(store)
    assert scored == Scored(posts=19, failed=1)
    for number, post in found.items():
        is_new = int(number) % 2 == 1 and number not in ("3", "99")
        assert post.get("sentiment", {}).get("model") == (
            "steered" if is_new else None if number == "99" else "old-1"
        )
        assert post["_version"] == (2 if is_new else 1)
    assert found["3"]["enrich"] == {"state": "done"}


async def test_while_elasticsearch_is_away_little_is_scored_and_nothing_lost(
    lake_of_test: LakeOfTest, store: Store
) -> None:
    posts, batch = 1_200, 20
    await seed(store, [a_post(number, f"text {number}") for number in range(posts)])
    port = free_port()
    user = lake_of_test.access
    access = Access(f"http://127.0.0.1:{port}", user.user, user.password)
    model = Steered(text_s=0.001)

    async with open_store(lake_of_test.config, access) as behind:
        drained: asyncio.Task[Scored] | None = None
        for until in (100, 500):
            async with forwarding(port, user.url):
                if drained is None:
                    worker = a_worker(behind, model, batch_docs=batch)
                    drained = asyncio.create_task(worker.drain())
                await _until(lambda at_least=until: len(model.asked) > at_least)  # type: ignore[misc]
            at_close = len(model.asked)
            await _stands_still(model)
            # One batch in each of: being scored, waiting, and two being written.
            assert len(model.asked) - at_close <= 4 * batch
        async with forwarding(port, user.url):
            assert drained is not None
            scored = await asyncio.wait_for(drained, _LONG_ENOUGH_S)

    assert scored.posts == posts
    assert {post["_version"] for post in (await kept(store)).values()} == {2}


async def _stands_still(model: Steered) -> None:
    before = -1
    while before != len(model.asked):
        before = len(model.asked)
        await asyncio.sleep(0.5)


async def test_a_full_disk_makes_it_wait(store: Store) -> None:
    await seed(store, [a_post(number, f"text {number}") for number in range(200)])
    every = store.layout.every("posts")
    await store.client.indices.put_settings(index=every, settings={"blocks.write": True})
    model = Steered()

    drained = asyncio.create_task(a_worker(store, model, batch_docs=10).drain())
    await _until(lambda: len(model.asked) >= 10)
    await _stands_still(model)
    asked = len(model.asked)
    await store.client.indices.put_settings(index=every, settings={"blocks.write": False})
    scored = await asyncio.wait_for(drained, _LONG_ENOUGH_S)

    assert asked < 200
    assert scored == Scored(posts=200)
