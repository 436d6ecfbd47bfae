"""METRICS 32 in plain Python: every author's numbers, and the score. See ``tests.reference``."""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections.abc import Mapping
from typing import Any

from tests.reference import Rows, by_author, followers, known, pooled_rate, ratio, reaches, total

WEIGHTS = {
    "engagement": 0.35,
    "followers": 0.25,
    "er_pooled": 0.20,
    "amplification": 0.10,
    "posts": 0.05,
    "sentiment_mean": 0.05,
}


def influencers(rows: Rows) -> dict[str, dict[str, Any]]:
    """Every author's numbers by the names of the answer."""
    counts = followers(rows)
    found = {author: _numbers(own, counts, author) for author, own in by_author(rows).items()}
    for author, score in _scores(found).items():
        found[author]["score"] = score
    return found


def _numbers(own: Rows, counts: Mapping[str, int | None], author: str) -> dict[str, Any]:
    tones = [row["score"] for row in own if row["score"] is not None]
    return {
        "posts": len(own),
        "followers": reaches(own)[author],
        **{name: total(own, name) for name in ("engagement", "likes", "shares", "comments")},
        "er_pooled": pooled_rate(own, counts),
        "amplification": ratio(total(own, "shares"), len(known(own, "shares"))),
        "sentiment_mean": math.fsum(tones) / len(tones) if tones else None,
    }


def _scores(rows: Mapping[str, Mapping[str, Any]]) -> dict[str, float]:
    """100 x sum w pr / sum w over the components that are there; pr = (rank - 0.5) / n."""
    ordered = {
        name: sorted(row[name] for row in rows.values() if row[name] is not None)
        for name in WEIGHTS
    }
    found = {}
    for author, row in rows.items():
        there = [name for name in WEIGHTS if row[name] is not None]
        points = [WEIGHTS[name] * _percentile(row[name], ordered[name]) for name in there]
        found[author] = 100 * math.fsum(points) / math.fsum(WEIGHTS[name] for name in there)
    return found


def _percentile(value: float, ordered: list[float]) -> float:
    """The mean of the ranks of the equal ones, less a half, of all."""
    below, upto = bisect_left(ordered, value), bisect_right(ordered, value)
    return ((below + 1 + upto) / 2 - 0.5) / len(ordered)
