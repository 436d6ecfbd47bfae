"""Posts of Instagram as Phantombuster's collectors give them, as CSV and as JSON.

Their numbers may be shortened as people read them (``541.2K``); ``timestamp`` is when a row was
read, ``pubDate`` when the post was published.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from ingestors.fields import string
from ingestors.files.cells import NOT_AVAILABLE, count, identity, time_of
from ingestors.files.format import Format
from ingestors.files.instagram import code_in, native_id, posted_at
from ingestors.files.numbers import Numbers, sorted_out
from ingestors.instagram_media import address
from ingestors.platform import Payload
from lake.errors import PayloadError
from lake.records import Author, Json, Post
from lake.text import hashtags_in, mentions_in

_NUMBERS = {"likes": "likeCount", "comments": "commentCount"}
_MEDIA = {"photo": "photo", "image": "photo", "video": "video"}


def detect(document: Json) -> bool:
    """Whether a document or row has the collectors' names for the post and its time."""
    return {"postUrl", "pubDate"} <= document.keys()


def split(document: Json, place: str) -> Iterator[Payload]:
    """One document or row is one post."""
    yield Payload("post", document, place)


def normalise(payload: Payload, observed_at: datetime) -> tuple[Post, ...]:
    """The post; see ``Platform.normalise``.

    Args:
        payload: A row.
        observed_at: When the numbers were as the file says, where the row does not tell.

    Raises:
        PayloadError: It is an error of the collector, no post of Instagram, or has no time.
    """
    if payload.kind != "post":
        raise PayloadError(f"Phantombuster has no payloads of kind {payload.kind!r}")
    row = payload.body
    code = code_in(row.get("postUrl"))
    said = _known(row.get("error"))
    if code is None:
        raise PayloadError(
            f"the collector says: {said[:200]}" if said else "postUrl is no post of Instagram"
        )
    text = _known(row.get("description")) or ""
    kind = _MEDIA.get((_known(row.get("type")) or "").lower())
    return (
        Post(
            platform="instagram",
            kind="post",
            native_id=native_id(code),
            created_at=posted_at(row.get("pubDate"), code),
            observed_at=_read_at(row, observed_at),
            text=text,
            author=Author(
                id=identity(row.get("ownerId")),
                handle=_known(row.get("username")),
                name=_known(row.get("fullName")),
            ),
            url=address(code),
            hashtags=hashtags_in(text),
            mentions=mentions_in(text),
            media=(kind,) if kind else (),
            **_numbers(row, kind == "video"),
        ),
    )


def _numbers(row: Json, is_video: bool) -> Numbers:
    views = count(row.get("viewCount"))
    read = {name: count(row.get(theirs)) for name, theirs in _NUMBERS.items()}
    return sorted_out(read | {"views": views} if is_video or views is not None else read)


def _read_at(row: Json, observed_at: datetime) -> datetime:
    return observed_at if _known(row.get("timestamp")) is None else time_of(row["timestamp"])


def _known(value: object) -> str | None:
    found = string(value)
    return None if found is None or found.lower() in NOT_AVAILABLE else found


FORMAT = Format("phantombuster", "instagram", "either", detect, split, normalise)
