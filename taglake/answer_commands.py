"""``taglake campaign QUESTION``: a campaign's numbers, its people and its rivals."""

from __future__ import annotations

import click

from analysis.assumptions import Assumptions
from analysis.influencers import MOST_INFLUENCERS
from analysis.posts import MOST_POSTS, ORDERS
from analysis.rankings import RANKINGS
from analysis.share_of_voice import COUNTINGS
from analysis.timeline import INTERVALS
from api import answers
from lake.campaign import Campaign
from lake.records import Json
from lake.store import Store
from taglake import tables
from taglake.asking import EXACT_OR_NOT, TZ, limit, question


@question(
    "summary",
    lambda answer: tables.summary_table(answer, answer["campaign"]),
    "summary spring",
    "summary spring --from 2026-03-01 --to 2026-03-08 --platform mastodon",
    "summary spring --as-of 2026-03-10T12:00:00Z --json",
    assumes=True,
)
@EXACT_OR_NOT
async def summary(
    store: Store, campaign: Campaign, *, exact: bool | None, assumed: Assumptions
) -> Json:
    """Show the headline numbers."""
    return await answers.summary(store, campaign, exact=exact, assumed=assumed)


@question(
    "timeline",
    tables.timeline_table,
    "timeline spring",
    "timeline spring --interval hour --from 2026-03-05 --to 2026-03-06 --tz Europe/Berlin",
)
@click.option("--interval", default="day", type=click.Choice(INTERVALS), show_default=True)
@TZ
async def timeline(store: Store, campaign: Campaign, *, interval: str, tz: str) -> Json:
    """Show the numbers over time."""
    return await answers.timeline(store, campaign, interval=interval, tz=tz)


@question(
    "influencers",
    tables.influencers_table,
    "influencers spring",
    "influencers spring --by engagement --limit 50 --json",
)
@click.option("--by", default="score", type=click.Choice(RANKINGS), show_default=True)
@limit(20, MOST_INFLUENCERS)
@EXACT_OR_NOT
async def influencers(
    store: Store, campaign: Campaign, *, by: str, limit: int, exact: bool | None
) -> Json:
    """Rank the authors."""
    return await answers.influencers(store, campaign, by=by, limit=limit, exact=exact)


@question(
    "share-of-voice",
    tables.brands_table,
    "share-of-voice spring",
    "share-of-voice spring --counting fractional",
)
@click.option("--counting", default="whole", type=click.Choice(COUNTINGS), show_default=True)
@EXACT_OR_NOT
async def share_of_voice(
    store: Store, campaign: Campaign, *, counting: str, exact: bool | None
) -> Json:
    """Compare the campaign with its competitors."""
    return await answers.share_of_voice(store, campaign, counting=counting, exact=exact)


@question(
    "sentiment",
    tables.sentiment_table,
    "sentiment spring",
    "sentiment spring --platform mastodon --json",
)
async def sentiment(store: Store, campaign: Campaign) -> Json:
    """Show the tone of the posts."""
    return await answers.sentiment(store, campaign)


@question(
    "posts",
    tables.posts_table,
    "posts spring --limit 10",
    "posts spring --sort created_at --json | jq -r '.items[].url'",
)
@limit(20, MOST_POSTS)
@click.option("--sort", "order", type=click.Choice(ORDERS), help="Highest or newest first.")
@click.option("--cursor", help="The `next` of the page before.")
async def posts(
    store: Store, campaign: Campaign, *, limit: int, order: str | None, cursor: str | None
) -> Json:
    """Show a page of posts."""
    return await answers.posts(store, campaign, order=order, limit=limit, cursor=cursor)


COMMANDS = (summary, timeline, influencers, share_of_voice, sentiment, posts)
