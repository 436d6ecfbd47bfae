"""Posts that are scored, as a worker leaves them, for people to label."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from lake.documents import Origin, post_document
from lake.records import Post
from lake.store import Store

AT = datetime(2026, 3, 5, tzinfo=UTC)
CAMPAIGN: dict[str, Any] = {
    "name": "Spring",
    "hashtags": ["spring"],
    "from": "2026-03-01",
    "to": "2026-04-01",
}
LABELS = ("negative", "neutral", "positive")
Scored = tuple[str, Sequence[float], str]


def scored_post(number: int, text: str, *, tag: str = "spring") -> Post:
    return Post("x", "post", str(number), AT, AT, text, hashtags=(tag,), language="en")


async def write_scored(store: Store, *rows: Scored, tag: str = "spring", start: int = 1) -> None:
    """Writes posts ``x:1``, ``x:2`` …: text, the model's shares (neg, neu, pos), VADER's label."""
    operations: list[dict[str, Any]] = []
    for number, (text, shares, vader) in enumerate(rows, start=start):
        document = post_document(
            store.layout, scored_post(number, text, tag=tag), Origin("run-1", f"x:hashtag:{tag}")
        )
        top = max(range(3), key=lambda place: shares[place])
        sentiment = {
            "label": LABELS[top] if shares[top] >= 0.5 else "unsure",
            "score": shares[2] - shares[0],
            **dict(zip(("p_neg", "p_neu", "p_pos"), shares, strict=True)),
            "model": "test-1",
            "text_hash": document.source["text_hash"],
            "vader": {"label": vader, "score": 0.0},
        }
        source = document.source | {"sentiment": sentiment, "enrich": {"state": "done"}}
        operations += [{"index": {"_index": document.index, "_id": document.id}}, source]
    answer = await store.client.bulk(operations=operations, refresh=True)
    assert not answer["errors"], answer
