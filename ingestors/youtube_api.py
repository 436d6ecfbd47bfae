"""Calls of YouTube's Data API v3: each is paid for, made, retried, and its refusals are sorted."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from typing import Any

from ingestors.credentials import Lease, Pool
from ingestors.fields import mapping
from ingestors.youtube_quota import Bucket, Quotas, Refusals
from lake.errors import (
    BlockedError,
    InvalidError,
    NotFoundError,
    RetryError,
    StopPlatformError,
    UnauthorizedError,
    UnavailableError,
)
from lake.http import Http
from lake.http_answer import Answer
from lake.retry import Backoff, retrying

logger = logging.getLogger(__name__)
MOST_IDS = 50  # that videos and channels take; also the most that search gives
MOST_COMMENTS = 100
_VIDEO_PARTS = "snippet,statistics,contentDetails,status"
_CHANNEL_PARTS = "snippet,statistics,contentDetails"
_NO_VIDEO = frozenset({"videoNotFound", "NOT_FOUND"})
_NOT_THIS_ONE = frozenset({"forbidden", "operationNotSupported"})


class Api:
    """The methods that Taglake calls.

    Args:
        http: Makes the calls.
        base: The API's address, without a last slash.
        keys: With which calls are made, by name.
        quotas: What is left of each key's quotas today; every attempt is paid for.
        backoff: How long to wait after a failure.
        attempts: Calls in all.
    """

    def __init__(
        self,
        http: Http,
        base: str,
        keys: Mapping[str, str],
        quotas: Quotas,
        *,
        backoff: Backoff,
        attempts: int,
    ) -> None:
        self._http = http
        self._base = base
        self._keys = Pool(keys, http.limits)
        self._quotas = quotas
        self._backoff = backoff
        self._attempts = attempts

    async def search(self, params: dict[str, str]) -> Answer | None:
        """A page of a search; None where the server has forgotten the page token.

        Raises:
            BlockedError: YouTube does not search like this.
        """
        refusals = self._refusals("search")
        sizes = {"part": "snippet", "maxResults": str(MOST_IDS)}
        try:
            return await self._get("search", sizes | params, refusals)
        except BlockedError:
            if "pageToken" in params and "invalidPageToken" in refusals.reasons:
                return None
            raise
        except NotFoundError as exc:
            raise BlockedError("youtube has no search at this address; mend base") from exc

    async def videos(self, ids: Sequence[str]) -> list[Any]:
        """The videos with these ids; what was deleted or made private is not among them."""
        return await self._by_ids("videos", {"part": _VIDEO_PARTS}, ids)

    async def lookup(self, ids: Sequence[str]) -> Answer | None:
        """The answer about at most 50 videos; None where the only one is said not to be there.

        Raises:
            NotFoundError: Something is not there; which of several videos, nobody says.
            UnavailableError: The answer has no list, so that nothing can be told missing.
        """
        refusals = self._refusals("units")
        params = {"part": _VIDEO_PARTS, "id": ",".join(ids)}
        try:
            return await self._get("videos", params, refusals, needs="items")
        except NotFoundError:
            if len(ids) == 1 and "videoNotFound" in refusals.reasons:
                return None
            raise

    async def channels(self, ids: Sequence[str]) -> list[Any]:
        """The channels with these ids that there are."""
        # Without maxResults 5 are given whatever is asked for; videos, though, does not take it.
        params = {"part": _CHANNEL_PARTS, "maxResults": str(MOST_IDS)}
        return await self._by_ids("channels", params, ids)

    async def channel(self, which: dict[str, str]) -> Answer:
        """One channel by ``id`` or ``forHandle``; without items where there is none.

        Raises:
            NotFoundError: There is none, which YouTube says this way too.
        """
        try:
            params = {"part": _CHANNEL_PARTS} | which
            return await self._get("channels", params, self._refusals("units"))
        except NotFoundError as exc:
            raise NotFoundError(f"youtube knows no channel {list(which.values())}") from exc

    async def comments(self, video_id: str, token: str | None) -> Answer | None:
        """A page of comments; None where they are switched off, or ``token`` is forgotten.

        Raises:
            NotFoundError: YouTube says that there is no such video.
            InvalidError: It does not show this video's comments.
        """
        refusals = self._refusals("units")
        params = {"part": "snippet", "videoId": video_id, "order": "time"}
        params |= {"textFormat": "plainText", "maxResults": str(MOST_COMMENTS)}
        try:
            return await self._get(
                "commentThreads", params | ({"pageToken": token} if token else {}), refusals
            )
        except BlockedError as exc:
            if refusals.reasons & (
                {"commentsDisabled"} | ({"invalidPageToken"} if token else set())
            ):
                return None
            if refusals.reasons & _NOT_THIS_ONE and not refusals.concerns_key:
                raise InvalidError(f"youtube does not show the comments of {video_id!r}") from exc
            raise
        except NotFoundError as exc:
            if not refusals.reasons & _NO_VIDEO:  # a proxy's, say: what is not found is erased
                raise UnavailableError("youtube did not say itself that a video is gone") from exc
            raise NotFoundError(f"youtube has no video {video_id!r}") from exc

    async def _by_ids(self, method: str, params: dict[str, str], ids: Sequence[str]) -> list[Any]:
        wanted = list(dict.fromkeys(ids))
        found: list[Any] = []
        for first in range(0, len(wanted), MOST_IDS):
            chosen = {"id": ",".join(wanted[first : first + MOST_IDS])}
            try:
                answer = await self._get(method, params | chosen, self._refusals("units"))
            except NotFoundError:
                continue  # none of them is there
            found += answer.body.get("items", [])
        return found

    def _refusals(self, bucket: Bucket) -> Refusals:
        return Refusals(self._quotas, bucket)

    async def _get(
        self, method: str, params: dict[str, str], refusals: Refusals, needs: str = ""
    ) -> Answer:
        async def attempt() -> Answer:
            answer = await self._keys.call(refusals.bucket, ask)
            body = mapping(answer.body)
            if not isinstance(body.get("items", []), list) or not body.keys() & {"items", "kind"}:
                raise UnavailableError(f"youtube answered {method} with something that is no list")
            if needs and needs not in body:
                raise UnavailableError(f"youtube answered {method} without {needs}")
            return answer

        async def ask(lease: Lease[str]) -> Answer:
            url = f"{self._base}/{method}"
            refusals.begin(lease.bucket)
            try:
                return await self._http.get_json(
                    url, params | {"key": lease.credential}, refusal=refusals, bucket=lease.bucket
                )
            except StopPlatformError as exc:
                if refusals.concerns_key or isinstance(exc, UnauthorizedError):
                    self._keys.refuse(lease.name, exc)
                raise

        return await retrying(
            attempt, backoff=self._backoff, attempts=self._attempts, on_wait=_log_wait
        )


def _log_wait(exc: RetryError, wait_s: float) -> None:
    logger.warning("waiting for the platform", extra={"reason": str(exc), "wait_s": wait_s})
