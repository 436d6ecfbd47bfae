"""Posts as files: CSV and JSON, written as they come, one after the other.

A spreadsheet runs a cell that begins like a formula, and what people post is not ours: such text
gets a leading apostrophe (https://owasp.org/www-community/attacks/CSV_Injection). Numbers are
written as numbers.
"""

from __future__ import annotations

import csv
import io
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping
from typing import Any
from unicodedata import category

import orjson

from lake.records import POST_METRICS
from lake.text import clean

Row = Mapping[str, Any]

# Also their full-width forms, which a spreadsheet reads as the same.
_FORMULA = ("=", "+", "-", "@", "＝", "＋", "－", "＠")
_CONTROL = ("\t", "\r")

_AUTHOR = ("id", "handle", "name", "followers", "verified")
_TONE = ("label", "score", "model")


def _plain(name: str) -> Callable[[Row], Any]:
    return lambda row: row[name]


def _within(part: str, name: str) -> Callable[[Row], Any]:
    return lambda row: (row[part] or {}).get(name)


COLUMNS: Mapping[str, Callable[[Row], Any]] = {
    **{
        name: _plain(name)
        for name in ("platform", "kind", "id", "url", "created_at", "observed_at")
    },
    **{f"author_{name}": _within("author", name) for name in _AUTHOR},
    **{name: _plain(name) for name in ("text", "language", "hashtags", "mentions", "media")},
    "reply_to": _plain("reply_to"),
    **{name: _within("metrics", name) for name in POST_METRICS},
    "engagement": _plain("engagement"),
    **{f"sentiment_{name}": _within("sentiment", name) for name in _TONE},
}
"""The columns of a CSV file, in order, and how each is read from a post."""


async def csv_lines(rows: AsyncIterator[dict[str, Any]]) -> AsyncGenerator[str, None]:
    """A header and a line for each post; a line may hold quoted line breaks. Lines end in CRLF."""
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    writer.writerow(COLUMNS)
    yield _drain(buffer)
    async for row in rows:
        writer.writerow([cell(read(row)) for read in COLUMNS.values()])
        yield _drain(buffer)


def _drain(buffer: io.StringIO) -> str:
    text = buffer.getvalue()
    buffer.seek(0)
    buffer.truncate()
    return text


def cell(value: object) -> object:
    """A value as one cell: unknown is empty, a list is joined by blanks, text is harmless."""
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case int() | float():
            return value
        case list() | tuple():
            return harmless(" ".join(map(str, value)))
        case _:
            return harmless(str(value))


def harmless(text: str) -> str:
    """``text`` with a leading apostrophe where a spreadsheet would take it for a formula.

    Text that has apostrophes there itself gets one more, so that an import removes the right one.
    """
    text = clean(text)
    bare = text.lstrip("'")
    dangerous = _first_visible(bare) in _FORMULA or bare.startswith(_CONTROL)
    return f"'{text}" if dangerous else text


def _first_visible(text: str) -> str | None:
    return next((char for char in text if not _is_invisible(char)), None)


def _is_invisible(char: str) -> bool:
    return char.isspace() or category(char) in ("Cf", "Cc", "Mn")


async def json_chunks(rows: AsyncIterator[dict[str, Any]]) -> AsyncGenerator[bytes, None]:
    """One JSON array of all posts, a post a line."""
    lead = b"[\n"
    async for row in rows:
        yield lead + orjson.dumps(row)
        lead = b",\n"
    yield b"[]\n" if lead == b"[\n" else b"\n]\n"
