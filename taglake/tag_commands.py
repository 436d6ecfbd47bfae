"""``taglake tag``: what the lake and the platforms know of one hashtag."""

from __future__ import annotations

from typing import Any

import click

from api.answers.tags import hashtag
from taglake.asking import AS_JSON, SCOPE, answered, example_text
from taglake.context import Context, pass_context
from taglake.tables.one import tag_tables


@click.group(epilog=example_text("taglake tag show tidytuesday"))
def command() -> None:
    """Look at one hashtag, whether or not a campaign is about it."""


@pass_context
def _show(context: Context, /, name: str, *, as_json: bool, **scope: Any) -> None:
    """Show a hashtag's use, its grade, what platforms count, and what goes with it."""
    found = context.in_lake("api", lambda store: hashtag(store, name, **scope))
    answered(found, tag_tables, as_json=as_json)


command.add_command(
    click.Command(
        "show",
        params=[click.Argument(["name"], metavar="TAG"), *SCOPE, AS_JSON],
        callback=_show,
        help=_show.__doc__,
        epilog=example_text(
            "taglake tag show '#TidyTuesday'",
            "taglake tag show tidytuesday --from 2026-03-01 --to 2026-04-01 --platform mastodon",
        ),
    )
)
