"""What X answers where it is asked for posts by id and for accounts by handle. Pure.

Endpoints: https://docs.x.com/x-api/posts/get-posts-by-ids and
https://docs.x.com/x-api/users/get-users-by-usernames. What X does not show comes with a good status
in ``errors``, next to what it does show.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime

from ingestors.fields import mapping, mappings, string, whole
from ingestors.files.cells import identity
from ingestors.formats.x_v2 import FORMAT
from ingestors.platform import Page, Payload, Unreadable
from ingestors.x_answers import kind_of, problems, said, tell_of_missing
from lake.errors import NotFoundError, PayloadError, UnavailableError
from lake.http_answer import Answer
from lake.json_text import dumps
from lake.records import Erasure, Json, Post, Record

MOST = 100  # ids or handles that one call takes
_POSTS = {"tweet", "post"}  # the old name and the new one
# X's developer policy wants posts gone here too once they are deleted, protected or withheld.
_REASONS = {
    "resource-not-found": "not found",
    "not-authorized-for-resource": "no longer public",
}


def posts_page(answer: Answer, ids: Sequence[str]) -> Page:
    """The posts that were asked for, as ``post`` payloads, and a ``gone`` one for each lost post.

    An id of which X says nothing at all is left out: it may be there.

    Raises:
        UnavailableError: The answer holds neither posts nor problems.
    """
    body = mapping(answer.body)
    data = body.get("data")
    if not isinstance(data, list) and (data is not None or not mappings(body.get("errors"))):
        raise UnavailableError("X answered a look-up of posts with something else")
    shown = [one for one in _split(body) if isinstance(one, Payload)]
    strange = [one for one in _split(body) if isinstance(one, Unreadable)]
    found = {identity(mapping(one.body.get("data")).get("id")) for one in shown}
    lost = list(_lost(body, {id_ for id_ in ids if id_ not in found}))
    return Page([*shown, *lost], answer.received_at, unreadable=strange)


def post_records(body: Json, observed_at: datetime) -> tuple[Record, ...]:
    """The post of a ``post`` payload.

    Its author was not asked for, which would be paid apart, so an address without the author's
    handle is left out: a better one may be known.

    Raises:
        PayloadError: It is no post.
    """
    records = FORMAT.normalise(Payload("tweet", body), observed_at)
    return tuple(
        replace(one, url=None) if isinstance(one, Post) and one.author.handle is None else one
        for one in records
    )


def gone_records(body: Json, observed_at: datetime) -> tuple[Record, ...]:
    """The erasure of a ``gone`` payload.

    Raises:
        PayloadError: It names no post.
    """
    native_id = identity(body.get("id"))
    if native_id is None or not (native_id.isascii() and native_id.isdecimal()):
        raise PayloadError("what is gone has no id")
    reason = _REASONS.get(kind_of(mapping(body.get("problem"))), "not found")
    return (Erasure("x", native_id, observed_at, reason),)


def users_page(answer: Answer, handles: Sequence[str]) -> Page:
    """The accounts that were asked for, as far as X shows them.

    Raises:
        NotFoundError: X knows none of them, or shows them to nobody.
        UnavailableError: The answer tells neither.
    """
    body = mapping(answer.body)
    data = body.get("data")
    users = mappings([data] if isinstance(data, dict) else data)
    if not users and (found := problems(body)):
        raise NotFoundError(f"X shows no account {' '.join(handles)!r}: {said(found)}")
    if not users:
        raise UnavailableError("X answered the look-up of an account with no account")
    tell_of_missing(mappings(body.get("errors")))
    return Page([Payload("user", user) for user in users], answer.received_at)


def usage_said(answer: Answer) -> str:
    """What the token's project has read of its cap, for people."""
    usage = mapping(mapping(answer.body).get("data"))
    used, cap = whole(usage.get("project_usage")), whole(usage.get("project_cap"))
    if used is None or cap is None:
        return "the token is accepted"
    day = whole(usage.get("cap_reset_day"))
    again = "" if day is None else f"; it begins anew on day {day} of the month"
    return f"the token is accepted; {used:,} of its cap of {cap:,} posts are read{again}"


def _split(body: Json) -> Iterator[Payload | Unreadable]:
    if not isinstance(body.get("data"), list):
        return
    for one in FORMAT.split(body, ""):
        if isinstance(one, Payload) and one.kind == "tweet":
            yield Payload("post", one.body)
        elif isinstance(one, Payload):
            yield Unreadable(dumps(one.body).decode(), "is no post")
        else:
            yield Unreadable(one.text, one.reason)


def _lost(body: Json, missing: set[str]) -> Iterator[Payload]:
    """Of the problems those that name a post that was asked for, and not one that it refers to."""
    other: list[Json] = []
    for problem in mappings(body.get("errors")):
        named = (identity(problem.get("resource_id")), identity(problem.get("value")))
        id_ = next((name for name in named if name in missing), None)
        of_posts = string(problem.get("resource_type")) in _POSTS
        if (
            id_
            and of_posts
            and problem.get("parameter") in (None, "id", "ids")
            and (kind_of(problem) in _REASONS)
        ):
            missing.discard(id_)
            yield Payload("gone", {"id": id_, "problem": problem})
        else:
            other.append(problem)
    tell_of_missing(other)
