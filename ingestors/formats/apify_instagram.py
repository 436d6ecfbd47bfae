"""Instagram posts as the usual actors of Apify give them, as JSON and as CSV.

The fields are those of ``apify/instagram-scraper``, which other actors share; in a CSV file their
paths are the columns' names: ``hashtags/0``. A like count of -1 says that the owner hides it.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from ingestors.fields import mappings, string
from ingestors.files.cells import count, identity, strings
from ingestors.files.format import Format
from ingestors.files.instagram import native_id, posted_at
from ingestors.files.nesting import nested
from ingestors.files.numbers import Numbers, sorted_out
from ingestors.instagram_media import address
from ingestors.platform import Payload
from lake.errors import PayloadError
from lake.records import Author, Json, Post
from lake.text import hashtags_in, mentions_in, normal_hashtags

_MEDIA = {"image": "photo", "video": "video"}
_ERROR = {"error", "errorDescription"}


def detect(document: Json) -> bool:
    """Whether a document or row has the actor's names for the post, or is an error of it."""
    names = document.keys()
    if "shortCode" not in names:
        return names >= _ERROR
    return bool({"ownerUsername", "ownerId", "likesCount", "commentsCount"} & names)


def split(document: Json, place: str) -> Iterator[Payload]:
    """One document or row is one post."""
    yield Payload("post", document, place)


def normalise(payload: Payload, observed_at: datetime) -> tuple[Post, ...]:
    """The post; see ``Platform.normalise``.

    Raises:
        PayloadError: It is an error of the actor, or has no id or no time.
    """
    if payload.kind != "post":
        raise PayloadError(f"Apify's Instagram has no payloads of kind {payload.kind!r}")
    body = nested(payload.body)
    code = string(body.get("shortCode"))
    said = string(body.get("errorDescription")) or string(body.get("error"))
    if said and code is None:
        raise PayloadError(f"the actor says: {said[:200]}")
    text = string(body.get("caption")) or ""
    media = _media(body)
    return (
        Post(
            platform="instagram",
            kind="post",
            native_id=native_id(code, body.get("id")),
            created_at=posted_at(body.get("timestamp"), code),
            observed_at=observed_at,
            text=text,
            author=Author(
                id=identity(body.get("ownerId")),
                handle=string(body.get("ownerUsername")),
                name=string(body.get("ownerFullName")),
            ),
            url=address(code) if code else string(body.get("url")),
            hashtags=normal_hashtags(strings(body.get("hashtags"))) or hashtags_in(text),
            mentions=_mentions(body, text),
            media=media,
            **_numbers(body, media == ("video",)),
        ),
    )


def _numbers(body: Json, is_video: bool) -> Numbers:
    """Likes, comments and, of a video, views; one that is hidden or left out is missing."""
    plays = count(body.get("videoPlayCount"))
    views = count(body.get("videoViewCount")) if plays is None else plays
    read = {"likes": count(body.get("likesCount")), "comments": count(body.get("commentsCount"))}
    return sorted_out(read | {"views": views} if is_video or views is not None else read)


def _mentions(body: Json, text: str) -> tuple[str, ...]:
    named = [name.lstrip("@").lower() for name in strings(body.get("mentions"))]
    return tuple(dict.fromkeys(name for name in named if name)) or mentions_in(text)


def _media(body: Json) -> tuple[str, ...]:
    kinds = [string(one.get("type")) for one in [body, *mappings(body.get("childPosts"))]]
    found = [_MEDIA[kind.lower()] for kind in kinds if kind and kind.lower() in _MEDIA]
    return tuple(dict.fromkeys(found))


FORMAT = Format("apify_instagram", "instagram", "either", detect, split, normalise)
