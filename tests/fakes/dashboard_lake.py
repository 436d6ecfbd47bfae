"""What dashboards show beside the generated campaign: sure scores, late runs, counted periods."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from lake import times
from lake.documents import Origin, post_document, tag_observation
from lake.records import Json, TagCounter
from lake.store import Store
from tests.fakes.campaign_posts import START
from tests.fakes.everything import seed_everything
from tests.fakes.found_posts import a_post, seed_found

HOUR = timedelta(hours=1)
_ORIGIN = Origin("run-2", "x:hashtag:rival")
_LABELS = ("positive", "neutral", "negative", "unsure")


async def seed_dashboards(store: Store) -> None:
    """Writes what panels need that the generated campaign and its surroundings lack."""
    await _scored(store)
    await _runs(store)
    await _periods(store)
    await _gains(store)
    await seed_everything(store, "x:sure0")
    await store.refresh()


async def _scored(store: Store) -> None:
    for number in range(16):
        label = _LABELS[number % 4]
        post = a_post(
            f"sure{number}",
            START + number * 7 * HOUR,
            platform=("x", "mastodon")[number % 2],
            author=f"writer{number % 3}",
            tags=("acme", "rival") if number == 3 else ("acme", "sunny"),
            likes=number,
            comments=2 * number,
            shares=1,
        )
        fields: dict[str, Any] = {
            "url": f"https://example.org/{number}",
            "lang": {"detected": ("en", "de")[number % 2], "confidence": 0.9},
            "enrich": {"state": "done"},
            "sentiment": {
                "label": label,
                "score": 0.1 * (number - 8),
                "p_pos": 0.75 if label == "positive" else 0.1,
                "p_neu": 0.95 if label == "neutral" else 0.1,
                "p_neg": 0.55 if label == "negative" else 0.1,
                "model": "small",
                "text_hash": post_document(store.layout, post, _ORIGIN).source["text_hash"],
                "scored_at": times.to_text(START + number * HOUR),
                "vader": {"label": _LABELS[number % 3], "score": 0.0},
            },
        }
        await seed_found(store, [post], **fields)


async def _runs(store: Store) -> None:
    for number in range(4):
        at = START + timedelta(hours=6 * number)
        source: Json = {
            "@timestamp": times.to_text(at),
            "ended_at": times.to_text(at + timedelta(seconds=3)),
            "run": f"late-{number}",
            "platform": ("x", "mastodon")[number % 2],
            "target": "x:hashtag:acme",
            "kind": "hashtag",
            "value": "acme",
            "duration_s": 3.0,
            "late_s": 20.0 * number,
            "created": 5,
        }
        if number == 1:
            source["error"] = {"class": "RateLimitedError", "message": "slow down"}
        index = store.layout.runs(at)
        await store.client.index(index=index, id=source["run"], document=source, refresh=True)


async def _periods(store: Store) -> None:
    for day in range(3):
        start = START + timedelta(days=day)
        end = start + timedelta(days=1)
        counter = TagCounter("x", "rival", end, posts=40 + day, start=start, end=end)
        document = tag_observation(store.layout, counter, _ORIGIN)
        await store.client.index(index=document.index, id=document.id, document=document.source)


async def _gains(store: Store) -> None:
    """Three looks at a post: it gains 60 interactions in the last two hours, 30 an hour."""
    for hours, engagement in ((1, 5), (3, 10), (5, 70)):
        at = START + timedelta(days=4, hours=hours)
        document: Json = {
            "@timestamp": times.to_text(at),
            "platform": "mastodon",
            "entity": {"type": "post", "id": "mastodon:sure15"},
            "engagement": {"value": engagement},
        }
        await store.client.index(
            index=store.layout.metrics(at), id=f"gain-{hours}", document=document
        )
