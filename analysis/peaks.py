"""Hours with far more posts than usual: METRICS 30. Pure.

What is usual is the same hour of the week in the four weeks before, in the calendar of a time zone,
or, where nobody watched one of these hours, the seven days before. An hour that nobody watched has
no number of posts, so it is in no reference.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from statistics import median
from typing import Any, Literal, get_args
from zoneinfo import ZoneInfo

from analysis.calendar_counts import Span, Stretch, joined
from analysis.timeline import MOST_INTERVALS, cuts
from lake import times
from lake.errors import InvalidError

Sensitivity = Literal["low", "medium", "high"]
SENSITIVITIES: tuple[str, ...] = get_args(Sensitivity)
# How many deviations an hour must lie above its reference; so "high" finds the fewest peaks.
DEVIATIONS: Mapping[str, float] = {"low": 1.5, "medium": 2.0, "high": 3.0}
LOOK_BACK = timedelta(days=28)

_WEEKS = 4
_WEEK = timedelta(days=7)
# With less than a day before it, nobody can say what is usual.
_FEWEST_TRAILING = 24
_FEWEST_POSTS = 10
_TIMES_MEDIAN = 2
# The standard deviation of a normal distribution, in median absolute deviations.
_MAD_SCALE = 1.4826


@dataclass(frozen=True, slots=True)
class Reference:
    """What an hour is compared with.

    Args:
        kind: ``hour_of_week`` or ``trailing_7d``.
        hours: The hours, in order.
    """

    kind: Literal["hour_of_week", "trailing_7d"]
    hours: Sequence[Stretch]


@dataclass(frozen=True, slots=True)
class Judged:
    """An hour and how far it lies above its reference.

    Args:
        hour: The hour.
        reference: What it was compared with.
        median: The reference's median of posts.
        mad: The reference's median absolute deviation.
        z: Deviations above the median.
    """

    hour: Stretch
    reference: Reference
    median: float
    mad: float
    z: float

    def is_peak(self, deviations: float) -> bool:
        """Whether it counts as a peak when so many deviations are asked for."""
        posts = self.hour.posts
        return (
            self.z >= deviations and posts >= _FEWEST_POSTS and posts >= _TIMES_MEDIAN * self.median
        )


@dataclass(frozen=True, slots=True)
class Peak:
    """Peak hours that follow each other without a break."""

    hours: Sequence[Judged]

    @property
    def start(self) -> datetime:
        """Start of the first hour."""
        return self.hours[0].hour.start

    @property
    def end(self) -> datetime:
        """End of the last hour, exclusive."""
        return self.hours[-1].hour.end

    @property
    def posts(self) -> int:
        """Posts in all its hours."""
        return sum(judged.hour.posts for judged in self.hours)

    @property
    def highest(self) -> Judged:
        """The hour with the most posts; of equal ones the first."""
        return max(self.hours, key=lambda judged: judged.hour.posts)

    @property
    def excess(self) -> float:
        """Posts above what was usual."""
        return sum(judged.hour.posts - judged.median for judged in self.hours)

    def reference_spans(self) -> list[Span]:
        """All hours that its hours were compared with, but its own; joined, in order."""
        hours = {hour for judged in self.hours for hour in judged.reference.hours}
        return joined(
            (hour.start, hour.end) for hour in hours if not self.start <= hour.start < self.end
        )

    def to_json(self) -> dict[str, Any]:
        """The peak as answers carry it; numbers of the reference are those of its highest hour."""
        top = self.highest
        return {
            "start": times.to_text(self.start),
            "end": times.to_text(self.end),
            "hours": len(self.hours),
            "posts": self.posts,
            "peak_hour": times.to_text(top.hour.start),
            "peak_posts": top.hour.posts,
            "z": top.z,
            "median": top.median,
            "mad": top.mad,
            "reference": top.reference.kind,
            "reference_hours": len(top.reference.hours),
            "excess_posts": self.excess,
        }


def hour_cuts(zone: str, start: datetime, end: datetime) -> tuple[list[datetime], list[bool]]:
    """Where the hours of a window and of the weeks before it begin, and which of them are whole.

    The window's start and end are cuts, too, so an hour across one of them is cut in two.

    Args:
        zone: The IANA time zone in which hours begin.
        start: The window's start.
        end: Its end, exclusive, after the start.

    Raises:
        InvalidError: There is no such time zone, or the window has too many hours.
    """
    if (end - start) / timedelta(hours=1) > MOST_INTERVALS:
        raise _invalid(
            "to",
            f"the window has more than {MOST_INTERVALS:,} hours; ask for a shorter one with from "
            "and to",
        )
    try:
        first = start - LOOK_BACK
    except OverflowError as exc:  # in year 1
        raise _invalid("from", "there are no four weeks before it in the calendar") from exc
    hours: set[datetime] = set()
    while first < end:  # piece by piece: no piece has too many hours to be cut at once
        until = min(first + LOOK_BACK, end)
        hours.update(cuts("hour", zone, first, until))
        first = until
    found = sorted(cut for cut in {*hours, start, end} if cut <= end)
    return found, [begins in hours and ends in hours for begins, ends in pairwise(found)]


def _invalid(field: str, message: str) -> InvalidError:
    return InvalidError(f"{field}: {message}", errors=({"field": field, "message": message},))


def deviations_of(sensitivity: str) -> float:
    """How many deviations a sensitivity asks for.

    Raises:
        InvalidError: There is no such sensitivity.
    """
    if sensitivity not in DEVIATIONS:
        raise _invalid("sensitivity", f"must be one of {', '.join(SENSITIVITIES)}")
    return DEVIATIONS[sensitivity]


def deviations_above(posts: float, reference: Sequence[float]) -> tuple[float, float, float]:
    """``z``, the median and the median absolute deviation of a reference that is not empty.

    z = (x - median) / max(1.4826 MAD, sqrt(max(median, 1))): counts scatter at least as chance has
    it, however even the reference may be.
    """
    middle = median(reference)
    mad = median([abs(value - middle) for value in reference])
    return (posts - middle) / max(_MAD_SCALE * mad, max(middle, 1.0) ** 0.5), middle, mad


def judged_hours(hours: Sequence[Stretch], start: datetime, zone: str) -> tuple[list[Judged], int]:
    """The hours from ``start`` on with their references, and how many have none.

    Args:
        hours: In order, without holes, from ``LOOK_BACK`` before ``start`` on. What begins there
            before ``start`` is for reference only.
        start: Where the judged hours begin.
        zone: The IANA time zone of the hours of the week.
    """
    calendar = _Calendar(hours, ZoneInfo(zone))
    found, missing = [], 0
    for hour in hours:
        if hour.start < start:
            continue
        reference = calendar.reference(hour)
        if reference is None:
            missing += 1
            continue
        z, middle, mad = deviations_above(hour.posts, [one.posts for one in reference.hours])
        found.append(Judged(hour, reference, middle, mad, z))
    return found, missing


class _Calendar:
    """Finds the hours that an hour is compared with."""

    def __init__(self, hours: Sequence[Stretch], zone: ZoneInfo) -> None:
        self._zone = zone
        self._usable = [hour for hour in hours if hour.watched and hour.whole]
        self._starts = [hour.start for hour in self._usable]
        self._by_clock: dict[datetime, list[Stretch]] = {}
        for hour in self._usable:
            self._by_clock.setdefault(self._clock(hour), []).append(hour)

    def reference(self, hour: Stretch) -> Reference | None:
        """What an hour is compared with; None where too little was watched before it."""
        clock = self._clock(hour)
        weeks = [self._by_clock.get(clock - ago * _WEEK, []) for ago in range(_WEEKS, 0, -1)]
        if all(weeks):
            # When clocks are put back, an hour comes twice.
            return Reference("hour_of_week", [one for week in weeks for one in week])
        first = bisect_left(self._starts, hour.start - _WEEK)
        trailing = self._usable[first : bisect_left(self._starts, hour.start)]
        if len(trailing) < _FEWEST_TRAILING:
            return None
        return Reference("trailing_7d", trailing)

    def _clock(self, hour: Stretch) -> datetime:
        """What calendar and clock show when the hour begins, without a zone."""
        there = hour.start.astimezone(self._zone)
        return there.replace(minute=0, second=0, microsecond=0, tzinfo=None, fold=0)


def peaks_among(judged: Sequence[Judged], deviations: float) -> list[Peak]:
    """The peaks, in order; hours that touch are one peak."""
    high = [one for one in judged if one.is_peak(deviations)]
    runs: list[list[Judged]] = [[one] for one in high[:1]]
    for before, one in pairwise(high):
        if before.hour.end == one.hour.start:
            runs[-1].append(one)
        else:
            runs.append([one])
    return [Peak(run) for run in runs]
