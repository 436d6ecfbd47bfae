"""The campaign's posts over time."""

from __future__ import annotations

from analysis.membership import posts_query
from analysis.parts import total
from analysis.timeline import cuts, timeline_body, timeline_buckets
from api.answers.asked import asked
from lake.campaign import Campaign
from lake.records import Json
from lake.store import Store


async def timeline(
    store: Store, campaign: Campaign, *, interval: str = "day", tz: str = "UTC"
) -> Json:
    """Numbers for each interval of the window, empty ones included.

    Raises:
        InvalidError: There is no such interval or time zone, or too many intervals.
        RetryError: Elasticsearch did not answer.
    """
    found = cuts(interval, tz, campaign.start, campaign.end)
    async with asked(store, campaign) as ask:
        answer = await ask.view.search(timeline_body(posts_query(campaign), found))
        seen_until = min(campaign.end, ask.now)
        return ask.head("timeline") | {
            "interval": interval,
            "tz": tz,
            "n": total(answer),
            "missing": 0,
            "buckets": timeline_buckets(answer, found, start=campaign.start, end=seen_until),
        }
