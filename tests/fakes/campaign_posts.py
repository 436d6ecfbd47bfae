"""Random posts for a campaign, with everything that makes counting hard, and their scores."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, get_args

from lake import times
from lake.documents import Origin, post_document
from lake.records import Author, Kind, Post
from lake.store import Store

START = datetime(2025, 3, 29, tzinfo=UTC)
END = datetime(2025, 4, 9, tzinfo=UTC)
SPEC: Mapping[str, Any] = {
    "name": "Acme spring",
    "hashtags": ["acme", "#AcmeLove"],
    "competitors": [
        {"name": "Rival [x>y]", "hashtags": ["rival"]},
        {"name": "Third", "hashtags": ["third", "drei"]},
        {"name": "Silent", "hashtags": ["nobodysaysthis"]},
    ],
    "from": "2025-03-29",
    "to": "2025-04-09",
}
Score = tuple[str, float]


def random_posts(seed: int, count: int = 300) -> list[Post]:
    """Posts by few authors on four platforms, in and around the campaign's window."""
    rng = random.Random(seed)
    return [_post(rng, number) for number in range(count)]


def _post(rng: random.Random, number: int) -> Post:
    platform = rng.choice(["x", "mastodon", "youtube", "reddit"])
    offered = ["likes", "comments", "shares", "quotes", "saves", "views"]
    metrics = {name: rng.choice([0, 1, 2, 3, 10, 50]) for name in offered if rng.random() < 0.7}
    if platform == "reddit":
        metrics["score"] = rng.choice([-5, 0, 7])
    created_at = rng.choice(
        [START, END, START - timedelta(milliseconds=1), END - timedelta(milliseconds=1)]
        + [START + timedelta(seconds=rng.randrange(-86_400, 12 * 86_400)) for _ in range(12)]
    )
    tags = [tag for tag in ("acme", "acmelove", "rival", "third", "drei") if rng.random() < 0.3]
    return Post(
        platform=platform,
        kind=rng.choice(get_args(Kind)),
        native_id=f"p{number}",
        created_at=created_at,
        observed_at=END + timedelta(hours=rng.randrange(4)),
        text=f"post {number} #acme",
        author=_author(rng),
        hashtags=(*tags, "other"),
        metrics=metrics,
    )


def _author(rng: random.Random) -> Author:
    number = rng.randrange(45)
    if number > 41:
        return Author()
    followers = rng.choice([None, number * 10, number * 10 + 1]) if number % 7 else None
    handle = f"Person{number}"
    return Author(f"a{number}" if number % 5 else None, handle, handle.upper(), followers)


def random_scores(seed: int, posts: Sequence[Post]) -> dict[str, Score]:
    """A label and a score for most posts, by native id."""
    rng = random.Random(seed)
    labels = ("positive", "neutral", "negative", "unsure")
    return {
        post.native_id: (rng.choice(labels), rng.uniform(-1, 1))
        for post in posts
        if rng.random() < 0.8
    }


async def seed_store(store: Store, posts: Sequence[Post], scores: Mapping[str, Score]) -> None:
    """Writes posts as they are after ingest and enrichment, without payloads and observations."""
    operations: list[dict[str, Any]] = []
    for post in posts:
        document = post_document(store.layout, post, Origin("run-1", "x:hashtag:acme"))
        source = document.source
        if post.native_id in scores:
            label, score = scores[post.native_id]
            source |= {"sentiment": {"label": label, "score": score, "model": "test-1"}}
            source |= {"enrich": {"state": "done"}}
        operations.append({"index": {"_index": document.index, "_id": document.id}})
        operations.append(source)
    answer = await store.client.bulk(operations=operations, refresh=True)
    assert not answer["errors"]


async def seed_run(store: Store, platform: str, tag: str, start: datetime, end: datetime) -> None:
    """Writes a run that saw a stretch of time."""
    run = f"{platform}-{tag}-{start.timestamp()}"
    source = {
        "@timestamp": times.to_text(end),
        "ended_at": times.to_text(end),
        "run": run,
        "platform": platform,
        "target": f"{platform}:hashtag:{tag}",
        "kind": "hashtag",
        "value": tag,
        "covered": {"start": times.to_text(start), "end": times.to_text(end)},
    }
    index = store.layout.runs(end)
    await store.client.index(index=index, id=run, document=source, refresh=True)
