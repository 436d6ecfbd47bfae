"""YouTube's two daily quotas, counted here, and the errors that its answers mean.

A project has calls of ``search.list`` (100 a day unless Google grants more) and units for all
else (10,000 a day, one a call); both begin anew at midnight Pacific, and a refused call costs too.
Page: https://developers.google.com/youtube/v3/determine_quota_cost.
Errors: https://developers.google.com/youtube/v3/docs/errors.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, time, timedelta, timezone, tzinfo
from typing import Any, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from ingestors.fields import mapping, mappings, string
from lake.errors import (
    BlockedError,
    RateLimitedError,
    TaglakeError,
    UnauthorizedError,
    UnavailableError,
)

Bucket = Literal["search", "units"]
_DAILY = frozenset({"quotaExceeded", "dailyLimitExceeded", "dailyLimitExceededUnreg"})
_TOO_FAST = frozenset({"rateLimitExceeded", "userRateLimitExceeded", "RATE_LIMIT_EXCEEDED"})
_BAD_KEY = frozenset({"keyInvalid", "keyExpired", "API_KEY_INVALID"})
_TEMPORARY = frozenset({"backendError", "processingFailure"})
_MENDS = {
    "accessNotConfigured": "enable the YouTube Data API v3 for the key's project",
    "ipRefererBlocked": "the key's restrictions shut this machine out",
    "API_KEY_IP_ADDRESS_BLOCKED": "the key's restrictions shut this machine out",
    "API_KEY_HTTP_REFERRER_BLOCKED": "the key is for web pages only; make one for servers",
    "API_KEY_SERVICE_BLOCKED": "the key's restrictions leave out the YouTube Data API v3",
}
TOO_FAST_S = 5.0  # the limit is a minute's or 100 seconds'; the back-off doubles from here


class Quota:
    """What one connection has spent of the two buckets since midnight Pacific.

    Args:
        search: Calls of ``search.list`` a day.
        units: Units a day for all other calls.
        clock: The current time, aware.
    """

    def __init__(self, *, search: int, units: int, clock: Callable[[], datetime]) -> None:
        self._limits: dict[Bucket, int] = {"search": search, "units": units}
        self._left = dict(self._limits)
        self._clock = clock
        self._zone = _pacific()
        self._resets_at = self._next_midnight()

    def spend(self, bucket: Bucket) -> None:
        """Counts one call that is about to be made.

        Raises:
            RateLimitedError: The bucket is used up; ``after_s`` tells when it is full again.
        """
        self._begin_anew()
        if self._left[bucket] < 1:
            raise self._used_up(bucket)
        self._left[bucket] -= 1

    def refused(self, bucket: Bucket) -> RateLimitedError:
        """The server says that the bucket is used up, whatever was counted here."""
        self._begin_anew()
        self._left[bucket] = 0
        return self._used_up(bucket)

    def left(self, bucket: Bucket) -> int:
        """Calls or units left until the reset."""
        self._begin_anew()
        return self._left[bucket]

    def _begin_anew(self) -> None:
        if self._clock() >= self._resets_at:
            self._left = dict(self._limits)
            self._resets_at = self._next_midnight()

    def _used_up(self, bucket: Bucket) -> RateLimitedError:
        what = "calls of search" if bucket == "search" else "units"
        wait_s = (self._resets_at - self._clock()).total_seconds()
        return RateLimitedError(
            f"youtube: the day's {what} are used up until midnight Pacific", after_s=wait_s
        )

    def _next_midnight(self) -> datetime:
        tomorrow = self._clock().astimezone(self._zone).date() + timedelta(days=1)
        return datetime.combine(tomorrow, time(), self._zone)


class Refusals:
    """Sorts the error answers of one call, and remembers the reasons that the last one gave.

    Args:
        quota: Told when the server says that a bucket is used up.
        bucket: What the call is paid from.
    """

    def __init__(self, quota: Quota, bucket: Bucket) -> None:
        self._quota = quota
        self.bucket = bucket
        self.reasons: frozenset[str] = frozenset()

    def __call__(self, status: int, body: Any) -> TaglakeError | None:
        """The error that an answer means; None where its status alone tells."""
        error = mapping(mapping(body).get("error"))
        self.reasons = reasons = _reasons(error)
        if reasons & _DAILY or (reasons & _TOO_FAST and _is_of_a_day(error)):
            return self._quota.refused(self.bucket)
        if reasons & _TOO_FAST:
            return RateLimitedError("youtube: too many calls in a short time", after_s=TOO_FAST_S)
        if reasons & _BAD_KEY:
            return UnauthorizedError("youtube: the key is not valid; set platforms.youtube.key")
        if reasons & _TEMPORARY:
            return UnavailableError(f"youtube could not process a call ({status})")
        mend = next((_MENDS[reason] for reason in sorted(reasons) if reason in _MENDS), None)
        return BlockedError(f"youtube refuses the key: {mend}") if mend else None


def _reasons(error: dict[str, Any]) -> frozenset[str]:
    """Of the old list ``errors`` and the newer ``details``; neither is always there."""
    entries = [*mappings(error.get("errors")), *mappings(error.get("details"))]
    return frozenset(reason for entry in entries if (reason := string(entry.get("reason"))))


def _is_of_a_day(error: dict[str, Any]) -> bool:
    limits = [
        string(mapping(entry.get("metadata")).get("quota_limit")) or ""
        for entry in mappings(error.get("details"))
    ]
    return any("perday" in limit.lower() for limit in limits)


def _pacific() -> tzinfo:
    try:
        return ZoneInfo("America/Los_Angeles")
    except ZoneInfoNotFoundError:
        # Winter time all year: in summer the reset is taken to be an hour late, never early.
        return timezone(timedelta(hours=-8))
