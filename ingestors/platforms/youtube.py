"""YouTube's Data API v3: videos by hashtag, their channels, comments.

Methods: https://developers.google.com/youtube/v3/docs (search, videos, channels, commentThreads).
A search gives ids only, newest first, and misses some and changes its order between calls; so each
poll goes back to ``lookback_s`` before the newest video that was taken, and the counts come from
``videos``, where what was deleted meanwhile is absent. What a poll has no search pages for stays in
the cursor, and the next goes on there before it looks for what is newer. There is no count of a
hashtag: ``totalResults`` is a guess, and not kept.
"""

from __future__ import annotations

import re
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import Any

from ingestors.credentials import by_name
from ingestors.fields import mapping, mappings, moment, string, whole
from ingestors.platform import Page, Payload, Target, Unreadable, Window
from ingestors.youtube_api import MOST_IDS, Api
from ingestors.youtube_comments import CommentWalk
from ingestors.youtube_options import Options, about
from ingestors.youtube_quota import Bucket, Quotas
from ingestors.youtube_records import (
    channel_records,
    comment_records,
    gone_records,
    video_of,
    video_records,
)
from ingestors.youtube_search import Stretch, Walk, read_found, read_place
from lake import http
from lake.errors import InvalidError, NotFoundError, PayloadError, UnavailableError
from lake.json_text import dumps
from lake.quota import LimitBook
from lake.records import Json, Record
from lake.retry import Backoff
from lake.times import now as real_now
from lake.times import to_text

__all__ = ["Options", "Youtube", "about", "connect", "normalise"]

_READERS = {
    "video": video_records,
    "channel": channel_records,
    "comment": comment_records,
    "gone": gone_records,
}
_BUCKETS: tuple[Bucket, ...] = ("search", "units")
_VIDEO_ID = re.compile(r"[A-Za-z0-9_-]{11}")
_CHANNEL_ID = re.compile(r"UC[A-Za-z0-9_-]{22}")


@asynccontextmanager
async def connect(
    options: Options, *, clock: Callable[[], datetime] = real_now
) -> AsyncIterator[Youtube]:
    """The platform, with connections that are closed at the end of the block.

    Args:
        options: Its section of config.yaml.
        clock: The current time, aware; by it the quotas begin anew.
    """
    limits = LimitBook(clock)
    # A redirect would take the key, which is in a header, to another server.
    settings = http.HttpOptions(timeout_s=options.timeout_s, redirects=False)
    async with http.connect(settings, limits=limits, clock=clock) as client:
        yield Youtube(client, options, clock)


class Youtube:
    """The API with the operator's keys; see ``ingestors.platform.Platform``."""

    name = "youtube"
    context: str | None = None

    def __init__(self, client: http.Http, options: Options, clock: Callable[[], datetime]) -> None:
        self.limits = client.limits
        self._options = options
        self._clock = clock
        self._keys = by_name(options.key)
        self._quotas = Quotas(
            client.limits,
            self._keys,
            search=options.search_calls_per_day,
            units=options.units_per_day,
        )
        self._api = Api(
            client,
            options.base,
            self._keys,
            self._quotas,
            backoff=Backoff(base_s=options.backoff_s),
            attempts=options.attempts,
        )

    def pages(self, target: Target, cursor: str | None) -> AsyncGenerator[Page, None]:
        """See ``Platform.pages``; a profile is a channel's id or handle, comments a video's.

        Raises:
            NotFoundError: The channel or the video is not there, or no longer.
        """
        value = target.value.strip()
        if target.kind == "hashtag" and value.strip("#"):
            query = self._query(value.strip("#"))
            if target.window is not None:
                return self._window_pages(query, target.window, cursor)
            return self._tag_pages(query, cursor)
        if target.kind == "posts" and value and all(map(_VIDEO_ID.fullmatch, value.split())):
            return self._video_pages(list(dict.fromkeys(value.split())))
        if target.kind == "profile" and value.strip("@"):
            return self._channel_pages(value)
        if target.kind == "comments" and _VIDEO_ID.fullmatch(value):
            return self._comment_pages(value, moment(cursor))
        raise InvalidError(f"youtube cannot poll {target.key!r}")

    def normalise(self, payload: Payload, observed_at: datetime) -> Sequence[Record]:
        """See ``Platform.normalise``."""
        return normalise(payload, observed_at)

    def related(self, payload: Payload) -> Sequence[Target]:
        """See ``Platform.related``."""
        if payload.kind != "video":
            return ()
        video = video_of(mapping(payload.body))
        id_ = string(video.get("id")) or ""
        if not whole(mapping(video.get("statistics")).get("commentCount")):
            return ()
        return (Target(self.name, "comments", id_),) if _VIDEO_ID.fullmatch(id_) else ()

    async def check(self) -> str:
        """See ``Platform.check``; it costs a unit."""
        await self._api.videos(["jNQXAC9IVRw"])
        searches, units = (self._quotas.left(name, self._keys) for name in _BUCKETS)
        return f"the key is accepted; {searches:,} searches and {units:,} units are left today"

    async def _tag_pages(
        self, query: dict[str, str], cursor: str | None
    ) -> AsyncGenerator[Page, None]:
        walk = Walk(read_place(cursor), timedelta(seconds=self._options.lookback_s))
        channels: dict[str, Json] = {}
        seen: set[str] = set()
        at = self._clock()
        for left in reversed(range(self._options.max_search_pages_per_poll)):
            answer = await self._api.search(query | walk.params())
            ids: list[str] = []
            if answer is None:
                walk.forget_token()
            else:
                found, at = read_found(answer.body), answer.received_at
                walk.take(found, at)
                ids = [id_ for id_ in found.ids if id_ not in seen]
            seen.update(ids)
            payloads, unreadable = await self._videos(ids, channels)
            is_last = walk.over or left == 0
            # A first poll that is cut off begins anew: there is no start that a gap could have.
            place = walk.place().to_text() if is_last or not walk.is_first else None
            overlaps = walk.overlaps if is_last else None
            yield Page(payloads, at, place, overlaps, unreadable)
            if is_last:
                return

    async def _window_pages(
        self, query: dict[str, str], window: Window, cursor: str | None
    ) -> AsyncGenerator[Page, None]:
        """The window from its end down; the cursor is the time that was reached."""
        start, reached = window[0], min(window[1], moment(cursor) or window[1])
        if reached <= start:
            return
        stretch = Stretch(start, reached)
        channels: dict[str, Json] = {}
        seen: set[str] = set()
        while not stretch.ended:
            if stretch.stuck:
                raise UnavailableError("youtube's search leads in a circle")
            answer = await self._api.search(query | stretch.params())
            if answer is None:
                stretch.begin_anew()
                continue
            found = read_found(answer.body)
            stretch.take(found)
            payloads, unreadable = await self._videos(
                [id_ for id_ in found.ids if id_ not in seen], channels
            )
            seen.update(found.ids)
            reached = start if stretch.ended else stretch.rest() or reached
            kept = [one for one in payloads if _is_in(window, one)]
            yield Page(kept, answer.received_at, to_text(reached), None, unreadable)

    async def _video_pages(self, ids: Sequence[str]) -> AsyncGenerator[Page, None]:
        """Known videos with their numbers now; one that is absent is gone."""
        channels: dict[str, Json] = {}
        for first in range(0, len(ids), MOST_IDS):
            some = ids[first : first + MOST_IDS]
            answer = await self._api.lookup(some)
            items = answer.body["items"] if answer else []
            videos, unreadable = _sorted_out(items)
            payloads = await self._with_channels(videos, channels)
            there = {string(video.get("id")) for video in videos}
            # What stands there without an id may be any of those that seem to be missing.
            if not unreadable and None not in there:
                payloads += [Payload("gone", {"id": id_}) for id_ in some if id_ not in there]
            at = answer.received_at if answer else self._clock()
            yield Page(payloads, at, unreadable=unreadable)

    def _query(self, tag: str) -> dict[str, str]:
        query = {"q": f"#{tag}", "type": "video", "order": "date", "safeSearch": "none"}
        if self._options.region:
            query["regionCode"] = self._options.region.upper()
        if self._options.language:
            query["relevanceLanguage"] = self._options.language
        return query

    async def _videos(
        self, ids: Sequence[str], channels: dict[str, Json]
    ) -> tuple[list[Payload], list[Unreadable]]:
        """The videos that are still there, each with its channel, in the search's order."""
        videos, unreadable = _sorted_out(await self._api.videos(ids))
        return await self._with_channels(videos, channels), unreadable

    async def _with_channels(
        self, videos: Sequence[Json], channels: dict[str, Json]
    ) -> list[Payload]:
        owners = [string(mapping(video.get("snippet")).get("channelId")) for video in videos]
        unknown = [owner for owner in owners if owner and owner not in channels]
        for channel in mappings(await self._api.channels(unknown)):
            if id_ := string(channel.get("id")):
                channels[id_] = channel
        payloads = []
        for video, owner in zip(videos, owners, strict=True):
            channel = {"channel": channels[owner]} if owner in channels else {}
            payloads.append(Payload("video", {"video": video} | channel))
        return payloads

    async def _channel_pages(self, value: str) -> AsyncGenerator[Page, None]:
        by_id = _CHANNEL_ID.fullmatch(value)
        which = {"id": value} if by_id else {"forHandle": "@" + value.lstrip("@")}
        answer = await self._api.channel(which)
        found = mappings(answer.body.get("items"))
        if not found:
            raise NotFoundError(f"youtube knows no channel {value!r}")
        yield Page([Payload("channel", found[0])], answer.received_at)

    async def _comment_pages(
        self, video_id: str, known: datetime | None
    ) -> AsyncGenerator[Page, None]:
        walk = CommentWalk(known)
        for left in reversed(range(self._options.max_comment_pages_per_poll)):
            answer = await self._api.comments(video_id, walk.token)
            if answer is None:  # switched off, or a token that the server has forgotten
                if walk.token is None:
                    return
                walk.start_over()
                continue
            threads, unreadable = _sorted_out(answer.body.get("items"))
            payloads = [Payload("comment", thread) for thread in walk.take(threads, answer.body)]
            is_last = walk.over or left == 0
            cursor = walk.cursor() if is_last else None
            yield Page(payloads, answer.received_at, cursor, unreadable=unreadable)
            if is_last:
                return


def normalise(payload: Payload, observed_at: datetime) -> Sequence[Record]:
    """The records that a payload holds; needs no connection.

    Raises:
        PayloadError: The payload lacks something that no record can do without.
    """
    reader = _READERS.get(payload.kind)
    if reader is None:
        raise PayloadError(f"youtube has no payload of kind {payload.kind!r}")
    return reader(payload.body, observed_at)


def _sorted_out(items: Any) -> tuple[list[Json], list[Unreadable]]:
    strange = [item for item in items or [] if not isinstance(item, dict)]
    letters = [Unreadable(dumps(item).decode(), "no object in a list of items") for item in strange]
    return mappings(items), letters


def _is_in(window: Window, payload: Payload) -> bool:
    """Whether a video is of the window; one whose time nobody tells goes to the dead letters."""
    published = moment(mapping(video_of(payload.body).get("snippet")).get("publishedAt"))
    return published is None or window[0] <= published < window[1]
