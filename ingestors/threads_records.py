"""What the Threads API's posts and accounts hold, as records. Pure.

Fields: https://developers.facebook.com/docs/threads/keyword-search and …/threads-profiles. A search
tells no numbers of anybody's posts: they are missing, not 0. A post has one topic, without ``#``
and with blanks in it perhaps, which counts as a hashtag like those in its text.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from ingestors.fields import mapping, mappings, moment, string, web_url, whole
from ingestors.files.cells import identity
from lake.errors import PayloadError
from lake.records import Author, Json, Kind, Post, Profile, Record
from lake.text import hashtags_in, mentions_in, normal_hashtags

MISSING = ("likes", "comments", "shares", "quotes", "views")
_MEDIA: Mapping[str, str] = {"IMAGE": "photo", "VIDEO": "video", "AUDIO": "audio"}
_ATTACHED = {"gif_url": "gif", "link_attachment_url": "link"}
_OTHERS = ("replied_to", "quoted_post", "reposted_post")


def post_records(body: Json, observed_at: datetime) -> Sequence[Record]:
    """One post.

    Raises:
        PayloadError: It names neither itself nor its time.
    """
    id_, created = identity(body.get("id")), moment(body.get("timestamp"))
    if id_ is None or created is None:
        raise PayloadError(f"a Threads post without {'id' if id_ is None else 'timestamp'}")
    text = string(body.get("text")) or ""
    post = Post(
        platform="threads",
        kind=_kind(body),
        native_id=id_,
        created_at=created,
        observed_at=observed_at,
        text=text,
        author=_author(body),
        url=web_url(body.get("permalink")),
        hashtags=hashtags_of(body),
        mentions=mentions_in(text),
        media=_media(body),
        reply_to=_other(body),
        metrics_missing=MISSING,
    )
    return (post,)


def profile_records(body: Json, observed_at: datetime) -> Sequence[Record]:
    """One account; its counts of likes and views are of a week, and no part of a profile.

    Raises:
        PayloadError: It has no name.
    """
    author = _author(body)
    if not author.key():
        raise PayloadError("a Threads account without username")
    known = Author(
        id=author.id or identity(body.get("id")),
        handle=author.handle,
        name=string(body.get("name")),
        followers=whole(body.get("follower_count")),
        verified=author.verified,
    )
    profile = Profile(
        platform="threads",
        author=known,
        observed_at=observed_at,
        url=f"https://www.threads.com/@{author.handle}" if author.handle else None,
        description=string(body.get("biography")) or string(body.get("threads_biography")),
    )
    return (profile,)


def hashtags_of(body: Json) -> tuple[str, ...]:
    """A post's topic and the hashtags of its text, in normal form."""
    topic = string(body.get("topic_tag"))
    of_text = hashtags_in(string(body.get("text")) or "")
    return normal_hashtags([*([topic] if topic else []), *of_text])


def _author(body: Json) -> Author:
    verified = body.get("is_verified")
    return Author(
        id=identity(mapping(body.get("owner")).get("id")),
        handle=string(body.get("username")),
        verified=verified if isinstance(verified, bool) else None,
    )


def _kind(body: Json) -> Kind:
    if body.get("media_type") == "REPOST_FACADE":
        return "reshare"
    if body.get("is_quote_post") is True:
        return "quote"
    return "reply" if body.get("is_reply") is True else "post"


def _other(body: Json) -> str | None:
    """The post that this one answers, quotes or reshares, where it is told."""
    found = [identity(mapping(body.get(name)).get("id")) for name in _OTHERS]
    return next((id_ for id_ in found if id_), None)


def _media(body: Json) -> tuple[str, ...]:
    parts = mappings(mapping(body.get("children")).get("data")) or [body]
    found = [_MEDIA.get(str(part.get("media_type")).upper()) for part in parts]
    found += [kind for name, kind in _ATTACHED.items() if web_url(body.get(name))]
    found += ["poll"] if mapping(body.get("poll_attachment")) else []
    return tuple(dict.fromkeys(kind for kind in found if kind))
