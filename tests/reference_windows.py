"""METRICS 24 to 26 and 18 to 22 in plain Python; see ``tests.reference``."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from tests.reference import (
    Rows,
    by_author,
    labels,
    of_campaign,
    potential_impressions,
    ratio,
    total,
)

NAMES = ("before", "during", "after")


def spans(start: datetime, end: datetime) -> dict[str, tuple[datetime, datetime]]:
    """The three windows, all as long as the campaign's."""
    length = end - start
    return {"before": (start - length, start), "during": (start, end), "after": (end, end + length)}


def flows(rows: Rows) -> dict[str, float | None]:
    """What flows in a window, in all; nothing flows where no post is."""
    sums = ("engagement", "likes", "shares", "comments")
    return {
        "posts": len(rows),
        "authors": len(by_author(rows)),
        **{name: total(rows, name) if rows else 0 for name in sums},
        "potential_impressions": potential_impressions(rows)[0],
    }


def windows(
    rows: Rows, tags: Iterable[str], start: datetime, end: datetime
) -> dict[str, dict[str, Any]]:
    """Flows and tone of each window."""
    cuts = {name: of_campaign(rows, tags, *span) for name, span in spans(start, end).items()}
    return {name: {"flows": flows(own), "tone": tone(own)} for name, own in cuts.items()}


def tone(rows: Rows) -> dict[str, Any]:
    """METRICS 19, 21 and 22."""
    count = labels(rows)
    pos, neg = count["positive"], count["negative"]
    decided = pos + neg + count["neutral"]
    scores = [row["score"] for row in rows if row["score"] is not None]
    low, high = wilson(pos, decided)
    return {
        "labels": count,
        "net": ratio(pos - neg, pos + neg),
        "mean": math.fsum(scores) / len(scores) if scores else None,
        "positive": {"value": _percent(ratio(pos, decided)), "low": low, "high": high},
    }


def wilson(hits: int, n: int) -> tuple[float | None, float | None]:
    """The 95 % interval on a share, in percent."""
    if not n:
        return None, None
    z, share = 1.959963984540054, hits / n
    middle = share + z * z / (2 * n)
    reach = z * math.sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    return (100 * (middle - reach) / (1 + z * z / n), 100 * (middle + reach) / (1 + z * z / n))


def _percent(share: float | None) -> float | None:
    return None if share is None else 100 * share


def between(rates: Mapping[str, float | None], counts: Mapping[str, float]) -> dict[str, Any]:
    """METRICS 25 and 26, of rates per day by window; ``counts`` are for the interval."""
    before, during, after = (rates[name] for name in NAMES)
    grown = None if before is None or during is None else during - before
    left = None if before is None or after is None else after - before
    found: dict[str, Any] = {
        "lift": ratio(grown, before),
        "retention": ratio(after, before),
        "retention_of_lift": ratio(left, grown) if before else None,
        "interval": None,
    }
    n0, n1, rr = counts["before"], counts["during"], ratio(during, before)
    if n0 and n1 and rr:
        half = 1.96 * math.sqrt(1 / n1 + 1 / n0)
        found["interval"] = (rr * math.exp(-half), rr * math.exp(half))
    return found
