"""Posts that Taglake itself exported: ``taglake campaign export`` as CSV or JSON.

What an export does not hold is lost: which numbers a platform hid, the payloads, the observations
before the last. Sentiment and engagement are worked out anew.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime
from unicodedata import category

from ingestors.fields import mapping
from ingestors.files.cells import count, flag, time_of
from ingestors.files.format import Format
from ingestors.platform import Payload
from lake.errors import PayloadError
from lake.records import POST_METRICS, Author, Erasure, Json, Kind, Post, Record
from lake.text import clean, normal_hashtags

_KINDS: dict[str, Kind] = {
    "post": "post",
    "reshare": "reshare",
    "quote": "quote",
    "reply": "reply",
    "comment": "comment",
}
_MEDIA = ("photo", "video", "gif", "audio", "link", "poll")
_PLATFORM = re.compile(r"[a-z][a-z0-9_]{0,40}")  # it becomes part of an index's name
_BOTH = {"platform", "kind", "id", "created_at", "observed_at", "text", "engagement"}
# What the export guards with an apostrophe, because spreadsheets take it for a formula.
_FORMULA = ("=", "+", "-", "@", "＝", "＋", "－", "＠")
_CONTROL = ("\t", "\r")
_INVISIBLE = ("Cf", "Cc", "Mn")


def detect(document: Json) -> bool:
    """Whether a document or row has the names of an export."""
    return document.keys() >= _BOTH and bool({"author", "author_handle"} & document.keys())


def split(document: Json, place: str) -> Iterator[Payload]:
    """A ``post`` of a JSON export, or a ``row`` of a CSV export."""
    yield Payload("row" if "author_handle" in document else "post", document, place)


def normalise(payload: Payload, observed_at: datetime) -> tuple[Record, ...]:
    """The post as it was kept, and that it is gone where that is told; see ``Platform.normalise``.

    Args:
        payload: A post or a row.
        observed_at: Not used: an export says when each post was observed.

    Raises:
        PayloadError: It has no platform, kind or id, or a time cannot be read.
    """
    del observed_at
    if payload.kind == "row":
        return (_post(_nested(payload.body)),)
    if payload.kind == "post":
        post, gone = _post(payload.body), mapping(payload.body.get("erased"))
        return (post, _erasure(post, gone)) if gone else (post,)
    raise PayloadError(f"an export has no payloads of kind {payload.kind!r}")


def unguarded(cell: str) -> str:
    """A cell without the apostrophe by which the export keeps a spreadsheet from running it."""
    bare = cell.lstrip("'")
    if bare == cell:
        return cell
    dangerous = _first_visible(bare) in _FORMULA or bare.startswith(_CONTROL)
    return cell[1:] if dangerous else cell


def _first_visible(text: str) -> str | None:
    return next((one for one in text if not (one.isspace() or category(one) in _INVISIBLE)), None)


def _nested(row: Json) -> Json:
    """A row in the form of a JSON export; an empty cell is None."""
    cells = {name: unguarded(cell) for name, cell in row.items() if isinstance(cell, str) and cell}
    names = ("id", "handle", "name", "followers", "verified")
    lists = {name: cells.get(name, "").split(" ") for name in ("hashtags", "mentions", "media")}
    return {
        **cells,
        **lists,
        "author": {name: cells.get(f"author_{name}") for name in names},
        "metrics": {name: cells.get(name) for name in POST_METRICS},
    }


def _post(one: Json) -> Post:
    platform, native_id = _text(one.get("platform")) or "", _text(one.get("id"))
    kind = _KINDS.get(str(one.get("kind")))
    if not _PLATFORM.fullmatch(platform) or native_id is None or kind is None:
        raise PayloadError("the post has no platform, id or kind")
    given = mapping(one.get("metrics"))
    read = {name: count(given.get(name), signed=name == "score") for name in POST_METRICS}
    return Post(
        platform=platform,
        kind=kind,
        native_id=native_id,
        created_at=time_of(one.get("created_at")),
        observed_at=time_of(one.get("observed_at")),
        text=clean(text) if isinstance(text := one.get("text"), str) else "",
        author=_author(mapping(one.get("author"))),
        url=_text(one.get("url")),
        language=_text(one.get("language")),
        hashtags=normal_hashtags(_texts(one.get("hashtags"))),
        mentions=tuple(dict.fromkeys(_texts(one.get("mentions")))),
        media=tuple(dict.fromkeys(kind for kind in _texts(one.get("media")) if kind in _MEDIA)),
        reply_to=_text(one.get("reply_to")),
        metrics={name: number for name, number in read.items() if number is not None},
    )


def _erasure(post: Post, gone: Json) -> Erasure:
    return Erasure(
        platform=post.platform,
        native_id=post.native_id,
        observed_at=time_of(gone.get("at")),
        reason=_text(gone.get("reason")) or "gone",
        text_goes=bool(gone.get("text_removed")),
    )


def _author(author: Json) -> Author:
    return Author(
        id=_text(author.get("id")),
        handle=_text(author.get("handle")),
        name=_text(author.get("name")),
        followers=count(author.get("followers")),
        verified=flag(author.get("verified")),
    )


def _texts(value: object) -> list[str]:
    return [text for text in map(_text, value) if text] if isinstance(value, list) else []


def _text(value: object) -> str | None:
    """A text exactly as it was kept; the lake's own need no trimming."""
    return (clean(value) or None) if isinstance(value, str) else None


FORMAT = Format("taglake", None, "either", detect, split, normalise)
