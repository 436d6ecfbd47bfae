"""``taglake campaign``: campaigns from the command line, in the API's own words."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence

import click
from rich.table import Table

from analysis.influencers import RANKINGS
from analysis.posts import ORDERS
from api import answers
from api.answers import encode
from lake.campaign import Campaign
from lake.errors import InvalidError
from lake.records import Json
from lake.store import Store
from taglake import tables
from taglake.context import Context, pass_context
from taglake.export_command import export

_json = click.option("--json", "as_json", is_flag=True, help="Print the API's own answer.")
_id = click.argument("campaign_id", metavar="ID")
Question = Callable[[Store, Campaign], Awaitable[Json]]
Draw = Callable[[Json], Table]


@click.group(
    epilog="""\b
Examples:
  taglake campaign create --name "Tidy Tuesday" --hashtag tidytuesday --from 2018-04-01 \\
      --to 2019-01-01 --competitor "Makeover Monday:makeovermonday,mmm"
  taglake campaign summary tidy-tuesday
  taglake campaign influencers tidy-tuesday --by engagement --limit 50 --json
  taglake campaign export tidy-tuesday --format csv --output posts.csv
"""
)
def command() -> None:
    """Register campaigns, ask about them, export them."""


command.add_command(export)


def _competitor(text: str) -> Json:
    name, colon, tags = text.rpartition(":")
    if not colon or not name.strip():
        raise InvalidError(
            f"--competitor {text}: write NAME:tag,tag, such as 'Makeover Monday:makeovermonday'"
        )
    return {"name": name.strip(), "hashtags": [tag for tag in tags.split(",") if tag.strip()]}


@command.command()
@click.option("--name", required=True, help="What people call it.")
@click.option("--hashtag", "hashtags", multiple=True, help="With or without #; may be repeated.")
@click.option(
    "--competitor",
    "competitors",
    multiple=True,
    metavar="NAME:TAG,TAG",
    help="A brand to compare with; may be repeated.",
)
@click.option("--platform", "platforms", multiple=True, help="Only this one; may be repeated.")
@click.option("--from", "start", required=True, metavar="TIME", help="2026-03-01, or with a time.")
@click.option("--to", "end", required=True, metavar="TIME", help="The end; exclusive.")
@click.option("--baseline", metavar="TIME", help="Collect from then on, to compare with.")
@_json
@pass_context
def create(
    context: Context,
    name: str,
    hashtags: Sequence[str],
    competitors: Sequence[str],
    platforms: Sequence[str],
    start: str,
    end: str,
    baseline: str | None,
    *,
    as_json: bool,
) -> None:
    """Register a campaign."""
    body: Json = {
        "name": name,
        "hashtags": list(hashtags),
        "competitors": [_competitor(text) for text in competitors],
        "from": start,
        "to": end,
    }
    if baseline:
        body["baseline"] = baseline
    if platforms:
        body["platforms"] = list(platforms)
    made = context.in_lake("api", lambda store: answers.create_campaign(store, body))
    if as_json:
        click.echo(encode(made))
    else:
        click.echo(made["id"])


@command.command("list")
@_json
@pass_context
def list_(context: Context, *, as_json: bool) -> None:
    """Show every campaign, newest first."""
    _print(context.in_lake("api", answers.list_campaigns), tables.campaigns_table, as_json=as_json)


@command.command()
@_id
@_json
@pass_context
def show(context: Context, campaign_id: str, *, as_json: bool) -> None:
    """Show one campaign."""

    async def work(store: Store) -> Json:
        return answers.show_campaign(await store.campaigns.get(campaign_id))

    def draw(answer: Json) -> Table:
        return tables.campaigns_table({"campaigns": [answer]})

    _print(context.in_lake("api", work), draw, as_json=as_json)


@command.command()
@_id
@pass_context
def delete(context: Context, campaign_id: str) -> None:
    """Forget a campaign; its posts stay in the lake."""
    context.in_lake("api", lambda store: answers.delete_campaign(store, campaign_id))
    click.echo(f"deleted {campaign_id}")


@command.command()
@_id
@_json
@pass_context
def summary(context: Context, campaign_id: str, *, as_json: bool) -> None:
    """Show the headline numbers."""

    def draw(answer: Json) -> Table:
        return tables.summary_table(answer, answer["campaign"])

    _print(_ask(context, campaign_id, answers.summary), draw, as_json=as_json)


@command.command()
@_id
@click.option("--interval", default="day", type=click.Choice(["hour", "day", "week", "month"]))
@click.option("--tz", default="UTC", help="Where days begin, such as Europe/Berlin.")
@_json
@pass_context
def timeline(context: Context, campaign_id: str, interval: str, tz: str, *, as_json: bool) -> None:
    """Show the numbers over time."""

    async def question(store: Store, campaign: Campaign) -> Json:
        return await answers.timeline(store, campaign, interval=interval, tz=tz)

    _print(_ask(context, campaign_id, question), tables.timeline_table, as_json=as_json)


@command.command()
@_id
@click.option("--by", default="score", type=click.Choice(list(RANKINGS)), show_default=True)
@click.option("--limit", default=20, type=click.IntRange(1, 1000), show_default=True)
@_json
@pass_context
def influencers(context: Context, campaign_id: str, by: str, limit: int, *, as_json: bool) -> None:
    """Rank the authors; every author is counted, so the ranking is exact."""

    async def question(store: Store, campaign: Campaign) -> Json:
        return await answers.influencers(store, campaign, by=by, limit=limit)

    _print(_ask(context, campaign_id, question), tables.influencers_table, as_json=as_json)


@command.command("share-of-voice")
@_id
@click.option("--counting", default="whole", type=click.Choice(["whole", "fractional"]))
@_json
@pass_context
def share_of_voice(context: Context, campaign_id: str, counting: str, *, as_json: bool) -> None:
    """Compare the campaign with its competitors."""

    async def question(store: Store, campaign: Campaign) -> Json:
        return await answers.share_of_voice(store, campaign, counting=counting)

    _print(_ask(context, campaign_id, question), tables.brands_table, as_json=as_json)


@command.command()
@_id
@_json
@pass_context
def sentiment(context: Context, campaign_id: str, *, as_json: bool) -> None:
    """Show the tone of the posts."""
    _print(_ask(context, campaign_id, answers.sentiment), tables.sentiment_table, as_json=as_json)


@command.command()
@_id
@click.option("--limit", default=20, type=click.IntRange(1, 500), show_default=True)
@click.option("--sort", "order", type=click.Choice(list(ORDERS)), help="Highest or newest first.")
@click.option("--cursor", help="The `next` of the page before.")
@pass_context
def posts(
    context: Context, campaign_id: str, limit: int, order: str | None, cursor: str | None
) -> None:
    """Print a page of posts as JSON."""

    async def question(store: Store, campaign: Campaign) -> Json:
        return await answers.posts(store, campaign, order=order, limit=limit, cursor=cursor)

    click.echo(encode(_ask(context, campaign_id, question)))


def _ask(context: Context, campaign_id: str, question: Question) -> Json:
    async def work(store: Store) -> Json:
        return await question(store, await store.campaigns.get(campaign_id))

    return context.in_lake("api", work)


def _print(answer: Json, draw: Draw, *, as_json: bool) -> None:
    if as_json:
        click.echo(encode(answer))
    else:
        tables.show(draw(answer))
