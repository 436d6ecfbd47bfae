"""Posts and profiles of Instagram as instaloader keeps them, one a file, ``.json`` or ``.json.xz``.

A file holds what Instagram's web gave as ``node``, and what kind of thing it is:
https://instaloader.github.io/module/structures.html (``load_structure_from_file``).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime

from ingestors.fields import mapping, string
from ingestors.files.format import Format
from ingestors.instagram_media import author_of, first_count, media_post
from ingestors.platform import Payload
from lake.errors import PayloadError
from lake.records import Json, Profile, Record


def detect(document: Json) -> bool:
    """Whether a document is a structure that instaloader saved."""
    return isinstance(document.get("node"), dict) and "node_type" in mapping(
        document.get("instaloader")
    )


def split(document: Json, place: str) -> Iterator[Payload]:
    """One document is one structure."""
    yield Payload("structure", document, place)


def normalise(payload: Payload, observed_at: datetime) -> tuple[Record, ...]:
    """The post or the profile; see ``Platform.normalise``.

    Raises:
        PayloadError: It is a structure of another kind, or has no id or no time.
    """
    if payload.kind != "structure":
        raise PayloadError(f"instaloader has no payloads of kind {payload.kind!r}")
    node = mapping(payload.body.get("node"))
    kind = string(mapping(payload.body.get("instaloader")).get("node_type"))
    if kind == "Post":
        return (media_post(_with_author(node), observed_at),)
    if kind == "Profile":
        return (_profile(node, observed_at),)
    raise PayloadError(f"instaloader's structures of kind {kind!r} are not read")


def _with_author(node: Json) -> Json:
    """The post with its author from whichever of the two answers tells more."""
    mobile = mapping(node.get("iphone_struct"))
    user = mapping(mobile.get("user"))
    post = node if "taken_at_timestamp" in node or not mobile else mobile
    return post | {"user": user} if string(user.get("username")) else post


def _profile(node: Json, observed_at: datetime) -> Profile:
    author = replace(author_of(node), followers=first_count(node, ("edge_followed_by",)))
    if author.key() is None:
        raise PayloadError("the profile has neither id nor username")
    return Profile(
        platform="instagram",
        author=author,
        observed_at=observed_at,
        url=f"https://www.instagram.com/{author.handle}/" if author.handle else None,
        description=string(node.get("biography")),
        following=first_count(node, ("edge_follow",)),
        posts=first_count(node, ("edge_owner_to_timeline_media",)),
    )


FORMAT = Format("instaloader", "instagram", "json", detect, split, normalise)
