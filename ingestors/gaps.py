"""When nobody watched: the three rules by which a poll tells that it was blind before. Pure.

A gap is (1) a poll that met nothing which an earlier poll knew, so that posts may lie between,
(2) a poll that is overdue by more than two intervals, or (3) a block: the platform refused us.
Source: the error gaps of DMI-TCAT (https://github.com/digitalmethodsinitiative/dmi-tcat), with
overlap as a rule of its own.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from lake import times
from lake.errors import StopPlatformError, TaglakeError
from lake.records import Json

Reason = Literal["no_overlap", "overdue", "blocked"]
_OVERDUE_INTERVALS = 2


@dataclass(frozen=True, slots=True)
class Due:
    """What the schedule wants of a poll.

    Args:
        at: When the poll should begin, aware UTC.
        interval_s: Seconds from one poll to the next.
        posts_per_h: The velocity that the interval was made for; None where it is not known.
        refused_at: When the platform last refused us, whichever target it was asked for.
    """

    at: datetime
    interval_s: float
    posts_per_h: float | None = None
    refused_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Gap:
    """A time that nobody watched.

    Args:
        start: When it began, aware UTC.
        end: When somebody watched again.
        reason: By which rule.
        recovered: Whether the posts of that time were read later; how their numbers grew in
            between nobody knows all the same.
    """

    start: datetime
    end: datetime
    reason: Reason
    recovered: bool = False

    def as_json(self) -> Json:
        """The gap as the ledger keeps it."""
        return {
            "start": times.to_text(self.start),
            "end": times.to_text(self.end),
            "reason": self.reason,
            "recovered": self.recovered,
        }


def gap_before(
    started_at: datetime,
    *,
    watched_until: datetime | None,
    polled_at: datetime | None,
    overlaps: bool | None,
    due: Due | None,
    blocked: bool,
) -> Gap | None:
    """The gap that ended with a poll that succeeded.

    Args:
        started_at: When the poll began.
        watched_until: Up to when nothing was missed; None: this is the first poll.
        polled_at: When the last poll that succeeded began, even one that could not tell whether it
            missed something; None: this is the first.
        overlaps: Whether the poll met what was known; None: it cannot tell.
        due: What the schedule wanted; None for a poll by hand, which is never overdue.
        blocked: Whether the platform refused every poll since ``watched_until``.
    """
    if watched_until is None or polled_at is None or polled_at >= started_at:
        return None
    recovered = overlaps is True
    if overlaps is False:
        return Gap(watched_until, started_at, "blocked" if blocked else "no_overlap")
    if blocked:
        return Gap(polled_at, started_at, "blocked", recovered)
    if due is None:
        return None
    interval = timedelta(seconds=due.interval_s)
    if started_at - polled_at > _OVERDUE_INTERVALS * interval:
        refused = due.refused_at is not None and due.refused_at > polled_at
        reason: Reason = "blocked" if refused else "overdue"
        return Gap(polled_at + interval, started_at, reason, recovered)
    return None


def gap_at_failure(
    failed_at: datetime, *, watched_until: datetime | None, error: TaglakeError
) -> Gap | None:
    """The gap that goes on because the platform refused a poll; None for other errors."""
    if not isinstance(error, StopPlatformError):
        return None
    start = watched_until if watched_until and watched_until < failed_at else failed_at
    return Gap(start, failed_at, "blocked")
