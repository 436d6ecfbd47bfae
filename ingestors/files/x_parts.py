"""One X v2 post with what belongs to it, whether it lies in ``includes`` or was inlined."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from ingestors.fields import mapping, mappings, string
from ingestors.files.cells import identity, strings
from lake.records import Json, Kind

_KINDS: dict[str, Kind] = {
    "retweeted": "reshare",
    "reposted": "reshare",
    "quoted": "quote",
    "replied_to": "reply",
}
_RANK: tuple[Kind, ...] = ("reshare", "quote", "reply")
_MEDIA = {"photo": "photo", "video": "video", "animated_gif": "gif"}
# Where a page lacks the media object, its key still tells: "3_" photo, "7_" and "13_" video, …
_MEDIA_KEYS = {"3": "photo", "7": "video", "13": "video", "16": "gif"}


@dataclass(frozen=True, slots=True)
class Parts:
    """A post and its surroundings.

    Args:
        tweet: The post's own object.
        user: Its author's object; empty where the payload has none.
        originals: Objects of the posts that it answers, quotes or reshares, by id.
        media: Objects of what is attached.
    """

    tweet: Json
    user: Json
    originals: dict[str, Json]
    media: list[Json]

    def reference(self) -> tuple[Kind, str | None]:
        """What the post is and the id of the post that it refers to."""
        found: dict[Kind, str | None] = {}
        for reference in references(self.tweet):
            kind = _KINDS.get(str(reference.get("type")))
            if kind:
                found.setdefault(kind, identity(reference.get("id")))
        for kind in _RANK:
            if kind in found:
                return kind, found[kind]
        return ("reply" if identity(self.tweet.get("in_reply_to_user_id")) else "post"), None

    def media_kinds(self) -> tuple[str, ...]:
        """Kinds of what is attached, each once."""
        attached = mapping(self.tweet.get("attachments"))
        types = {str(one.get("media_key")): str(one.get("type")) for one in self.media}
        kinds: list[str | None] = []
        for key in strings(attached.get("media_keys")) or list(types):
            by_key = _MEDIA_KEYS.get(key.partition("_")[0])
            kinds.append(_MEDIA.get(types.get(key, ""), by_key))
        if strings(attached.get("poll_ids")):
            kinds.append("poll")
        return tuple(dict.fromkeys(kind for kind in kinds if kind))


def references(tweet: Json) -> list[Json]:
    """What a post refers to, under the old name of the list or the new one."""
    return mappings(tweet.get("referenced_tweets")) or mappings(tweet.get("referenced_posts"))


def joined(body: Json) -> Parts:
    """The parts of ``{"data": post, "includes": {…}}``."""
    tweet, includes = mapping(body.get("data")), mapping(body.get("includes"))
    users = by(includes.get("users"), "id")
    media = by(includes.get("media"), "media_key")
    keys = strings(mapping(tweet.get("attachments")).get("media_keys"))
    return Parts(
        tweet,
        users.get(identity(tweet.get("author_id")) or "", {}),
        by(includes.get("tweets"), "id") or by(includes.get("posts"), "id"),
        [media[key] for key in keys if key in media],
    )


def inlined(tweet: Json) -> Parts:
    """The parts of a post into which twarc, or 4CAT under other names, has put them."""
    attached = mapping(tweet.get("attachments"))
    return Parts(
        tweet,
        mapping(tweet.get("author")) or mapping(tweet.get("author_user")),
        {key: one for key, one in by(references(tweet), "id").items() if string(one.get("text"))},
        mappings(attached.get("media")) or mappings(attached.get("media_keys")),
    )


def alone(tweet: Json, index: dict[str, dict[str, Json]]) -> Json:
    """One post of a page as ``{"data": …, "includes": …}``, with only what it needs.

    Args:
        tweet: One of the page's posts.
        index: The page's ``includes``: for each list, its objects by id; see ``index_of``.
    """
    named = index.get("tweets", {}) | index.get("posts", {})
    others = [named[key] for key in _ids(references(tweet), "id") if key in named]
    family = [tweet, *others]
    wanted = {
        "users": [*_ids(family, "author_id"), *_ids([tweet], "in_reply_to_user_id")],
        "tweets": _ids(others, "id"),
        "posts": _ids(others, "id"),
        "media": _attached(family, "media_keys"),
        "polls": _attached(family, "poll_ids"),
        "places": _ids([mapping(tweet.get("geo"))], "place_id"),
    }
    includes = {
        name: kept
        for name, ids in wanted.items()
        if (kept := [index[name][key] for key in dict.fromkeys(ids) if key in index.get(name, {})])
    }
    return {"data": tweet, "includes": includes} if includes else {"data": tweet}


def index_of(includes: object) -> dict[str, dict[str, Json]]:
    """A page's ``includes``, each list's objects by their id or media key."""
    return {
        name: by(found, "media_key" if name == "media" else "id")
        for name, found in mapping(includes).items()
    }


def by(found: object, key: str) -> dict[str, Json]:
    """The objects of a list by the id that stands at ``key``; the first of each id."""
    index: dict[str, Json] = {}
    for one in mappings(found):
        name = identity(one.get(key))
        if name:
            index.setdefault(name, one)
    return index


def _ids(found: list[Json], key: str) -> list[str]:
    return [name for one in found if (name := identity(one.get(key)))]


def _attached(family: list[Json], key: str) -> list[str]:
    return list(_attachments(family, key))


def _attachments(family: list[Json], key: str) -> Iterator[str]:
    for tweet in family:
        yield from strings(mapping(tweet.get("attachments")).get(key))
