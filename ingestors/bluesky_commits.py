"""What Jetstream tells of posts: made, changed or deleted, one event each. Pure.

Events: https://github.com/bluesky-social/jetstream (``did``, ``time_us``, ``kind``, ``commit``). An
event has the author's DID alone, and no numbers: what searches and refreshes learn of a post stays.
"""

from __future__ import annotations

from collections.abc import Sequence, Set
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from typing import Any

from ingestors.fields import mapping, mappings, string, whole
from ingestors.files.cells import strings
from ingestors.formats.bluesky import FORMAT
from ingestors.platform import Payload
from lake.errors import PayloadError
from lake.records import Erasure, Json, Post, Record
from lake.text import hashtags_in, normal_hashtags
from lake.times import from_epoch_s, to_text

POSTS = "app.bsky.feed.post"
_SIGNED_IN_ONLY = "!no-unauthenticated"
_MADE = ("create", "update")
_GONE = ("deleted", "takendown")
_NEVER_US = 2**63 - 1


def commit_records(body: Json, observed_at: datetime) -> Sequence[Record]:
    """A post that was made or changed, the erasure of a deleted one, or nothing of other kinds.

    Raises:
        PayloadError: The event does not name its post, or has no time that can be read.
    """
    if is_account_gone(body):
        did = string(body.get("did")) or ""
        reason = f"account {mapping(body.get('account')).get('status')}"
        return (Erasure("bluesky", did, observed_at, reason, author=did),)
    commit = mapping(body.get("commit"))
    if commit.get("collection") != POSTS:
        return ()
    uri = uri_of(body)
    if uri is None:
        raise PayloadError("the event does not name its post")
    operation = commit.get("operation")
    if operation == "delete":
        return (Erasure("bluesky", uri, observed_at, "deleted"),)
    if operation not in _MADE:
        raise PayloadError(f"an event of unknown operation {str(operation)[:40]!r}")
    return (_post(body, uri, observed_at),)


def uri_of(body: Json) -> str | None:
    """The at:// URI of the post that an event is about."""
    did, key = string(body.get("did")), string(mapping(body.get("commit")).get("rkey"))
    return f"at://{did}/{POSTS}/{key}" if did and key and did.startswith("did:") else None


def is_wanted(body: Any, tags: Set[str]) -> bool:
    """Whether an event is a post with one of the hashtags, or a post's end."""
    event = mapping(body)
    if is_account_gone(event):
        return True
    commit = mapping(event.get("commit"))
    if event.get("kind") != "commit" or commit.get("collection") != POSTS:
        return False
    if commit.get("operation") == "delete":
        return uri_of(event) is not None
    record = mapping(commit.get("record"))
    if commit.get("operation") not in _MADE or tags.isdisjoint(_hashtags(record)):
        return False
    labels = mappings(mapping(record.get("labels")).get("values"))
    return not any(label.get("val") == _SIGNED_IN_ONLY for label in labels)


def is_account_gone(body: Any) -> bool:
    """Whether an event is the end of an account, and with it of every post of it."""
    event = mapping(body)
    account = mapping(event.get("account"))
    named = (string(event.get("did")) or "").startswith("did:")
    return named and account.get("active") is False and account.get("status") in _GONE


def time_us(body: Any) -> int | None:
    """When the server saw an event, in microseconds after 1970."""
    return whole(mapping(body).get("time_us"))


def name_of(body: Any) -> str:
    """What tells an event from any other; the same each time it is sent."""
    commit = mapping(mapping(body).get("commit"))
    parts = (mapping(body).get("did"), commit.get("rkey"), commit.get("rev"))
    return "|".join(str(part) for part in (*parts, commit.get("operation")))


def _hashtags(record: Json) -> tuple[str, ...]:
    """As apps mark them, as the author listed them, and as they stand in the text.

    Bots write posts whose hashtags nobody marked.
    """
    text = string(record.get("text")) or ""
    if "facets" not in record and "tags" not in record and "#" not in text and "＃" not in text:
        return ()
    marked = [
        string(feature.get("tag"))
        for facet in mappings(record.get("facets"))
        for feature in mappings(facet.get("features"))
    ]
    named = [tag for tag in (*marked, *strings(record.get("tags"))) if tag]
    return normal_hashtags([*named, *hashtags_in(text)])


def _post(body: Json, uri: str, observed_at: datetime) -> Post:
    did, record = string(body.get("did")), mapping(mapping(body.get("commit")).get("record"))
    view: Json = {"uri": uri, "author": {"did": did}, "record": record}
    with suppress(PayloadError):  # without the server's word the author's is taken
        view["indexedAt"] = to_text(from_epoch_s((time_us(body) or _NEVER_US) / 1_000_000))
    [post] = FORMAT.normalise(Payload("post", view), observed_at)
    if not isinstance(post, Post):
        raise PayloadError("the event holds no post")
    return replace(
        post,
        url=f"https://bsky.app/profile/{did}/post/{uri.rpartition('/')[2]}",
        hashtags=_hashtags(record),
        # It tells no numbers, which is not to say that they are hidden.
        metrics={},
        metrics_missing=(),
    )
