"""A post of X in the fields of API v1.1, which files and X's own web pages still have.

Field reference: https://developer.x.com/en/docs/x-api/v1/data-dictionary/object-model/tweet
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime

from ingestors.fields import mapping, mappings, string
from ingestors.files import x
from ingestors.files.cells import count, flag, identity, time_of
from ingestors.files.numbers import Numbers
from lake.errors import PayloadError
from lake.records import Author, Json, Kind, Post
from lake.text import hashtags_in, mentions_in, normal_hashtags

_NUMBERS = {
    "likes": "favorite_count",
    "comments": "reply_count",
    "shares": "retweet_count",
    "quotes": "quote_count",
}
# Only the web pages tell these: they are missing only where one of them is there.
_NEWER_NUMBERS = {"saves": "bookmark_count", "views": "view_count"}
_VIEWS_SINCE = datetime(2022, 12, 15, tzinfo=UTC)
_MEDIA = {"photo": "photo", "video": "video", "animated_gif": "gif"}


@dataclass(frozen=True, slots=True)
class Status:
    """One post with what belongs to it.

    Args:
        tweet: The post's own object.
        user: Its author's object in the names of v1.1; empty where it is not told.
        long: Where a text that is too long for ``tweet`` stands: ``text`` and ``entities``.
        original: What it reshares, where that is told.
        is_reshare: Whether it is a reshare though ``original`` is not told.
    """

    tweet: Json
    user: Json
    long: Json = field(default_factory=dict)
    original: Status | None = None
    is_reshare: bool = False

    def text(self) -> str | None:
        """The whole text, as X escapes it."""
        given = (self.long.get("text"), self.tweet.get("full_text"), self.tweet.get("text"))
        return next((text for text in map(string, given) if text), None)

    def entities(self, name: str) -> list[Json] | None:
        """One list of entities, of the short and the long text; None where there are none."""
        sources = [one for one in (self.tweet, self.long) if "entities" in one]
        if not sources:
            return None
        return [
            one for source in sources for one in mappings(mapping(source["entities"]).get(name))
        ]

    def reference(self) -> tuple[Kind, str | None]:
        """What the post is and the id of the post that it refers to."""
        if self.original is not None or self.is_reshare:
            return "reshare", id_of(self.original.tweet) if self.original else None
        quoted = _id(self.tweet, "quoted_status_id")
        if quoted or flag(self.tweet.get("is_quote_status")):
            return "quote", quoted
        answered = _id(self.tweet, "in_reply_to_status_id")
        if answered or _id(self.tweet, "in_reply_to_user_id"):
            return "reply", answered
        return "post", None


def status_of(tweet: Json, *, is_reshare: bool = False) -> Status:
    """A tweet as API v1.1 and its stream give it."""
    extended = mapping(tweet.get("extended_tweet"))
    long = {"text": extended.get("full_text")} | {
        name: extended[name] for name in ("entities", "extended_entities") if name in extended
    }
    original = mapping(tweet.get("retweeted_status"))
    return Status(
        tweet,
        mapping(tweet.get("user")),
        long if extended else {},
        status_of(original) if original and "retweeted_status" not in original else None,
        is_reshare or bool(original),
    )


def id_of(tweet: Json) -> str | None:
    """A tweet's id; the text form first, for programs round the number."""
    return _id(tweet, "id")


def post_of(status: Status, observed_at: datetime) -> Post:
    """The post.

    Raises:
        PayloadError: It has no id, no text, or no time and an id that does not tell it.
    """
    tweet, native_id, text = status.tweet, id_of(status.tweet), status.text()
    if native_id is None or text is None:
        raise PayloadError("the tweet has no id or no text")
    kind, reply_to = status.reference()
    created_at = _created_at(tweet, native_id)
    author = _author(status)
    return Post(
        platform="x",
        kind=kind,
        native_id=native_id,
        created_at=created_at,
        observed_at=observed_at,
        text=x.plain_text(text),
        author=author,
        url=x.post_url(author.handle, native_id),
        language=x.language(string(tweet.get("lang"))),
        hashtags=_hashtags(status, text),
        mentions=_mentions(status, text),
        media=_media(status),
        reply_to=reply_to,
        **_numbers(tweet, kind, created_at),
    )


def _id(one: Json, name: str) -> str | None:
    for key in (f"{name}_str", name):
        found = identity(one.get(key))
        if found and found.isascii() and found.isdecimal():
            return found
    return None


def _created_at(tweet: Json, native_id: str) -> datetime:
    if string(tweet.get("created_at")) is None:
        return x.snowflake_time(native_id)
    return time_of(tweet["created_at"])


def _author(status: Status) -> Author:
    user = status.user
    return Author(
        id=_id(user, "id") or _id(status.tweet, "user_id"),
        handle=string(user.get("screen_name")),
        name=string(user.get("name")),
        followers=count(user.get("followers_count")),
        verified=flag(user.get("verified")),
    )


def _hashtags(status: Status, text: str) -> tuple[str, ...]:
    found = _tags(status, text)
    if status.original is not None:  # X cuts a reshare's text short, and the hashtags in it
        found += _tags(status.original, status.original.text() or "")
    return normal_hashtags(found)


def _tags(status: Status, text: str) -> list[str]:
    listed = status.entities("hashtags")
    if listed is None:
        return list(hashtags_in(text))
    return [tag for one in listed if (tag := string(one.get("text")))]


def _mentions(status: Status, text: str) -> tuple[str, ...]:
    listed = status.entities("user_mentions")
    if listed is None:
        return mentions_in(text)
    names = (string(one.get("screen_name")) for one in listed)
    return tuple(dict.fromkeys(name.lower() for name in names if name))


def _media(status: Status) -> tuple[str, ...]:
    for key in ("extended_entities", "entities"):  # "entities" calls everything a photo
        kinds = [
            _MEDIA.get(str(one.get("type")))
            for source in (status.tweet, status.long)
            for one in mappings(mapping(source.get(key)).get("media"))
        ]
        if any(kinds):
            return tuple(dict.fromkeys(kind for kind in kinds if kind))
    return ()


def _numbers(tweet: Json, kind: Kind, created_at: datetime) -> Numbers:
    newer = _NEWER_NUMBERS if set(_NEWER_NUMBERS.values()) & tweet.keys() else {}
    given = dict(tweet)
    if count(given.get("view_count")) == 0 and created_at < _VIEWS_SINCE:
        given["view_count"] = None  # nobody counted views then: 0 says "unknown"
    return x.numbers(given, _NUMBERS | newer, kind)
