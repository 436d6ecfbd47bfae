"""Posts and users as the X API v2 gives them, in every form that people keep them in.

A page of an answer (``{"data": […], "includes": {…}}``), a line of the stream (``data`` is one
post), posts that twarc or 4CAT flattened, and lists of bare posts, with the authors that
academictwitteR keeps in a file beside them (``users_….json``). X renames things: ``retweet_count``
and ``repost_count``, ``note_tweet`` and ``note_post``, ``referenced_tweets`` and
``referenced_posts`` are all read. Only ``data`` becomes posts: what ``includes`` shows was not
asked for.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from functools import partial

from ingestors.fields import mapping, mappings, string
from ingestors.files import x
from ingestors.files.cells import count, flag, identity, time_of
from ingestors.files.format import Beside, Format, Split
from ingestors.files.numbers import Numbers
from ingestors.files.x_parts import Parts, alone, index_of, inlined, joined
from ingestors.platform import Payload, Unreadable
from lake.errors import PayloadError
from lake.json_text import dumps
from lake.records import Author, Json, Kind, Post, Profile, Record
from lake.text import hashtags_in, mentions_in, normal_hashtags

_NUMBERS = {
    "likes": "like_count",
    "comments": "reply_count",
    "shares": "retweet_count",
    "quotes": "quote_count",
}
# X offers these since the end of 2022: they are missing only where one of them is there.
_NEWER_NUMBERS = {"saves": "bookmark_count", "views": "impression_count"}
_VIEWS_SINCE = datetime(2022, 12, 15, tzinfo=UTC)
_LONG_TEXT = ("note_tweet", "note_post")
# What posts have that also have an "id" and a "text" but come from elsewhere.
_FOREIGN = {"user", "id_str", "status_id", "platform", "authorMeta", "createTimeISO", "timestamp"}
_FOREIGN_USER = {"text", "tweet", "biography", "media_count", "followers_count"}


def detect(document: Json) -> bool:
    """Whether a document is a page with posts or users, a line of the stream, or a bare post."""
    if "data" not in document:
        if _is_beside(document):
            return True
        nothing_found = mapping(document.get("meta")).get("result_count") == 0
        return nothing_found or _is_post(document) or _is_user(document)
    data = document["data"]
    found = [data] if isinstance(data, dict) else mappings(data)
    return any(_is_post(one) or _is_user(one) for one in found)


def split(document: Json, place: str) -> Iterator[Payload | Unreadable]:
    """A payload for each post (``tweet``, or ``flat`` if inlined) and user (``user``)."""
    if "data" not in document:
        yield from _without_data(document, place)
        return
    data, index = document["data"], index_of(document.get("includes"))
    for one in data if isinstance(data, list) else [data]:
        if not isinstance(one, dict):
            yield Unreadable(dumps(one).decode(), "is no post", place)
        elif _is_user(one):
            yield Payload("user", one, place)
        else:
            yield Payload("tweet", alone(one, index), place)


def split_with(beside: list[Json]) -> Split:
    """As ``split``, where a bare post's author lies in the file beside it."""
    return partial(_split_beside, _joined_index(beside))


def normalise(payload: Payload, observed_at: datetime) -> tuple[Record, ...]:
    """The post or the profile; see ``Platform.normalise``.

    Raises:
        PayloadError: It has no id, no text, or no time and an id that does not tell it.
    """
    match payload.kind:
        case "tweet":
            return (_post(joined(payload.body), observed_at),)
        case "flat":
            return (_post(inlined(payload.body), observed_at),)
        case "user":
            return (_profile(payload.body, observed_at),)
    raise PayloadError(f"X has no payloads of kind {payload.kind!r}")


def _is_post(one: Json) -> bool:
    return "id" in one and "text" in one and not _FOREIGN & one.keys()


def _is_user(one: Json) -> bool:
    return {"id", "username", "name"} <= one.keys() and not _FOREIGN_USER & one.keys()


def _is_beside(document: Json) -> bool:
    """Whether it is the file that lies beside academictwitteR's posts."""
    return "statuses" not in document and any(map(_is_user, mappings(document.get("users"))))


def _name_beside(name: str) -> str | None:
    return f"users_{name.removeprefix('data_')}" if name.startswith("data_") else None


def _split_beside(
    index: dict[str, dict[str, Json]], document: Json, place: str
) -> Iterator[Payload | Unreadable]:
    told = {"data", "author", "author_user"} & document.keys()
    if _is_post(document) and not told:
        yield Payload("tweet", alone(document, index), place)
    else:
        yield from split(document, place)


def _joined_index(beside: list[Json]) -> dict[str, dict[str, Json]]:
    index: dict[str, dict[str, Json]] = {}
    for name, found in (pair for one in beside for pair in index_of(one).items()):
        index.setdefault(name, {}).update(found)
    return index


def _without_data(document: Json, place: str) -> Iterator[Payload | Unreadable]:
    if _is_post(document):
        yield Payload("flat", document, place)
    elif _is_user(document):
        yield Payload("user", document, place)
    elif _is_beside(document):
        for one in mappings(document["users"]):
            yield Payload("user", one, place)
    elif mapping(document.get("meta")).get("result_count") != 0:
        problems = mappings(document.get("errors")) or [document]
        said = string(problems[0].get("title")) or string(problems[0].get("detail"))
        reason = f"X answered with an error: {said}" if said else "holds no post"
        yield Unreadable(dumps(document).decode(), reason, place)


def _post(parts: Parts, observed_at: datetime) -> Post:
    tweet = parts.tweet
    native_id, text = identity(tweet.get("id")), _text(tweet)
    if native_id is None or not (native_id.isascii() and native_id.isdecimal()) or text is None:
        raise PayloadError("the post has no id or no text")
    kind, reply_to = parts.reference()
    created_at = _created_at(tweet, native_id)
    author = _author(parts.user, identity(tweet.get("author_id")))
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
        hashtags=_hashtags(parts, kind, reply_to, text),
        mentions=_mentions(tweet, text),
        media=parts.media_kinds(),
        reply_to=reply_to,
        **_numbers(tweet, kind, created_at),
    )


def _text(tweet: Json) -> str | None:
    long = [string(mapping(tweet.get(key)).get("text")) for key in _LONG_TEXT]
    return next((text for text in long if text), string(tweet.get("text")))


def _created_at(tweet: Json, native_id: str) -> datetime:
    """The time that X says; the id's own where the field was not asked for."""
    if tweet.get("created_at") is None:
        return x.snowflake_time(native_id)
    return time_of(tweet["created_at"])


def _entities(tweet: Json, name: str) -> list[Json] | None:
    """One list of entities, of the short and the long text; None where there are no entities."""
    sources = [tweet, *(mapping(tweet.get(key)) for key in _LONG_TEXT)]
    if not any("entities" in source for source in sources):
        return None
    return [
        one for source in sources for one in mappings(mapping(source.get("entities")).get(name))
    ]


def _hashtags(parts: Parts, kind: Kind, reply_to: str | None, text: str) -> tuple[str, ...]:
    found = _tags(parts.tweet, text)
    original = parts.originals.get(reply_to or "") if kind == "reshare" else None
    if original is not None:  # X cuts a retweet's text short, and the hashtags in it
        found += _tags(original, _text(original) or "")
    return normal_hashtags(found)


def _tags(tweet: Json, text: str) -> list[str]:
    listed = _entities(tweet, "hashtags")
    if listed is None:
        return list(hashtags_in(text))
    return [tag for one in listed if (tag := string(one.get("tag")))]


def _mentions(tweet: Json, text: str) -> tuple[str, ...]:
    listed = _entities(tweet, "mentions")
    if listed is None:
        return mentions_in(text)
    names = (string(one.get("username")) for one in listed)
    return tuple(dict.fromkeys(name.lower() for name in names if name))


def _numbers(tweet: Json, kind: Kind, created_at: datetime) -> Numbers:
    given = dict(mapping(tweet.get("public_metrics")))
    if given.get("retweet_count") is None:
        given["retweet_count"] = given.get("repost_count")
    if given.get("impression_count") == 0 and created_at < _VIEWS_SINCE:
        given["impression_count"] = None  # nobody counted views then: 0 says "unknown"
    newer = _NEWER_NUMBERS if set(_NEWER_NUMBERS.values()) & given.keys() else {}
    return x.numbers(given, _NUMBERS | newer, kind)


def _author(user: Json, own_id: str | None) -> Author:
    return Author(
        id=identity(user.get("id")) or own_id,
        handle=string(user.get("username")),
        name=string(user.get("name")),
        followers=count(mapping(user.get("public_metrics")).get("followers_count")),
        verified=flag(user.get("verified")),
    )


def _profile(user: Json, observed_at: datetime) -> Profile:
    author = _author(user, None)
    if author.key() is None:
        raise PayloadError("the user has neither id nor username")
    numbers = mapping(user.get("public_metrics"))
    opened = user.get("created_at")
    posts: Sequence[int | None] = [count(numbers.get(key)) for key in ("tweet_count", "post_count")]
    return Profile(
        platform="x",
        author=author,
        observed_at=observed_at,
        created_at=None if opened is None else time_of(opened),
        url=f"https://x.com/{author.handle}" if author.handle else None,
        description=string(user.get("description")),
        following=count(numbers.get("following_count")),
        posts=next((number for number in posts if number is not None), None),
    )


FORMAT = Format(
    "x_v2", "x", "json", detect, split, normalise, beside=Beside(_name_beside, split_with)
)
