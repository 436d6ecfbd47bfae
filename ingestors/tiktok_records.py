"""What TikTok's videos hold, as records: the site's own items and the Research API's. Pure.

The site's fields are nowhere documented; they are read as recordings of 2020 to 2025 show them.
Research API: https://developers.tiktok.com/doc/research-api-specs-query-videos. ``stats`` holds
numbers that are rounded for display, ``statsV2`` the same ones as texts and less rounded, so that
is taken first; records before 2022 lack it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any
from urllib.parse import quote

from ingestors.fields import mapping, mappings, string, whole
from lake.errors import PayloadError
from lake.records import Author, Erasure, Json, Post, Record
from lake.text import hashtags_in, mentions_in, normal_hashtags
from lake.times import from_epoch_s

NAME = "tiktok"
SITE = "https://www.tiktok.com"
_WEB = {
    "likes": "diggCount",
    "comments": "commentCount",
    "shares": "shareCount",
    "saves": "collectCount",
    "views": "playCount",
}
_RESEARCH = {
    "likes": "like_count",
    "comments": "comment_count",
    "shares": "share_count",
    "saves": "favorites_count",
    "views": "view_count",
}
_ID_SECONDS = 32  # an id's upper bits are the time of its making
_OPENED_S = 1_388_534_400  # 2014-01-01: nothing is older


def item_of(body: Json) -> Json:
    """The item in a payload of kind ``item``: the body, or what a video's own page wraps."""
    return mapping(mapping(body.get("itemInfo")).get("itemStruct")) or body


def item_records(body: Json, observed_at: datetime) -> Sequence[Record]:
    """One post; none for a live room, which is listed among posts and is none.

    Raises:
        PayloadError: The item does not name itself, or not when it was made.
    """
    item = item_of(body)
    if item.get("liveRoomInfo"):
        return ()
    if item is not body and _status(body):
        return (erasure(native_id(item, "id"), observed_at, f"status {_status(body)}"),)
    id_ = native_id(item, "id")
    author = _item_author(item)
    text = string(item.get("desc")) or "\n".join(_parts_of_text(item))
    metrics, missing = counts((mapping(item.get("statsV2")), mapping(item.get("stats"))), _WEB)
    tags, mentions = _entities(item, text)
    language = string(item.get("textLanguage"))
    post = Post(
        platform=NAME,
        kind="post",
        native_id=id_,
        created_at=made_at(item.get("createTime"), id_),
        observed_at=observed_at,
        text=text,
        author=author,
        url=video_url(author.handle, id_),
        language=None if language == "un" else language,
        hashtags=tags,
        mentions=mentions,
        media=("photo",) if mapping(item.get("imagePost")) else ("video",),
        metrics=metrics,
        metrics_missing=missing,
    )
    return (post,)


def research_records(body: Json, observed_at: datetime) -> Sequence[Record]:
    """One post of the Research API, which names no account id and no language.

    Raises:
        PayloadError: The video does not name itself, or not when it was made.
    """
    id_ = native_id(body, "id", "video_id")
    text = string(body.get("video_description")) or ""
    handle = string(body.get("username"))
    metrics, missing = counts((body,), _RESEARCH)
    infos = [info.get("hashtag_name") for info in mappings(body.get("hashtag_info_list"))]
    named = [*_texts(body.get("hashtag_names")), *_texts(infos)]
    mentioned = [name.lstrip("@").lower() for name in _texts(body.get("video_mention_list"))]
    post = Post(
        platform=NAME,
        kind="post",
        native_id=id_,
        created_at=made_at(body.get("create_time"), id_),
        observed_at=observed_at,
        text=text,
        author=Author(handle=handle),
        url=video_url(handle, id_),
        hashtags=normal_hashtags(named) or hashtags_in(text),
        mentions=tuple(dict.fromkeys(filter(None, mentioned))) or mentions_in(text),
        media=("video",),
        metrics=metrics,
        metrics_missing=missing,
    )
    return (post,)


def gone_records(body: Json, observed_at: datetime) -> Sequence[Record]:
    """What the platform no longer has: ``{"id": …, "reason": …}``.

    Raises:
        PayloadError: The body names no post.
    """
    reason = string(body.get("reason")) or "gone"
    return (erasure(native_id(body, "id"), observed_at, reason),)


def erasure(id_: str, observed_at: datetime, reason: str) -> Erasure:
    """The record of a post that is gone."""
    return Erasure(platform=NAME, native_id=id_, observed_at=observed_at, reason=reason)


def native_id(body: Json, *keys: str) -> str:
    """The first of the keys that holds an id: digits, as a number or as text.

    Raises:
        PayloadError: None of them does.
    """
    for key in keys:
        number = whole(body.get(key))
        if number:
            return str(number)
    raise PayloadError(f"a tiktok payload without {' or '.join(keys)}")


def made_at(value: Any, id_: str) -> datetime:
    """When something was made: Unix seconds, else what its id says.

    Raises:
        PayloadError: Neither is a time since TikTok's beginning.
    """
    seconds = whole(value) or int(id_) >> _ID_SECONDS
    if seconds < _OPENED_S:
        raise PayloadError("a tiktok payload without the time of its making")
    return from_epoch_s(seconds)


def counts(
    sources: Sequence[Json], names: Mapping[str, str]
) -> tuple[dict[str, int], tuple[str, ...]]:
    """Metrics from the first source that tells each, and the names that none tells."""
    found: dict[str, int] = {}
    for name, key in names.items():
        known = [value for source in sources if (value := whole(source.get(key))) is not None]
        found |= {name: known[0]} if known else {}
    return found, tuple(name for name in names if name not in found)


def video_url(handle: str | None, id_: str) -> str | None:
    """Where people see a video."""
    return f"{SITE}/@{quote(handle, safe='')}/video/{id_}" if handle else None


def _item_author(item: Json) -> Author:
    author = mapping(item.get("author"))  # in a page's own state the handle alone stands here
    stats = (mapping(item.get("authorStatsV2")), mapping(item.get("authorStats")))
    verified = author.get("verified")
    return Author(
        id=_account_id(author.get("id")) or _account_id(item.get("authorId")),
        handle=string(author.get("uniqueId")) or string(item.get("author")),
        name=string(author.get("nickname")) or string(item.get("nickname")),
        followers=counts(stats, {"followers": "followerCount"})[0].get("followers"),
        verified=verified if isinstance(verified, bool) else None,
    )


def _parts_of_text(item: Json) -> list[str]:
    parts = [string(block.get("desc")) for block in mappings(item.get("contents"))]
    return [part for part in parts if part]


def _entities(item: Json, text: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Hashtags and handles as TikTok marked them; where it marked none, as the text shows them."""
    marks = list(_marks(item))
    named = _texts([challenge.get("title") for challenge in mappings(item.get("challenges"))])
    tags = normal_hashtags([*named, *_texts([mark.get("hashtagName") for mark in marks])])
    # One list marks both: what has no hashtag is a handle.
    handles = [
        string(mark.get("userUniqueId")) for mark in marks if not string(mark.get("hashtagName"))
    ]
    mentions = tuple(dict.fromkeys(handle.lower() for handle in handles if handle))
    return tags or hashtags_in(text), mentions or mentions_in(text)


def _marks(item: Json) -> Iterator[Json]:
    yield from mappings(item.get("textExtra"))
    for block in mappings(item.get("contents")):
        yield from mappings(block.get("textExtra"))


def _texts(values: Any) -> list[str]:
    found = [string(value) for value in values] if isinstance(values, list) else []
    return [text for text in found if text]


def _status(body: Json) -> int | None:
    return whole(body.get("statusCode")) or whole(body.get("status_code"))


def _account_id(value: Any) -> str | None:
    number = whole(value)
    return str(number) if number else None
