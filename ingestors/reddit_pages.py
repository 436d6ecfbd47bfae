"""The pages of each kind of target of Reddit's."""

from __future__ import annotations

import logging
from collections.abc import AsyncGenerator, Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from ingestors.fields import mapping
from ingestors.platform import Page, Payload, Unreadable, Window
from ingestors.reddit_api import Api
from ingestors.reddit_comments import CommentWalk, things_in
from ingestors.reddit_praw import Reply
from ingestors.reddit_records import created_at, data_of, fullname
from ingestors.reddit_search import Listing, Walk, period, query, read_listing
from lake.errors import UnavailableError
from lake.json_text import dumps
from lake.records import Json
from lake.times import now

logger = logging.getLogger(__name__)
_KINDS = {"t1": "comment", "t3": "submission"}
_MOST_IDS = 100  # that api/info takes in one call
_OUTAGE = 10  # so many known posts that are gone all at once are no deletions


@dataclass(frozen=True, slots=True)
class Wanted:
    """How far the walks go; see the platform's ``Options``."""

    subreddits: Sequence[str]
    keyword_match: bool
    adult: bool
    max_pages: int
    lookback: timedelta
    max_comment_calls: int


class Pages:
    """The walks; each is what ``Platform.pages`` gives for one kind of target.

    Args:
        api: Makes the calls.
        wanted: How far they go.
    """

    def __init__(self, api: Api, wanted: Wanted) -> None:
        self._api = api
        self._wanted = wanted

    async def of_tag(
        self, tag: str, window: Window | None, known: datetime | None
    ) -> AsyncGenerator[Page, None]:
        """Submissions that a search finds, newest first; see ``reddit_search``.

        Args:
            tag: In normal form.
            window: Only those that were created in it; None: what is new.
            known: Up to when everything was met.
        """
        stop = window[0] if window else known and known - self._wanted.lookback
        path, params = query(tag, self._wanted.subreddits, adult=self._wanted.adult)
        params["t"] = period(stop, now())
        what = f"subreddit among {', '.join(self._wanted.subreddits)}; see subreddits"
        walk = Walk(None if window else known, stop, self._wanted.max_pages)
        while not walk.done:
            after = {"after": walk.after} if walk.after else {}
            listing, at = await self._api.get(
                (path, params | after, what if self._wanted.subreddits else None),
                _listing_after(walk.after),
            )
            found = walk.take(listing)
            if window:
                found = [child for child in found if _is_within(child, window)]
            payloads, unreadable = sorted_out(found, self._as_found(tag))
            cursor = walk.cursor(at) if walk.done and not window else None
            overlaps = _overlaps(walk, window) if walk.done else None
            if overlaps is False:
                logger.warning("the search ended too early", extra={"hashtag": tag})
            yield Page(payloads, at, cursor, overlaps, unreadable)

    async def of_user(self, user: str) -> AsyncGenerator[Page, None]:
        """One account."""
        body, at = await self._api.get((f"/user/{user}/about", {}, f"account {user!r}"), _account)
        yield Page([Payload("user", body)], at)

    async def of_comments(self, link: str) -> AsyncGenerator[Page, None]:
        """A submission and what stands below it; one page a call."""
        walk, what = CommentWalk(link), f"submission {link}"
        for _ in range(self._wanted.max_comment_calls):
            call = walk.next_call()
            if call is None:
                return
            things, at = await self._api.get((*call, what), _things)
            payloads, unreadable = sorted_out(walk.take(things))
            yield Page(payloads, at, unreadable=unreadable)
        if walk.left:
            extra = {"submission": link, "left": walk.left}
            logger.info("comments were left for lack of calls", extra=extra)

    async def of_posts(self, names: Sequence[str]) -> AsyncGenerator[Page, None]:
        """The current state of known submissions and comments, a hundred a call."""
        for first in range(0, len(names), _MOST_IDS):
            asked = names[first : first + _MOST_IDS]
            listing, at = await self._api.get(
                ("/api/info", {"id": ",".join(asked)}, None), _listing_after(None)
            )
            payloads, unreadable = sorted_out(listing.children)
            shown = {_name(payload) for payload in payloads}
            gone = [name for name in asked if name not in shown]
            if len(gone) == len(asked) >= _OUTAGE:
                # What is erased stays erased, so an outage must not look like deletions.
                logger.warning("none of the known posts was shown", extra={"posts": len(asked)})
                gone = []
            payloads += [Payload("gone", {"name": name}) for name in gone]
            yield Page(payloads, at, unreadable=unreadable)

    def _as_found(self, tag: str) -> Callable[[Json], Json]:
        # Reddit does not repeat what was asked, so that stands beside its answer.
        asked = {"hashtag": tag, "keyword_match": self._wanted.keyword_match}
        return lambda thing: {**asked, "thing": thing}


def sorted_out(
    things: Iterable[Any], wrapped: Callable[[Json], Json] = lambda thing: thing
) -> tuple[list[Payload], list[Unreadable]]:
    """Submissions and comments as payloads, and what is neither.

    Args:
        things: As they came.
        wrapped: What a payload's body is made of a thing.
    """
    payloads: list[Payload] = []
    unreadable: list[Unreadable] = []
    for thing in things:
        kind = _KINDS.get(str(mapping(thing).get("kind")))
        if kind and mapping(thing.get("data")):
            payloads.append(Payload(kind, wrapped(thing)))
        else:
            reason = "neither a submission nor a comment"
            unreadable.append(Unreadable(dumps(thing).decode(), reason))
    return payloads, unreadable


def _name(payload: Payload) -> str | None:
    return fullname(data_of(payload.body), "t1" if payload.kind == "comment" else "t3")


def _overlaps(walk: Walk, window: Window | None) -> bool | None:
    """See ``Page.overlaps``; of a window only that it surely was not walked to its start."""
    if window is None:
        return walk.overlaps
    return None if walk.reaches(window[0]) else False


def _is_within(child: Any, window: Window) -> bool:
    """Whether a thing was created in a window; one that does not tell may have been."""
    created = created_at(data_of(mapping(child)))
    return created is None or window[0] <= created < window[1]


def _listing_after(asked: str | None) -> Callable[[Reply], tuple[Listing, datetime]]:
    return lambda reply: (read_listing(reply.body, asked), reply.received_at)


def _things(reply: Reply) -> tuple[list[Any], datetime]:
    return things_in(reply.body), reply.received_at


def _account(reply: Reply) -> tuple[Json, datetime]:
    if not mapping(mapping(reply.body).get("data")):
        raise UnavailableError("reddit answered with something that is no account")
    return reply.body, reply.received_at
