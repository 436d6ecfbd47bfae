"""A post of X as its own web pages receive it: a ``tweet_results.result`` of their GraphQL.

Nothing of this is documented. What browser extensions keep of it has, since 2022, the fields of
API v1.1 under ``legacy``; the author under ``core.user_results.result``, whose name moved from
``legacy`` to ``core`` in 2025; the long text under ``note_tweet``.
"""

from __future__ import annotations

from ingestors.fields import mapping, string
from ingestors.files.cells import flag
from ingestors.files.x_status import Status
from lake.errors import PayloadError
from lake.records import Json


def is_result(one: Json) -> bool:
    """Whether it is a post as the web pages receive it, in any of their three wraps."""
    inner = _unwrapped(one)
    return "legacy" in inner and bool({"rest_id", "core", "user", "__typename"} & inner.keys())


def result_status(one: Json) -> Status:
    """A post as the web pages receive it.

    Raises:
        PayloadError: It is a tombstone: X does not show the post.
    """
    one = _unwrapped(one)
    legacy = mapping(one.get("legacy"))
    if not legacy:
        raise PayloadError(f"X does not show the post ({_why_hidden(one)})")
    views = mapping(one.get("views")) or mapping(one.get("ext_views"))
    told = {"id_str": string(one.get("rest_id")), "view_count": views.get("count")}
    reshared = _reshared(legacy)
    return Status(
        legacy | {name: value for name, value in told.items() if value is not None},
        _user(one),
        _long(one),
        reshared,
        is_reshare="retweeted_status_result" in legacy,
    )


def _unwrapped(one: Json) -> Json:
    """Without the wrap that posts have whose visibility is limited."""
    inner = one.get("tweet")
    return inner if isinstance(inner, dict) and "legacy" not in one else one


def _why_hidden(one: Json) -> str:
    said = mapping(mapping(one.get("tombstone")).get("text")).get("text")
    return string(said) or string(one.get("reason")) or string(one.get("__typename")) or "no reason"


def _reshared(legacy: Json) -> Status | None:
    result = mapping(mapping(legacy.get("retweeted_status_result")).get("result"))
    inner = mapping(_unwrapped(result).get("legacy"))
    if not inner or "retweeted_status_result" in inner:
        return None
    return result_status(result)


def _user(one: Json) -> Json:
    """The author in the names of v1.1."""
    result = mapping(mapping(mapping(one.get("core")).get("user_results")).get("result"))
    if not result:  # the form of before 2022
        return mapping(one.get("user"))
    marks = [
        flag(result.get("is_blue_verified")),
        flag(mapping(result.get("verification")).get("verified")),
        flag(mapping(result.get("legacy")).get("verified")),
    ]
    known = [mark for mark in marks if mark is not None]
    return {
        **mapping(result.get("legacy")),
        **mapping(result.get("core")),
        "id_str": string(result.get("rest_id")),
        "verified": any(known) if known else None,
    }


def _long(one: Json) -> Json:
    note = mapping(mapping(one.get("note_tweet")).get("note_tweet_results"))
    result = mapping(note.get("result"))
    if not result:
        return {}
    return {"text": result.get("text"), "entities": mapping(result.get("entity_set"))}
