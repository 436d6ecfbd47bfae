"""Tweets as R's rtweet (before 1.0) gave them, one JSON object a line: X API v1.1, flattened.

A prefix ``x`` before an id is rtweet's own, against spreadsheets that round long numbers.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from ingestors.fields import string
from ingestors.files import x
from ingestors.files.cells import NOT_AVAILABLE, count, flag, identity, strings, tags, time_of
from ingestors.files.format import Format
from ingestors.platform import Payload
from lake.errors import PayloadError
from lake.records import Author, Json, Kind, Post
from lake.text import hashtags_in, mentions_in, normal_hashtags

_NUMBERS = {
    "likes": "favorite_count",
    "comments": "reply_count",
    "shares": "retweet_count",
    "quotes": "quote_count",
}
_MEDIA = {"photo": "photo", "video": "video", "animated_gif": "gif"}
_REFERENCES: tuple[tuple[str, str, Kind], ...] = (
    ("is_retweet", "retweet_status_id", "reshare"),
    ("is_quote", "quoted_status_id", "quote"),
)


def detect(document: Json) -> bool:
    """Whether a document has rtweet's names for the id, the text and the author."""
    return {"status_id", "text"} <= document.keys() and bool(
        {"screen_name", "user_id"} & document.keys()
    )


def split(document: Json, place: str) -> Iterator[Payload]:
    """One document is one tweet."""
    yield Payload("tweet", document, place)


def normalise(payload: Payload, observed_at: datetime) -> tuple[Post, ...]:
    """The tweet; see ``Platform.normalise``.

    Raises:
        PayloadError: It has no id, no text, or no time that can be read.
    """
    if payload.kind != "tweet":
        raise PayloadError(f"rtweet has no payloads of kind {payload.kind!r}")
    tweet = payload.body
    native_id, text = _id(tweet.get("status_id")), string(tweet.get("text"))
    if native_id is None or text is None:
        raise PayloadError("the tweet has no status_id or no text")
    handle = _known(tweet.get("screen_name"))
    kind, reply_to = _reference(tweet)
    return (
        Post(
            platform="x",
            kind=kind,
            native_id=native_id,
            created_at=time_of(tweet.get("created_at")),
            observed_at=observed_at,
            text=x.plain_text(text),
            author=_author(tweet, handle),
            url=x.post_url(handle, native_id),
            language=x.language(_known(tweet.get("lang"))),
            hashtags=_hashtags(tweet, text),
            mentions=mentions_in(text),
            media=_media(tweet),
            reply_to=reply_to,
            **x.numbers(tweet, _NUMBERS, kind),
        ),
    )


def _author(tweet: Json, handle: str | None) -> Author:
    return Author(
        id=_id(tweet.get("user_id")),
        handle=handle,
        name=_known(tweet.get("name")),
        followers=count(tweet.get("followers_count")),
        verified=flag(tweet.get("verified")),
    )


def _reference(tweet: Json) -> tuple[Kind, str | None]:
    for mark, key, kind in _REFERENCES:
        if flag(tweet.get(mark)):
            return kind, _id(tweet.get(key))
    answered = _id(tweet.get("reply_to_status_id"))
    return ("reply", answered) if answered else ("post", None)


def _hashtags(tweet: Json, text: str) -> tuple[str, ...]:
    if "hashtags" not in tweet:  # rtweet's own list, where there is one, is X's
        return hashtags_in(text)
    return normal_hashtags(tags(tweet["hashtags"]))


def _media(tweet: Json) -> tuple[str, ...]:
    # "media_type" calls everything a photo; "ext_media_type" is right where it is known.
    for key in ("ext_media_type", "media_type"):
        found = dict.fromkeys(_MEDIA[word] for word in strings(tweet.get(key)) if word in _MEDIA)
        if found:
            return tuple(found)
    return ()


def _known(value: object) -> str | None:
    found = string(value)
    return None if found is None or found.lower() in NOT_AVAILABLE else found


def _id(value: object) -> str | None:
    """An id without rtweet's prefix."""
    found = _known(identity(value))
    digits = found.removeprefix("x") if found else ""
    return digits if digits.isascii() and digits.isdecimal() else None


FORMAT = Format("rtweet", "x", "json", detect, split, normalise)
