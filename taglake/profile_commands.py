"""``taglake profile``: what the lake knows of one account."""

from __future__ import annotations

from datetime import datetime

import click

from api.answers.profiles import MOST_OBSERVATIONS, profile
from lake import times
from lake.errors import InvalidError, PayloadError
from taglake.asking import answered, example_text
from taglake.context import Context, pass_context
from taglake.tables.one import profile_tables


@click.group(epilog=example_text("taglake profile show mastodon:ann@example.social"))
def command() -> None:
    """Look at one account."""


@command.command(
    epilog=example_text(
        "taglake profile show x:jack",
        "taglake profile show mastodon:ann@example.social --from 2026-03-01 --json",
    )
)
@click.argument("account", metavar="PLATFORM:HANDLE")
@click.option("--from", "start", metavar="TIME", help="Its posts and numbers from then on.")
@click.option("--to", "end", metavar="TIME", help="Those before then.")
@click.option(
    "--limit",
    default=200,
    type=click.IntRange(1, MOST_OBSERVATIONS),
    show_default=True,
    help="How many observations of its numbers, the newest.",
)
@click.option("--json", "as_json", is_flag=True, help="Print the API's own answer.")
@pass_context
def show(
    context: Context, account: str, start: str | None, end: str | None, limit: int, *, as_json: bool
) -> None:
    """Show an account now, its followers over time, its posts and its campaigns."""
    platform, colon, handle = account.partition(":")
    if not colon or not platform or not handle:
        raise InvalidError(f"{account[:80]!r} is no account; write PLATFORM:HANDLE, such as x:jack")
    begins, ends = _moment("--from", start), _moment("--to", end)
    found = context.in_lake(
        "api",
        lambda store: profile(store, platform, handle, start=begins, end=ends, limit=limit),
    )
    answered(found, profile_tables, as_json=as_json)


def _moment(option: str, text: str | None) -> datetime | None:
    try:
        return None if text is None else times.from_text(text)
    except PayloadError as exc:
        raise InvalidError(
            f"{option}: {text!r} is no time; write 2026-03-01 or 2026-03-01T12:00:00Z"
        ) from exc
