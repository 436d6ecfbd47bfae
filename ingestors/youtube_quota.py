"""YouTube's two daily quotas, and the errors that its answers mean.

A project has calls of ``search.list`` (100 a day unless Google grants more) and units for all
else (10,000 a day, one a call); both begin anew at midnight Pacific, and a refused call costs too.
Page: https://developers.google.com/youtube/v3/determine_quota_cost.
Errors: https://developers.google.com/youtube/v3/docs/errors.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Literal
from zoneinfo import ZoneInfo

from ingestors.credentials import bucket_of
from ingestors.fields import mapping, mappings, string
from lake.errors import (
    BlockedError,
    RateLimitedError,
    TaglakeError,
    UnauthorizedError,
    UnavailableError,
)
from lake.meter import meter
from lake.quota import Daily, LimitBook

Bucket = Literal["search", "units"]
_DAILY = frozenset({"quotaExceeded", "dailyLimitExceeded", "dailyLimitExceededUnreg"})
_TOO_FAST = frozenset({"rateLimitExceeded", "userRateLimitExceeded", "RATE_LIMIT_EXCEEDED"})
_BAD_KEY = frozenset({"keyInvalid", "keyExpired", "API_KEY_INVALID"})
_TEMPORARY = frozenset({"backendError", "processingFailure"})
_MENDS = {
    "accessNotConfigured": "enable the YouTube Data API v3 for the key's project",
    "SERVICE_DISABLED": "enable the YouTube Data API v3 for the key's project",
    "CONSUMER_SUSPENDED": "Google suspended the key's project",
    "ipRefererBlocked": "the key's restrictions shut this machine out",
    "API_KEY_IP_ADDRESS_BLOCKED": "the key's restrictions shut this machine out",
    "API_KEY_HTTP_REFERRER_BLOCKED": "the key is for web pages only; make one for servers",
    "API_KEY_SERVICE_BLOCKED": "the key's restrictions leave out the YouTube Data API v3",
}
TOO_FAST_S = 5.0  # the limit is a minute's or 100 seconds'; the back-off doubles from here


class Quotas:
    """What is left of each key's two daily quotas; each key is taken to be of its own project.

    What was spent outlives the process in the ``LimitBook``.

    Args:
        limits: Where what was spent is kept.
        keys: The keys' names.
        search: Calls of ``search.list`` a day.
        units: Units a day for all other calls.
    """

    def __init__(self, limits: LimitBook, keys: Iterable[str], *, search: int, units: int) -> None:
        self._limits = limits
        pacific = ZoneInfo("America/Los_Angeles")
        self._budgets: dict[Bucket, Daily] = {
            "search": Daily(search, pacific),
            "units": Daily(units, pacific),
        }
        for key in keys:
            for bucket, budget in self._budgets.items():
                limits.allow(bucket_of(key, bucket), budget)

    def spend(self, own_bucket: str) -> None:
        """Counts one call that is about to be made.

        Args:
            own_bucket: A key's own part of a bucket.

        Raises:
            RateLimitedError: It is used up; ``after_s`` tells when it is full again.
        """
        self._limits.spend(own_bucket)
        left = self._limits.left(own_bucket)
        if left is not None:
            meter().quota_left[own_bucket] = left

    def refused(self, bucket: Bucket, own_bucket: str) -> RateLimitedError:
        """The server says that a key's part is used up, whatever was counted here."""
        budget = self._budgets[bucket]
        midnight = budget.counts_until(budget.slot(self._limits.now()))
        self._limits.close(own_bucket, midnight)
        meter().quota_left[own_bucket] = 0
        what = "calls of search" if bucket == "search" else "units"
        return RateLimitedError(
            f"youtube: the day's {what} are used up until midnight Pacific",
            after_s=self._limits.seconds_until(midnight),
        )

    def left(self, bucket: Bucket, keys: Iterable[str]) -> int:
        """What all keys together have left of a bucket today."""
        return int(sum(self._limits.left(bucket_of(key, bucket)) or 0 for key in keys))


class Refusals:
    """Sorts the error answers of one call, and remembers what the last one said.

    Args:
        quotas: Told when the server says that a bucket is used up.
        bucket: What the call is paid from.
    """

    def __init__(self, quotas: Quotas, bucket: Bucket) -> None:
        self._quotas = quotas
        self.bucket = bucket
        self.own_bucket: str = bucket
        self.reasons: frozenset[str] = frozenset()
        self.concerns_key = False

    def begin(self, own_bucket: str) -> None:
        """A call with a key is about to be made, paid from that key's own part."""
        self.own_bucket = own_bucket
        self.reasons = frozenset()
        self.concerns_key = False
        self._quotas.spend(own_bucket)

    def __call__(self, status: int, body: Any) -> TaglakeError | None:
        """The error that an answer means; None where its status alone tells."""
        error = mapping(mapping(body).get("error"))
        self.reasons = reasons = _reasons(error)
        if reasons & _DAILY or (reasons & _TOO_FAST and _is_of_a_day(error)):
            return self._quotas.refused(self.bucket, self.own_bucket)
        if reasons & _TOO_FAST:
            return RateLimitedError("youtube: too many calls in a short time", after_s=TOO_FAST_S)
        if reasons & _BAD_KEY:
            return UnauthorizedError("youtube: the key is not valid; set platforms.youtube.key")
        if reasons & _TEMPORARY:
            return UnavailableError(f"youtube could not process a call ({status})")
        mend = next((_MENDS[reason] for reason in sorted(reasons) if reason in _MENDS), None)
        self.concerns_key = mend is not None
        return BlockedError(f"youtube refuses the key: {mend}") if mend else None


def _reasons(error: dict[str, Any]) -> frozenset[str]:
    """Of the old list ``errors``, the newer ``details`` and ``status``; none is always there."""
    entries = [*mappings(error.get("errors")), *mappings(error.get("details"))]
    named = [string(entry.get("reason")) for entry in entries]
    return frozenset(reason for reason in [*named, string(error.get("status"))] if reason)


def _is_of_a_day(error: dict[str, Any]) -> bool:
    """Whether a limit is a day's, by its name or, where that is left out, by what is said."""
    details = [mapping(entry.get("metadata")) for entry in mappings(error.get("details"))]
    limits = [string(entry.get("quota_limit")) for entry in details]
    told = [limit for limit in limits if limit] or [string(error.get("message")) or ""]
    return any("perday" in limit.lower().replace(" ", "") for limit in told)
