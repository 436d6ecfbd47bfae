"""What people really keep in archives: a stretch of each shared file, as the formats split it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path

from ingestors.files.columns import ColumnMap
from ingestors.files.documents import documents
from ingestors.files.format import Format
from ingestors.files.rows import rows
from ingestors.files.source import Source
from ingestors.formats import bluesky, rtweet, table, x_v2
from ingestors.platform import Payload
from lake.records import Record

SHARED = Path(__file__).resolve().parents[2] / "../shared"
OBSERVED_AT = datetime(2026, 11, 21, tzinfo=UTC)
DUBOIS = ColumnMap(
    platform="x",
    columns={
        "text": "content",
        "created_at": "datetime",
        "likes": "like_count",
        "shares": "retweet_count",
        "quotes": "quote_count",
        "author_handle": "username",
        "followers": "followers",
        "verified": "verified",
        "url": "url",
    },
)
TABLE = table.bound(DUBOIS)
_X_FILES = ("x/twarc-csv/*.jsonl", "x/python-twitter/*.json", "x/academictwitteR/*/data*.json")
_BLUESKY_FILES = ("bluesky/atrrr/app.bsky.feed.*.json", "bluesky/atproto/thread*.json")


def of_x() -> tuple[Payload, ...]:
    """Posts joined and flattened, and users, in every file that holds some."""
    return tuple(_all(x_v2.FORMAT, _X_FILES, 60))


def of_bluesky() -> tuple[Payload, ...]:
    """Posts of searches, feeds and threads."""
    return tuple(_all(bluesky.FORMAT, _BLUESKY_FILES, 60))


def of_rtweet() -> tuple[Payload, ...]:
    """The first tweets of the file."""
    path = SHARED / "datasets/tidytuesday2018/tidytuesday_tweets.jsonl"
    return tuple(islice(_payloads(rtweet.FORMAT, path), 100))


def of_table() -> tuple[Payload, ...]:
    """The first rows of the file."""
    with Source(SHARED / "datasets/dubois/tweets.csv") as source:
        entries = islice(rows(source, "tweets.csv", DUBOIS), 100)
        return tuple(
            Payload("row", dict(one)) for entry in entries for one in _objects(entry.found)
        )


NORMALISE: dict[str, Callable[[Payload, datetime], Iterable[Record]]] = {
    "x_v2": x_v2.normalise,
    "bluesky": bluesky.normalise,
    "rtweet": rtweet.normalise,
    "table": TABLE.normalise,
}


def _all(found: Format, patterns: tuple[str, ...], most: int) -> Iterator[Payload]:
    for pattern in patterns:
        for path in sorted((SHARED / "payloads").glob(pattern)):
            yield from islice(_payloads(found, path), most)


def _payloads(found: Format, path: Path) -> Iterator[Payload]:
    with Source(path) as source:
        for entry in documents(source, path.name):
            for one in _objects(entry.found):
                parts = found.split(one, path.name) if found.detect(one) else ()
                yield from (part for part in parts if isinstance(part, Payload))


def _objects(found: Iterable[object]) -> Iterator[dict[str, object]]:
    yield from (one for one in found if isinstance(one, dict))
