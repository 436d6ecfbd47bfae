"""``taglake campaign``: campaigns from the command line, in the API's own words."""

from __future__ import annotations

import click
from rich.console import RenderableType

from api import answers
from lake.records import Json
from lake.store import Store
from taglake import answer_commands, finding_commands, tables
from taglake.asking import answered, example_text
from taglake.campaign_create_command import create
from taglake.context import Context, pass_context
from taglake.export_command import export

_json = click.option("--json", "as_json", is_flag=True, help="Print the API's own answer.")
_id = click.argument("campaign_id", metavar="ID")


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


command.add_command(create)
command.add_command(export)
for _question in (*answer_commands.COMMANDS, *finding_commands.COMMANDS):
    command.add_command(_question)


@command.command("list", epilog=example_text("taglake campaign list --json"))
@_json
@pass_context
def list_(context: Context, *, as_json: bool) -> None:
    """Show every campaign, newest first."""
    found = context.in_lake("api", answers.list_campaigns)
    answered(found, tables.campaigns_table, as_json=as_json)


@command.command(epilog=example_text("taglake campaign show spring"))
@_id
@_json
@pass_context
def show(context: Context, campaign_id: str, *, as_json: bool) -> None:
    """Show one campaign."""

    async def work(store: Store) -> Json:
        return answers.show_campaign(await store.campaigns.get(campaign_id))

    def draw(answer: Json) -> RenderableType:
        return tables.campaigns_table({"campaigns": [answer]})

    answered(context.in_lake("api", work), draw, as_json=as_json)


@command.command(epilog=example_text("taglake campaign delete spring"))
@_id
@pass_context
def delete(context: Context, campaign_id: str) -> None:
    """Forget a campaign; its posts stay in the lake."""
    context.in_lake("api", lambda store: answers.delete_campaign(store, campaign_id))
    click.echo(f"deleted {campaign_id}")
