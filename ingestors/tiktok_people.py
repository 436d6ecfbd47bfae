"""What TikTok tells of accounts, comments and hashtags, as records. Pure.

The site's fields are nowhere documented. Research API:
https://developers.tiktok.com/doc/research-api-specs-query-user-info and
https://developers.tiktok.com/doc/research-api-specs-query-video-comments.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from urllib.parse import quote

from ingestors.fields import mapping, string, web_url, whole
from ingestors.tiktok_records import NAME, SITE, counts, made_at, native_id
from lake.errors import PayloadError
from lake.records import Author, Json, Post, Profile, Record, TagCounter
from lake.text import hashtags_in, mentions_in, normal_hashtag
from lake.times import from_epoch_s

_LAST_S = 4_102_444_800  # 2100-01-01: a later time is no time


def user_records(body: Json, observed_at: datetime) -> Sequence[Record]:
    """One profile of the site: ``{"user": …, "stats": …, "statsV2": …}``, or that as ``userInfo``.

    Raises:
        PayloadError: The account has neither id nor handle.
    """
    info = mapping(body.get("userInfo")) or body
    user = mapping(info.get("user"))
    names = {"followers": "followerCount", "following": "followingCount", "posts": "videoCount"}
    numbers, _ = counts((mapping(info.get("statsV2")), mapping(info.get("stats"))), names)
    verified = user.get("verified")
    handle = string(user.get("uniqueId"))
    author = Author(
        id=_id(user.get("id")),
        handle=handle,
        name=string(user.get("nickname")),
        followers=numbers.get("followers"),
        verified=verified if isinstance(verified, bool) else None,
    )
    opened_s = whole(user.get("createTime"))
    profile = Profile(
        platform=NAME,
        author=_somebody(author),
        observed_at=observed_at,
        created_at=from_epoch_s(opened_s) if opened_s and opened_s < _LAST_S else None,
        url=_profile_url(handle),
        description=string(user.get("signature")),
        following=numbers.get("following"),
        posts=numbers.get("posts"),
    )
    return (profile,)


def research_user_records(body: Json, observed_at: datetime) -> Sequence[Record]:
    """One profile of the Research API.

    Args:
        body: The handle that was asked for as ``username``, the answer as ``user``: it does not
            repeat the handle.
        observed_at: When the answer was received.

    Raises:
        PayloadError: There is no handle.
    """
    user = mapping(body.get("user"))
    verified = user.get("is_verified")
    handle = string(body.get("username"))
    author = Author(
        handle=handle,
        name=string(user.get("display_name")),
        followers=whole(user.get("follower_count")),
        verified=verified if isinstance(verified, bool) else None,
    )
    profile = Profile(
        platform=NAME,
        author=_somebody(author),
        observed_at=observed_at,
        url=_profile_url(handle),
        description=string(user.get("bio_description")),
        following=whole(user.get("following_count")),
        posts=whole(user.get("video_count")),
    )
    return (profile,)


def challenge_records(body: Json, observed_at: datetime) -> Sequence[Record]:
    """One counter of a hashtag: ``{"challenge": …, "stats": …}``, or that as ``challengeInfo``.

    TikTok rounds both numbers. None where it tells neither.

    Raises:
        PayloadError: The hashtag has no name.
    """
    info = mapping(body.get("challengeInfo")) or body
    challenge = mapping(info.get("challenge"))
    tag = normal_hashtag(string(challenge.get("title")) or "")
    if not tag:
        raise PayloadError("a tiktok hashtag without a title")
    sources = (mapping(info.get("statsV2")), mapping(info.get("stats")))
    numbers, _ = counts(sources, {"posts": "videoCount", "views": "viewCount"})
    if not numbers:
        return ()
    counter = TagCounter(
        platform=NAME,
        tag=tag,
        observed_at=observed_at,
        posts=numbers.get("posts"),
        views=numbers.get("views"),
    )
    return (counter,)


def comment_records(body: Json, observed_at: datetime) -> Sequence[Record]:
    """One comment of the site; an answer to another comment answers that.

    Raises:
        PayloadError: It does not name itself, or not when it was written.
    """
    user = mapping(body.get("user"))
    language = string(body.get("comment_language"))
    id_ = native_id(body, "cid")
    text = string(body.get("text")) or ""
    metrics, missing = counts((body,), {"likes": "digg_count", "comments": "reply_comment_total"})
    comment = Post(
        platform=NAME,
        kind="comment",
        native_id=id_,
        created_at=made_at(body.get("create_time"), id_),
        observed_at=observed_at,
        text=text,
        author=Author(
            id=_id(user.get("uid")),
            handle=string(user.get("unique_id")),
            name=string(user.get("nickname")),
        ),
        url=web_url(mapping(body.get("share_info")).get("url")),
        language=None if language == "un" else language,
        hashtags=hashtags_in(text),
        mentions=mentions_in(text),
        reply_to=_id(body.get("reply_id")) or _id(body.get("aweme_id")),
        metrics=metrics,
        metrics_missing=missing,
    )
    return (comment,)


def research_comment_records(body: Json, observed_at: datetime) -> Sequence[Record]:
    """One comment of the Research API, which does not tell who wrote it.

    Raises:
        PayloadError: It does not name itself, or not when it was written.
    """
    id_ = native_id(body, "id", "comment_id")
    text = string(body.get("text")) or ""
    metrics, missing = counts((body,), {"likes": "like_count", "comments": "reply_count"})
    comment = Post(
        platform=NAME,
        kind="comment",
        native_id=id_,
        created_at=made_at(body.get("create_time"), id_),
        observed_at=observed_at,
        text=text,
        hashtags=hashtags_in(text),
        mentions=mentions_in(text),
        reply_to=_id(body.get("parent_comment_id")) or _id(body.get("video_id")),
        metrics=metrics,
        metrics_missing=missing,
    )
    return (comment,)


def _somebody(author: Author) -> Author:
    if author.key() is None:
        raise PayloadError("a tiktok account with neither id nor handle")
    return author


def _id(value: object) -> str | None:
    """An id as text; 0 stands for none."""
    number = whole(value)
    return str(number) if number else None


def _profile_url(handle: str | None) -> str | None:
    return f"{SITE}/@{quote(handle, safe='')}" if handle else None
