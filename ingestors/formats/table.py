"""Rows of any CSV or TSV file, with a map that says which column is which field."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from functools import partial

from ingestors.files import x
from ingestors.files.cells import NOT_AVAILABLE, count, flag, tags, time_of
from ingestors.files.columns import FROM_ID, ColumnMap
from ingestors.files.format import Format
from ingestors.platform import Payload
from lake.errors import PayloadError
from lake.records import POST_METRICS, Author, Json, Kind, Post
from lake.text import clean, digest, hashtags_in, mentions_in, normal_hashtags

_KINDS: Mapping[str, Kind] = {
    "post": "post",
    "tweet": "post",
    "original": "post",
    "reshare": "reshare",
    "retweet": "reshare",
    "retweeted": "reshare",
    "repost": "reshare",
    "quote": "quote",
    "quoted": "quote",
    "reply": "reply",
    "replied_to": "reply",
    "comment": "comment",
}
# The id that a post's address shows, by platform; any other address is an id as it stands.
_IDS_IN_URLS = {
    "x": re.compile(r"(?:twitter|x)\.com/(?:[^/]+/|i/web/)?status(?:es)?/(\d+)"),
    "youtube": re.compile(r"(?:[?&]v=|youtu\.be/|/shorts/|/embed/)([\w-]{11})(?![\w-])"),
}
_BLUESKY_URL = re.compile(r"bsky\.app/profile/(did:[^/]+)/post/(\w+)")


def detect(row: Json) -> bool:
    """Never: a table is told by its file, and read only with a column map."""
    del row
    return False


def split(row: Json, place: str) -> Iterator[Payload]:
    """One row, by column name, is one payload."""
    yield Payload("row", row, place)


def normalise(payload: Payload, observed_at: datetime, *, columns: ColumnMap) -> tuple[Post, ...]:
    """The row's post; see ``Platform.normalise``.

    Args:
        payload: The row: the cells by column name.
        observed_at: When the numbers were as the table says.
        columns: Which column is which field.

    Raises:
        PayloadError: The row lacks its id or its time.
    """
    if payload.kind != "row":
        raise PayloadError(f"a table has no payloads of kind {payload.kind!r}")
    row = _Row(payload.body, columns)
    native_id = _native_id(row)
    created_at = _created_at(row, native_id)
    text = "\n\n".join(part for part in (row.cell("title"), row.cell("text")) if part)
    kind, reply_to = _kind(row)
    metrics, missing = _numbers(row)
    return (
        Post(
            platform=row.platform,
            kind=kind,
            native_id=native_id,
            created_at=created_at,
            observed_at=observed_at,
            text=text,
            author=_author(row),
            url=_url(row, native_id),
            language=row.cell("language"),
            hashtags=_hashtags(row, text),
            mentions=mentions_in(text),
            reply_to=reply_to,
            metrics=metrics,
            metrics_missing=missing,
        ),
    )


def bound(columns: ColumnMap) -> Format:
    """The format of the tables that a column map describes."""
    read = partial(normalise, columns=columns)
    return Format("table", columns.platform, "rows", detect, split, read)


class _Row:
    """The cells of one row by field; what stands for "not available" is None."""

    def __init__(self, body: Json, columns: ColumnMap) -> None:
        self.body = body
        self.names = columns.columns
        self.platform = columns.platform or "table"

    def cell(self, field: str) -> str | None:
        value = self.body.get(self.names.get(field, ""))
        if not isinstance(value, str) or value.strip().lower() in NOT_AVAILABLE:
            return None
        return clean(value).strip()


def _native_id(row: _Row) -> str:
    mapped, url = row.cell("id"), row.cell("url")
    if mapped:
        digits = mapped.removeprefix("x")
        return digits if row.platform == "x" and digits.isdecimal() else mapped
    if url:
        return _id_in_url(row.platform, url)
    if {"id", "url"} & row.names.keys():
        raise PayloadError("the row has no id")
    if not any(row.cell(field) for field in row.names):
        raise PayloadError("the row is empty")
    return digest(*(f"{key}={value}" for key, value in sorted(row.body.items())))


def _id_in_url(platform: str, url: str) -> str:
    if platform == "bluesky" and (found := _BLUESKY_URL.search(url)):
        return f"at://{found[1]}/app.bsky.feed.post/{found[2]}"
    pattern = _IDS_IN_URLS.get(platform)
    shown = pattern.search(url) if pattern else None
    return shown[1] if shown else url


def _created_at(row: _Row, native_id: str) -> datetime:
    column = row.names.get("created_at")
    if column == FROM_ID or (column is None and row.platform == "x"):
        return x.snowflake_time(native_id)
    return time_of(row.cell("created_at"))


def _kind(row: _Row) -> tuple[Kind, str | None]:
    reply_to = row.cell("reply_to")
    named = _KINDS.get((row.cell("kind") or "").lower())
    return named or ("reply" if reply_to else "post"), reply_to


def _numbers(row: _Row) -> tuple[dict[str, int], tuple[str, ...]]:
    """The numbers that have a column, and the names of those whose cell does not tell."""
    mapped = [name for name in POST_METRICS if name in row.names]
    read = {name: count(row.cell(name), signed=name == "score") for name in mapped}
    found = {name: number for name, number in read.items() if number is not None}
    return found, tuple(name for name in mapped if name not in found)


def _author(row: _Row) -> Author:
    handle = (row.cell("author_handle") or "").removeprefix("@")
    return Author(
        id=row.cell("author_id"),
        handle=handle or None,
        name=row.cell("author_name"),
        followers=count(row.cell("followers")),
        verified=flag(row.cell("verified")),
    )


def _hashtags(row: _Row, text: str) -> tuple[str, ...]:
    if "hashtags" not in row.names:
        return hashtags_in(text)
    return normal_hashtags(tags(row.cell("hashtags")))


def _url(row: _Row, native_id: str) -> str | None:
    url = row.cell("url")
    if url is None and row.platform == "x" and x.is_snowflake(native_id):
        return x.post_url(row.cell("author_handle"), native_id)
    return url


FORMAT = bound(ColumnMap())
