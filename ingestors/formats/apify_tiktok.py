"""TikTok videos as the usual actors of Apify give them, as JSON and as CSV.

The fields are those of ``clockworks/tiktok-scraper``, which other actors share; in a CSV file their
paths are the columns' names: ``authorMeta/name``, ``hashtags/0/name``.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from ingestors.fields import mapping, mappings, string
from ingestors.files.cells import NOT_AVAILABLE, count, flag, identity, strings, time_of
from ingestors.files.format import Format
from ingestors.files.nesting import nested
from ingestors.files.numbers import sorted_out
from ingestors.platform import Payload
from ingestors.tiktok_records import video_url
from lake.errors import PayloadError
from lake.records import Author, Json, Post
from lake.text import hashtags_in, mentions_in, normal_hashtags

_NUMBERS = {
    "likes": "diggCount",
    "comments": "commentCount",
    "shares": "shareCount",
    "saves": "collectCount",
    "views": "playCount",
}


def detect(document: Json) -> bool:
    """Whether a document or row has the actor's names for the video and its author."""
    author = any(name.startswith("authorMeta") for name in document)
    return author and bool({"webVideoUrl", "diggCount", "playCount"} & document.keys())


def split(document: Json, place: str) -> Iterator[Payload]:
    """One document or row is one video."""
    yield Payload("video", document, place)


def normalise(payload: Payload, observed_at: datetime) -> tuple[Post, ...]:
    """The video; see ``Platform.normalise``.

    Raises:
        PayloadError: It is an error of the actor, or has no id or no time.
    """
    if payload.kind != "video":
        raise PayloadError(f"Apify's TikTok has no payloads of kind {payload.kind!r}")
    video = nested(payload.body)
    native_id = identity(video.get("id"))
    if native_id is None or not (native_id.isascii() and native_id.isdecimal()):
        said = string(video.get("error")) or string(video.get("note"))
        raise PayloadError(f"the actor says: {said[:200]}" if said else "the video has no id")
    text = string(video.get("text")) or ""
    author = _author(mapping(video.get("authorMeta")))
    return (
        Post(
            platform="tiktok",
            kind="post",
            native_id=native_id,
            created_at=time_of(video.get("createTimeISO") or video.get("createTime")),
            observed_at=observed_at,
            text=text,
            author=author,
            url=string(video.get("webVideoUrl")) or video_url(author.handle, native_id),
            language=_language(video),
            hashtags=_hashtags(video, text),
            mentions=_mentions(video, text),
            media=("photo",) if flag(video.get("isSlideshow")) else ("video",),
            **sorted_out({ours: count(video.get(theirs)) for ours, theirs in _NUMBERS.items()}),
        ),
    )


def _author(author: Json) -> Author:
    return Author(
        id=identity(author.get("id")),
        handle=string(author.get("name")) or string(author.get("uniqueId")),
        name=string(author.get("nickName")),
        followers=count(author.get("fans")),
        verified=flag(author.get("verified")),
    )


def _language(video: Json) -> str | None:
    code = string(video.get("textLanguage"))
    return None if code is None or code == "un" or code.lower() in NOT_AVAILABLE else code


def _hashtags(video: Json, text: str) -> tuple[str, ...]:
    named = [string(one.get("name")) for one in mappings(video.get("hashtags"))]
    return normal_hashtags([name for name in named if name]) or hashtags_in(text)


def _mentions(video: Json, text: str) -> tuple[str, ...]:
    named = [name.lstrip("@").lower() for name in strings(video.get("mentions"))]
    return tuple(dict.fromkeys(name for name in named if name)) or mentions_in(text)


FORMAT = Format("apify_tiktok", "tiktok", "either", detect, split, normalise)
