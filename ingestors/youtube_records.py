"""What YouTube's videos, channels and comment threads hold, as records. Pure.

Fields: https://developers.google.com/youtube/v3/docs. Counts come as texts, and a count that an
owner hides is left out: that is unknown, never 0. There are no hashtag fields; ``snippet.tags``
are keywords that nobody sees.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from urllib.parse import quote

from ingestors.fields import mapping, moment, string, web_url, whole
from lake.errors import PayloadError
from lake.records import Author, Erasure, Json, Post, Profile, Record
from lake.text import hashtags_in, mentions_in
from lake.times import from_text

_VIDEO_METRICS = {"likes": "likeCount", "comments": "commentCount", "views": "viewCount"}
_SITE = "https://www.youtube.com"


def video_of(body: Json) -> Json:
    """The video in a payload of kind ``video``: its part, or the body itself."""
    return mapping(body.get("video")) or body


def video_records(body: Json, observed_at: datetime) -> Sequence[Record]:
    """One post.

    Args:
        body: A video as ``video`` and, where it is known, its channel as ``channel``; or a video.
        observed_at: When the video was received.

    Raises:
        PayloadError: The video names neither itself nor when it was published.
    """
    video = video_of(body)
    snippet = mapping(video.get("snippet"))
    id_ = _required(video, "id", "a video")
    text = _joined(string(snippet.get("title")), string(snippet.get("description")))
    metrics, missing = _metrics(mapping(video.get("statistics")), _VIDEO_METRICS)
    spoken = string(snippet.get("defaultAudioLanguage"))
    post = Post(
        platform="youtube",
        kind="post",
        native_id=id_,
        created_at=from_text(_required(snippet, "publishedAt", "a video")),
        observed_at=observed_at,
        text=text,
        author=_uploader(snippet, mapping(body.get("channel"))),
        url=f"{_SITE}/watch?v={quote(id_, safe='')}",
        language=spoken or string(snippet.get("defaultLanguage")),
        hashtags=hashtags_in(text),
        mentions=mentions_in(text),
        media=("video",),
        metrics=metrics,
        metrics_missing=missing,
    )
    return (post,)


def channel_records(body: Json, observed_at: datetime) -> Sequence[Record]:
    """One profile.

    Raises:
        PayloadError: The channel has no id.
    """
    id_ = _required(body, "id", "a channel")
    snippet = mapping(body.get("snippet"))
    profile = Profile(
        platform="youtube",
        author=_channel_author(body),
        observed_at=observed_at,
        created_at=moment(snippet.get("publishedAt")),
        url=f"{_SITE}/channel/{quote(id_, safe='')}",
        description=string(snippet.get("description")),
        posts=whole(mapping(body.get("statistics")).get("videoCount")),
    )
    return (profile,)


def comment_records(body: Json, observed_at: datetime) -> Sequence[Record]:
    """One post: a thread's first comment; its answers are counted only.

    Raises:
        PayloadError: The comment names neither itself nor when it was published.
    """
    thread = mapping(body.get("snippet"))
    comment = mapping(thread.get("topLevelComment"))
    snippet = mapping(comment.get("snippet"))
    id_ = _required(comment, "id", "a comment")
    video_id = string(snippet.get("videoId")) or string(thread.get("videoId"))
    # textDisplay is plain too: the calls ask for textFormat=plainText.
    text = string(snippet.get("textOriginal")) or string(snippet.get("textDisplay")) or ""
    counts = {"likes": snippet.get("likeCount"), "comments": thread.get("totalReplyCount")}
    metrics, missing = _metrics(counts, {name: name for name in counts})
    post = Post(
        platform="youtube",
        kind="comment",
        native_id=id_,
        created_at=from_text(_required(snippet, "publishedAt", "a comment")),
        observed_at=observed_at,
        text=text,
        author=_commenter(snippet),
        url=_comment_url(video_id, id_),
        hashtags=hashtags_in(text),
        mentions=mentions_in(text),
        media=("photo",) if web_url(snippet.get("imageUrl")) else (),
        reply_to=video_id,
        metrics=metrics,
        metrics_missing=missing,
    )
    return (post,)


def gone_records(body: Json, observed_at: datetime) -> Sequence[Record]:
    """The erasure of a video that is absent from the answer to a look-up of its id.

    Raises:
        PayloadError: It has no id.
    """
    id_ = _required(body, "id", "what is gone")
    return (Erasure("youtube", id_, observed_at, "deleted or private"),)


def _uploader(snippet: Json, channel: Json) -> Author:
    id_ = string(snippet.get("channelId"))
    known = _channel_author(channel)
    if id_ is None or known.id != id_:  # another's followers would be worse than none
        known = Author()
    name = string(snippet.get("channelTitle")) or known.name
    return Author(id=id_, handle=known.handle, name=name, followers=known.followers)


def _channel_author(channel: Json) -> Author:
    snippet, statistics = mapping(channel.get("snippet")), mapping(channel.get("statistics"))
    hidden = statistics.get("hiddenSubscriberCount") is True  # what is sent then is 0
    return Author(
        id=string(channel.get("id")),
        handle=_handle(snippet.get("customUrl")),
        name=string(snippet.get("title")),
        followers=None if hidden else whole(statistics.get("subscriberCount")),
    )


def _commenter(snippet: Json) -> Author:
    name = snippet.get("authorDisplayName")  # since 2023 the handle stands here
    return Author(
        id=string(mapping(snippet.get("authorChannelId")).get("value")),
        handle=_handle(name),
        name=string(name),
    )


def _handle(value: object) -> str | None:
    """``@somebody`` without the sign; an old custom address is no handle."""
    text = string(value) or ""
    return (text[1:].strip() or None) if text.startswith("@") else None


def _comment_url(video_id: str | None, id_: str) -> str | None:
    if video_id is None:
        return None
    return f"{_SITE}/watch?v={quote(video_id, safe='')}&lc={quote(id_, safe='')}"


def _metrics(counts: Json, names: Mapping[str, str]) -> tuple[dict[str, int], tuple[str, ...]]:
    found = {name: whole(counts.get(key)) for name, key in names.items()}
    missing = tuple(name for name, value in found.items() if value is None)
    return {name: value for name, value in found.items() if value is not None}, missing


def _joined(*parts: str | None) -> str:
    return "\n\n".join(part for part in parts if part)


def _required(body: Json, key: str, what: str) -> str:
    text = string(body.get(key))
    if text is None:
        raise PayloadError(f"{what} without {key}")
    return text
