"""Workers share the posts that wait, and never lose or touch anything else."""

from __future__ import annotations

import asyncio

import pytest

from enrichment.vader import Vader
from enrichment.worker import Scored
from lake.documents import Origin, post_document
from lake.enriching import retry_failed
from lake.store import Store, open_store
from lake.text import digest
from tests.fakes.scoring import AT, Steered, a_post, a_worker, collect, kept, pending_of, seed
from tests.lakes import LakeOfTest

LATER = AT.replace(day=6)


async def test_every_post_is_scored_once_and_keeps_its_other_fields(store: Store) -> None:
    await collect(store, [a_post(number) for number in range(700)])
    before = await kept(store)

    scored = await a_worker(store, batch_docs=100, slices=4).drain()

    after = await kept(store)
    assert scored == Scored(posts=700)
    assert {post["enrich"]["state"] for post in after.values()} == {"done"}
    added = ("sentiment", "enrich", "lang", "_version")
    for number, post in after.items():
        assert post["_version"] == 2
        left = {name: value for name, value in post.items() if name not in added}
        assert left == {k: v for k, v in before[number].items() if k not in added}
    assert await a_worker(store).drain() == Scored()


async def test_vaders_scores_and_the_language_are_kept_beside(store: Store) -> None:
    post = a_post(1, "I really love how this new phone looks, what a great day!")
    await collect(store, [post])

    await a_worker(store, Steered()).drain()

    [found] = (await kept(store)).values()
    [own] = Vader().score([post.text])
    beside = found["sentiment"]["vader"]
    assert (found["sentiment"]["label"], found["sentiment"]["model"]) == ("neutral", "steered")
    assert (beside["label"], beside["score"]) == ("positive", own.score)
    assert (beside["p_pos"], beside["p_neu"], beside["p_neg"]) == (own.p_pos, own.p_neu, own.p_neg)
    assert found["lang"]["detected"] == "en"
    assert 0 < found["lang"]["confidence"] <= 1


async def test_workers_share_the_work_and_score_little_twice(
    lake_of_test: LakeOfTest, store: Store
) -> None:
    texts = 2_000
    await seed(store, [a_post(number, f"text {number}") for number in range(texts)])
    model = Steered(text_s=0.001)  # so slow that all of them come to work

    async def one() -> Scored:
        async with open_store(lake_of_test.config, lake_of_test.access) as own:
            return await a_worker(own, model, batch_docs=50, slices=32).drain()

    done = await asyncio.gather(one(), one(), one(), one())

    assert sum(scored.posts for scored in done) == texts
    assert {post["_version"] for post in (await kept(store)).values()} == {2}
    assert {scored.refused for scored in done} == {0}
    wasted = sum(scored.changed_meanwhile for scored in done)
    assert wasted < texts / 10, [scored.changed_meanwhile for scored in done]
    assert min(scored.posts for scored in done) > 0


async def test_a_poison_text_is_marked_blocks_nobody_and_can_be_tried_again(store: Store) -> None:
    await collect(store, [a_post(n, f"poison {n}" if n == 7 else f"{n}") for n in range(20)])

    scored = await a_worker(store, Steered(), batch_docs=10).drain()

    posts = await kept(store)
    assert (scored.posts, scored.failed) == (19, 1)
    assert posts["7"]["enrich"] == {"state": "failed", "reason": "a poison text"}
    assert "sentiment" not in posts["7"]

    assert await retry_failed(store.client, store.layout) == 1
    again = await a_worker(store, Steered(poison="arsenic")).drain()

    seven = (await kept(store))["7"]
    assert again == Scored(posts=1)
    assert (seven["enrich"]["state"], seven["enrich"]["reason"]) == ("done", None)


async def test_an_edited_text_is_scored_again_and_new_numbers_are_not(store: Store) -> None:
    english = "I really love this, what a wonderful day it was"
    await collect(store, [a_post(1, english), a_post(2, english)])
    await a_worker(store).drain()
    first = await kept(store)

    german = "Ich finde das alles leider ganz furchtbar und sehr schlecht, I hate it"
    await collect(store, [a_post(1, german, at=LATER), a_post(2, english, likes=9, at=LATER)])
    stale = await kept(store)
    scored = await a_worker(store).drain()

    posts = await kept(store)
    assert (stale["1"]["enrich"]["state"], stale["2"]["enrich"]["state"]) == ("stale", "done")
    assert stale["1"]["sentiment"] == first["1"]["sentiment"]
    assert "detected" not in stale["1"].get("lang", {})
    for name in ("sentiment", "lang"):
        assert posts["2"][name] == first["2"][name]
    assert posts["2"]["metrics"] == {"likes": 9}
    assert scored == Scored(posts=1)
    assert posts["1"]["sentiment"]["label"] == "negative"
    assert posts["1"]["sentiment"]["vader"]["label"] == "negative"
    assert posts["1"]["sentiment"]["text_hash"] == posts["1"]["text_hash"]
    assert posts["1"]["lang"]["detected"] == "de"


async def test_hostile_and_empty_texts_get_a_score(store: Store) -> None:
    texts = ["", "\u202e", "😀" * 2000, "=1+1", "x" * 100_000, "<b>", "!!!???", "not " * 500]
    await collect(store, [a_post(n, text) for n, text in enumerate(texts)])

    scored = await a_worker(store).drain()

    assert (scored.posts, scored.failed) == (len(texts), 0)


async def test_a_post_without_its_text_is_never_scored(store: Store) -> None:
    gone = {"at": "2026-03-06T00:00:00.000Z", "reason": "gone", "text_removed": True}
    await seed(store, [a_post(1, "")], erased=gone, text_hash=digest(""))
    await seed(store, [a_post(2)], erased=gone | {"text_removed": False})

    assert await pending_of(store).count() == 1
    await a_worker(store).drain()

    posts = await kept(store)
    assert "sentiment" not in posts["1"]
    assert posts["2"]["sentiment"]["label"] == "positive"


async def test_a_post_that_changes_while_it_is_scored_is_scored_as_it_is_then(store: Store) -> None:
    await collect(store, [a_post(1, "I love it")])
    posts = [post async for page in pending_of(store).pages(0, 1, 10) for post in page]

    await collect(store, [a_post(1, "I hate it", at=LATER)])
    unchanged = await pending_of(store).unchanged(posts)
    await a_worker(store).drain()

    [found] = (await kept(store)).values()
    assert unchanged == []
    assert found["sentiment"]["label"] == "negative"


@pytest.mark.parametrize("parts", [1, 8])
async def test_parts_are_everything_once_and_hold_each_other(store: Store, parts: int) -> None:
    # The same time for all of them: what they are split by must differ all the same.
    await seed(store, [a_post(number) for number in range(0, 400, 2)])
    pending = pending_of(store)

    async def of(part: int, count: int) -> set[str]:
        return {p.id async for page in pending.pages(part, count, 64) for p in page}

    found = [await of(part, parts) for part in range(parts)]
    finer = await of(0, parts * 2) | await of(parts, parts * 2)

    document = post_document(store.layout, a_post(0), Origin("r", "x:hashtag:t"))
    assert sum(map(len, found)) == len(set().union(*found)) == 200
    assert document.id in set().union(*found)
    assert found[0] == finer
    assert min(map(len, found)) > 200 / parts / 3
