"""YouTube's Data API v3: videos by hashtag, their channels, comments.

Methods: https://developers.google.com/youtube/v3/docs (search, videos, channels, commentThreads).
A search gives ids only, newest first, and misses some and changes its order between calls; so each
poll begins ``lookback_s`` before the newest video that was taken, and the counts come from
``videos``, where what was deleted meanwhile is absent. The cursor moves with a poll's last page,
so a cut-off poll starts anew. What a poll has no search pages for stays in the cursor, and a later
poll with pages to spare goes back there. There is no count of a hashtag: ``totalResults`` is a
guess, and not kept.
"""

from __future__ import annotations

import re
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import Annotated, Any
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator

from ingestors.fields import host_of, mapping, mappings, moment, string, whole
from ingestors.platform import Page, Payload, Target, Unreadable
from ingestors.youtube_api import Access, Api
from ingestors.youtube_comments import CommentWalk
from ingestors.youtube_quota import Quota
from ingestors.youtube_records import channel_records, comment_records, video_of, video_records
from ingestors.youtube_search import Walk, read_found, read_place
from lake import http
from lake.errors import InvalidError, NotFoundError, PayloadError
from lake.json_text import dumps
from lake.records import Json, Record
from lake.retry import Backoff
from lake.times import now as real_now

_READERS = {"video": video_records, "channel": channel_records, "comment": comment_records}
_VIDEO_ID = re.compile(r"[A-Za-z0-9_-]{11}")
_CHANNEL_ID = re.compile(r"UC[A-Za-z0-9_-]{22}")


class Options(BaseModel):
    """The platform's section of config.yaml.

    Args:
        key: An API key, from https://console.cloud.google.com/apis/credentials.
        base: The API's address.
        search_calls_per_day: The project's quota of searches.
        units_per_day: The project's quota of all other calls.
        max_search_pages_per_poll: Searches of 50 videos that a poll of a hashtag may make.
        max_comment_pages_per_poll: Pages of 100 comments that a poll of a video may take.
        region: Search as people in this country do (ISO 3166-1, two letters).
        language: Prefer videos in this language (ISO 639-1).
        lookback_s: How far before the newest video later polls begin.
        timeout_s: Longest time for one call.
        attempts: Calls in all before a poll is cut short; each costs.
        backoff_s: Longest wait after the first failure; it doubles with each further one.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    key: SecretStr
    base: str = "https://youtube.googleapis.com/youtube/v3"
    search_calls_per_day: Annotated[int, Field(ge=0)] = 100
    units_per_day: Annotated[int, Field(ge=0)] = 10_000
    max_search_pages_per_poll: Annotated[int, Field(ge=1, le=100)] = 1
    max_comment_pages_per_poll: Annotated[int, Field(ge=1, le=1_000)] = 10
    region: Annotated[str, Field(pattern=r"^[A-Za-z]{2}$")] | None = None
    language: Annotated[str, Field(pattern=r"^[A-Za-z]{2}(-[A-Za-z]{2,4})?$")] | None = None
    lookback_s: Annotated[int, Field(ge=0, le=7 * 86_400)] = 21_600
    timeout_s: Annotated[float, Field(gt=0, le=600)] = 60
    attempts: Annotated[int, Field(ge=1, le=20)] = 5
    backoff_s: Annotated[float, Field(gt=0, le=60)] = 0.5

    @field_validator("key")
    @classmethod
    def _a_key(cls, key: SecretStr) -> SecretStr:
        text = key.get_secret_value().strip()
        if not re.fullmatch(r"[!-~]+", text):
            raise ValueError("must be an API key: no blanks, not empty")
        return SecretStr(text)

    @field_validator("base")
    @classmethod
    def _an_address(cls, base: str) -> str:
        base = base.strip().rstrip("/")
        if host_of(base) is None or urlsplit(base).query or "@" in base:
            raise ValueError(
                "must be an address, such as https://youtube.googleapis.com/youtube/v3"
            )
        return base


@asynccontextmanager
async def connect(
    options: Options, *, clock: Callable[[], datetime] = real_now
) -> AsyncIterator[Youtube]:
    """The platform, with connections that are closed at the end of the block.

    Args:
        options: Its section of config.yaml.
        clock: The current time, aware; by it the quotas begin anew.
    """
    async with http.connect(http.HttpOptions(timeout_s=options.timeout_s)) as client:
        yield Youtube(client, options, clock)


class Youtube:
    """The API with one key; see ``ingestors.platform.Platform``."""

    name = "youtube"
    context: str | None = None

    def __init__(self, client: http.Http, options: Options, clock: Callable[[], datetime]) -> None:
        self.limits = client.limits
        self._options = options
        self._clock = clock
        searches, units = options.search_calls_per_day, options.units_per_day
        self._api = Api(
            client,
            Access(options.base, options.key),
            Quota(search=searches, units=units, clock=clock),
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
            return self._tag_pages(value.strip("#"), cursor)
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
        """See ``Platform.check``."""
        await self._api.videos(["jNQXAC9IVRw"])
        return "the key is accepted"

    async def _tag_pages(self, tag: str, cursor: str | None) -> AsyncGenerator[Page, None]:
        walk = Walk(read_place(cursor), timedelta(seconds=self._options.lookback_s))
        channels: dict[str, Json] = {}
        seen: set[str] = set()
        at = self._clock()
        for left in reversed(range(self._options.max_search_pages_per_poll)):
            answer = await self._api.search(self._query(tag) | walk.params())
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
            place = walk.place().to_text() if is_last else None
            overlaps = walk.overlaps if is_last else None
            yield Page(payloads, at, place, overlaps, unreadable)
            if is_last:
                return

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
        owners = [string(mapping(video.get("snippet")).get("channelId")) for video in videos]
        unknown = [owner for owner in owners if owner and owner not in channels]
        for channel in mappings(await self._api.channels(unknown)):
            if id_ := string(channel.get("id")):
                channels[id_] = channel
        payloads = []
        for video, owner in zip(videos, owners, strict=True):
            channel = {"channel": channels[owner]} if owner in channels else {}
            payloads.append(Payload("video", {"video": video} | channel))
        return payloads, unreadable

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
