"""What is left of rate limits and quotas, by bucket: as answers told it, or as it was configured.

A bucket is whatever shares one limit: a server, an endpoint, a credential's part of one. What the
answers' headers say closes a bucket until its reset; where a platform tells nothing, a budget is
counted here. The state outlives the process (``state`` and ``restore``), so that a restart neither
runs into a limit again nor spends a day's quota twice.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta, tzinfo
from typing import Any, Protocol

from lake import times
from lake.errors import PayloadError, RateLimitedError
from lake.records import Json

_SLOTS = 48  # a rolling window is counted in so many parts
_FURTHEST = timedelta(days=31)  # a reset further ahead is a mistake of the server's
_BELIEVED = timedelta(minutes=15)  # how long what is left counts where no reset was told
_SKEW = timedelta(hours=1)  # what was spent later than this from now a wrong clock has counted
_OLDEST = timedelta(days=366)  # no quota's window is longer
_MOST_BUCKETS = 1_000  # that are kept across a restart


class Budget(Protocol):
    """How many calls a configured quota allows."""

    @property
    def calls(self) -> int:
        """Most calls in a window."""
        ...

    def slot(self, now: datetime) -> datetime:
        """The start of the part of time that ``now`` is counted in."""
        ...

    def counts_until(self, slot: datetime) -> datetime:
        """When what was spent in a slot no longer counts."""
        ...


@dataclass(frozen=True)
class Rolling:
    """At most ``calls`` in any ``window_s`` seconds; counted in parts of it, never too few."""

    calls: int
    window_s: float

    def slot(self, now: datetime) -> datetime:
        """See ``Budget.slot``."""
        part_s = self._part_s()
        return times.from_epoch_s(now.timestamp() // part_s * part_s)

    def counts_until(self, slot: datetime) -> datetime:
        """See ``Budget.counts_until``; the part's last call was made at its very end."""
        return slot + timedelta(seconds=self._part_s() + self.window_s)

    def _part_s(self) -> int:
        return max(1, math.ceil(self.window_s / _SLOTS))  # whole seconds: they are kept as text


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

    def now(self) -> datetime:
        """The current time by the book's clock."""
        return self._clock()

    def allow(self, bucket: str, budget: Budget) -> None:
        """Sets a configured quota; what was spent of it before stays spent."""
        self._budgets[bucket] = budget

    def spend(self, bucket: str, calls: int = 1) -> None:
        """Counts calls that are about to be made against the bucket's budget, if it has one.

        Raises:
            RateLimitedError: The budget does not hold so many, or the bucket is closed; ``after_s``
                says when it will, or is not. Nothing was counted.
        """
        budget = self._budgets.get(bucket)
        if budget is None:
            return
        opens = self.free_at(bucket, calls)
        if opens is not None:
            raise RateLimitedError(
                f"{bucket}: the quota of {budget.calls:,} calls is used up until "
                f"{times.to_text(opens)}",
                after_s=self.seconds_until(opens),
            )
        self.count(bucket, calls)

    def count(self, bucket: str, calls: int) -> None:
        """Counts what was spent already, whether the bucket's budget holds it or not."""
        budget = self._budgets.get(bucket)
        if budget is None or calls < 1:
            return
        spent = self._bucket(bucket).spent
        slot = budget.slot(self._clock())
        spent[slot] = spent.get(slot, 0) + calls
        self.changed = True

    def spent(self, bucket: str) -> int:
        """Calls that count against the bucket's budget now; 0 where it has none."""
        budget = self._budgets.get(bucket)
        return sum(self._counted(bucket, budget).values()) if budget else 0

    def note(self, bucket: str, *, left: float | None, resets_at: datetime | None) -> None:
        """Keeps what an answer said is left, and until when; None forgets it.

        Without a reset it is believed for a quarter of an hour.
        """
        entry = self._bucket(bucket)
        now = self._clock()
        known = left is not None and math.isfinite(left)
        entry.left = left if known else None
        entry.resets_at = min(resets_at or now + _BELIEVED, now + _FURTHEST) if known else None
        self.changed = True

    def close(self, bucket: str, until: datetime) -> None:
        """Takes no more calls for the bucket until then, at most a month from now.

        A bucket that is closed for longer already stays so.
        """
        entry = self._bucket(bucket)
        until = min(until, self._clock() + _FURTHEST)
        entry.closed_until = max(until, entry.closed_until or until)
        self.changed = True

    def close_for(self, bucket: str, wait_s: float) -> None:
        """Takes no more calls for the bucket for so many seconds; see ``close``."""
        self.close(
            bucket, self._clock() + timedelta(seconds=min(wait_s, _FURTHEST.total_seconds()))
        )

    def open_at(self, bucket: str) -> datetime | None:
        """When a closed bucket takes calls again, whatever its budget says; None: now."""
        entry = self._buckets.get(bucket)
        closed_until = entry.closed_until if entry else None
        return closed_until if closed_until and closed_until > self._clock() else None

    def free_at(self, bucket: str, calls: int = 1) -> datetime | None:
        """When so many calls may be spent: the bucket is open and its budget holds them.

        None: now. More than the whole budget are never free; then it is some time from now.
        """
        moments = (self.open_at(bucket), self._holds_at(bucket, calls))
        return max((moment for moment in moments if moment), default=None)

    def seconds_until(self, moment: datetime) -> float:
        """Seconds from now to a moment; 0 for one that has passed."""
        return max(0.0, (moment - self._clock()).total_seconds())

    def left(self, bucket: str) -> float | None:
        """Calls that are left; None where neither answers nor a budget tell."""
        now = self._clock()
        entry = self._buckets.get(bucket) or _Bucket()
        known: list[float] = []
        if entry.left is not None and entry.resets_at is not None and entry.resets_at > now:
            known.append(max(0.0, entry.left))
        if self.open_at(bucket) is not None:
            known.append(0)
        budget = self._budgets.get(bucket)
        if budget is not None:
            known.append(max(0, budget.calls - self.spent(bucket)))
        return min(known, default=None)

    def _holds_at(self, bucket: str, calls: int) -> datetime | None:
        budget = self._budgets.get(bucket)
        if budget is None:
            return None
        counted = self._counted(bucket, budget)
        too_many = sum(counted.values()) + calls - budget.calls
        if too_many <= 0:
            return None
        for slot in sorted(counted):
            too_many -= counted[slot]
            if too_many <= 0:
                return budget.counts_until(slot)
        return budget.counts_until(budget.slot(self._clock()))

    def _counted(self, bucket: str, budget: Budget) -> dict[datetime, int]:
        """What still counts; what no longer does is forgotten."""
        now = self._clock()
        entry = self._bucket(bucket)
        entry.spent = {
            slot: calls
            for slot, calls in entry.spent.items()
            if now - _OLDEST < slot <= now + _SKEW and budget.counts_until(slot) > now
        }
        return entry.spent

    def _bucket(self, bucket: str) -> _Bucket:
        return self._buckets.setdefault(bucket, _Bucket())

    def state(self) -> Json:
        """What outlives the process: 1,000 buckets, those spent from or closed before others."""
        alive: list[tuple[bool, bool, datetime, str]] = []
        for name, entry in self._buckets.items():
            self._forget(name, entry)
            moments = [m for m in (entry.resets_at, entry.closed_until, *entry.spent) if m]
            if moments:
                is_closed = entry.closed_until is not None
                alive.append((bool(entry.spent), is_closed, max(moments), name))
        names = [name for *_, name in sorted(alive, reverse=True)[:_MOST_BUCKETS]]
        return {name: _saved(self._buckets[name]) for name in names}

    def _forget(self, name: str, entry: _Bucket) -> None:
        """Drops what no longer counts; what was spent of a quota that is no more, in a month."""
        now = self._clock()
        if entry.resets_at is None or entry.resets_at <= now:
            entry.left = entry.resets_at = None
        if entry.closed_until is not None and entry.closed_until <= now:
            entry.closed_until = None
        if budget := self._budgets.get(name):
            self._counted(name, budget)
        else:
            entry.spent = {s: n for s, n in entry.spent.items() if s > now - _FURTHEST}

    def restore(self, state: Json) -> None:
        """Takes up an earlier process's state; what cannot be read is left out.

        What this process has counted or closed already stays.
        """
        for name, saved in state.items():
            if not isinstance(saved, dict):
                continue
            if closed_until := _moment(saved.get("closed_until")):
                self.close(name, closed_until)
            left, resets_at = saved.get("left"), _moment(saved.get("resets_at"))
            entry = self._bucket(name)
            if entry.left is None and type(left) in (int, float) and resets_at:
                self.note(name, left=left, resets_at=resets_at)
            for slot, calls in _slots(saved.get("spent")).items():
                entry.spent[slot] = max(calls, entry.spent.get(slot, 0))


def _saved(entry: _Bucket) -> Json:
    return {
        "left": entry.left,
        "resets_at": times.to_text(entry.resets_at) if entry.resets_at else None,
        "closed_until": times.to_text(entry.closed_until) if entry.closed_until else None,
        "spent": {times.to_text(slot): calls for slot, calls in entry.spent.items()},
    }


def _slots(saved: Any) -> dict[datetime, int]:
    found = saved.items() if isinstance(saved, dict) else ()
    read = {_moment(slot): calls for slot, calls in found if type(calls) is int and calls > 0}
    return {slot: calls for slot, calls in read.items() if slot is not None}


def _moment(text: Any) -> datetime | None:
    try:
        return times.from_text(text) if isinstance(text, str) else None
    except PayloadError:
        return None
