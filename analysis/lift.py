"""What a campaign changed and what stayed: METRICS 25 and 26. Pure.

Windows are compared by their rates per day of watched time. A window that nobody watched has no
rate, so nothing is said of it: no posts seen is not the same as no posts.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from analysis.envelope import Context, Envelope
from analysis.numbers import ratio
from analysis.sentiment import ENOUGH_POSTS
from analysis.windows import Measured

COMPARED = ("posts", "engagement", "authors")
TOO_FEW = f"fewer than {ENOUGH_POSTS} posts"
_Z95 = 1.96
# By how much the covered time of two windows may differ for their distinct authors to be compared.
_SAME_TIME = 0.01


def lift(before: float | None, during: float | None) -> float | None:
    """(during - before) / before, of their rates; None where that before is 0 or unknown."""
    if before is None or during is None:
        return None
    return ratio(during - before, before)


def rate_ratio_interval(rate_ratio: float | None, n1: int, n0: int) -> tuple[float, float] | None:
    """The 95 % interval of a ratio of two rates of counts; None where a count is 0.

    Args:
        rate_ratio: Rate 1 by rate 0.
        n1: What was counted for rate 1.
        n0: What was counted for rate 0.
    """
    if not rate_ratio or not n1 or not n0:
        return None
    factor = math.exp(_Z95 * math.sqrt(1 / n1 + 1 / n0))
    return rate_ratio / factor, rate_ratio * factor


def retention(before: float | None, after: float | None) -> float | None:
    """Rate after / rate before; None where the rate before is 0 or unknown."""
    return ratio(after, before)


def retention_of_lift(
    before: float | None, during: float | None, after: float | None
) -> float | None:
    """(after - before) / (during - before), of rates; None where nothing changed or is unknown."""
    if before is None or during is None or after is None:
        return None
    return ratio(after - before, during - before)


def trend(interval: tuple[float, float] | None, n1: int, n0: int) -> tuple[str | None, str | None]:
    """What may be claimed of a rate ratio, and why nothing may.

    The claim is ``up`` or ``down`` where the interval is wholly on one side of 1, else ``unclear``.
    """
    if min(n1, n0) < ENOUGH_POSTS:
        return None, TOO_FEW
    if interval is None:
        return None, None
    low, high = interval
    return ("up" if low > 1 else "down" if high < 1 else "unclear"), None


def between(windows: Mapping[str, Measured], as_of: str) -> dict[str, Any]:
    """Lift and retention of posts, engagement and authors.

    Args:
        windows: ``before``, ``during`` and ``after``.
        as_of: The answer's moment.
    """
    return {name: _compared(name, windows, as_of) for name in COMPARED}


def _compared(name: str, windows: Mapping[str, Measured], as_of: str) -> dict[str, Any]:
    before, during, after = (windows[part] for part in ("before", "during", "after"))
    rates = [_rate(name, side) for side in (before, during, after)]
    return {
        "lift": _entry("lift", lift(rates[0], rates[1]), name, (before, during), as_of)
        | _certainty(name, before, during),
        "retention": _entry(
            "retention", retention(rates[0], rates[2]), name, (before, after), as_of
        ),
        "retention_of_lift": _entry(
            "retention_of_lift", retention_of_lift(*rates), name, (before, during, after), as_of
        ),
    }


def _rate(name: str, side: Measured) -> float | None:
    rate: float | None = side.metrics[name]["per_day"]
    return rate


def _entry(
    definition: str, value: float | None, name: str, sides: tuple[Measured, ...], as_of: str
) -> dict[str, Any]:
    exact = all(side.metrics[name].get("exact", True) for side in sides)
    reason = _unknown_because(name, sides)
    if reason is None and value is None:
        reason = "no_change" if definition == "retention_of_lift" else "nothing_before"
    if not exact and definition == "retention_of_lift":
        reason = reason or "estimated"  # a difference of estimates may be all error
    shown = None if reason else value
    known = [side.watch.coverage for side in sides if side.watch.coverage is not None]
    found = Envelope(
        shown,
        sum(side.metrics[name]["n"] for side in sides),
        sum(side.metrics[name]["missing"] for side in sides),
        definition,
        Context(as_of, min(known) if len(known) == len(sides) else None),
        exact=exact if name == "authors" else None,
        error_bound=None if exact else _error_bound(definition, shown, name, sides),
    )
    return found.to_json() | {"reason": reason}


def _error_bound(
    definition: str, value: float | None, name: str, sides: tuple[Measured, ...]
) -> float | None:
    """How far a quotient of estimates may be off: both may be wrong, in opposite directions."""
    if value is None:
        return None
    parts = [
        ratio(side.metrics[name].get("error_bound", 0), side.metrics[name]["value"])
        for side in sides
    ]
    return (value + 1 if definition == "lift" else value) * sum(part or 0 for part in parts)


def _unknown_because(name: str, sides: tuple[Measured, ...]) -> str | None:
    """Why rates of these windows cannot be compared; None where they can."""
    if any(side.window.until is None for side in sides):
        return "not_begun"
    if not all(side.watch.days for side in sides):
        return "not_watched"
    if any(side.metrics[name]["value"] is None for side in sides):
        return "not_told"
    days = [side.watch.days or 0 for side in sides]
    if name == "authors" and max(days) - min(days) > _SAME_TIME * max(days):
        return "different_lengths"
    return None


def _certainty(name: str, before: Measured, during: Measured) -> dict[str, Any]:
    """How sure a lift is; an interval is known only for posts, which are counts."""
    rates = _rate(name, before), _rate(name, during)
    found: dict[str, Any] = {
        "ratio": ratio(rates[1], rates[0]),
        "new_conversation": rates[0] == 0 and bool(rates[1]),
    }
    if _unknown_because(name, (before, during)):
        found = {"ratio": None, "new_conversation": False}
    if name != "posts":
        return found
    n0, n1 = (side.metrics["posts"]["value"] or 0 for side in (before, during))
    interval = rate_ratio_interval(found["ratio"], n1, n0)
    claim, hidden = trend(interval, n1, n0)
    low, high = interval or (None, None)
    return found | {"low": low, "high": high, "trend": claim, "trend_hidden": hidden}
