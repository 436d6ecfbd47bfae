"""Bluesky posts as its API shows them: ``app.bsky.feed.defs#postView``, alone or in an answer.

Answers of searchPosts and getPosts (``posts``), of feeds (``feed``), of getPostThread
(``thread``), or one post a line. Lexicons: https://docs.bsky.app (app.bsky.feed.defs).
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from ingestors.fields import mapping, mappings, string, whole
from ingestors.files.cells import strings, time_of
from ingestors.files.format import Format
from ingestors.platform import Payload, Unreadable
from lake.errors import PayloadError
from lake.json_text import dumps
from lake.records import Author, Json, Kind, Post
from lake.text import mentions_in, normal_hashtags

_NUMBERS = {
    "likes": "likeCount",
    "comments": "replyCount",
    "shares": "repostCount",
    "quotes": "quoteCount",
}
_MEDIA = {"images": "photo", "gallery": "photo", "video": "video", "external": "link"}
_POSTS = "/app.bsky.feed.post/"


def detect(document: Json) -> bool:
    """Whether a document is a postView, or an answer that holds some."""
    if _is_post(document) or _is_post(mapping(document.get("post"))):
        return True
    if _is_post(mapping(mapping(document.get("thread")).get("post"))):
        return True
    feed = [mapping(one.get("post")) for one in mappings(document.get("feed"))]
    return any(map(_is_post, [*mappings(document.get("posts")), *feed]))


def split(document: Json, place: str) -> Iterator[Payload | Unreadable]:
    """A payload for each post: ``post`` (a postView) or ``feed`` (one with why it is there)."""
    if "uri" in document:
        yield Payload("post", document, place)
    elif "thread" in document:
        for post in _thread(mapping(document["thread"])):
            yield Payload("post", post, place)
    elif "post" in document:
        yield _of_feed(document, place)
    else:
        yield from _answer(document, place)


def normalise(payload: Payload, observed_at: datetime) -> tuple[Post, ...]:
    """The post; of a repost in a feed, the post and the repost. See ``Platform.normalise``.

    Raises:
        PayloadError: It has no uri, or no time that can be read.
    """
    if payload.kind == "post":
        return (_post(payload.body, observed_at),)
    if payload.kind != "feed":
        raise PayloadError(f"Bluesky has no payloads of kind {payload.kind!r}")
    post = _post(mapping(payload.body.get("post")), observed_at)
    reason = mapping(payload.body.get("reason"))
    if not str(reason.get("$type")).endswith("#reasonRepost"):
        return (post,)
    return post, _repost(post, reason)


def _is_post(one: Json) -> bool:
    return {"uri", "author", "record"} <= one.keys() and "4CAT_metadata" not in one


def _answer(document: Json, place: str) -> Iterator[Payload | Unreadable]:
    held = document.get("posts", document.get("feed"))
    if not isinstance(held, list):
        yield Unreadable(dumps(document).decode(), "holds no Bluesky post", place)
        return
    for one in held:
        if not isinstance(one, dict):
            yield Unreadable(dumps(one).decode(), "is no Bluesky post", place)
        elif "posts" in document:
            yield Payload("post", one, place)
        else:
            yield _of_feed(one, place)


def _of_feed(item: Json, place: str) -> Payload:
    """A feed's item without what else it shows (the parents of a reply)."""
    return Payload("feed", {key: item[key] for key in ("post", "reason") if key in item}, place)


def _thread(root: Json) -> Iterator[Json]:
    waiting, seen = [root], set[str]()
    while waiting:
        view = waiting.pop()
        post = mapping(view.get("post"))
        if post and str(post.get("uri")) not in seen:  # deleted and blocked ones have no post
            seen.add(str(post.get("uri")))
            yield post
        waiting += reversed(mappings(view.get("replies")))
        waiting += [mapping(view["parent"])] if view.get("parent") else []


def _post(view: Json, observed_at: datetime) -> Post:
    uri, record = string(view.get("uri")), mapping(view.get("record"))
    if uri is None or not record:
        raise PayloadError("the post has no uri or no record")
    author = _author(mapping(view.get("author")))
    kind, reply_to = _reference(record)
    text = string(record.get("text")) or ""
    return Post(
        platform="bluesky",
        kind=kind,
        native_id=uri,
        created_at=_created_at(view, record),
        observed_at=observed_at,
        text=text,
        author=author,
        url=_url(uri, author),
        language=next(iter(strings(record.get("langs"))), None),
        hashtags=_hashtags(record),
        mentions=_mentions(record, text),
        media=_media(mapping(record.get("embed"))),
        reply_to=reply_to,
        metrics=_metrics(view),
        metrics_missing=tuple(n for n, key in _NUMBERS.items() if whole(view.get(key)) is None),
    )


def _metrics(view: Json) -> dict[str, int]:
    names = {**_NUMBERS, "saves": "bookmarkCount"}  # bookmarks are newer than most archives
    read = {name: whole(view.get(key)) for name, key in names.items()}
    return {name: number for name, number in read.items() if number is not None}


def _repost(post: Post, reason: Json) -> Post:
    author = _author(mapping(reason.get("by")))
    own_uri = string(reason.get("uri")) or f"{post.native_id}#repost-{author.key()}"
    if author.key() is None:
        raise PayloadError("the repost does not say by whom")
    return Post(
        platform="bluesky",
        kind="reshare",
        native_id=own_uri,
        created_at=time_of(reason.get("indexedAt")),
        observed_at=post.observed_at,
        text=post.text,
        author=author,
        url=post.url,
        language=post.language,
        hashtags=post.hashtags,
        mentions=post.mentions,
        media=post.media,
        reply_to=post.native_id,
    )


def _created_at(view: Json, record: Json) -> datetime:
    """The earlier of the author's word and the server's, as Bluesky itself orders posts."""
    times: list[datetime] = []
    for value in (record.get("createdAt"), view.get("indexedAt")):
        try:
            times.append(time_of(value))
        except PayloadError:
            continue
    if not times:
        raise PayloadError("the post has no time that can be read")
    return min(times)


def _author(author: Json) -> Author:
    valid = mapping(author.get("verification")).get("verifiedStatus") == "valid"
    return Author(
        id=string(author.get("did")),
        handle=string(author.get("handle")),
        name=string(author.get("displayName")),
        verified=valid if "verification" in author else None,
    )


def _url(uri: str, author: Author) -> str | None:
    handle = author.handle if author.handle != "handle.invalid" else author.id
    key = uri.partition(_POSTS)[2]
    return f"https://bsky.app/profile/{handle}/post/{key}" if handle and key else None


def _reference(record: Json) -> tuple[Kind, str | None]:
    embed = mapping(record.get("embed"))
    quoted = string(mapping(embed.get("record")).get("uri"))
    quoted = quoted or string(mapping(mapping(embed.get("record")).get("record")).get("uri"))
    if quoted and _POSTS in quoted:  # lists, feeds and starter packs are embedded as well
        return "quote", quoted
    reply = record.get("reply")
    if not isinstance(reply, dict):
        return "post", None
    return "reply", string(mapping(reply.get("parent")).get("uri"))


def _features(record: Json) -> Iterator[tuple[Json, Json]]:
    for facet in mappings(record.get("facets")):
        for feature in mappings(facet.get("features")):
            yield feature, mapping(facet.get("index"))


def _hashtags(record: Json) -> tuple[str, ...]:
    listed = [string(feature.get("tag")) for feature, _ in _features(record)]
    return normal_hashtags([tag for tag in [*listed, *strings(record.get("tags"))] if tag])


def _mentions(record: Json, text: str) -> tuple[str, ...]:
    """Handles at the facets that mention somebody; facets count bytes of UTF-8."""
    data, found = str(record.get("text")).encode("utf-8", "replace"), list[str]()
    for feature, index in _features(record):
        start, end = whole(index.get("byteStart")), whole(index.get("byteEnd"))
        if "did" in feature and start is not None and end is not None:
            found += mentions_in(data[start:end].decode("utf-8", "ignore"))
    return tuple(dict.fromkeys(found)) if "facets" in record else mentions_in(text)


def _media(embed: Json) -> tuple[str, ...]:
    inner = mapping(embed.get("media")) or embed
    name = str(inner.get("$type")).rpartition(".")[2].partition("#")[0]
    if name == "external" and "media.tenor.com" in str(mapping(inner.get("external")).get("uri")):
        return ("gif",)
    return (_MEDIA[name],) if name in _MEDIA else ()


FORMAT = Format("bluesky", "bluesky", "json", detect, split, normalise)
