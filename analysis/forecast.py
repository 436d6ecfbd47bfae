"""How many posts a day to expect next, from the campaign's own days. Pure.

A day is expected to be like the mean of the last four of its weekday, moved by how the last seven
days differ from the last 28. How much of that difference is believed, and how far expectations
were off, is measured on the past: each past day is forecast from the days before it alone.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

from analysis.calendar_counts import Stretch
from analysis.numbers import mean, ratio
from lake import times
from lake.errors import InvalidError

MOST_DAYS_AHEAD = 28
FEWEST_DAYS = 14
LEVELS = (0.80, 0.95)
# A day that was watched but for less than this has its number of posts.
FULL_DAY_SPARE = timedelta(hours=1)
_WEEK = 7
_WEEKS = 4
# From so many days on a day can be forecast, and so the past can be.
_FIRST_FORECAST = 7
# Old days say little of what comes next; this also bounds the work.
_MOST_BACKTEST_DAYS = 365
# How much of a change of level is believed; the past chooses. Of equal ones the first.
_DAMPINGS = (0.5, 0.0, 1.0)
_HORIZON = re.compile(r"([1-9][0-9]?)d")

Days = Sequence[int | None]  # posts of each day in order; None: unknown


def days_ahead(horizon: str) -> int:
    """The days that ``7d`` names.

    Raises:
        InvalidError: The text is none from ``1d`` to ``28d``.
    """
    found = _HORIZON.fullmatch(horizon)
    if found is None or int(found[1]) > MOST_DAYS_AHEAD:
        message = f"must be a number of days from 1d to {MOST_DAYS_AHEAD}d, such as 7d"
        raise InvalidError(
            f"horizon: {message}", errors=({"field": "horizon", "message": message},)
        )
    return int(found[1])


def expected(days: Days, ahead: int, damping: float) -> float | None:
    """The posts to expect on the ``ahead``-th day after ``days``; None where too little is known.

    The mean of the last four of its weekday x (mean of the last 7 days / mean of the last 28) ^
    damping, over the days that are known.
    """
    recent = _known(days[-_WEEK:])
    month = _known(days[-_WEEK * _WEEKS :])
    level, usual = mean(recent), mean(month)
    if level is None or usual is None:
        return None
    if usual == 0:
        return 0.0
    back = -(-ahead // _WEEK) * _WEEK - ahead + 1  # days from the end to the last of its weekday
    same = [
        days[-place] for place in range(back, back + _WEEK * _WEEKS, _WEEK) if place <= len(days)
    ]
    found = mean(_known(same))
    # Without a day of that weekday, any day is as good.
    return float((usual if found is None else found) * (level / usual) ** damping)


def _known(days: Days) -> list[int]:
    return [posts for posts in days if posts is not None]


@dataclass(frozen=True, slots=True)
class Backtest:
    """What forecasting each past day from the days before it came to.

    Args:
        damping: The share of a change of level that is believed; the one with the smallest error.
        ratios: log((1 + posts) / (1 + expected)) of each day, lowest first.
        mae: Mean absolute error, in posts; None where no day could be forecast.
        naive_mae: That of expecting the posts of the same day last week, over the days that have
            both.
        mase: The first by the second over the same days; None where that is unknown or 0.
    """

    damping: float
    ratios: Sequence[float]
    mae: float | None
    naive_mae: float | None
    mase: float | None

    def interval(self, value: float, level: float) -> tuple[float, float, float] | None:
        """Low, high, and the share of days that the past lets one expect between them.

        The ends are past errors; where there are too few to leave out the rarest, the interval
        holds less than ``level``. None where there are none.
        """
        n = len(self.ratios)
        if n == 0:
            return None
        # Of n past errors and a new one each is as likely the k-th smallest, so a new one lies
        # between the k-th and the k-th from the end with probability (n + 1 - 2k) / (n + 1).
        place = max(1, math.floor((n + 1) * (1 - level) / 2 + 1e-9))
        low, high = self.ratios[place - 1], self.ratios[n - place]
        holds = max(0.0, (n + 1 - 2 * place) / (n + 1))
        # Where the past was always off to one side, the value itself is still no surprise.
        return min(value, _moved(value, low)), max(value, _moved(value, high)), min(level, holds)


def _moved(value: float, by: float) -> float:
    return max(0.0, (1 + value) * math.exp(by) - 1)


def backtest(days: Days) -> Backtest:
    """The past, forecast with the damping that does it best."""
    tried = [_backtest(days, damping) for damping in _DAMPINGS]
    return min(tried, key=lambda one: math.inf if one.mae is None else one.mae)


def _backtest(days: Days, damping: float) -> Backtest:
    errors: list[float] = []
    both: list[tuple[float, float]] = []
    ratios: list[float] = []
    for place in range(max(_FIRST_FORECAST, len(days) - _MOST_BACKTEST_DAYS), len(days)):
        posts, last_week = days[place], days[place - _WEEK]
        value = expected(days[max(0, place - _WEEK * _WEEKS) : place], 1, damping)
        if posts is None or value is None:
            continue
        errors.append(abs(posts - value))
        ratios.append(math.log1p(posts) - math.log1p(value))
        if last_week is not None:
            both.append((abs(posts - value), abs(posts - last_week)))
    naive = mean([error for _, error in both])
    own = mean([error for error, _ in both])
    return Backtest(damping, sorted(ratios), mean(errors), naive, ratio(own, naive))


def forecast_answer(days: Sequence[Stretch], coming: Sequence[datetime]) -> dict[str, Any]:
    """The forecast, or null and the reason why there is none.

    Args:
        days: The window's whole days, in order, without holes.
        coming: Where the coming days begin, and at last where the last ends.
    """
    known: Days = [day.posts if day.watched else None for day in days]
    n = len(_known(known))
    head: dict[str, Any] = {"n": n, "missing": len(known) - n}
    if n < FEWEST_DAYS:
        reason = f"{n} whole days are known; a forecast needs {FEWEST_DAYS}"
        return head | {"value": None, "reason": reason, "backtest": None, "days": None}
    past = backtest(known)
    values = [expected(known, ahead, past.damping) for ahead in range(1, len(coming))]
    if not past.ratios or None in values:
        reason = "the last weeks are not known; nothing can be said of the next days"
        return head | {"value": None, "reason": reason, "backtest": None, "days": None}
    rows = [
        _row(begins, ends, value, past)
        for (begins, ends), value in zip(pairwise(coming), values, strict=True)
        if value is not None
    ]
    return head | {
        "value": math.fsum(row["value"] for row in rows),
        "reason": None,
        "backtest": {
            "n": len(past.ratios),
            "damping": past.damping,
            "mae": past.mae,
            "naive_mae": past.naive_mae,
            "mase": past.mase,
        },
        "days": rows,
    }


def _row(begins: datetime, ends: datetime, value: float, past: Backtest) -> dict[str, Any]:
    row: dict[str, Any] = {
        "start": times.to_text(begins),
        "end": times.to_text(ends),
        "value": value,
        "intervals": [],
    }
    for level in LEVELS:
        found = past.interval(value, level)
        if found is not None:
            low, high, holds = found
            row["intervals"].append({"level": level, "low": low, "high": high, "holds": holds})
    return row
