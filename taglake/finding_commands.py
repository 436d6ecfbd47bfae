"""``taglake campaign QUESTION``: what a campaign changed, what stands out, what goes with it."""

from __future__ import annotations

import click

from analysis.comments import COMMENTED_ORDERS, MOST_COMMENTED
from analysis.peaks import SENSITIVITIES
from analysis.related import MOST_RELATED, RELATED_ORDERS
from analysis.spikes import MOST_BY_COMMENTS, MOST_SPIKES
from api.answers.authenticity import authenticity as ask_authenticity
from api.answers.comments import comments as ask_comments
from api.answers.coverage import coverage as ask_coverage
from api.answers.forecast import forecast as ask_forecast
from api.answers.hashtags import hashtags as ask_hashtags
from api.answers.peaks import MOST_EXPLAINED
from api.answers.peaks import peaks as ask_peaks
from api.answers.spikes import spikes as ask_spikes
from api.answers.windows import windows as ask_windows
from lake.campaign import Campaign
from lake.records import Json
from lake.store import Store
from taglake.asking import EXACT, TZ, limit, question
from taglake.tables.moments import forecast_table, peaks_table, spikes_table
from taglake.tables.talk import comments_table, hashtags_table
from taglake.tables.trust import authenticity_table
from taglake.tables.watched import coverage_table
from taglake.tables.windows import windows_table


@question("windows", windows_table, "windows spring", "windows spring --length 7d --no-ageing")
@click.option("--length", metavar="LENGTH", help="Of the windows before and after: 36h, 7d, 2w.")
@click.option(
    "--ageing/--no-ageing",
    default=None,
    help="Read every post's observations, or not; by default in windows of few posts.",
)
async def windows(
    store: Store, campaign: Campaign, *, length: str | None, ageing: bool | None
) -> Json:
    """Compare before, during and after, for each day of watched time."""
    return await ask_windows(store, campaign, length=length, ageing=ageing)


@question(
    "spikes", spikes_table, "spikes spring", "spikes spring -k 3 --limit 10 --platform mastodon"
)
@click.option(
    "-k",
    default=10,
    type=click.IntRange(0, MOST_BY_COMMENTS),
    show_default=True,
    help="Posts of each platform to take for their comments.",
)
@limit(20, MOST_SPIKES)
async def spikes(store: Store, campaign: Campaign, *, k: int, limit: int) -> Json:
    """Find the posts that break out."""
    return await ask_spikes(store, campaign, k=k, limit=limit)


@question(
    "peaks",
    peaks_table,
    "peaks spring",
    "peaks spring --sensitivity medium --tz Europe/Berlin --explain 2",
)
@click.option(
    "--sensitivity",
    default="high",
    type=click.Choice(SENSITIVITIES),
    show_default=True,
    help="Deviations above the usual: 1.5, 2 or 3.",
)
@TZ
@click.option(
    "--explain",
    default=5,
    type=click.IntRange(0, MOST_EXPLAINED),
    show_default=True,
    help="How many peaks to explain.",
)
async def peaks(
    store: Store, campaign: Campaign, *, sensitivity: str, tz: str, explain: int
) -> Json:
    """Find hours with far more posts than usual, and why."""
    return await ask_peaks(store, campaign, sensitivity=sensitivity, tz=tz, explain=explain)


@question("forecast", forecast_table, "forecast spring", "forecast spring --horizon 14d")
@click.option("--horizon", default="7d", show_default=True, help="Days ahead: 1d to 28d.")
@TZ
async def forecast(store: Store, campaign: Campaign, *, horizon: str, tz: str) -> Json:
    """Tell how many posts a day to expect."""
    return await ask_forecast(store, campaign, horizon=horizon, tz=tz)


@question(
    "comments", comments_table, "comments spring", "comments spring --sort engagement --limit 5"
)
@click.option("--sort", default="comments", type=click.Choice(COMMENTED_ORDERS), show_default=True)
@limit(20, MOST_COMMENTED)
async def comments(store: Store, campaign: Campaign, *, sort: str, limit: int) -> Json:
    """Digest what people wrote below the posts."""
    return await ask_comments(store, campaign, sort=sort, limit=limit)


@question(
    "hashtags", hashtags_table, "hashtags spring", "hashtags spring --min-posts 20 --exact --json"
)
@click.option("--sort", default="lift", type=click.Choice(RELATED_ORDERS), show_default=True)
@limit(50, MOST_RELATED)
@click.option(
    "--min-posts",
    default=5,
    type=click.IntRange(1, 1_000_000),
    show_default=True,
    help="Leave out rarer ones.",
)
@EXACT
async def hashtags(
    store: Store, campaign: Campaign, *, sort: str, limit: int, min_posts: int, exact: bool
) -> Json:
    """Show the hashtags that go with it."""
    return await ask_hashtags(
        store, campaign, sort=sort, limit=limit, min_posts=min_posts, exact=exact
    )


@question("authenticity", authenticity_table, "authenticity spring", "authenticity spring --exact")
@EXACT
async def authenticity(store: Store, campaign: Campaign, *, exact: bool) -> Json:
    """Measure how few people post, how alike, how much at once."""
    return await ask_authenticity(store, campaign, exact=exact)


@question("coverage", coverage_table, "coverage spring", "coverage spring --from 2026-03-05 --json")
async def coverage(store: Store, campaign: Campaign) -> Json:
    """Show when its hashtags were watched, when not, and why."""
    await store.refresh()
    return await ask_coverage(store, campaign)


COMMANDS = (*(windows, spikes, peaks, forecast, comments, hashtags, authenticity, coverage),)
