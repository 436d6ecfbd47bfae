"""What Bluesky tells besides posts: profiles, hit counts, replies, labels, what is gone. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from ingestors.bluesky_commits import commit_records
from ingestors.fields import mapping, mappings, moment, string, whole
from ingestors.formats import bluesky as posts
from ingestors.platform import Payload, Unreadable
from lake.errors import InvalidError, NotFoundError, PayloadError, UnavailableError
from lake.json_text import dumps
from lake.records import Author, Erasure, Json, Profile, Record, TagCounter
from lake.text import normal_hashtag

_SIGNED_IN_ONLY = "!no-unauthenticated"  # the account's wish; what it posts is not for a lake


def normalise(payload: Payload, observed_at: datetime) -> Sequence[Record]:
    """The records that a payload holds; needs no connection.

    Raises:
        PayloadError: The payload lacks something that no record can do without.
    """
    if payload.kind == "post":
        return posts.FORMAT.normalise(payload, observed_at)
    if payload.kind == "profile":
        return (_profile(payload.body, observed_at),)
    if payload.kind == "hits":
        return (_counter(payload.body, observed_at),)
    if payload.kind == "commit":
        return commit_records(payload.body, observed_at)
    if payload.kind == "gone":
        return (_erasure(payload.body, observed_at),)
    raise PayloadError(f"bluesky has no payload of kind {payload.kind!r}")


def is_shown(view: Json) -> bool:
    """Whether a post or an account may be kept: its account did not ask for signed-in eyes only."""
    labels = [*mappings(view.get("labels")), *mappings(mapping(view.get("author")).get("labels"))]
    return not any(
        label.get("val") == _SIGNED_IN_ONLY and label.get("neg") is not True for label in labels
    )


def sorted_out(views: Iterable[Any]) -> tuple[list[Payload], list[Unreadable]]:
    """The posts of a list as payloads, without those that are not to be kept."""
    payloads, unreadable = [], []
    for view in views:
        if not isinstance(view, dict):
            unreadable.append(Unreadable(dumps(view).decode(), "a post that is no JSON object"))
        elif is_shown(view):
            payloads.append(Payload("post", view))
    return payloads, unreadable


def replies(thread: Any) -> list[Json]:
    """The posts below a thread's first one, each once; deleted and blocked ones have none.

    Raises:
        NotFoundError: The first post is deleted.
        InvalidError: It is there, but not for everybody.
        UnavailableError: It is no thread, which tells nothing of the post.
    """
    root = mapping(thread)
    if not isinstance(root.get("post"), dict):
        kind = str(root.get("$type")).rpartition("#")[2]
        uri = string(root.get("uri")) or ""
        if kind == "notFoundPost" or "notFound" in root:
            raise NotFoundError(f"the post {uri!r} is not there, or no longer")
        if kind == "blockedPost" or "blocked" in root:  # it is there, for others
            raise InvalidError(f"bluesky does not show the post {uri!r} to everybody")
        raise UnavailableError("Bluesky answered with no thread")
    found: dict[str, Json] = {}
    waiting = mappings(root.get("replies"))[::-1]
    while waiting:
        view = waiting.pop()
        post = mapping(view.get("post"))
        if post:
            found.setdefault(string(post.get("uri")) or f"nameless {len(found)}", post)
        waiting += mappings(view.get("replies"))[::-1]
    return list(found.values())


def _profile(body: Json, observed_at: datetime) -> Profile:
    did, handle = string(body.get("did")), string(body.get("handle"))
    if did is None and handle is None:
        raise PayloadError("a profile without did and handle")
    checked = mapping(body.get("verification")).get("verifiedStatus")
    author = Author(
        id=did,
        handle=handle,
        name=string(body.get("displayName")),
        followers=whole(body.get("followersCount")),
        verified=checked == "valid" if "verification" in body else None,
    )
    shown = did if handle in (None, "handle.invalid") else handle
    return Profile(
        platform="bluesky",
        author=author,
        observed_at=observed_at,
        created_at=moment(body.get("createdAt")),
        url=f"https://bsky.app/profile/{shown}" if shown else None,
        description=string(body.get("description")),
        following=whole(body.get("followsCount")),
        posts=whole(body.get("postsCount")),
    )


def _erasure(body: Json, observed_at: datetime) -> Erasure:
    """A post that the server does not show when it is asked for, and why, as far as we know."""
    uri = string(body.get("uri"))
    if uri is None:
        raise PayloadError("a post is gone, but which is not told")
    return Erasure("bluesky", uri, observed_at, string(body.get("reason")) or "not found")


def _counter(body: Json, observed_at: datetime) -> TagCounter:
    """How many posts a search found: an estimate, of which a server may cut off the top."""
    tag = normal_hashtag(string(body.get("tag")) or "")
    hits = whole(body.get("hitsTotal"))
    if not tag or hits is None:
        raise PayloadError("a search without a hashtag or a number of hits")
    return TagCounter("bluesky", tag, observed_at, source="search", posts=hits)
