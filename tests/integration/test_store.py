"""The promises of the store, on a real node: idempotent, merging, bounded, nothing lost."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from lake.bulk import Write
from lake.config import WriterConfig
from lake.cursors import Cursor
from lake.dead_letters import DeadLetter
from lake.delivery import Delivery
from lake.documents import Origin, RawPayload, post_document
from lake.errors import ConflictError, StorageError
from lake.merge import merge_post
from lake.records import Author, Post, Profile, TagCounter
from lake.store import Sighting, Store, open_store
from lake.writer import Writer
from tests.lakes import LakeOfTest

AT = datetime(2026, 3, 5, 12, tzinfo=UTC)
ORIGIN = Origin("run-1", "x:hashtag:t")
DAY = timedelta(days=1)


def _post(number: int = 1, *, at: datetime = AT, likes: int | None = 3, **more: Any) -> Post:
    fields: dict[str, Any] = {"text": f"post {number} #t", "hashtags": ("t",)} | more
    return Post(
        platform="x",
        kind="post",
        native_id=str(number),
        created_at=datetime(2026, 3, 1, tzinfo=UTC),
        observed_at=at,
        author=Author(id="7", handle="ann", followers=10),
        metrics={} if likes is None else {"likes": likes},
        **fields,
    )


async def _write(store: Store, *posts: Post, origin: Origin = ORIGIN) -> Mapping[str, int]:
    sightings = [
        Sighting(
            RawPayload(
                "tweet", {"id": p.native_id, "likes": p.metrics.get("likes")}, p.observed_at
            ),
            [p],
        )
        for p in posts
    ]
    written = await (await store.submit(sightings, origin)).done()
    await store.refresh()
    return {
        "created": written.created,
        "updated": written.updated,
        "unchanged": written.unchanged,
        "rejected": written.rejected,
    }


async def _all(store: Store, kind: str) -> list[dict[str, Any]]:
    answer = await store.search(store.layout.every(kind), {"size": 1000, "sort": ["@timestamp"]})
    return [hit["_source"] for hit in answer["hits"]["hits"]]


async def test_a_new_post_is_created_with_its_payload_and_its_observation(store: Store) -> None:
    done = await _write(store, _post())

    assert done == {"created": 1, "updated": 0, "unchanged": 0, "rejected": 0}
    [post], [raw], [seen] = [await _all(store, kind) for kind in ("posts", "raw", "metrics")]
    assert post["metrics"] == {"likes": 3}
    assert post["engagement"] == {"value": 3, "definition": "engagement.v1"}
    assert post["enrich"] == {"state": "pending"}
    assert raw["payload"] == {"id": "1", "likes": 3}
    assert seen["entity"] == {"type": "post", "id": "x:1"}
    assert seen["metrics"] == {"likes": 3}


async def test_an_unchanged_post_writes_nothing(store: Store) -> None:
    await _write(store, _post())
    before = [await _all(store, kind) for kind in ("posts", "raw", "metrics")]

    done = await _write(store, _post(at=AT + DAY), origin=Origin("run-2", ORIGIN.target))

    assert done["unchanged"] == 1
    assert [await _all(store, kind) for kind in ("posts", "raw", "metrics")] == before


async def test_newer_numbers_win_and_late_ones_are_only_an_observation(store: Store) -> None:
    await _write(store, _post(likes=3))
    await _write(store, _post(likes=9, at=AT + DAY))

    await _write(store, _post(likes=1, at=AT - DAY))

    [post] = await _all(store, "posts")
    assert post["metrics"] == {"likes": 9}
    assert post["observed_at"] == "2026-03-06T12:00:00.000Z"
    assert post["first_seen"] == "2026-03-04T12:00:00.000Z"
    assert [seen["metrics"]["likes"] for seen in await _all(store, "metrics")] == [1, 3, 9]


async def test_the_order_of_arrival_does_not_matter(store: Store) -> None:
    seen = [_post(likes=n, at=AT + n * DAY, text=f"v{n}") for n in range(4)]
    for post in (seen[2], seen[0], seen[3], seen[1]):
        await _write(store, post)

    [found] = await _all(store, "posts")
    assert (found["text"], found["metrics"]) == ("v3", {"likes": 3})
    assert [one["metrics"]["likes"] for one in await _all(store, "metrics")] == [0, 1, 2, 3]


async def test_sentiment_survives_and_goes_stale_only_with_the_text(store: Store) -> None:
    await _write(store, _post())
    sentiment = {"label": "positive", "score": 0.5, "model": "m"}
    await store.client.update(
        index=store.layout.posts(_post().created_at),
        id="x:1",
        doc={"sentiment": sentiment, "enrich": {"state": "done"}},
    )

    await _write(store, _post(likes=8, at=AT + DAY))
    [numbers] = await _all(store, "posts")
    await _write(store, _post(likes=8, at=AT + 2 * DAY, text="edited #t"))
    [edited] = await _all(store, "posts")

    assert (numbers["enrich"]["state"], numbers["sentiment"]) == ("done", sentiment)
    assert (edited["enrich"]["state"], edited["sentiment"]) == ("stale", sentiment)


async def test_many_writers_of_one_post_agree(lake_of_test: LakeOfTest) -> None:
    async def one(number: int) -> None:
        async with open_store(lake_of_test.config, lake_of_test.access) as own:
            origin = Origin(f"run-{number}", f"x:hashtag:t{number}")
            await _write(own, _post(likes=number, at=AT + number * DAY), origin=origin)

    await asyncio.gather(*(one(number) for number in range(8)))

    async with open_store(lake_of_test.config, lake_of_test.access) as store:
        [post] = await _all(store, "posts")
        assert post["metrics"] == {"likes": 7}
        assert post["provenance"]["targets"] == [f"x:hashtag:t{n}" for n in range(8)]


async def test_one_bad_document_does_not_stop_its_chunk(store: Store) -> None:
    posts = [_post(1), _post(2, likes=2**63), _post(3)]  # past a long: Elasticsearch refuses it

    done = await _write(store, *posts)

    assert (done["created"], done["rejected"]) == (2, 1)
    [letter] = [one for one in await _all(store, "deadletter") if "posts-" in one["reason"]]
    assert letter["stage"] == "write"
    assert '"id":"2"' in letter["payload"]


async def test_hostile_text_arrives_whole(store: Store) -> None:
    texts = [
        "<script>alert(1)</script>",
        "=1+1",
        "\u202egnirts",
        "x" * 100_000,
        "👩‍👩‍👧 \x00 \ud800",
    ]

    done = await _write(store, *[_post(n, text=text) for n, text in enumerate(texts)])

    assert done["created"] == len(texts)
    kept = {post["native_id"]: post["text"] for post in await _all(store, "posts")}
    assert [kept[str(n)] for n in range(4)] == texts[:4]
    assert kept["4"] == "👩‍👩‍👧 � �"


async def test_a_payload_that_json_cannot_say_is_kept_all_the_same(store: Store) -> None:
    deep: Any = "end"
    for _ in range(300):
        deep = {"d": deep}
    body = {
        "\ud800": "\x00",
        "n": 2**80,
        "": None,
        "a.b": [1, [2]],
        "deep": deep,
        "long": "y" * 40_000,
    }

    written = await (
        await store.submit([Sighting(RawPayload("tweet", body, AT), [_post()])], ORIGIN)
    ).done()
    await store.refresh()

    assert written.created == 1
    [raw] = await _all(store, "raw")
    assert raw["payload"]["n"] == str(2**80)
    assert raw["payload"]["long"] == "y" * 40_000
    assert await _all(store, "deadletter") == []


async def test_a_long_native_id_still_names_one_document(store: Store) -> None:
    post = _post()
    long = Post(**{name: getattr(post, name) for name in post.__slots__} | {"native_id": "é" * 900})

    assert (await _write(store, long))["created"] == 1
    assert (await _write(store, long))["unchanged"] == 1


async def test_profiles_and_tag_counters_leave_observations(store: Store) -> None:
    author = Author(id="7", handle="Ann", followers=10)
    profiles = [
        Profile("x", author, AT, posts=5),
        Profile("x", Author(id="7", handle="Ann", followers=12), AT + DAY, posts=5),
        Profile("x", Author(id="7", handle="Ann", followers=12), AT + 2 * DAY, posts=5),
    ]
    day = AT.replace(hour=0)
    counters = [
        TagCounter("x", "t", AT, source="h", start=day, end=day + DAY, posts=5, authors=2),
        TagCounter("x", "t", AT + DAY, source="h", start=day, end=day + DAY, posts=6, authors=3),
    ]
    for record in [*profiles, *counters]:
        sighting = Sighting(RawPayload("any", {"at": str(record.observed_at)}, AT), [record])
        await (await store.submit([sighting], ORIGIN)).done()
    await store.refresh()

    seen = await _all(store, "metrics")

    by_type = {
        kind: [s["metrics"] for s in seen if s["entity"]["type"] == kind]
        for kind in ("profile", "tag")
    }
    assert by_type["profile"] == [{"followers": 10, "posts": 5}, {"followers": 12, "posts": 5}]
    assert by_type["tag"] == [{"posts": 6, "authors": 3}]


async def test_an_observation_that_a_crash_cut_off_is_written_at_the_next_sight(
    store: Store,
) -> None:
    document = post_document(store.layout, _post(), ORIGIN)
    await store.client.create(index=document.index, id=document.id, document=document.source)

    await _write(store, _post(at=AT + DAY))

    [seen] = await _all(store, "metrics")
    assert (seen["@timestamp"], seen["metrics"]) == ("2026-03-05T12:00:00.000Z", {"likes": 3})


async def test_what_not_even_the_dead_letters_take_lies_in_a_file(
    store: Store, lake_of_test: LakeOfTest
) -> None:
    letter = DeadLetter(ORIGIN, "read", "r" * 10, "p", AT, kind="k" * 40_000)

    await (await store.submit([], ORIGIN, [letter])).done()

    kept = (lake_of_test.config.writer.dead_letter_dir / "refused.jsonl").read_text()
    assert "immense term" in kept


async def test_a_full_disk_stops_with_one_clear_line(lake_of_test: LakeOfTest) -> None:
    folder = lake_of_test.config.writer.dead_letter_dir
    folder.mkdir()
    (folder / "refused.jsonl").symlink_to("/dev/full")
    letter = DeadLetter(ORIGIN, "read", "r", "p", AT, kind="k" * 40_000)

    async with open_store(lake_of_test.config, lake_of_test.access) as store:
        batch = await store.submit([], ORIGIN, [letter])
        with pytest.raises(StorageError, match="disk is full"):
            await batch.done()


async def test_a_cursor_moves_only_from_where_it_was_read(store: Store) -> None:
    start = await store.cursors.get("x:hashtag:t")
    first = await store.cursors.move("x:hashtag:t", "r1", old=start, new=Cursor("1"))

    with pytest.raises(ConflictError):
        await store.cursors.move("x:hashtag:t", "r2", old=start, new=Cursor("2"))

    assert (await store.cursors.get("x:hashtag:t")).value == first.value == "1"


async def test_the_queue_holds_no_more_than_it_may(store: Store) -> None:
    limits = WriterConfig(bulk_docs=10, queue_docs=50, in_flight=2)
    taken = 0

    def writes() -> Iterator[Write]:
        nonlocal taken
        for number in range(500):
            taken += 1
            yield Write(post_document(store.layout, _post(number), ORIGIN), merge_post)

    async with Writer(Delivery(store.client, lambda _write, _reason: ()), limits) as writer:
        task = asyncio.create_task(writer.submit(writes()))
        await asyncio.sleep(0)
        early = taken
        written = await (await task).done()

    assert early <= 51
    assert written.created == 500
