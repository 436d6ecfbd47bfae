"""Walks over TikTok's Research API: a hashtag's videos by day, known videos, accounts, comments.

Methods: https://developers.tiktok.com/doc/research-api-specs-query-videos, …-query-user-info and
…-query-video-comments. New videos reach the archive up to two days late, so each walk begins
before the last one. Pages may be short or empty: only ``has_more`` says what is left.
"""

from __future__ import annotations

import logging
from collections.abc import AsyncGenerator, Callable, Iterator, Sequence
from contextlib import aclosing
from datetime import datetime, timedelta
from typing import Any

from ingestors.fields import mapping, mappings, string, whole
from ingestors.platform import Page, Payload, Target, Unreadable, Window
from ingestors.tiktok_options import Options
from ingestors.tiktok_place import Place, read_place, window_place
from ingestors.tiktok_records import made_at, native_id
from ingestors.tiktok_research import Research
from lake.errors import InvalidError, PayloadError, UnavailableError
from lake.http_answer import Answer
from lake.json_text import dumps
from lake.records import Json

logger = logging.getLogger(__name__)
PAGE_POSTS = 100
_VIDEO = (
    "id,video_description,create_time,region_code,share_count,view_count,like_count,"
    "comment_count,favorites_count,hashtag_names,username,video_duration,video_mention_list"
)
_USER = (
    "display_name,bio_description,avatar_url,is_verified,follower_count,following_count,"
    "likes_count,video_count"
)
_COMMENT = "id,video_id,text,like_count,reply_count,parent_comment_id,create_time"
_MOST_COMMENTS = 1_000  # the API shows no more of a video
_MOST_FORGOTTEN = 5  # searches that the server may forget in one walk
_SPAN = timedelta(days=28)  # of ids in one query: with a day at each end 30 days


class Archive:
    """The archive.

    Args:
        research: Makes the calls.
        options: The platform's section of config.yaml.
        clock: The current time, aware.
    """

    def __init__(self, research: Research, options: Options, clock: Callable[[], datetime]) -> None:
        self._research = research
        self._options = options
        self._clock = clock
        self._lookback = timedelta(seconds=options.lookback_s)

    def pages(self, target: Target, cursor: str | None) -> AsyncGenerator[Page, None]:
        """See ``Platform.pages``.

        Raises:
            NotFoundError: There is no such account or video.
        """
        value = target.value.strip()
        if target.kind == "hashtag" and value.strip("#"):
            return self._tag_pages(value.strip("#"), target.window, cursor)
        if target.kind == "profile" and value.strip("@"):
            return self._user_pages(value.lstrip("@"))
        if target.kind == "comments" and whole(value):
            return self._comment_pages(int(value))
        if target.kind == "posts" and all(map(whole, value.split())) and value:
            return self._post_pages(list(dict.fromkeys(value.split())))
        raise InvalidError(f"tiktok cannot poll {target.key!r}")

    async def check(self) -> str:
        """See ``Platform.check``; it costs none of the day's requests."""
        await self._research.sign_in()
        return "the Research API accepts the client"

    async def _tag_pages(
        self, tag: str, window: Window | None, cursor: str | None
    ) -> AsyncGenerator[Page, None]:
        place = self._start(read_place(cursor)) if window is None else window_place(cursor, window)
        # What an earlier poll left half done is as old as that poll: a walk up to now follows.
        walks = 2 if window is None and not read_place(cursor).is_over else 1
        while walks:
            walks -= 1
            async with aclosing(self._walk(tag, window, place, is_last=not walks)) as walk:
                async for reached, page in walk:
                    place = reached
                    yield page
            place = self._start(place) if walks else place

    def _start(self, place: Place) -> Place:
        first = timedelta(days=self._options.first_poll_days)
        return place.started(self._clock(), first, self._lookback)

    async def _walk(
        self, tag: str, window: Window | None, place: Place, *, is_last: bool
    ) -> AsyncGenerator[tuple[Place, Page], None]:
        """From a place to the walk's last day, page by page."""
        query = {"and": [_condition("EQ", "hashtag_name", [tag])]}
        reached = True if place.known is not None and window is None else None
        seen: set[str] = set()
        forgotten = 0
        while not place.is_over:
            answer = await self._search(query, place.query(self._options.window_days))
            if answer is None:
                forgotten += 1
                if forgotten >= _MOST_FORGOTTEN:
                    raise UnavailableError("tiktok forgets each search before its end")
                place = place.forgotten()
                continue
            place = self._next(place, answer)
            payloads, unreadable = _payloads(answer, "videos", "research_video", seen)
            wanted = [one for one in payloads if _is_within(one.body, window)]
            overlaps = reached if place.is_over and is_last else None
            page = Page(wanted, answer.received_at, place.to_text(), overlaps, unreadable)
            yield place, page

    def _next(self, place: Place, answer: Answer) -> Place:
        """Where the walk goes on.

        Raises:
            UnavailableError: The answer says that there is more, and not where.
        """
        data = mapping(mapping(answer.body).get("data"))
        if not data.get("has_more"):
            return place.next_query(self._options.window_days)
        offset = whole(data.get("cursor"))
        if offset is None or offset <= place.offset:
            raise UnavailableError(f"tiktok's search leads in a circle at {place.offset}")
        return place.further(offset, _search_id(data))

    async def _search(self, query: Json, where: Json) -> Answer | None:
        body = {"query": query, "max_count": PAGE_POSTS, "is_random": False} | where
        return await self._research.search(_VIDEO, body)

    async def _post_pages(self, ids: Sequence[str]) -> AsyncGenerator[Page, None]:
        for some in _askable(ids):
            days = [made_at(None, id_).date() for id_ in some]
            first, last = min(days) - timedelta(days=1), max(days) + timedelta(days=1)
            where = {"start_date": f"{first:%Y%m%d}", "end_date": f"{last:%Y%m%d}"}
            query = {"and": [_condition("IN", "video_id", some)]}
            async with aclosing(self._known_pages(query, where, some)) as walk:
                async for page in walk:
                    yield page

    async def _known_pages(
        self, query: Json, where: Json, ids: Sequence[str]
    ) -> AsyncGenerator[Page, None]:
        """The videos of one query; those that it does not give are gone, unless they are new."""
        seen: set[str] = set()
        offset = 0
        search: str | None = None
        while True:
            place: Json = {"cursor": offset, "search_id": search} if search else {}
            answer = await self._search(query, where | place)
            if answer is None:
                raise UnavailableError("tiktok has forgotten the search for known videos")
            payloads, unreadable = _payloads(answer, "videos", "research_video", seen)
            data = mapping(mapping(answer.body).get("data"))
            following = whole(data.get("cursor")) or 0
            if not data.get("has_more"):
                old = answer.received_at - self._lookback
                absent = [id_ for id_ in ids if id_ not in seen and made_at(None, id_) < old]
                payloads += [Payload("gone", {"id": id_, "reason": "absent"}) for id_ in absent]
            yield Page(payloads, answer.received_at, unreadable=unreadable)
            if not data.get("has_more"):
                return
            if following <= offset:
                raise UnavailableError(f"tiktok's search leads in a circle at {offset}")
            offset, search = following, _search_id(data) or search

    async def _user_pages(self, handle: str) -> AsyncGenerator[Page, None]:
        answer = await self._research.ask("user/info/", _USER, {"username": handle})
        body = {"username": handle, "user": answer.body["data"]}
        yield Page([Payload("research_user", body)], answer.received_at)

    async def _comment_pages(self, video_id: int) -> AsyncGenerator[Page, None]:
        seen: set[str] = set()
        offset = 0
        for _ in range(self._options.comment_page_cap):
            size = min(PAGE_POSTS, _MOST_COMMENTS - offset)
            if size < 1:
                return
            body = {"video_id": video_id, "max_count": size, "cursor": offset}
            answer = await self._research.ask("video/comment/list/", _COMMENT, body)
            payloads, unreadable = _payloads(answer, "comments", "research_comment", seen)
            yield Page(payloads, answer.received_at, unreadable=unreadable)
            data = mapping(mapping(answer.body).get("data"))
            following = whole(data.get("cursor")) or 0
            if not data.get("has_more"):
                return
            if following <= offset:
                raise UnavailableError(f"tiktok's comments lead in a circle at {offset}")
            offset = following


def _condition(operation: str, field: str, values: Sequence[str]) -> Json:
    return {"operation": operation, "field_name": field, "field_values": list(values)}


def _payloads(
    answer: Answer, key: str, kind: str, seen: set[str]
) -> tuple[list[Payload], list[Unreadable]]:
    """What a page lists under ``key`` and ``seen`` lacks; it is noted there."""
    found = mapping(mapping(answer.body).get("data")).get(key)
    items: list[Any] = found if isinstance(found, list) else []
    payloads = []
    for item in mappings(items):
        id_ = _id_of(item)
        if id_ is None or id_ not in seen:
            payloads.append(Payload(kind, item))
        if id_ is not None:
            seen.add(id_)
    strange = [item for item in items if not isinstance(item, dict)]
    return payloads, [Unreadable(dumps(item).decode(), "no object in a list") for item in strange]


def _id_of(item: Json) -> str | None:
    try:
        return native_id(item, "id", "video_id")
    except PayloadError:
        return None


def _search_id(data: Json) -> str | None:
    number = whole(data.get("search_id"))
    return string(data.get("search_id")) or (str(number) if number else None)


def _is_within(video: Json, window: Window | None) -> bool:
    """Whether a video was made in the window; one that does not tell is let through."""
    if window is None:
        return True
    try:
        made = made_at(video.get("create_time"), native_id(video, "id", "video_id"))
    except PayloadError:
        return True
    return window[0] <= made < window[1]


def _askable(ids: Sequence[str]) -> Iterator[list[str]]:
    """Ids in groups that one query can ask for: 100, made within four weeks.

    An id tells when its video was made; one that does not is none.
    """
    dated: list[tuple[datetime, str]] = []
    for id_ in ids:
        try:
            dated.append((made_at(None, id_), id_))
        except PayloadError:
            logger.warning("no id of a video", extra={"id": id_})
    group: list[tuple[datetime, str]] = []
    for made, id_ in sorted(dated):
        if group and (len(group) == PAGE_POSTS or made - group[0][0] > _SPAN - timedelta(days=1)):
            yield [known for _, known in group]
            group = []
        group.append((made, id_))
    if group:
        yield [known for _, known in group]
