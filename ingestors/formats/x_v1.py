"""Posts as the X API v1.1 gave them, and as X gives people their own: ``tweets.js``.

Tweets one a line or in an array, answers of a search (``{"statuses": […]}``), lines of the stream
with its notices of deletion, and entries ``{"tweet": {…}}`` of an account's own archive. There the
author is not told, and a reshare only by its text: ``RT @``.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from ingestors.fields import mapping, mappings, string
from ingestors.files.format import Format
from ingestors.files.x_status import id_of, post_of, status_of
from ingestors.platform import Payload, Unreadable
from lake.errors import PayloadError
from lake.json_text import dumps
from lake.records import Erasure, Json, Record

_TEXTS = ("text", "full_text", "extended_tweet")
# What the stream says besides tweets: https://developer.x.com/en/docs/x-api/v1 (streaming).
_NOTICES = {
    "limit",
    "warning",
    "disconnect",
    "scrub_geo",
    "status_withheld",
    "user_withheld",
    "friends",
    "event",
}


def detect(document: Json) -> bool:
    """Whether a document is a tweet of API v1.1, a search answer, or an entry of an archive."""
    return (
        _is_tweet(document)
        or _is_tweet(mapping(document.get("tweet")))
        or any(map(_is_tweet, mappings(document.get("statuses"))))
    )


def split(document: Json, place: str) -> Iterator[Payload | Unreadable]:
    """A payload for each ``tweet``, entry of an archive (``archived``) and ``deletion``."""
    if "statuses" in document:
        yield from _answer(document, place)
    elif _is_tweet(mapping(document.get("tweet"))):
        yield Payload("archived", document["tweet"], place)
    elif "delete" in document:
        yield Payload("deletion", document, place)
    elif _is_tweet(document):
        yield Payload("tweet" if "user" in document else "archived", document, place)
    elif not _NOTICES & document.keys():
        yield Unreadable(dumps(document).decode(), _why_none(document), place)


def normalise(payload: Payload, observed_at: datetime) -> tuple[Record, ...]:
    """The post, or that it was deleted; see ``Platform.normalise``.

    Raises:
        PayloadError: It has no id, no text, or no time and an id that does not tell it.
    """
    body = payload.body
    match payload.kind:
        case "tweet":
            return (post_of(status_of(body), observed_at),)
        case "archived":
            text = string(body.get("full_text")) or string(body.get("text")) or ""
            status = status_of(body, is_reshare=text.startswith("RT @"))
            return (post_of(status, observed_at),)
        case "deletion":
            return (_deletion(body, observed_at),)
    raise PayloadError(f"X has no payloads of kind {payload.kind!r}")


def _is_tweet(one: Json) -> bool:
    """Whether it has what tells a v1.1 tweet from those of v2: the id as text beside the id."""
    return "id_str" in one and "created_at" in one and any(name in one for name in _TEXTS)


def _answer(document: Json, place: str) -> Iterator[Payload | Unreadable]:
    held = document["statuses"]
    for one in held if isinstance(held, list) else [held]:
        if isinstance(one, dict):
            yield Payload("tweet", one, place)
        else:
            yield Unreadable(dumps(one).decode(), "is no tweet", place)


def _why_none(document: Json) -> str:
    problems = mappings(document.get("errors"))
    said = string(problems[0].get("message")) if problems else None
    return f"X answered with an error: {said}" if said else "holds no tweet"


def _deletion(body: Json, observed_at: datetime) -> Erasure:
    native_id = id_of(mapping(mapping(body.get("delete")).get("status")))
    if native_id is None:
        raise PayloadError("the notice of deletion has no id")
    return Erasure("x", native_id, observed_at, "deleted")


FORMAT = Format("x_v1", "x", "json", detect, split, normalise)
