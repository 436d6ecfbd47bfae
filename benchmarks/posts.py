"""Post documents for benchmarks: as many as wanted, lazily, the same each time."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import cache

from lake.documents import Document, Origin, post_document
from lake.layout import Layout
from lake.records import Author, Post

_TEXT = (
    "trail run morning hill light shoe grip mud rain summit lace pair review honest comfy heavy "
    "worth price blister love hate return size fits perfect awful great sale launch team photo"
)
_TEMPLATES = 2_000
_START = datetime(2026, 3, 1, tzinfo=UTC)


@cache
def templates() -> list[Document]:
    """What all documents are copies of; made before any clock starts."""
    rng = random.Random(7)
    layout = Layout("bench-")
    origin = Origin("run", "x:hashtag:trailnorth")
    documents = []
    for number in range(_TEMPLATES):
        words = rng.choices(_TEXT.split(), k=rng.randint(8, 40))
        author = rng.randint(1, 900)
        post = Post(
            platform="x",
            kind="post",
            native_id=str(number),
            created_at=_START + timedelta(seconds=rng.randint(0, 2_500_000)),
            observed_at=_START + timedelta(days=30),
            text=" ".join(words) + " #trailnorth #running 🏃",
            author=Author(str(author), f"runner{author}", f"Runner {author}", author * 31, False),
            url=f"https://x.com/runner{author}/status/{number}",
            language="en",
            hashtags=("trailnorth", "running"),
            mentions=("northpeak",),
            media=("photo",),
            metrics={
                name: rng.randint(0, 900) for name in ("likes", "comments", "shares", "quotes")
            },
        )
        documents.append(post_document(layout, post, origin))
    return documents


def documents(index: str, count: int) -> Iterator[Document]:
    """``count`` post documents with ids of their own, for one index."""
    made = templates()
    for number in range(count):
        template = made[number % _TEMPLATES]
        key = f"17{number:016}"
        yield Document(index, f"x:{key}", template.source | {"native_id": key})
