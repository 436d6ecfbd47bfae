"""``taglake platforms``: what each platform can do, needs and allows; and whether its keys work."""

from __future__ import annotations

import asyncio
from typing import Any

import click
from rich.markup import escape
from rich.table import Table

from ingestors.about import CAPABILITIES, About
from ingestors.connections import about, connection, platform_names
from lake.errors import ConfigError
from lake.records import Json
from taglake import tables
from taglake.context import Context, pass_context

_FILES = "archive"  # a platform whose posts come from files; `taglake import` reads them


@click.group(
    invoke_without_command=True,
    epilog="""\b
Examples:
  taglake platforms                     what there is
  taglake platforms --json
  taglake platforms check mastodon      one cheap call with the configured credentials
""",
)
@click.option("--json", "as_json", is_flag=True, help="Print a list of objects.")
@click.pass_context
def command(ctx: click.Context, *, as_json: bool) -> None:
    """Show what each platform can do, needs and allows."""
    if ctx.invoked_subcommand is not None:
        return
    context = ctx.find_object(Context)
    if context is None:
        raise ConfigError("no configuration")
    configured = context.config.platforms
    found = [
        described(name, about(name, configured.get(name)), configured=name in configured)
        for name in platform_names()
        if name != _FILES
    ]
    if as_json:
        context.answer(found)
    else:
        _show(found)


def described(name: str, facts: About, *, configured: bool) -> Json:
    """A platform as machines read it."""
    return {
        "name": name,
        "label": facts.label,
        "configured": configured,
        "off_because": facts.off_because,
        "capabilities": [one for one in CAPABILITIES if facts.can(one)],
        "what": dict(facts.capabilities),
        "keys": [
            {"option": key.option, "what": key.what, "page": key.page, "required": key.required}
            for key in facts.keys
        ],
        "limits": [
            {
                "bucket": limit.bucket,
                "calls": limit.calls,
                "per_s": limit.per_s,
                "source": limit.source,
            }
            for limit in facts.limits
        ],
        "credentials": facts.credentials,
        "price": _price(facts),
    }


def _price(facts: About) -> Json | None:
    if facts.price is None:
        return None
    return {
        "per_post_usd": facts.price.per_post_usd,
        "per_author_usd": facts.price.per_author_usd,
        "per_call_usd": dict(facts.price.per_call_usd),
    }


def _show(found: list[Json]) -> None:
    table = Table(box=None)
    table.add_column("platform")
    for name in CAPABILITIES:
        table.add_column(name, justify="center")
    table.add_column("needs")
    table.add_column("limits")
    for entry in found:
        marks = ["✓" if name in entry["capabilities"] else "·" for name in CAPABILITIES]
        name = entry["name"] + (" *" if entry["configured"] else "")
        table.add_row(name, *marks, escape(_needs(entry)), escape(_limits(entry)))
    table.caption = "* in your config.yaml; `taglake platforms check NAME` tries its credentials"
    table.caption_justify = "left"
    tables.show(table)
    for entry in found:
        for key in entry["keys"]:
            click.echo(f"{entry['name']}.{key['option']}: {key['what']}, from {key['page']}")
        if entry["off_because"]:
            click.echo(f"{entry['name']} is off: {entry['off_because']}")


def _needs(entry: Json) -> str:
    required = [key["option"] for key in entry["keys"] if key["required"]]
    optional = [key["option"] for key in entry["keys"] if not key["required"]]
    return ", ".join(required + [f"({name})" for name in optional]) or "nothing"


def _limits(entry: Json) -> str:
    return ", ".join(
        f"{limit['calls']:,} {limit['bucket']}/{tables.span(limit['per_s'])}"
        for limit in entry["limits"]
    )


@command.command()
@click.argument("name")
@click.option("--json", "as_json", is_flag=True, help="Print an object with `name` and `says`.")
@pass_context
def check(context: Context, name: str, *, as_json: bool) -> None:
    """Try a platform's configured credentials with one cheap call."""
    section = context.config.platforms.get(name)
    if section is None:
        about(name, None)  # says so where there is no such platform at all
        raise ConfigError(f"platforms.{name}: is not in config.yaml; `taglake platforms` shows why")
    says = asyncio.run(_checked(name, section))
    if as_json:
        context.answer({"name": name, "ok": True, "says": says})
    else:
        click.echo(f"{name}: {says}")


async def _checked(name: str, section: Any) -> str:
    async with connection(name, section) as platform:
        return await platform.check()
