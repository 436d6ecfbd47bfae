"""A campaign before, during and after: METRICS 24. Pure.

The three windows touch and do not overlap. What flows (posts, likes) is told per day of time that
somebody watched, so that a window with gaps is comparable with one without.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from analysis.coverage import Seen, Target, coverage
from analysis.envelope import Context, Envelope
from analysis.numbers import ratio, wilson
from analysis.parts import (
    METRICS,
    SCORED,
    aggregations,
    label_counts,
    labels_in,
    sum_and_count,
    total,
)
from analysis.sentiment import ENOUGH_POSTS, decided, net_interval, net_sentiment
from analysis.summary import summary_metrics
from lake import times
from lake.errors import InvalidError
from lake.records import Json

FLOWS = ("posts", "authors", "engagement", *METRICS, "potential_impressions")
LENGTH_PATTERN = r"^[1-9][0-9]{0,4}[hdw]$"
_UNITS = {"h": timedelta(hours=1), "d": timedelta(days=1), "w": timedelta(weeks=1)}
_DAY = timedelta(days=1)
_NOTHING: Json = {"hits": {"total": {"value": 0}}}


def length_of(text: str) -> timedelta:
    """The duration that ``36h``, ``7d`` or ``2w`` names.

    Raises:
        InvalidError: It names none.
    """
    if not re.fullmatch(LENGTH_PATTERN, text):
        raise _invalid(f"{text[:40]!r} is no length; write 36h, 7d or 2w")
    return int(text[:-1]) * _UNITS[text[-1]]


def _invalid(message: str) -> InvalidError:
    return InvalidError(f"length: {message}", errors=({"field": "length", "message": message},))


@dataclass(frozen=True, slots=True)
class Window:
    """A stretch of time as it is at a moment.

    Args:
        start: Its beginning, aware UTC.
        end: Its end, exclusive.
        until: Where it ends so far; None where it has not begun.
    """

    start: datetime
    end: datetime
    until: datetime | None

    @property
    def complete(self) -> bool:
        """Whether it is over."""
        return self.until == self.end

    @property
    def days(self) -> float | None:
        """Its days so far; None where it has not begun."""
        return None if self.until is None else (self.until - self.start) / _DAY


def windows_of(
    start: datetime, end: datetime, *, length: timedelta | None, now: datetime
) -> dict[str, Window]:
    """``before``, ``during`` and ``after``, as they are at ``now``.

    Args:
        start: The campaign's start.
        end: Its end, exclusive.
        length: Of the windows beside it; the campaign's own where it is None.
        now: The moment.

    Raises:
        InvalidError: They reach beyond the calendar.
    """
    span = end - start if length is None else length
    try:
        cuts = {"before": (start - span, start), "during": (start, end), "after": (end, end + span)}
    except OverflowError as exc:
        message = "the windows leave the years 1 to 9999; ask for a shorter one, such as 7d"
        raise _invalid(message) from exc
    return {
        name: Window(begins, ends, min(ends, now) if begins < now else None)
        for name, (begins, ends) in cuts.items()
    }


@dataclass(frozen=True, slots=True)
class Watch:
    """How much of a window was watched.

    Args:
        coverage: 0 to 1; None where nobody knows.
        days: Days of the window that were watched, by which flows are divided; all of its days
            where nobody knows; None where it has not begun.
        source: ``covered`` where the ledger tells, ``calendar`` where not, None without days.
    """

    coverage: float | None
    days: float | None
    source: str | None


def watch(window: Window, targets: Mapping[Target, Seen]) -> Watch:
    """How much of a window was watched, by the mean over the polled targets."""
    if window.until is None or window.days is None:
        return Watch(None, None, None)
    share = coverage(targets, window.start, window.until)
    if share is None:
        return Watch(None, window.days, "calendar")
    return Watch(share, share * window.days, "covered")


def tone_body(query: Json) -> Json:
    """The request for a window's sentiment; ``analysis.summary.summary_body`` is for the rest."""
    tone: Json = {"filter": SCORED, "aggs": {"score": {"stats": {"field": "sentiment.score"}}}}
    return {
        "size": 0,
        "track_total_hits": True,
        "query": query,
        "aggs": {"sentiment": label_counts(), "tone": tone},
    }


@dataclass(frozen=True, slots=True)
class Measured:
    """A window and its numbers.

    Args:
        window: It.
        watch: How much of it was watched.
        metrics: The summary's metrics, each in its envelope; flows with ``per_day``.
        sentiment: Its tone.
    """

    window: Window
    watch: Watch
    metrics: Mapping[str, Any]
    sentiment: Mapping[str, Any]

    def to_json(self) -> dict[str, Any]:
        """The window as answers carry it."""
        window = self.window
        return {
            "from": times.to_text(window.start),
            "to": times.to_text(window.end),
            "until": None if window.until is None else times.to_text(window.until),
            "complete": window.complete,
            "days": window.days,
            "covered_days": self.watch.days,
            "days_source": self.watch.source,
            "coverage": self.watch.coverage,
            "metrics": dict(self.metrics),
            "sentiment": dict(self.sentiment),
        }


def measured(
    window: Window, seen: Watch, answer: Json, metrics: dict[str, Any], context: Context
) -> Measured:
    """A window with its numbers.

    Args:
        window: It.
        seen: How much of it was watched.
        answer: What ``tone_body`` got.
        metrics: The summary's metrics of the same answer.
        context: What the window's numbers share.
    """
    found = {
        name: metric | ({"per_day": ratio(metric["value"], seen.days)} if name in FLOWS else {})
        for name, metric in metrics.items()
    }
    return Measured(window, seen, found, tone(answer, context))


def not_begun(window: Window, seen: Watch, context: Context) -> Measured:
    """A window that has not begun: everything is unknown."""
    metrics = summary_metrics(_NOTHING, (), context)
    unknown = {name: metric | {"value": None} for name, metric in metrics.items()}
    return measured(window, seen, _NOTHING, unknown, context)


def tone(answer: Json, context: Context) -> dict[str, Any]:
    """Net and mean sentiment, and the positive share in percent with its Wilson 95 % interval."""
    found, posts = aggregations(answer), total(answer)
    labels = labels_in(found.get("sentiment", {}))
    n, positive = decided(labels), labels["positive"]
    score_sum, scored = sum_and_count(found.get("tone", {}), "score")
    low, high = wilson(positive, n) or (None, None)
    part = _percent(ratio(positive, n))

    def envelope(value: float | None, told: int, definition: str) -> dict[str, Any]:
        return Envelope(value, posts, posts - told, definition, context).to_json()

    return {
        "labels": labels,
        "net_sentiment": envelope(net_sentiment(labels), n, "net_sentiment") | net_interval(labels),
        "sentiment_mean": envelope(ratio(score_sum, scored), scored, "sentiment_mean"),
        "positive_share": envelope(part, n, "sentiment_share")
        | {"low": _percent(low), "high": _percent(high)},
        "trend_hidden": n < ENOUGH_POSTS,
    }


def _percent(share: float | None) -> float | None:
    return None if share is None else 100 * share
