"""``taglake campaign create``: registers a campaign, and says what will not be there of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import click

from api import answers
from api.answers import encode
from lake.errors import InvalidError
from lake.records import Json
from lake.store import Store
from taglake.context import Context, pass_context
from taglake.platform_facts import platform_facts

# Option, the campaign's field, how a value is shown in the help, what it is.
_LISTS = (
    ("--hashtag", "hashtags", "TAG", "Posts that carry it; with or without #."),
    ("--keyword", "keywords", "WORDS", "Posts with these words side by side in their text."),
    ("--profile", "profiles", "PLATFORM:HANDLE", "Posts by this account, whatever their tags."),
    ("--all-of", "all_of", "WORDS|#TAG", "Only posts that have this too."),
    ("--exclude", "exclude", "WORDS|#TAG", "No post that has this."),
    ("--language", "languages", "CODE", "Only posts in this language, such as en."),
    ("--exclude-author", "authors_exclude", "PLATFORM:HANDLE", "No post by this account."),
    ("--platform", "platforms", "NAME", "Only this one."),
)


def _lists(command: Callable[..., None]) -> Callable[..., None]:
    for option, field, metavar, told in reversed(_LISTS):
        text = f"{told} May be repeated."
        command = click.option(option, field, multiple=True, metavar=metavar, help=text)(command)
    return command


@click.command(
    "create",
    epilog="""\b
Examples:
  taglake campaign create --name Spring --hashtag spring --from 2026-03-01 --to 2026-06-01
  taglake campaign create --name Coffee --from 2026-03-01 --to 2026-06-01 \\
      --query '(#espresso OR "cold brew") AND NOT decaf lang:en'
  taglake campaign create --name Shoes --hashtag acme --keyword "acme runner" --exclude giveaway \\
      --profile x:acme --competitor 'Rival:rival,"rival runner"' --from 2026-03-01 --to 2026-06-01
""",
)
@click.option("--name", required=True, help="What people call it.")
@_lists
@click.option("--query", metavar="TEXT", help="A boolean query in place of tags, words, profiles.")
@click.option(
    "--competitor",
    "competitors",
    multiple=True,
    metavar="NAME:TAG,TAG",
    help='A brand to compare with; "words" in quotation marks are keywords. May be repeated.',
)
@click.option("--from", "from", required=True, metavar="TIME", help="2026-03-01, or with a time.")
@click.option("--to", "to", required=True, metavar="TIME", help="The end; exclusive.")
@click.option("--baseline", metavar="TIME", help="Collect from then on, to compare with.")
@click.option("--cost", type=float, help="What it cost, for the return on investment.")
@click.option("--conversions", type=float, help="What its conversions brought in.")
@click.option("--currency", metavar="CODE", help="Of these two, such as EUR.")
@click.option("--json", "as_json", is_flag=True, help="Print the API's own answer.")
@pass_context
def create(
    context: Context, /, *, competitors: Sequence[str], as_json: bool, **fields: Any
) -> None:
    """Register a campaign.

    Posts belong to it that carry a hashtag, have a keyword in their text or are by a profile. What
    a platform will not give of it is said on standard error.
    """
    amounts = {name: fields.pop(name) for name in ("cost", "conversions", "currency")}
    body: Json = {field: value for field, value in fields.items() if value}
    if budget := {name: value for name, value in amounts.items() if value is not None}:
        body["budget"] = budget
    body["competitors"] = [_competitor(text) for text in competitors]
    platforms = platform_facts(context.config)

    async def work(store: Store) -> Json:
        return await answers.create_campaign(store, body, platforms)

    made = context.in_lake("api", work)
    for row in made["availability"] or ():
        for lack in row["unavailable"]:
            context.say(f"{row['platform']}: no {lack['what']}: {lack['reason']}")
    click.echo(encode(made) if as_json else made["id"])


def _competitor(text: str) -> Json:
    name, colon, named = text.rpartition(":")
    if not colon or not name.strip():
        raise InvalidError(
            f"--competitor {text}: write NAME:tag,tag, such as 'Makeover Monday:makeovermonday'"
        )
    said = [one.strip() for one in named.split(",") if one.strip()]
    return {
        "name": name.strip(),
        "hashtags": [one for one in said if not one.startswith('"')],
        "keywords": [one for one in said if one.startswith('"')],
    }
