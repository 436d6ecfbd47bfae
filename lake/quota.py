"""What is left of rate limits and quotas, by bucket: as answers told it, or as it was configured.

A bucket is whatever shares one limit: a server, an endpoint, a credential's part of one. What the
answers' headers say closes a bucket until its reset; where a platform tells nothing, a budget is
counted here. The state outlives the process (``state`` and ``restore``), so that a restart neither
runs into a limit again nor spends a day's quota twice.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta, tzinfo
from typing import Protocol

from lake import times
from lake.errors import PayloadError, RateLimitedError
from lake.records import Json

_SLOTS = 48  # a rolling window is counted in so many parts
_FURTHEST = timedelta(days=31)  # a reset further ahead is a mistake of the server's


class Budget(Protocol):
    """How many calls a configured quota allows.

    Attributes:
        calls: Most calls in a window.
    """

    calls: int

    def slot(self, now: datetime) -> datetime:
        """The start of the part of time that ``now`` is counted in."""
        ...

    def counts_until(self, slot: datetime) -> datetime:
        """When what was spent in a slot no longer counts."""
        ...


@dataclass(frozen=True)
class Rolling:
    """At most ``calls`` in any ``window_s`` seconds; counted in 48ths, never too few."""

    calls: int
    window_s: float

    def slot(self, now: datetime) -> datetime:
        """See ``Budget.slot``."""
        part_s = self.window_s / _SLOTS
        return times.from_epoch_s(now.timestamp() // part_s * part_s)

    def counts_until(self, slot: datetime) -> datetime:
        """See ``Budget.counts_until``."""
        return slot + timedelta(seconds=self.window_s * (1 + 1 / _SLOTS))


@dataclass(frozen=True)
class Daily:
    """At most ``calls`` a day of ``zone``'s calendar."""

    calls: int
    zone: tzinfo

    def slot(self, now: datetime) -> datetime:
        """See ``Budget.slot``."""
        return times.as_utc(datetime.combine(now.astimezone(self.zone).date(), time(), self.zone))

    def counts_until(self, slot: datetime) -> datetime:
        """See ``Budget.counts_until``; some days have 23 or 25 hours."""
        tomorrow = slot.astimezone(self.zone).date() + timedelta(days=1)
        return times.as_utc(datetime.combine(tomorrow, time(), self.zone))


@dataclass(slots=True)
class _Bucket:
    left: float | None = None
    resets_at: datetime | None = None
    closed_until: datetime | None = None
    spent: dict[datetime, int] = field(default_factory=dict)


class LimitBook:
    """What is left of each bucket of one platform.

    Args:
        clock: The current time, aware; tests pass their own.
    """

    def __init__(self, clock: Callable[[], datetime] = times.now) -> None:
        self._clock = clock
        self._buckets: dict[str, _Bucket] = {}
        self._budgets: dict[str, Budget] = {}
        self.changed = False

    def allow(self, bucket: str, budget: Budget) -> None:
        """Sets a configured quota; what was spent of it before stays spent."""
        self._budgets[bucket] = budget

    def spend(self, bucket: str, calls: int = 1) -> None:
        """Counts calls that are about to be made against the bucket's budget, if it has one.

        Raises:
            RateLimitedError: The budget does not hold so many; ``after_s`` says when it will.
        """
        budget = self._budgets.get(bucket)
        if budget is None:
            return
        now = self._clock()
        left = self.left(bucket)
        if left is not None and left < calls:
            counted = self._counted(bucket, budget)
            opens = self.open_at(bucket) or min(map(budget.counts_until, counted), default=now)
            raise RateLimitedError(
                f"{bucket}: the quota of {budget.calls:,} calls is used up until "
                f"{times.to_text(opens)}",
                after_s=max(0.0, (opens - now).total_seconds()),
            )
        spent = self._bucket(bucket).spent
        slot = budget.slot(now)
        spent[slot] = spent.get(slot, 0) + calls
        self.changed = True

    def note(self, bucket: str, *, left: float | None, resets_at: datetime | None) -> None:
        """Keeps what an answer said is left, and until when."""
        entry = self._bucket(bucket)
        entry.left, entry.resets_at = left, resets_at
        self.changed = True

    def close(self, bucket: str, until: datetime) -> None:
        """Takes no more calls for the bucket until then, at most a month from now."""
        self._bucket(bucket).closed_until = min(until, self._clock() + _FURTHEST)
        self.changed = True

    def open_at(self, bucket: str) -> datetime | None:
        """When the bucket takes calls again; None: now."""
        now = self._clock()
        entry = self._buckets.get(bucket)
        if entry is None:
            return None
        moments = [entry.closed_until] if entry.closed_until else []
        budget = self._budgets.get(bucket)
        if budget is not None and (self.left(bucket) or 0) < 1:
            moments.append(
                min(map(budget.counts_until, self._counted(bucket, budget)), default=now)
            )
        latest = max(moments, default=now)
        return latest if latest > now else None

    def seconds_until(self, moment: datetime) -> float:
        """Seconds from now to a moment; 0 for one that has passed."""
        return max(0.0, (moment - self._clock()).total_seconds())

    def left(self, bucket: str) -> float | None:
        """Calls that are left; None where neither answers nor a budget tell."""
        now = self._clock()
        entry = self._buckets.get(bucket) or _Bucket()
        known: list[float] = []
        if entry.left is not None and (entry.resets_at is None or entry.resets_at > now):
            known.append(entry.left)
        if entry.closed_until is not None and entry.closed_until > now:
            known.append(0)
        budget = self._budgets.get(bucket)
        if budget is not None:
            known.append(max(0, budget.calls - sum(self._counted(bucket, budget).values())))
        return min(known, default=None)

    def _counted(self, bucket: str, budget: Budget) -> dict[datetime, int]:
        """What still counts; what no longer does is forgotten."""
        now = self._clock()
        entry = self._bucket(bucket)
        entry.spent = {s: n for s, n in entry.spent.items() if budget.counts_until(s) > now}
        return entry.spent

    def _bucket(self, bucket: str) -> _Bucket:
        return self._buckets.setdefault(bucket, _Bucket())

    def state(self) -> Json:
        """What outlives the process."""
        now = self._clock()
        return {
            name: {
                "left": entry.left,
                "resets_at": _text(entry.resets_at),
                "closed_until": _text(entry.closed_until),
                "spent": {times.to_text(slot): calls for slot, calls in entry.spent.items()},
            }
            for name, entry in self._buckets.items()
            if entry.spent or any(at and at > now for at in (entry.resets_at, entry.closed_until))
        }

    def restore(self, state: Json) -> None:
        """Takes up an earlier process's state; what cannot be read is left out."""
        for name, saved in state.items():
            try:
                self._buckets[name] = _Bucket(
                    saved["left"],
                    _moment(saved["resets_at"]),
                    _moment(saved["closed_until"]),
                    {times.from_text(slot): int(n) for slot, n in saved["spent"].items()},
                )
            except (KeyError, TypeError, ValueError, AttributeError, PayloadError):
                continue


def _text(moment: datetime | None) -> str | None:
    return times.to_text(moment) if moment else None


def _moment(text: str | None) -> datetime | None:
    return times.from_text(text) if text else None
