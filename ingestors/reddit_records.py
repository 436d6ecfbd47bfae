"""What Reddit's submissions, comments and accounts hold, as records. Pure.

Fields: https://www.reddit.com/dev/api and the recordings. A thing is ``{"kind": …, "data": …}``;
its fullname (``t3_…`` a submission, ``t1_…`` a comment) is its id here, so that the two never
collide. There are no hashtags: those that people write stand in the text, and a search for a tag
finds the bare word too (``keyword_match``). ``view_count`` is always null: no views are offered.
"""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import regex

from ingestors.fields import mapping, string, web_url, whole
from ingestors.platform import Payload
from ingestors.reddit_removed import removal
from lake.errors import PayloadError
from lake.records import Author, Erasure, Json, Post, Profile, Record
from lake.text import hashtags_in, mentions_in, normal_hashtag, normal_hashtags
from lake.times import from_epoch_s

SITE = "https://www.reddit.com"
FULLNAME = regex.compile(r"t[13]_[0-9A-Za-z]{1,20}")
_NOBODY = "[deleted]"
_POST_METRICS = {"comments": "num_comments", "shares": "num_crossposts"}
_LARGEST = 2**63
_NUMBER = regex.compile(r"-?[0-9]{1,18}")
_ESCAPED = regex.compile(r"\\([\\`*_{}\[\]()#+.!~>^|-])")  # Reddit's editor writes #a\_b for #a_b
_MENTION = regex.compile(r"(?<![\w/])/?u/([A-Za-z0-9_-]{3,20})(?![\w-])")
_LETTER = r"[\p{L}\p{M}\p{N}_]"
_HINTS = {
    "image": "photo",
    "hosted:video": "video",
    "rich:video": "video",
    "video": "video",
    "link": "link",
}
_HOSTS = {"i.redd.it": "photo", "v.redd.it": "video"}


def normalise(payload: Payload, observed_at: datetime) -> Sequence[Record]:
    """The records that a payload of Reddit's holds; needs no connection.

    Raises:
        PayloadError: The payload lacks something that no record can do without.
    """
    reader = _READERS.get(payload.kind)
    if reader is None:
        raise PayloadError(f"reddit has no payload of kind {payload.kind!r}")
    return (reader(mapping(payload.body), observed_at),)


def data_of(body: Json) -> Json:
    """What a thing is made of: of a payload that holds it as ``thing``, or is it."""
    thing = mapping(body.get("thing")) or body
    return mapping(thing.get("data")) or thing


def fullname(data: Json, prefix: str) -> str | None:
    """A thing's id with its kind, such as ``t3_abc``; None where it has none.

    Args:
        data: The thing's data.
        prefix: The kind that it should be.
    """
    name = string(data.get("name")) or f"{prefix}_{string(data.get('id')) or ''}"
    return name if FULLNAME.fullmatch(name) and name.startswith(prefix) else None


def created_at(data: Json) -> datetime | None:
    """When a thing was posted, aware UTC; None where it does not tell."""
    try:
        return _created(data)
    except PayloadError:
        return None


def _submission(body: Json, observed_at: datetime) -> Record:
    data = data_of(body)
    name = _named(data, "t3")
    if reason := removal(data, "title", "selftext"):
        return Erasure("reddit", name, observed_at, reason)
    parts = (string(data.get("title")), string(data.get("selftext")))
    text = "\n\n".join(part for part in parts if part)
    metrics, missing = _metrics(data, _POST_METRICS)
    original = string(data.get("crosspost_parent")) or ""
    is_crosspost = FULLNAME.fullmatch(original) is not None
    return Post(
        platform="reddit",
        kind="reshare" if is_crosspost else "post",
        native_id=name,
        created_at=_created(data),
        observed_at=observed_at,
        text=text,
        author=_author(data),
        url=_url(data, f"{SITE}/comments/{name.removeprefix('t3_')}"),
        hashtags=_hashtags(text, body),
        mentions=_mentions(text),
        media=_media(data),
        reply_to=original if is_crosspost else None,
        metrics=metrics,
        metrics_missing=missing,
    )


def _comment(body: Json, observed_at: datetime) -> Record:
    data = data_of(body)
    name = _named(data, "t1")
    if reason := removal(data, "body"):
        return Erasure("reddit", name, observed_at, reason)
    text = string(data.get("body")) or ""
    # A young comment's score is shown to nobody, and the number that is sent then is always 1.
    metrics, missing = ({}, ("score",)) if data.get("score_hidden") is True else _metrics(data, {})
    link, parent = (_fullname_in(data.get(key)) for key in ("link_id", "parent_id"))
    page = f"{SITE}/comments/{link.removeprefix('t3_')}/_/{name[3:]}" if link else None
    return Post(
        platform="reddit",
        kind="comment",
        native_id=name,
        created_at=_created(data),
        observed_at=observed_at,
        text=text,
        author=_author(data),
        url=_url(data, page),
        hashtags=_hashtags(text, body),
        mentions=_mentions(text),
        reply_to=parent or link,
        metrics=metrics,
        metrics_missing=missing,
    )


def _user(body: Json, observed_at: datetime) -> Record:
    """One profile; karma is no count of posts, so that stays unknown."""
    data = data_of(body)
    own = mapping(data.get("subreddit"))
    id_, handle = string(data.get("id")), string(data.get("name"))
    if (id_ or handle) is None:
        raise PayloadError("an account without an id and a name")
    verified = data.get("verified")
    author = Author(
        id=f"t2_{id_.removeprefix('t2_')}" if id_ else None,
        handle=handle,
        name=string(own.get("title")),
        # Reddit writes 0 for accounts whose followers it does not tell as well.
        followers=whole(own.get("subscribers")) or None,
        verified=verified if isinstance(verified, bool) else None,
    )
    return Profile(
        platform="reddit",
        author=author,
        observed_at=observed_at,
        created_at=created_at(data),
        url=f"{SITE}/user/{handle}" if handle else None,
        description=string(own.get("public_description")),
    )


def _gone(body: Json, observed_at: datetime) -> Record:
    """A thing that Reddit did not show when it was asked for by name.

    The text stays: a subreddit that is private for a while looks the same as a deletion.
    """
    name = _fullname_in(body.get("name"))
    if name is None:
        raise PayloadError("something is gone, but what is not told")
    return Erasure("reddit", name, observed_at, "not shown any more", text_goes=False)


def _named(data: Json, prefix: str) -> str:
    name = fullname(data, prefix)
    if name is None:
        raise PayloadError(f"a thing without the id of a {prefix}")
    return name


def _fullname_in(value: Any) -> str | None:
    name = string(value) or ""
    return name if FULLNAME.fullmatch(name) else None


def _created(data: Json) -> datetime:
    value = data.get("created_utc")
    try:
        seconds = float(value) if isinstance(value, str) else value
    except ValueError:
        seconds = None
    if isinstance(seconds, bool) or not isinstance(seconds, int | float):
        raise PayloadError("a thing without the time it was created")
    if isinstance(seconds, float) and not math.isfinite(seconds):
        raise PayloadError("a thing that was created at no time")
    return from_epoch_s(seconds)


def _author(data: Json) -> Author:
    """Nobody where the account is gone, although what it wrote is still there."""
    handle = string(data.get("author"))
    if handle is None or handle == _NOBODY:
        return Author()
    return Author(id=string(data.get("author_fullname")), handle=handle)


def _url(data: Json, otherwise: str | None) -> str | None:
    path = (string(data.get("permalink")) or "").partition("?")[0]
    return web_url(f"{SITE}{path}") if path.startswith("/") else otherwise


def _hashtags(text: str, body: Json) -> tuple[str, ...]:
    """The tags in a text, and the one that was searched for where its bare word stands there."""
    plain = _ESCAPED.sub(r"\1", text)
    tags = list(hashtags_in(plain))
    asked = normal_hashtag(string(body.get("hashtag")) or "")
    if asked and body.get("keyword_match") is True and _has_word(plain, asked):
        tags.append(asked)
    return normal_hashtags(tags)


def _has_word(text: str, word: str) -> bool:
    lowered = unicodedata.normalize("NFKC", text).lower()
    pattern = rf"(?<!{_LETTER}){regex.escape(word)}(?!{_LETTER})"
    return regex.search(pattern, lowered) is not None


def _mentions(text: str) -> tuple[str, ...]:
    """Accounts as Reddit names them, ``u/somebody``, and as everybody else does."""
    named = [name.lower() for name in _MENTION.findall(_ESCAPED.sub(r"\1", text))]
    return tuple(dict.fromkeys([*named, *mentions_in(text)]))


def _media(data: Json) -> tuple[str, ...]:
    """Kinds of what is attached; a text post has nothing but, perhaps, a poll."""
    hint = _HINTS.get(string(data.get("post_hint")) or "")
    host = _HOSTS.get(string(data.get("domain")) or "")
    if data.get("is_video") is True:
        found: str | None = "video"
    elif data.get("is_gallery") is True:
        found = "photo"
    elif data.get("is_self") is False:
        found = hint or host or "link"
    else:
        found = host or (hint if hint != "link" else None)
    poll = "poll" if mapping(data.get("poll_data")) else None
    return tuple(kind for kind in (found, poll) if kind)


def _metrics(data: Json, names: Mapping[str, str]) -> tuple[dict[str, int], tuple[str, ...]]:
    """The numbers, and those that are hidden or left out; the score may lie below 0."""
    score = _score(data.get("score"))
    counts = {"score": _score(data.get("ups")) if score is None else score}
    counts |= {name: whole(data.get(key)) for name, key in names.items()}
    known = {name: value for name, value in counts.items() if value is not None}
    return known, tuple(name for name in counts if name not in known)


def _score(value: Any) -> int | None:
    if isinstance(value, str) and _NUMBER.fullmatch(value):
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int):
        return None
    return value if -_LARGEST < value < _LARGEST else None


_READERS = {"submission": _submission, "comment": _comment, "user": _user, "gone": _gone}
