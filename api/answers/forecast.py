"""How many posts the campaign may expect."""

from __future__ import annotations

from datetime import datetime, timedelta

from analysis.calendar_counts import counts_body, counts_in, first_posts, stretches
from analysis.forecast import FULL_DAY_SPARE, days_ahead, forecast_answer
from analysis.membership import posts_query
from analysis.timeline import cuts
from api.answers.asked import asked
from api.answers.peaks import gaps_of
from lake.campaign import Campaign
from lake.records import Json
from lake.store import Store


async def forecast(
    store: Store, campaign: Campaign, *, horizon: str = "7d", tz: str = "UTC"
) -> Json:
    """Posts to expect on each of the days after the window's last whole day that has passed.

    Args:
        store: The lake.
        campaign: Whose.
        horizon: Days ahead, ``1d`` to ``28d``.
        tz: The IANA time zone in which days begin.

    Raises:
        InvalidError: There is no such horizon or time zone, or the window has too many days.
        RetryError: Elasticsearch did not answer.
    """
    ahead = days_ahead(horizon)
    async with asked(store, campaign) as ask:
        start, until = campaign.start, max(campaign.start, min(campaign.end, ask.now))
        begins = _whole_days(cuts("day", tz, start, until), start, until)
        answer = await ask.view.search(counts_body(posts_query(campaign), begins))
        counts = counts_in(answer, begins)
        gaps = await gaps_of(store, campaign, begins[0], begins[-1], first_posts(begins, counts))
        days = stretches(begins, counts, gaps, spare=FULL_DAY_SPARE)
        coming = cuts("day", tz, begins[-1], begins[-1] + timedelta(days=ahead + 1))[: ahead + 1]
        head = ask.head("forecast") | {"horizon": horizon, "tz": tz}
        return head | forecast_answer(days, coming)


def _whole_days(found: list[datetime], start: datetime, until: datetime) -> list[datetime]:
    """The cuts of the days that lie within the window."""
    return [cut for cut in found if start <= cut <= until] or [until]
