"""What rollups tell of beside posts: polls and gaps, counters, limits, labels, models."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from lake import times
from lake.documents import Origin, tag_observation
from lake.records import Json, TagCounter
from lake.store import Store
from tests.fakes.campaign_posts import START, seed_run
from tests.fakes.found_posts import a_post, seed_found
from tests.fakes.running_api import Api

HOUR = timedelta(hours=1)
BURST = START + timedelta(days=9, hours=5)


async def seed_surroundings(store: Store, api: Api) -> None:
    """Makes the generated campaign one of which every kind of row has something to say."""
    await _polls(store)
    await _burst(store)
    await _comments(store)
    await _counters(store)
    await _labels(api)
    await _models(store)
    await store.refresh()


async def _put(store: Store, index: str, id_: str, source: Json) -> None:
    await store.client.index(index=index, id=id_, document=source, refresh=True)


async def _polls(store: Store) -> None:
    whole = timedelta(days=11)
    for tag in ("acme", "rival"):
        await seed_run(store, "x", tag, START - timedelta(days=20), START + 6 * whole)
    await seed_run(store, "mastodon", "acme", START, START + whole)
    end = START + timedelta(days=2, hours=12)
    gap = {"start": times.to_text(START + timedelta(days=2)), "end": times.to_text(end)}
    source: dict[str, Any] = {
        "@timestamp": times.to_text(end),
        "ended_at": times.to_text(end),
        "run": "missed",
        "platform": "mastodon",
        "target": "mastodon:hashtag:acme",
        "kind": "hashtag",
        "value": "acme",
        "gap": {**gap, "reason": "overdue", "recovered": False},
    }
    await _put(store, store.layout.runs(end), "missed", source)
    now = times.now()
    for number, left in enumerate((900.0, 880.0)):
        at = now - timedelta(minutes=number)
        lately: dict[str, Any] = {
            "@timestamp": times.to_text(at),
            "run": f"lately-{number}",
            "platform": "youtube",
            "kind": "hashtag",
            "value": "elsewhere",
            "quota_left": {"units": left, "searches": 3},
        }
        await _put(store, store.layout.runs(at), f"lately-{number}", lately)


async def _burst(store: Store) -> None:
    posts = [
        a_post(f"burst{n}", BURST + timedelta(minutes=n), platform="x", tags=("acme", "storm"))
        for n in range(40)
    ]
    await seed_found(store, posts, score=-0.5)


async def _comments(store: Store) -> None:
    video = a_post("v1", START + HOUR, platform="youtube", comments=800, likes=5)
    await seed_found(store, [video], score=0.5)
    told = [
        a_post(
            f"c{n}",
            START + n * HOUR,
            platform="youtube",
            kind="comment",
            tags=(),
            text="why?" if n == 2 else "ok",
            reply_to="v1",
        )
        for n in (2, 3, 4)
    ]
    await seed_found(store, told, score=0.4)


async def _counters(store: Store) -> None:
    for hours, posts in ((0, 100), (5, 150), (10, 130)):
        at = START + timedelta(hours=hours)
        counter = TagCounter("mastodon", "acme", at, source="a.example", posts=posts)
        document = tag_observation(store.layout, counter, Origin("run-1", "mastodon:hashtag:acme"))
        await _put(store, document.index, document.id, document.source)


async def _labels(api: Api) -> None:
    said = ("positive", "negative", "neutral")
    for person in ("ann", "bob"):
        for number in range(12):
            body: Mapping[str, str] = {
                "post": f"x:burst{number}",
                "label": said[number % (3 if person == "ann" else 2)],
                "by": person,
            }
            async with api.session.post("/v1/labels", json=body) as answer:
                assert answer.status == 201, await answer.text()


async def _models(store: Store) -> None:
    at = times.to_text(START)
    figures = {"data_digest": "d1", "data_name": "val.tsv", "n": 2_000, "accuracy": 0.7}
    figures |= {"macro_f1": 0.71, "macro_recall": 0.72, "texts_per_s": 1_500.0, "at": at}
    model = {"kind": "model", "name": "one", "origin": "added", "added_at": at, "added_by": "ann"}
    await _put(store, store.layout.one("models"), "one", model | {"evaluations": [figures]})
    later = times.to_text(START + HOUR)
    moves = [
        {"name": "small", "at": at, "by": "ann", "action": "first"},
        {"name": "one", "at": later, "by": "bob", "action": "promote", "reason": "better"},
    ]
    champion = {"kind": "champion", "name": "one", "since": later, "by": "bob", "history": moves}
    await _put(store, store.layout.one("models"), "champion", champion)


class Rolls:
    """The rows of rollups that a lake holds.

    Args:
        store: The lake.
    """

    def __init__(self, store: Store) -> None:
        self._store = store

    async def __call__(self, kind: str, row: str | None = None, **terms: str) -> list[Json]:
        """Those of an index, of one sort and with the given values."""
        await self._store.refresh()
        wanted = terms if row is None else {**terms, "row": row}
        filters = [{"term": {name: value}} for name, value in wanted.items()]
        body: Json = {"size": 10_000, "query": {"bool": {"filter": filters}}}
        answer = await self._store.search(self._store.layout.one(f"rollup-{kind}"), body)
        assert answer["hits"]["total"]["value"] < 10_000
        return [hit["_source"] for hit in answer["hits"]["hits"]]

    async def count(self) -> int:
        """How many rows there are of all kinds."""
        await self._store.refresh()
        body: Json = {"size": 0, "track_total_hits": True}
        answer = await self._store.search(self._store.layout.every("rollup"), body)
        return int(answer["hits"]["total"]["value"])
