"""Remapping: the diff first, then the repair, and nothing that a poll wrote is lost."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from ingestors.platforms import mastodon
from ingestors.remap_reading import Reader
from ingestors.remap_report import Report
from ingestors.remap_writing import plan, write
from lake.erasure import erase
from lake.errors import PayloadError
from lake.raw_payloads import owners
from lake.records import Erasure, Post, Record
from lake.store import Store
from tests.fakes.remapped import (
    AT,
    BASE,
    DAY,
    SCOPE,
    body,
    lake,
    run,
    saw,
    scored,
    without,
)

LIKES = without("likes")


async def _posts(store: Store) -> dict[str, dict[str, Any]]:
    return {post["native_id"]: post for post in await lake(store, "posts")}


async def test_a_right_lake_has_nothing_to_change(store: Store) -> None:
    await saw(store, *(body(n, favourites_count=n) for n in range(5)))
    await saw(store, body(1, favourites_count=50), body(2, content="<p>edited</p>"), at=AT + DAY)
    await saw(store, body(1, favourites_count=1), at=AT + 2 * DAY)  # as it was at first
    await saw(store, {"uses": 1} | TAG, kind="tag")
    await saw(store, body(1)["account"] | {"statuses_count": 4}, kind="account")
    before = await lake(store)

    report = await run(store, apply=True)

    assert (report.payloads, report.changes) == (9, 0), report.as_json()
    assert await lake(store) == before


async def test_first_the_diff_then_the_repair_then_nothing(store: Store) -> None:
    await saw(store, *(body(n, favourites_count=n) for n in range(1, 4)), broken=LIKES)
    await saw(store, body(1, favourites_count=8, reblogs_count=9), at=AT + DAY, broken=LIKES)
    [one, two, _] = sorted(await _posts(store))
    sentiment = await scored(store, [f"mastodon:{one}"])
    before = await lake(store)

    shown = await run(store)
    unwritten = await lake(store)
    done = await run(store, apply=True)
    again = await run(store, apply=True)

    assert shown.as_json() == done.as_json()
    likes = shown.posts.fields["metrics.likes"]
    assert (likes.changed, likes.known_before, likes.known_after) == (3, 0, 3)
    assert likes.examples[0] == {"id": f"mastodon:{one}", "before": None, "after": 8}
    assert shown.observations.changed == 4
    assert unwritten == before
    assert again.changes == 0
    posts = await _posts(store)
    assert posts[one]["metrics"] == {"likes": 8, "comments": 0, "shares": 9}
    assert posts[one]["engagement"]["value"] == 17
    assert (posts[one]["sentiment"], posts[one]["enrich"]) == (sentiment, {"state": "done"})
    assert posts[two]["metrics"]["likes"] == 2
    old = next(post for post in before if post.get("native_id") == one and "first_seen" in post)
    kept = ("provenance", "first_seen", "observed_at", "metrics_at")
    assert {name: posts[one][name] for name in kept} == {name: old[name] for name in kept}
    series = [m for m in await lake(store, "metrics") if m["entity"]["id"] == f"mastodon:{one}"]
    assert sorted(m["metrics"]["likes"] for m in series) == [1, 8]


async def test_a_changed_text_is_scored_again(store: Store) -> None:
    def silent(record: Record) -> Record:
        return replace(record, text="") if isinstance(record, Post) else record

    await saw(store, body(1), body(2), broken=silent)
    one, two = sorted(await _posts(store))
    sentiment = await scored(store, [f"mastodon:{one}"])

    await run(store, apply=True)

    posts = await _posts(store)
    assert posts[one]["text"].startswith("Post ")
    assert (posts[one]["enrich"], posts[one]["sentiment"]) == ({"state": "stale"}, sentiment)
    assert posts[two]["enrich"] == {"state": "pending"}


async def test_numbers_of_a_payload_that_was_seen_again_stay(store: Store) -> None:
    first, between = body(1, favourites_count=3), body(1, favourites_count=4, reblogs_count=7)
    for number, one in enumerate((first, between, first)):
        await saw(store, one, at=AT + number * DAY, broken=LIKES)

    report = await run(store, apply=True)

    [post] = await lake(store, "posts")
    assert post["metrics"] == {"likes": 3, "comments": 0, "shares": 2}
    series = sorted(await lake(store, "metrics"), key=lambda one: str(one["@timestamp"]))
    assert [one["metrics"]["likes"] for one in series] == [3, 4, 3]
    assert (report.posts.changed, (await run(store, apply=True)).changes) == (1, 0)


async def test_what_a_poll_writes_meanwhile_is_not_lost(store: Store) -> None:
    await saw(store, body(1, favourites_count=1), body(2, favourites_count=2), broken=LIKES)
    report = Report()
    [chunk] = [part async for part in owners(store, "mastodon", SCOPE.since, None)]
    mapped = await Reader(store, report).read(chunk)
    planned = await plan(store, mapped.entities, report, "2026-11-01T00:00:00.000Z")
    await saw(store, body(1, favourites_count=90), at=AT + DAY)

    changed = await write(store, planned)
    one, two = sorted((await _posts(store)).values(), key=lambda post: str(post["native_id"]))
    final = await run(store, apply=True)

    assert (changed, one["metrics"]["likes"], two["metrics"]["likes"]) == (1, 90, 2)
    assert final.posts.changed == 0
    assert final.observations.changed == 1  # of the sight before, which was left to this run
    assert (await run(store)).changes == 0


async def test_a_post_whose_time_was_wrong_lies_in_one_index_afterwards(store: Store) -> None:
    def a_year_off(record: Record) -> Record:
        if not isinstance(record, Post):
            return record
        return replace(record, created_at=record.created_at.replace(year=2025))

    await saw(store, body(1), body(2), broken=a_year_off)
    await saw(store, body(2), at=AT + DAY)  # a kill between the two writes leaves both

    shown = await run(store, apply=True)

    where = await store.search(store.layout.every("posts"), {"size": 10})
    assert [hit["_index"] for hit in where["hits"]["hits"]] == [store.layout.posts(AT)] * 2
    assert shown.posts.fields["index"].changed == 2
    assert (await run(store, apply=True)).changes == 0


async def test_what_cannot_be_mapped_any_more_is_told_and_kept(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    await saw(store, body(1), body(2))
    before = await lake(store)
    reads = mastodon.normalise

    def refuses_the_first(payload: Any, observed_at: datetime) -> Any:
        if payload.body["id"] == body(1)["id"]:
            raise PayloadError("a status without grace")
        if payload.body["id"] == body(2)["id"]:
            payload = replace(payload, body=payload.body | {"uri": f"{BASE}/other"})
        return reads(payload, observed_at)

    monkeypatch.setattr(mastodon, "normalise", refuses_the_first)
    report = await run(store, apply=True)

    assert report.as_json()["payloads"]["reasons"] == {"a status without grace": 1}
    assert (report.renamed, report.changes) == (1, 0)
    assert await lake(store) == before


async def test_erased_posts_are_left_alone(store: Store) -> None:
    await saw(store, body(1, favourites_count=1), broken=LIKES)
    gone = Erasure("mastodon", body(1)["uri"], AT + DAY, "deleted", text_goes=False)
    assert await erase(store, [gone]) == 1
    before = await lake(store)

    report = await run(store, apply=True)

    assert (report.posts.erased, report.changes) == (1, 0)
    assert await lake(store) == before


TAG = {
    "name": "Vans",
    "url": f"{BASE}/tags/vans",
    "history": [{"day": "1790000000", "uses": "5", "accounts": "3"}],
}


async def test_counts_of_hashtags_are_repaired_too(store: Store) -> None:
    def no_authors(record: Any) -> Any:
        return replace(record, authors=None)

    await saw(store, TAG, kind="tag", broken=no_authors)

    report = await run(store, apply=True)

    [count] = await lake(store, "metrics")
    assert count["metrics"] == {"posts": 5, "authors": 3}
    assert report.counters.changed == 1
    assert (await run(store, apply=True)).changes == 0


async def test_only_posts_of_the_time_are_remapped_with_all_their_payloads(store: Store) -> None:
    await saw(store, body(1, favourites_count=1), body(2, favourites_count=2), broken=LIKES)
    await saw(store, body(1, favourites_count=5), at=AT + DAY, broken=LIKES)

    report = await run(store, replace(SCOPE, since=AT + DAY), apply=True)

    assert (report.payloads, report.posts.checked) == (2, 1)
    none = await run(store, replace(SCOPE, until=datetime(2026, 1, 2, tzinfo=UTC)))
    assert none.payloads == 0
