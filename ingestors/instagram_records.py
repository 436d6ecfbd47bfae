"""What Instagram's payloads hold, as records. Pure.

Payloads are of kind ``media`` (a post, or ``{"media": …, "owner": …}``), ``profile``, ``tag``
(``{"hashtag": …, "tag": …}``), ``comment`` (``{"comment": …, "media": its post's id}``), each bare
or as a whole answer, and ``page``: an answer of any shape with everything in it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from ingestors.fields import mapping, moment, string, whole
from ingestors.files.cells import identity
from ingestors.instagram_media import (
    address,
    author_of,
    code_of_id,
    first_count,
    is_advertisement,
    is_media,
    media_post,
)
from ingestors.instagram_shapes import (
    comments_of,
    medias_of,
    tag_of,
    tag_posts,
    user_of,
)
from lake.errors import PayloadError
from lake.records import Author, Json, Post, Profile, Record, TagCounter
from lake.text import hashtags_in, mentions_in, normal_hashtag
from lake.times import from_epoch_s

_FOLLOWERS = ("followers_count", "follower_count", "edge_followed_by")
_FOLLOWING = ("follows_count", "following_count", "edge_follow")
_POSTS = ("media_count", "edge_owner_to_timeline_media")
_COMMENT_LIKES = ("comment_like_count", "like_count", "edge_liked_by")
_ANSWERS = ("child_comment_count", "edge_threaded_comments")


def media_records(body: Json, observed_at: datetime) -> Sequence[Record]:
    """One post; none of an advertisement."""
    owner = mapping(body.get("owner"))
    inner = mapping(body.get("media"))
    media = inner if inner and not is_media(body) else body
    if is_advertisement(media):
        return ()
    return (media_post(media, observed_at, owner),)


def profile_records(body: Json, observed_at: datetime) -> Sequence[Record]:
    """One account.

    Raises:
        PayloadError: It has neither an id nor a name.
    """
    user = user_of(body) or {}
    known = author_of(user)
    if not known.key():
        raise PayloadError("an Instagram account without id and username")
    author = Author(
        id=known.id,
        handle=known.handle,
        name=known.name,
        followers=first_count(user, _FOLLOWERS),
        verified=known.verified,
    )
    profile = Profile(
        platform="instagram",
        author=author,
        observed_at=observed_at,
        url=f"https://www.instagram.com/{known.handle}/" if known.handle else None,
        description=string(user.get("biography")),
        following=first_count(user, _FOLLOWING),
        posts=first_count(user, _POSTS),
    )
    return (profile,)


def tag_records(body: Json, observed_at: datetime) -> Sequence[Record]:
    """How many posts a hashtag has.

    Raises:
        PayloadError: It has no name or no number.
    """
    tag = tag_of(body.get("tag")) or tag_of(body) or {}
    name = normal_hashtag(string(body.get("hashtag")) or string(tag.get("name")) or "")
    posts = tag_posts(tag)
    if not name or posts is None:
        raise PayloadError("an Instagram hashtag without name or number")
    return (TagCounter("instagram", name, observed_at, posts=posts),)


def comment_records(body: Json, observed_at: datetime) -> Sequence[Record]:
    """One comment.

    Raises:
        PayloadError: It names neither itself nor its time.
    """
    comment = mapping(body.get("comment")) or body
    id_ = identity(comment.get("pk")) or identity(comment.get("id"))
    created = moment(comment.get("timestamp")) or _moment(comment)
    if id_ is None or created is None:
        raise PayloadError("an Instagram comment without id or time")
    text = string(comment.get("text")) or ""
    media_id = identity(body.get("media")) or identity(comment.get("media_id"))
    found = {
        "likes": first_count(comment, _COMMENT_LIKES),
        "comments": first_count(comment, _ANSWERS),
    }
    code = code_of_id(media_id or "")
    post = Post(
        platform="instagram",
        kind="comment",
        native_id=id_,
        created_at=created,
        observed_at=observed_at,
        text=text,
        author=_commenter(comment),
        url=f"{address(code)}c/{id_}/" if code else None,
        hashtags=hashtags_in(text),
        mentions=mentions_in(text),
        reply_to=media_id,
        metrics={name: number for name, number in found.items() if number is not None},
        metrics_missing=tuple(name for name, number in found.items() if number is None),
    )
    return (post,)


def page_records(body: Json, observed_at: datetime) -> Sequence[Record]:
    """Everything in an answer; what cannot be read is left out where something can.

    Raises:
        PayloadError: It holds nothing that can be read.
    """
    user, tag = user_of(body), tag_of(body)
    parts: list[tuple[_Reader, Json]] = []
    parts += [(profile_records, user)] if user else []
    parts += [(tag_records, tag)] if tag else []
    for one in medias_of(body):
        parts.append((media_records, {"media": one, "owner": user or {}}))
    parts += [(comment_records, one) for one in comments_of(body)]
    found: list[Record] = []
    reasons = []
    for reader, part in parts:
        try:
            found += reader(part, observed_at)
        except PayloadError as exc:
            reasons.append(str(exc))
    if not found:
        raise PayloadError(reasons[0] if reasons else "an Instagram answer with nothing in it")
    return tuple(found)


_Reader = Callable[[Json, datetime], Sequence[Record]]
READERS: Mapping[str, _Reader] = {
    "media": media_records,
    "profile": profile_records,
    "tag": tag_records,
    "comment": comment_records,
    "page": page_records,
}
"""Kind of payload to what reads it."""


def _commenter(comment: Json) -> Author:
    user: Any = comment.get("user") or comment.get("owner") or comment.get("from")
    found = author_of(mapping(user))
    if found.handle or found.id:
        return found
    return Author(handle=string(comment.get("username")))


def _moment(comment: Json) -> datetime | None:
    for name in ("created_at_utc", "created_at"):
        seconds = whole(comment.get(name))
        if seconds:
            try:
                return from_epoch_s(seconds)
            except PayloadError:
                continue
    return None
