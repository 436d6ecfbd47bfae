"""Posts in the lake as several targets found them, and short ways to make some."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from lake.documents import Origin, post_document
from lake.records import Author, Kind, Post
from lake.store import Store

HASHTAG = "x:hashtag:acme"


def a_post(
    native_id: str,
    created_at: datetime,
    *,
    platform: str = "x",
    kind: Kind = "post",
    author: str | None = "a",
    tags: Sequence[str] = ("acme",),
    text: str | None = None,
    reply_to: str | None = None,
    **metrics: int,
) -> Post:
    return Post(
        platform=platform,
        kind=kind,
        native_id=native_id,
        created_at=created_at,
        observed_at=created_at,
        text=f"words of {native_id}" if text is None else text,
        author=Author(author, author and f"{author}-name"),
        hashtags=tuple(tags),
        reply_to=reply_to,
        metrics=metrics,
    )


async def seed_found(
    store: Store,
    posts: Iterable[Post],
    *,
    targets: Sequence[str] = (HASHTAG,),
    score: float | None = None,
    **fields: Any,
) -> None:
    """Writes posts that all the targets found.

    Args:
        store: The lake.
        posts: The posts.
        targets: Keys of the targets.
        score: Sentiment score of each; None: not scored yet.
        **fields: Fields of each document besides.
    """
    operations: list[dict[str, Any]] = []
    for post in posts:
        document = post_document(store.layout, post, Origin("run-1", targets[0]))
        source = document.source | fields
        source["provenance"] = source["provenance"] | {"targets": list(targets)}
        if score is not None:
            label = "positive" if score > 0 else "negative"
            source |= {"sentiment": {"label": label, "score": score}, "enrich": {"state": "done"}}
        operations += [{"index": {"_index": document.index, "_id": document.id}}, source]
    answer = await store.client.bulk(operations=operations, refresh=True)
    assert not answer["errors"], answer
