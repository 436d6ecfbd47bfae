"""Tweets as twint wrote them until 2022, as JSON lines and as CSV.

Its times are local and its zone a name that tells little, so the time is taken from the tweet's id.
A retweet is told beside the original, whose numbers it shows: both become posts.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime

from ingestors.fields import string
from ingestors.files import x
from ingestors.files.cells import NOT_AVAILABLE, flag, identity, strings, tags, time_of
from ingestors.files.format import Format
from ingestors.platform import Payload
from lake.errors import PayloadError
from lake.records import Author, Json, Kind, Post
from lake.text import hashtags_in, mentions_in, normal_hashtags

_NUMBERS = {
    "likes": "likes_count",
    "comments": "replies_count",
    "shares": "retweets_count",
    "quotes": "quotes_count",  # twint never told it
}
_STATUS = re.compile(r"/status(?:es)?/(\d{1,19})")
_OFFSET = re.compile(r"[+-]\d{2}:?\d{2}")
_UTC = {"UTC", "GMT", "Z"}


def detect(document: Json) -> bool:
    """Whether a document or row has twint's names for the conversation, the author and the text."""
    return {"id", "conversation_id", "username", "tweet"} <= document.keys()


def split(document: Json, place: str) -> Iterator[Payload]:
    """One document or row is one tweet."""
    yield Payload("tweet", document, place)


def normalise(payload: Payload, observed_at: datetime) -> tuple[Post, ...]:
    """The tweet; of a retweet, the original and the retweet. See ``Platform.normalise``.

    Raises:
        PayloadError: It has no id, no text, or no time that can be read.
    """
    if payload.kind != "tweet":
        raise PayloadError(f"twint has no payloads of kind {payload.kind!r}")
    post = _tweet(payload.body, observed_at)
    if not flag(payload.body.get("retweet")):
        return (post,)
    reshare = _reshare(payload.body, post)
    return (post, reshare) if reshare else (post,)


def _tweet(tweet: Json, observed_at: datetime) -> Post:
    native_id, text = _id(tweet.get("id")), string(tweet.get("tweet"))
    if native_id is None or text is None:
        raise PayloadError("the tweet has no id or no text")
    kind, reply_to = _reference(tweet, native_id)
    author = Author(
        id=_id(tweet.get("user_id")),
        handle=_known(tweet.get("username")),
        name=_known(tweet.get("name")),
    )
    return Post(
        platform="x",
        kind=kind,
        native_id=native_id,
        created_at=_created_at(tweet, native_id),
        observed_at=observed_at,
        text=x.plain_text(text),
        author=author,
        url=x.post_url(author.handle, native_id),
        language=x.language(_known(tweet.get("language"))),
        hashtags=_hashtags(tweet, text),
        mentions=mentions_in(text),
        media=_media(tweet),
        reply_to=reply_to,
        **x.numbers(tweet, _NUMBERS, kind),
    )


def _reshare(tweet: Json, post: Post) -> Post | None:
    """The retweet that the tweet was found by; None where its own id, and so its time, is lost."""
    native_id = _id(tweet.get("retweet_id"))
    if native_id is None or native_id == post.native_id or not x.is_snowflake(native_id):
        return None
    author = Author(id=_id(tweet.get("user_rt_id")), handle=_known(tweet.get("user_rt")))
    return replace(
        post,
        kind="reshare",
        native_id=native_id,
        created_at=_second(x.snowflake_time(native_id)),
        author=author,
        url=x.post_url(author.handle, native_id),
        reply_to=post.native_id,
        metrics={},
        metrics_missing=(),
    )


def _created_at(tweet: Json, native_id: str) -> datetime:
    """The id's own time; before 2010-11 what twint says, if its zone can be trusted."""
    if x.is_snowflake(native_id):
        return _second(x.snowflake_time(native_id))
    given = tweet.get("created_at")
    if isinstance(given, int) or (isinstance(given, str) and given.isdecimal()):
        return time_of(given)
    day, hour, zone = (string(tweet.get(name)) for name in ("date", "time", "timezone"))
    if zone in _UTC:
        zone = "+0000"
    if not (day and hour and zone and _OFFSET.fullmatch(zone)):
        raise PayloadError(f"the tweet's time has no zone that can be trusted ({zone})")
    return time_of(f"{day}T{hour}{zone[:3]}:{zone[-2:]}")


def _second(moment: datetime) -> datetime:
    """To the second, as X itself tells times."""
    return moment.replace(microsecond=0)


def _reference(tweet: Json, native_id: str) -> tuple[Kind, str | None]:
    quoted = _STATUS.search(string(tweet.get("quote_url")) or "")
    if quoted:
        return "quote", quoted[1]
    conversation = _id(tweet.get("conversation_id"))
    # The conversation is named by its first tweet, which need not be the one that is answered.
    return ("reply" if conversation and conversation != native_id else "post"), None


def _hashtags(tweet: Json, text: str) -> tuple[str, ...]:
    if "hashtags" not in tweet:
        return hashtags_in(text)
    return normal_hashtags(tags(tweet["hashtags"]))


def _media(tweet: Json) -> tuple[str, ...]:
    """What twint calls a video is any medium, so that it tells only where there is no photo."""
    photos = tweet.get("photos")
    if strings(tags(photos) if isinstance(photos, str) else photos):
        return ("photo",)
    return ("video",) if flag(tweet.get("video")) else ()


def _known(value: object) -> str | None:
    found = string(value)
    return None if found is None or found.lower() in NOT_AVAILABLE else found


def _id(value: object) -> str | None:
    found = identity(value)
    return found if found and found.isascii() and found.isdecimal() else None


FORMAT = Format("twint", "x", "either", detect, split, normalise)
