"""What is in an answer of Instagram's: its posts, its hashtag, its account, its comments. Pure.

The web nests posts differently every few months (``sections``, ``edges``, ``items``), so an answer
is walked as a whole, and what looks like a post or stands where one belongs is one.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ingestors.fields import mapping, mappings, string, whole
from ingestors.files.cells import identity
from ingestors.instagram_media import first_count, is_advertisement, is_media, media_id
from lake.records import Json

# What holds a post of its own; and lists whose entries hold one in ``media``.
_HOLDERS = frozenset({"media_or_ad", "if_not_gated_logged_out", "xdt_shortcode_media"})
_LISTS = frozenset({"medias", "fill_items", "items"})
_CONNECTIONS = (
    "edge_hashtag_to_",
    "edge_owner_to_timeline_media",
    "edge_felix_video_timeline",
    "edge_user_to_photos_of_you",
    "edge_location_to_",
    "xdt_api__v1__feed__",
    "polaris_ordered_timeline",
)
_NO_POSTS = frozenset({"edge_hashtag_to_content_advisory", "edge_hashtag_to_null_state"})
_COMMENT_LISTS = ("edge_media_to_comment", "edge_media_to_parent_comment")
_COUNTED = ("edge_followed_by", "follower_count", "followers_count")
_DEEPEST = 40


def medias_of(answer: Any) -> list[Any]:
    """The posts in an answer, each once, in order, without advertisements.

    What stands where a post belongs and is no object is given too.
    """
    found: dict[str, Any] = {}
    for number, one in enumerate(_walk(answer, "", 0)):
        if isinstance(one, dict) and is_advertisement(one):
            continue
        id_ = media_id(one) if isinstance(one, dict) else None
        found.setdefault(id_ or f"?{number}", one)
    return list(found.values())


def tag_of(answer: Any) -> Json | None:
    """The hashtag in an answer, without its posts; None where there is none."""
    body = mapping(answer)
    data = mapping(body.get("data"))
    places = (data.get("hashtag"), mapping(body.get("graphql")).get("hashtag"), data, body)
    for place in places:
        tag = mapping(place)
        if "edge_hashtag_to_media" in tag or ("media_count" in tag and not _is_account(tag)):
            return {key: _without_posts(key, value) for key, value in tag.items()}
    return None


def newest_of(answer: Any) -> list[Any]:
    """Of the posts in a hashtag's answer those that are listed because they are new."""
    data = mapping(mapping(answer).get("data"))
    tag = mapping(data.get("hashtag"))
    if "edge_hashtag_to_media" in tag:
        return medias_of({"edge_hashtag_to_media": tag["edge_hashtag_to_media"]})
    return medias_of(data.get("recent"))


def tag_posts(tag: Json) -> int | None:
    """How many posts a hashtag has; never from the text that is made for people."""
    number = whole(tag.get("media_count"))
    return first_count(tag, ("edge_hashtag_to_media",)) if number is None else number


def user_of(answer: Any) -> Json | None:
    """The account that an answer is about, without its posts; None where there is none."""
    body = mapping(answer)
    data = mapping(body.get("data"))
    places = [
        data.get("user"),
        data.get("xig_user_by_username"),
        body.get("business_discovery"),
        mapping(body.get("graphql")).get("user"),
        body.get("user"),
        mapping(mapping(data.get("user")).get("reel")).get("user"),
        body,
    ]
    for place in places:
        user = mapping(place)
        named = identity(user.get("pk")) or identity(user.get("id")) or string(user.get("username"))
        if named and _is_account(user):
            # Pages of the Graph API, such as "media", link to the next one with the token in it.
            known = {key: value for key, value in user.items() if key not in ("media", "paging")}
            return {key: _without_posts(key, value) for key, value in known.items()}
    return None


def comments_of(answer: Any) -> list[Json]:
    """The comments in an answer, as they came, each with the id of the post where it is known."""
    body = mapping(answer)
    found = mapping(mapping(body.get("data")).get("shortcode_media"))
    for name in _COMMENT_LISTS:
        edges = mappings(mapping(found.get(name)).get("edges"))
        if edges:
            media = {"media": id_} if (id_ := media_id(found)) else {}
            return [{"comment": mapping(edge.get("node"))} | media for edge in edges]
    several = mappings(body.get("comments")) or mappings(body.get("data"))
    return [{"comment": one} for one in several if is_comment(one)]


def is_comment(found: Json) -> bool:
    """Whether an object looks like a comment."""
    return "text" in found and not is_media(found)


def _is_account(found: Json) -> bool:
    return "username" in found or any(name in found for name in _COUNTED)


def _without_posts(key: str, value: Any) -> Any:
    """A part of a hashtag or an account; posts are payloads of their own."""
    if key in ("top", "recent") and isinstance(value, dict):
        return {name: part for name, part in value.items() if name != "sections"}
    if isinstance(value, dict) and "edges" in value:
        return {name: part for name, part in value.items() if name != "edges"}
    return value


def _walk(value: Any, key: str, depth: int) -> Iterator[Any]:
    if depth > _DEEPEST:
        return
    if isinstance(value, list):
        for item in value:
            yield from _entry(item, key, depth)
    elif isinstance(value, dict):
        for name, part in value.items():
            if name not in _COMMENT_LISTS and name not in _NO_POSTS:
                yield from _part(part, name, key, depth)


def _part(part: Any, name: str, within: str, depth: int) -> Iterator[Any]:
    """What the key ``name`` of the object under ``within`` holds."""
    if name == "edges" and within.startswith(_CONNECTIONS) and isinstance(part, list):
        yield from (mapping(edge).get("node", edge) for edge in part)
    elif isinstance(part, dict) and name != "user" and (name in _HOLDERS or _is_post(part)):
        yield part
    else:
        yield from _walk(part, name, depth + 1)


def _entry(item: Any, key: str, depth: int) -> Iterator[Any]:
    """What one entry of the list ``key`` holds."""
    if not isinstance(item, dict):
        if key in _LISTS:
            yield item
        return
    if key in _LISTS and isinstance(item.get("media"), dict):
        yield item["media"]
    elif _is_post(item):
        yield item
    else:
        yield from _walk(item, key, depth + 1)


def _is_post(found: Json) -> bool:
    """A post itself, and not a wrapper that only bears the code of the post within it, if any."""
    return is_media(found) and not found.keys() & _HOLDERS
