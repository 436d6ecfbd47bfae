"""One Instagram post in any of the shapes that it comes in, as a record. Pure.

The Graph API (https://developers.facebook.com/docs/instagram-platform/instagram-graph-api) gives
``permalink`` and ``timestamp``; the web's first shape, GraphQL, ``shortcode`` and
``taken_at_timestamp``; its second ``code`` and ``taken_at``; a third (``XIGPolaris…``) no time and
no numbers. They share the code in the post's address. It is the post's number in base 64, and that
number is the id here, so that a post is one document whoever showed it. It also holds the time at
which its upload began (ms since 2011-08-24 in all but the low 23 bits), which is good to some
seconds, mostly, and is taken where nothing better is told.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from ingestors.fields import mapping, mappings, moment, string, whole
from ingestors.files.cells import identity
from lake.errors import PayloadError
from lake.records import Author, Json, Post
from lake.text import hashtags_in, mentions_in
from lake.times import from_epoch_s

_DIGITS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
_CODE_CHARS = 11  # a private account's codes go on after these
_CODE = re.compile(r"[A-Za-z0-9_-]{5,60}")
_ADDRESS = re.compile(r"/(?:p|reel|reels|tv)/([A-Za-z0-9_-]{5,60})")
_EPOCH_MS = 1_314_220_021_721
_TIME_SHIFT = 23
_PHOTO, _VIDEO = ("photo",), ("video",)
_MEDIA: dict[str, tuple[str, ...]] = {"1": _PHOTO, "2": _VIDEO, "IMAGE": _PHOTO, "VIDEO": _VIDEO}
_LIKES = ("like_count", "edge_liked_by", "edge_media_preview_like")
_COMMENTS = (
    "comments_count",
    "comment_count",
    "edge_media_to_comment",
    "edge_media_to_parent_comment",
)
_VIEWS = ("play_count", "video_play_count", "ig_play_count", "view_count", "video_view_count")
_SHARES = ("reshare_count",)
_MARKS = frozenset({"shortcode", "permalink", "taken_at", "taken_at_timestamp"})
_AD_LINK = "facebook.com/ads/ig_redirect"


def is_media(found: Json) -> bool:
    """Whether an object looks like a post."""
    if found.keys() & _MARKS or isinstance(found.get("code"), str):
        return True
    return "media_type" in found and bool(found.keys() & {"pk", "id"})


def is_advertisement(media: Json) -> bool:
    """Whether a post was paid to be shown; it belongs to no hashtag."""
    link = media.get("link")
    return media.get("product_type") == "ad" or (isinstance(link, str) and _AD_LINK in link)


def media_id(media: Json) -> str | None:
    """The post's id: the number that its code is; else the one that it is called by."""
    number = _number_of(media)
    if number is not None:
        return str(number)
    return (identity(media.get("pk")) or identity(media.get("id")) or "").partition("_")[0] or None


def created_at(media: Json) -> datetime | None:
    """When the post was made, as told or as its id holds it."""
    told = moment(media.get("timestamp"))
    seconds = (whole(media.get(key)) for key in ("taken_at", "taken_at_timestamp"))
    told = told or next((at for at in map(_from_s, seconds) if at), None)
    number = _number_of(media) or whole((identity(media.get("pk")) or "").partition("_")[0])
    return told or _time_of(number)


def media_post(media: Json, observed_at: datetime, owner: Json | None = None) -> Post:
    """The post.

    Args:
        media: In whichever shape.
        observed_at: When it was received.
        owner: Who is known to have posted it where ``media`` does not tell.

    Raises:
        PayloadError: It names neither itself nor its time.
    """
    id_ = media_id(media)
    created = created_at(media)
    if id_ is None or created is None:
        raise PayloadError(f"an Instagram post without {'id' if id_ is None else 'a time'}")
    text = _text(media)
    metrics, missing = _metrics(media)
    return Post(
        platform="instagram",
        kind="post",
        native_id=id_,
        created_at=created,
        observed_at=observed_at,
        text=text,
        author=author_of(mapping(media.get("user")) or mapping(media.get("owner")) or owner or {}),
        url=_url(media),
        hashtags=hashtags_in(text),
        mentions=mentions_in(text),
        media=_kinds(media),
        metrics=metrics,
        metrics_missing=missing,
    )


def author_of(user: Json) -> Author:
    """An account as the author of something; the Graph API's ids are other than the web's."""
    verified = user.get("is_verified")
    return Author(
        id=identity(user.get("pk")) or identity(user.get("id")),
        handle=string(user.get("username")),
        name=string(user.get("full_name")) or string(user.get("name")),
        verified=verified if isinstance(verified, bool) else None,
    )


def address(code: str) -> str:
    """Where people read the post with this code."""
    return f"https://www.instagram.com/p/{code}/"


def code_of_id(id_: str) -> str | None:
    """The code of a post with this id; None where it is no post's number."""
    number = whole(id_)
    if not number:
        return None
    digits = ""
    while number:
        number, digit = divmod(number, len(_DIGITS))
        digits = _DIGITS[digit] + digits
    return digits


def first_count(media: Json, names: Iterable[str]) -> int | None:
    """The first of several fields that holds a count, as a number or as ``{"count": …}``."""
    for name in names:
        value = media.get(name)
        number = whole(value.get("count") if isinstance(value, dict) else value)
        if number is not None:
            return number
    return None


def _code(media: Json) -> str | None:
    for name in ("shortcode", "code"):
        code = string(media.get(name))
        if code and _CODE.fullmatch(code):
            return code
    found = _ADDRESS.search(string(media.get("permalink")) or "")
    return found[1] if found else None


def _number_of(media: Json) -> int | None:
    number = 0
    for char in (_code(media) or "")[:_CODE_CHARS]:
        number = number * len(_DIGITS) + _DIGITS.index(char)
    return whole(number) or None


def _time_of(number: int | None) -> datetime | None:
    """The time in an id of the web's; an id of the Graph API's, much smaller, holds none."""
    since_ms = (number or 0) >> _TIME_SHIFT
    if since_ms < 1_000_000_000:  # within twelve days of Instagram's first such id
        return None
    return _from_s((since_ms + _EPOCH_MS) / 1_000)


def _from_s(seconds: float | None) -> datetime | None:
    try:
        return from_epoch_s(seconds) if seconds else None
    except PayloadError:
        return None


def _text(media: Json) -> str:
    caption = media.get("caption")
    if isinstance(caption, dict):
        caption = caption.get("text")
    edges = mappings(mapping(media.get("edge_media_to_caption")).get("edges"))
    of_edge = mapping(edges[0].get("node")).get("text") if edges else None
    return string(caption) or string(of_edge) or ""


def _url(media: Json) -> str | None:
    code = _code(media) or code_of_id(media_id(media) or "")
    return address(code) if code else None


def _kinds(media: Json) -> tuple[str, ...]:
    parts = mappings(media.get("carousel_media")) + mappings(
        mapping(media.get("children")).get("data")
    )
    edges = mappings(mapping(media.get("edge_sidecar_to_children")).get("edges"))
    parts += [mapping(edge.get("node")) for edge in edges]
    found = [kind for part in parts or [media] for kind in _kind(part)]
    return tuple(dict.fromkeys(found))


def _kind(part: Json) -> tuple[str, ...]:
    """Of one photo or video; nothing of an album whose parts are not told."""
    told = _MEDIA.get(str(part.get("media_type")).upper())
    if told:
        return told
    name = str(part.get("__typename"))
    if "Sidecar" in name or "Carousel" in name or "media_type" in part:
        return ()
    if part.get("is_video") is True or "Video" in name:
        return _VIDEO
    return _PHOTO if part.get("is_video") is False or "Image" in name or "Photo" in name else ()


def _metrics(media: Json) -> tuple[dict[str, int], tuple[str, ...]]:
    """The numbers, and those that are hidden here though posts have them.

    A partial shape has no numbers at all: that says nothing, so it hides none.
    """
    hidden = media.get("like_and_view_counts_disabled") is True
    found: dict[str, int | None] = {
        "likes": None if hidden else first_count(media, _LIKES),
        "comments": first_count(media, _COMMENTS),
    }
    if not _is_of_graph(media) and _kind(media) == _VIDEO:
        found["views"] = None if hidden else first_count(media, _VIEWS)
    if (shares := first_count(media, _SHARES)) is not None:
        found["shares"] = shares
    known = {name: number for name, number in found.items() if number is not None}
    if not known and not hidden and str(media.get("__typename")).startswith("XIG"):
        return {}, ()
    return known, tuple(name for name in found if name not in known)


def _is_of_graph(media: Json) -> bool:
    kind: Any = media.get("media_type")
    return "permalink" in media or (isinstance(kind, str) and kind.isalpha())
