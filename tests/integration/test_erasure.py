"""What becomes of a post that its platform took away."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from analysis.posts import public_post
from ingestors.replay import replay
from lake.dead_letter_box import letters_query
from lake.dead_letters import DeadLetter
from lake.documents import Origin
from lake.erasure import erase
from lake.pending import PendingPosts
from lake.records import Erasure
from lake.store import Store
from lake.text import digest
from tests.fakes.remapped import AT, DAY, ORIGIN, body, lake, run, saw, scored

GONE = AT + DAY


def _gone(number: int, **changes: Any) -> Erasure:
    fields: dict[str, Any] = {"observed_at": GONE, "reason": "deleted"} | changes
    return Erasure("mastodon", body(number)["uri"], **fields)


async def _post(store: Store, number: int) -> dict[str, Any]:
    uri = body(number)["uri"]
    return next(post for post in await lake(store, "posts") if post["native_id"] == uri)


async def test_an_account_that_goes_takes_its_posts_with_it(store: Store) -> None:
    other = body()["account"] | {"id": "8", "acct": "bob", "uri": "https://b.example/users/bob"}
    other["url"] = "https://b.example/@bob"
    await saw(store, body(1), body(2), body(3, account=other))
    author = (await _post(store, 1))["author"]["id"]

    marked = await erase(store, [_gone(9, author=author)])

    gone = [one["native_id"] for one in await lake(store, "posts") if "erased" in one]
    assert marked == 2
    assert sorted(gone) == sorted(body(number)["uri"] for number in (1, 2))


async def test_a_streams_deletions_of_other_peoples_posts_cost_nothing(store: Store) -> None:
    await saw(store, body(1))

    assert await erase(store, [_gone(7)], only_kept=True) == 0
    assert await erase(store, [_gone(1), _gone(7)], only_kept=True) == 1


async def test_what_people_read_goes_and_what_numbers_are_made_of_stays(store: Store) -> None:
    account = body()["account"] | {"display_name": "Ann"}
    mentions = [{"acct": "bob@b.example"}]
    await saw(store, body(1, account=account, mentions=mentions), body(2))
    await saw(store, body(1, favourites_count=9), at=AT + timedelta(hours=1))
    letters = [
        DeadLetter(ORIGIN, "normalise", "why", f'{{"uri": "{body(number)["uri"]}"}}', AT)
        for number in (1, 2, 11)
    ]
    file = Origin("import-1", "archive:file:a.jsonl")
    letters.append(replace(letters[0], origin=file, payload=f"{letters[0].payload} in a file"))
    await (await store.submit([], ORIGIN, letters)).done()
    before = await _post(store, 1)
    numbers = await lake(store, "metrics")

    marked = await erase(store, [_gone(1), _gone(1), _gone(3)])

    post = await _post(store, 1)
    assert marked == 1
    assert post["erased"] == {
        "at": "2026-10-06T12:00:00.000Z",
        "reason": "deleted",
        "text_removed": True,
    }
    assert (post["text"], post["text_hash"]) == ("", digest(""))
    assert {"url", "mentions"} & post.keys() == set()
    assert post["author"].keys() == {"key", "id", "followers"}
    kept = ("native_id", "@timestamp", "hashtags", "metrics", "engagement", "provenance")
    assert {name: post[name] for name in kept} == {name: before[name] for name in kept}
    assert await lake(store, "metrics") == numbers
    assert {raw["native_id"] for raw in await lake(store, "raw")} == {body(2)["uri"]}
    kept_letters = await lake(store, "deadletter")
    assert [one["target"] for one in kept_letters] == [ORIGIN.target] * 2
    shown = public_post(post)
    assert (shown["text"], shown["erased"]["text_removed"]) == ("", True)
    assert "erased" not in await _post(store, 2)


async def test_erasing_again_and_seeing_it_again_change_nothing(store: Store) -> None:
    await saw(store, body(1))
    await erase(store, [_gone(1)])
    post = await _post(store, 1)

    again = await erase(store, [_gone(1, observed_at=GONE + DAY, reason="other")])
    await saw(store, body(1, favourites_count=50), at=GONE + 2 * DAY)

    assert again == 0
    assert await _post(store, 1) == post


async def test_a_payload_that_comes_later_brings_no_text_back(store: Store) -> None:
    await saw(store, body(1), body(2))
    await erase(store, [_gone(1)])
    for likes in (50, 51, 50):  # another server still shows it
        late = body(1, favourites_count=likes, content="<p>still here</p>")
        await saw(store, late, at=GONE + DAY)
        await erase(store, [_gone(1, observed_at=GONE + 2 * DAY)])
    before = await lake(store)

    payloads = [raw.get("payload") for raw in await lake(store, "raw")]
    report = await run(store, apply=True)

    assert "still here" not in json.dumps(before)
    assert (len(payloads), payloads.count(None)) == (3, 2)
    assert (report.payloads, report.changes) == (1, 0)
    assert await lake(store) == before


async def test_a_dead_letter_that_told_of_a_deletion_is_obeyed_when_it_is_replayed(
    store: Store,
) -> None:
    await saw(store, body(1), body(2))
    told = [
        DeadLetter(ORIGIN, "normalise", "why", json.dumps(one), GONE, kind="gone")
        for one in ({"uri": body(1)["uri"], "status": 410}, {"uri": body(9)["uri"], "status": 410})
    ]
    await (await store.submit([], ORIGIN, told)).done()
    await store.refresh()
    query = letters_query(platform=None, target=None, ids=())

    done = await replay(store, query, lambda _so_far: None)

    assert (done.done, done.failed) == (2, 0)
    assert (await _post(store, 1))["text"] == ""
    assert (await _post(store, 2))["text"] != ""


async def test_a_text_that_may_stay_stays_until_it_must_go(store: Store) -> None:
    await saw(store, body(1))

    first = await erase(store, [_gone(1, text_goes=False)])
    kept, payloads = await _post(store, 1), await lake(store, "raw")
    second = await erase(store, [_gone(1, observed_at=GONE + DAY)])
    post = await _post(store, 1)

    assert (first, second) == (1, 0)
    assert kept["text"].startswith("Post ")
    assert kept["erased"]["text_removed"] is False
    assert len(payloads) == 1
    assert (post["text"], post["erased"]["text_removed"]) == ("", True)
    assert post["erased"]["at"] == kept["erased"]["at"]
    assert await lake(store, "raw") == []


async def test_a_removed_text_is_not_scored(store: Store) -> None:
    await saw(store, body(1), body(2), body(3))
    sentiment = await scored(store, [f"mastodon:{body(2)['uri']}"])

    await erase(store, [_gone(1), _gone(2)])

    pending = PendingPosts(store.client, store.layout)
    assert await pending.count() == 1
    assert (await _post(store, 1))["enrich"] == {"state": "none"}
    two = await _post(store, 2)
    assert (two["enrich"], two["sentiment"]) == ({"state": "done"}, sentiment)


async def test_a_post_that_was_seen_after_it_was_gone_is_not_gone(store: Store) -> None:
    await saw(store, body(1), at=GONE + timedelta(seconds=1))

    assert await erase(store, [_gone(1)]) == 0
    assert "erased" not in await _post(store, 1)
    assert len(await lake(store, "raw")) == 1


@pytest.mark.parametrize("count", [0, 450])
async def test_any_number_of_posts_may_be_gone_at_once(store: Store, count: int) -> None:
    await saw(store, *(body(number) for number in range(count)))

    assert await erase(store, [_gone(number) for number in range(count)]) == count
    assert await lake(store, "raw") == []
