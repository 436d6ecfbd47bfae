"""The campaign day by day, with its tone and with how much of each day was watched."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from analysis.coverage import Seen, Target, coverage
from analysis.sentiment import ENOUGH_POSTS, decided, label_shares, net_interval, net_sentiment
from analysis.timeline import MOST_INTERVALS
from api.answers.coverage import ledger
from api.answers.timeline import timeline
from api.rollups.rows import About, until
from api.rollups.subject import Subject
from lake import times
from lake.campaign import Campaign
from lake.records import Json
from lake.rollups import RollupRow
from lake.store import Store

KIND = "timeline"
_SHOWN = ("posts", "engagement", "likes", "shares", "comments")


async def timelines(store: Store, one: Subject) -> list[RollupRow]:
    """Of the whole campaign and of each platform: every day that has begun.

    Raises:
        InvalidError: The window has too many days, and too many weeks and months.
        RetryError: Elasticsearch did not answer.
    """
    rows: list[RollupRow] = []
    for about, part in one.parts():
        answer = await timeline(store, part, interval=interval_of(part))
        targets: dict[Target, Seen] = {}
        if tags := part.tags():
            targets, _ = await ledger(store, part, tags)
        shares = day_coverage(answer, targets, part) if tags else {}
        rows += bucket_rows(about, answer, shares)
    return rows


def interval_of(campaign: Campaign) -> str:
    """Days, or what is next where these are too many for one answer."""
    days = (campaign.end - campaign.start) / timedelta(days=1)
    if days <= MOST_INTERVALS:
        return "day"
    return "week" if days / 7 <= MOST_INTERVALS else "month"


def day_coverage(
    answer: Json, targets: Mapping[Target, Seen], campaign: Campaign
) -> dict[str, float | None]:
    """The share of each interval of a timeline that was watched, as far as it lies in the window.

    Args:
        answer: The timeline.
        targets: What the ledger says.
        campaign: Whose window.
    """
    end = until(campaign, times.from_text(answer["as_of"]))
    found: dict[str, float | None] = {}
    for bucket in answer["buckets"]:
        begins = max(campaign.start, times.from_text(bucket["start"]))
        ends = min(end, times.from_text(bucket["end"]))
        if begins < ends:
            found[bucket["start"]] = coverage(targets, begins, ends)
    return found


def bucket_rows(about: About, answer: Json, shares: Mapping[str, float | None]) -> list[RollupRow]:
    """A row for each interval that has begun. Pure.

    Args:
        about: Whom the timeline is about.
        answer: The timeline.
        shares: How much of each interval was watched, by its start.
    """
    rows = []
    for bucket in answer["buckets"]:
        if bucket["start"] >= answer["as_of"]:
            break
        head = answer | {"coverage": shares.get(bucket["start"])}
        head["window"] = {"from": bucket["start"], "to": bucket["end"]}
        fields = {name: bucket[name] for name in _SHOWN} | tone(bucket["sentiment"])
        watched = head["coverage"]
        fields |= {
            "interval": answer["interval"],
            "partial": bucket["partial"],
            "uncovered": None if watched is None else 100 * (1 - watched),
        }
        start = bucket["start"]
        rows.append(about.row(KIND, "bucket", start, answer=head, at=start, **fields))
    return rows


def tone(labels: Mapping[str, int]) -> dict[str, Any]:
    """Posts by label, with the shares and the index that follow from them."""
    shares, net = label_shares(labels), net_interval(labels)
    return {
        **labels,
        "net_sentiment": net_sentiment(labels),
        "net_low": net["low"],
        "net_high": net["high"],
        "share": {label: one["value"] for label, one in shares.items()},
        "share_low": {label: one["low"] for label, one in shares.items()},
        "share_high": {label: one["high"] for label, one in shares.items()},
        "trend_hidden": decided(labels) < ENOUGH_POSTS,
    }
