"""METRICS, once more: plain Python over plain dicts. No Elasticsearch, nothing of ``analysis``.

A post is a dict: ``id``, ``platform``, ``kind``, ``at`` and ``seen`` (aware UTC), ``author`` (a
key that is unique over platforms, or None), ``followers`` as last seen and ``then``, at the time of
posting (or None), ``tags`` (a set), ``numbers`` (what the platform tells, by name), ``label`` and
``score`` (or None). They are made by ``tests.reference_sources``; ``tests.reference_authors`` and
``tests.reference_windows`` go on from here.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

Row = Mapping[str, Any]
Rows = Sequence[Row]
COUNTED_KINDS = ("post", "reshare", "quote", "reply")
LABELS = ("positive", "neutral", "negative", "unsure")
# METRICS 4; Facebook's and others' names are not needed here.
ENGAGEMENT = {
    "x": ("shares", "likes", "quotes", "comments", "saves"),
    "youtube": ("likes", "comments"),
    "bluesky": ("likes", "shares", "comments", "quotes"),
    "mastodon": ("likes", "shares", "comments", "quotes"),
}


def of_campaign(rows: Rows, tags: Iterable[str], start: datetime, end: datetime) -> list[Row]:
    """Distinct posts of the window [start, end) that carry one of the hashtags; no comments."""
    wanted = set(tags)
    found = {
        (row["platform"], row["id"]): row
        for row in rows
        if row["kind"] in COUNTED_KINDS and start <= row["at"] < end and wanted & row["tags"]
    }
    return list(found.values())


def engagement(row: Row) -> int | None:
    """METRICS 4: the sum of what is there; None where nothing is."""
    known = [row["numbers"][name] for name in ENGAGEMENT[row["platform"]] if name in row["numbers"]]
    return sum(known) if known else None


def number(row: Row, name: str) -> int | None:
    """One of a post's numbers, or its engagement."""
    if name == "engagement":
        return engagement(row)
    value: int | None = row["numbers"].get(name)
    return value


def known(rows: Rows, name: str) -> list[int]:
    """The numbers of the posts that tell them."""
    return [value for row in rows if (value := number(row, name)) is not None]


def total(rows: Rows, name: str) -> int | None:
    """The sum of what is told; None where no post tells."""
    values = known(rows, name)
    return sum(values) if values else None


def ratio(above: float | None, below: float | None) -> float | None:
    """A quotient; None where a part is missing or the denominator is 0."""
    return None if above is None or not below else above / below


def percent(above: float | None, below: float | None) -> float | None:
    """A quotient times 100."""
    found = ratio(above, below)
    return None if found is None else 100 * found


def by_author(rows: Rows) -> dict[str, list[Row]]:
    """The posts of each author that is known."""
    found: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        if row["author"] is not None:
            found[row["author"]].append(row)
    return dict(found)


def followers(rows: Rows) -> dict[str, int | None]:
    """The follower count that was seen last, None where none was ever seen."""
    found: dict[str, int | None] = {}
    for author, own in by_author(rows).items():
        seen = [row for row in own if row["followers"] is not None]
        newest = max(seen, key=lambda row: (row["seen"], row["at"]), default=None)
        found[author] = newest["followers"] if newest else None
    return found


def followed(row: Row, counts: Mapping[str, int | None]) -> int | None:
    """F of a post: the followers at the time of posting, else the latest ones."""
    return counts.get(row["author"]) if row["then"] is None else row["then"]


def reaches(rows: Rows) -> dict[str, int | None]:
    """F of each author: the highest at the time of a post, else the latest."""
    last = followers(rows)
    found: dict[str, int | None] = {}
    for author, own in by_author(rows).items():
        then = [row["then"] for row in own if row["then"] is not None]
        found[author] = max(then) if then else last[author]
    return found


def labels(rows: Rows) -> dict[str, int]:
    """How many posts got each label."""
    count = Counter(row["label"] for row in rows if row["label"] is not None)
    return {label: count[label] for label in LABELS}


def potential_impressions(rows: Rows) -> tuple[int | None, int]:
    """METRICS 5 and the posts that it lacks: F of each post, 1 for a reply."""
    counts = followers(rows)
    parts = [1 if row["kind"] == "reply" else followed(row, counts) for row in rows]
    told = [part for part in parts if part is not None]
    return (sum(told) if told or not rows else None), len(parts) - len(told)


def rated(rows: Rows, counts: Mapping[str, int | None]) -> list[tuple[int, int]]:
    """Engagement and F of the posts of which both are known."""
    return [
        (value, own)
        for row in rows
        if (own := followed(row, counts)) is not None and (value := engagement(row)) is not None
    ]


def pooled_rate(rows: Rows, counts: Mapping[str, int | None]) -> float | None:
    """METRICS 13, pooled."""
    pairs = rated(rows, counts)
    return percent(sum(above for above, _ in pairs), sum(below for _, below in pairs))


def mean_rate(rows: Rows, counts: Mapping[str, int | None]) -> float | None:
    """METRICS 13, mean of the posts."""
    rates = [100 * above / below for above, below in rated(rows, counts) if below]
    return math.fsum(rates) / len(rates) if rates else None


def views_rate(rows: Rows) -> float | None:
    """METRICS 12, pooled."""
    pairs = [(number(row, "engagement"), number(row, "views")) for row in rows]
    both = [(above, below) for above, below in pairs if above is not None and below is not None]
    return percent(sum(above for above, _ in both), sum(below for _, below in both))


def summary(rows: Rows) -> dict[str, float | None]:
    """METRICS 1 to 8, 12, 13 and 16 by the names of the answer."""
    counts, accounts = followers(rows), reaches(rows)
    told = [count for count in accounts.values() if count is not None]
    reach = sum(told) if told or not accounts else None
    impressions, _ = potential_impressions(rows)
    sums = ("engagement", "likes", "shares", "comments", "quotes", "saves", "views")
    return {
        "posts": len(rows),
        "authors": len(counts),
        "posts_per_user": ratio(sum(row["author"] is not None for row in rows), len(counts)),
        **{name: total(rows, name) for name in sums},
        "potential_impressions": impressions,
        "potential_reach": reach,
        "frequency": ratio(impressions, reach),
        "er_pooled": pooled_rate(rows, counts),
        "er_mean": mean_rate(rows, counts),
        "er_views_pooled": views_rate(rows),
        "amplification": ratio(total(rows, "shares"), len(known(rows, "shares"))),
        "applause": ratio(total(rows, "likes"), len(known(rows, "likes"))),
        "conversation": ratio(total(rows, "comments"), len(known(rows, "comments"))),
    }


def floor(at: datetime, interval: str, tz: str) -> datetime:
    """The start of the interval on the clocks of a time zone; weeks begin on Mondays."""
    there = at.astimezone(ZoneInfo(tz)).replace(minute=0, second=0, microsecond=0)
    if interval == "hour":
        return there
    day = there.replace(hour=0)
    if interval == "week":
        return day - timedelta(days=day.weekday())
    return day.replace(day=1) if interval == "month" else day


def timeline(rows: Rows, interval: str, tz: str) -> dict[datetime, dict[str, Any]]:
    """The intervals that have posts, by their start; the others are empty."""
    found: dict[datetime, list[Row]] = defaultdict(list)
    for row in rows:
        found[floor(row["at"], interval, tz).astimezone(ZoneInfo("UTC"))].append(row)
    names = ("engagement", "likes", "shares", "comments")
    return {
        start: {"posts": len(own), "sentiment": labels(own)}
        | {name: total(own, name) for name in names}
        for start, own in found.items()
    }


def share_of_voice(
    rows: Rows, brands: Mapping[str, set[str]], *, fractional: bool
) -> dict[str, dict[str, tuple[float, float | None]]]:
    """METRICS 17: value and share in percent of each measure, by brand."""
    values = _voices(rows, brands, fractional=fractional)
    totals = {name: math.fsum(brand[name] for brand in values.values()) for name in VOICES}
    return {
        brand: {name: (own[name], percent(own[name], totals[name])) for name in VOICES}
        for brand, own in values.items()
    }


VOICES = ("posts", "users", "engagement", "potential_reach")


def _voices(
    rows: Rows, brands: Mapping[str, set[str]], *, fractional: bool
) -> dict[str, dict[str, float]]:
    parts: dict[str, dict[str, list[float]]] = {
        brand: {name: [] for name in VOICES} for brand in brands
    }

    def share_out(said: set[str], values: Mapping[str, float]) -> None:
        named = [brand for brand, tags in brands.items() if tags & said]
        for brand in named:
            for name, value in values.items():
                parts[brand][name].append(value / len(named) if fractional else value)

    for row in rows:
        share_out(row["tags"], {"posts": 1, "engagement": engagement(row) or 0})
    counts = reaches(rows)
    for author, own in by_author(rows).items():
        said = set[str]().union(*(row["tags"] for row in own))
        share_out(said, {"users": 1, "potential_reach": counts[author] or 0})
    return {
        brand: {name: math.fsum(values) for name, values in own.items()}
        for brand, own in parts.items()
    }


def related(rows: Rows, everything: Rows, own_tags: set[str], least: int) -> dict[str, Any]:
    """Co-tags: posts with the tag, and lift = P(tag | campaign) / P(tag | all posts)."""
    here = Counter(tag for row in rows for tag in row["tags"])
    there = Counter(tag for row in everything for tag in row["tags"])
    return {
        tag: {
            "posts": count,
            "all_posts": there[tag],
            "lift": (count / len(rows)) / (there[tag] / len(everything)),
        }
        for tag, count in here.items()
        if count >= least and tag not in own_tags
    }
