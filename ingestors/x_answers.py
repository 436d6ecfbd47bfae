"""What the X API v2 answers: pages of posts, counts, and refusals. Pure.

Endpoints and problems: https://docs.x.com/x-api/fundamentals/response-codes-and-errors
"""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from ingestors.fields import mapping, mappings, moment, string, whole
from ingestors.files import x
from ingestors.files.cells import identity
from ingestors.formats.x_v2 import FORMAT
from ingestors.platform import Page, Payload, Unreadable
from lake.errors import (
    BlockedError,
    InvalidError,
    NotFoundError,
    PayloadError,
    RateLimitedError,
    TaglakeError,
    UnauthorizedError,
    UnavailableError,
)
from lake.http_answer import Answer
from lake.records import Json, TagCounter
from lake.text import normal_hashtag

logger = logging.getLogger(__name__)

_BUDGET_GONE = {"usage-capped", "credits", "credits-depleted"}
_BUDGET_TITLES = {"usagecapexceeded", "usage-capped", "creditsdepleted"}
_GONE = {"resource-not-found", "not-authorized-for-resource"}
_OLD_RATE_LIMIT = 88  # the code of X v1.1, which v2 still sends
_NUMBERS = ("tweet_count", "post_count")  # the old name and the new one
_LONGEST_TEXT = 300


@dataclass(frozen=True, slots=True)
class Batch:
    """One page of a search.

    Args:
        payloads: Its posts, newest first, without those that an earlier page gave.
        unreadable: What is no post.
        ids: Of all its posts.
        users: Ids of the accounts that came with them.
        newest_id: Of its newest post; None where it has none.
        next_token: Where older posts lie; None at the end.
        observed_at: When it was received.
    """

    payloads: Sequence[Payload]
    unreadable: Sequence[Unreadable]
    ids: Sequence[str]
    users: Sequence[str]
    newest_id: str | None
    next_token: str | None
    observed_at: datetime

    def page(self, cursor: str | None, *, overlaps: bool | None) -> Page:
        """The batch as the poll loop takes it."""
        return Page(self.payloads, self.observed_at, cursor, overlaps, self.unreadable)


def read_batch(answer: Answer, seen: Collection[str], tokens: Collection[str]) -> Batch:
    """A page of posts, without those that this walk has had.

    Args:
        answer: Of a search.
        seen: Ids of the posts that earlier pages of the walk gave.
        tokens: Every ``next_token`` that the walk has used.

    Raises:
        UnavailableError: The answer is no page, or one that the walk has had: not the search's
            end, but a cache or a fault of X's.
    """
    body = mapping(answer.body)
    meta = mapping(body.get("meta"))
    data = body.get("data")
    token = string(meta.get("next_token"))
    # X leaves "data" out where nothing was found; only "meta" tells that from half an answer.
    if not isinstance(data, list) and (data is not None or whole(meta.get("result_count")) != 0):
        raise UnavailableError("X answered a search with something that is no page of posts")
    if token is not None and token in tokens:
        raise UnavailableError("X repeated the token of a page")
    parts = list(FORMAT.split(body, "")) if isinstance(data, list) else []
    given = [Payload(one.kind, one.body) for one in parts if isinstance(one, Payload)]
    ids = [id_ for one in given if (id_ := post_id(one))]
    if ids and seen and set(ids) <= set(seen):
        raise UnavailableError("X repeated a page of posts")
    tell_of_missing(mappings(body.get("errors")))
    return Batch(
        [one for one in given if (id_ := post_id(one)) is None or id_ not in seen],
        [Unreadable(one.text, one.reason) for one in parts if isinstance(one, Unreadable)],
        ids,
        [id_ for one in _users(body) if (id_ := identity(one.get("id")))],
        _newest([*ids, identity(meta.get("newest_id")) or ""]),
        token,
        answer.received_at,
    )


def post_id(payload: Payload) -> str | None:
    """The id of a ``tweet`` payload's post; None for any other."""
    data = mapping(mapping(payload.body).get("data"))
    return identity(data.get("id")) if payload.kind == "tweet" else None


def counter_records(body: Json, observed_at: datetime) -> tuple[TagCounter, ...]:
    """A counter for each period of ``{"hashtag": …, "query": …, "counts": X's answer}``.

    The last period is still open when X counts it: its end is the time of the count.

    Raises:
        PayloadError: There is no hashtag or no list of periods.
    """
    tag = normal_hashtag(string(body.get("hashtag")) or "")
    data = mapping(body.get("counts")).get("data")
    if not tag or not isinstance(data, list):
        raise PayloadError("the counts have no hashtag or no periods")
    found = tuple(_counters(tag, data, observed_at))
    if data and not found:
        raise PayloadError("none of the counts has a period and a number")
    return found


def refusal(status: int, body: Any) -> TaglakeError | None:
    """What an answer with an error status means; None where its status tells as much."""
    found = problems(body)
    kinds = _kinds(found)
    said_text = said(found) or f"status {status}"
    if _is_out_of_money(status, found):
        return BlockedError(
            f"X serves no more: its credits or its usage cap are used up ({said_text}); "
            "buy credits or raise the spending limit in X's developer console"
        )
    if status == 401:
        return UnauthorizedError(f"X refuses bearer_token ({said_text}); set a valid one")
    codes = {one.get("code") for one in found if type(one.get("code")) is int}
    if status == 429 or "rate-limit-exceeded" in kinds or _OLD_RATE_LIMIT in codes:
        return RateLimitedError(f"X takes no more calls for now ({said_text})")
    if status == 403 and "client-forbidden" in kinds:
        return BlockedError(
            f"X refuses this app ({said_text}); attach it to a project that may call v2"
        )
    if status == 404 or (status < 500 and kinds & _GONE):
        return NotFoundError(f"X does not have or show it ({said_text})")
    if status == 400 and found:
        return InvalidError(f"X refuses the request ({said_text})")
    return BlockedError(f"X refuses the call ({said_text})") if status == 403 else None


def concerns_account(status: int, body: Any) -> bool:
    """Whether a refusal is of the token's account or app, so that another token may do better."""
    found = problems(body)
    forbidden = status == 403 and "client-forbidden" in _kinds(found)
    return status == 401 or forbidden or _is_out_of_money(status, found)


def problems(body: Any) -> list[Json]:
    """The problem that a body is and those in its ``errors``, innermost first."""
    body = mapping(body)
    own = [body] if body.keys() & {"title", "detail", "type"} else []
    return [*mappings(body.get("errors")), *own]


def kind_of(problem: Json) -> str:
    """The last part of a problem's type, such as ``resource-not-found``."""
    return str(problem.get("type")).rstrip("/").rpartition("/")[2]


def said(found: list[Json]) -> str:
    """What the first problem that says something says."""
    texts = [string(one.get(key)) for key in ("message", "detail", "title") for one in found[:20]]
    return next((text for text in texts if text), "")[:_LONGEST_TEXT]


def _kinds(found: list[Json]) -> set[str]:
    return {kind_of(one) for one in found}


def _is_out_of_money(status: int, found: list[Json]) -> bool:
    titles = {str(one.get("title")).replace(" ", "").lower() for one in found}
    return bool(status == 402 or _kinds(found) & _BUDGET_GONE or titles & _BUDGET_TITLES)


def _counters(tag: str, data: list[Any], observed_at: datetime) -> Iterator[TagCounter]:
    for one in mappings(data):
        start, end = moment(one.get("start")), moment(one.get("end"))
        numbers = [whole(one.get(name)) for name in _NUMBERS]
        posts = next((number for number in numbers if number is not None), None)
        if start is not None and end is not None and start < end and posts is not None:
            yield TagCounter("x", tag, observed_at, start=start, end=end, posts=posts)


def _users(body: Json) -> list[Json]:
    return mappings(mapping(body.get("includes")).get("users"))


def _newest(ids: list[str]) -> str | None:
    return max((id_ for id_ in ids if x.is_snowflake(id_)), key=int, default=None)


def tell_of_missing(found: list[Json]) -> None:
    """Says that X left something out: a suspended account, a deleted or protected post."""
    if found:
        logger.info("X left something out", extra={"parts": len(found), "why": said(found)})
