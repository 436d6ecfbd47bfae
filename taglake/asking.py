"""How a question about a campaign becomes a command: what it is about, a table, or JSON."""

from __future__ import annotations

import functools
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import click
from rich.console import RenderableType

from analysis.assumptions import assumptions
from api.answers import encode
from api.answers.scope import scoped
from lake.records import Json
from lake.store import Store
from taglake import tables
from taglake.context import Context, pass_context

Question = Callable[..., Awaitable[Json]]
Draw = Callable[[Json], RenderableType]

CAMPAIGN = click.Argument(["campaign_id"], metavar="ID")
AS_JSON = click.Option(["--json", "as_json"], is_flag=True, help="Print the API's own answer.")
SCOPE: Sequence[click.Parameter] = (
    click.Option(
        ["--from", "start"], metavar="TIME", help="Posts from then on: 2026-03-01, or with a time."
    ),
    click.Option(["--to", "end"], metavar="TIME", help="Posts before then."),
    click.Option(
        ["--platform", "platforms"], multiple=True, help="Only this one; may be repeated."
    ),
    click.Option(["--as-of"], metavar="TIME", help="Only what was known then."),
)
EXACT = click.option("--exact", is_flag=True, help="Count everything, however long it takes.")
EXACT_OR_NOT = click.option(
    "--exact/--estimate",
    "exact",
    default=None,
    help="Count every author, or estimate; otherwise it depends on how many there are.",
)
TZ = click.option("--tz", default="UTC", show_default=True, help="Where days begin: Europe/Berlin.")


def limit(default: int, most: int) -> Callable[[Question], Question]:
    """The option that says how many."""
    kind = click.IntRange(1, most)
    return click.option("--limit", default=default, type=kind, show_default=True, help="How many.")


def question(
    name: str, draw: Draw, *examples: str, assumes: bool = False
) -> Callable[[Question], click.Command]:
    """Makes ``taglake campaign NAME ID`` of what asks: ``ask(store, campaign, **options)``.

    Its own options are ``click``'s decorators on the function; those that say which part of the
    campaign is asked about are the same for every question, as in the API.

    Args:
        name: The command's.
        draw: Its answer as a table.
        examples: Calls without ``taglake campaign``, each with what it shows behind two blanks.
        assumes: Whether ``ask`` also takes ``assumed``: what the configuration assumes.
    """

    def command(ask: Question) -> click.Command:
        own = list(reversed(getattr(ask, "__click_params__", [])))

        @functools.wraps(ask)
        def run(context: Context, /, campaign_id: str, *, as_json: bool, **options: Any) -> None:
            if assumes:
                options["assumed"] = assumptions(context.config.analysis)
            scope = {key: options.pop(key) for key in ("start", "end", "platforms", "as_of")}

            async def work(store: Store) -> Json:
                campaign = scoped(await store.campaigns.get(campaign_id), **scope)
                return await ask(store, campaign, **options)

            answered(context.in_lake("api", work), draw, as_json=as_json)

        return click.Command(
            name,
            params=[CAMPAIGN, *own, *SCOPE, AS_JSON],
            callback=pass_context(run),
            help=ask.__doc__,
            epilog=example_text(*(f"taglake campaign {each}" for each in examples)),
        )

    return command


def answered(answer: Json, draw: Draw, *, as_json: bool) -> None:
    """Prints an answer: as a table, or in the API's own bytes."""
    if as_json:
        click.echo(encode(answer))
    else:
        tables.show(draw(answer))


def example_text(*examples: str) -> str:
    """What ``--help`` ends with."""
    return "\b\nExamples:\n" + "\n".join(f"  {each}" for each in examples)
