"""``taglake key``: the API's keys."""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta

import click
from rich.markup import escape
from rich.table import Table

from lake import times
from lake.audit import Audit, Entry, this_user
from lake.client import while_starting
from lake.errors import InvalidError
from lake.key import ROLES, Key, Role, made_key, parts_of
from lake.keys import Keys
from lake.records import Json
from lake.store import Store
from taglake.context import Context, pass_context
from taglake.label_session import printable
from taglake.tables import show

_SPAN = re.compile(r"([1-9][0-9]{0,4})([hdw])")
_HOURS = {"h": 1, "d": 24, "w": 168}

_json = click.option("--json", "as_json", is_flag=True, help="Print JSON.")


@click.group(
    epilog="""\b
Examples:
  taglake key create --name dashboard --role read
  taglake key create --name ci --role write --expires 90d
  taglake key list
  taglake key revoke 5f0c1e9a77b2
"""
)
def command() -> None:
    """Make, list and revoke the API's keys.

    As soon as one exists, every request to the API needs one.
    """


@command.command()
@click.option("--name", required=True, help="What it is for.")
@click.option(
    "--role",
    required=True,
    type=click.Choice(ROLES),
    help="read: answers; write: campaigns, labels and pushes too; admin: everything.",
)
@click.option(
    "--expires", metavar="SPAN", help="How long it is taken: 12h, 90d, 4w. For ever without."
)
@_json
@pass_context
def create(context: Context, name: str, role: Role, expires: str | None, *, as_json: bool) -> None:
    """Make a key and show it, this once."""
    now = _now()
    expires_at = None if expires is None else now + _span(expires)
    key, text = made_key(name, role, by=this_user(), now=now, expires_at=expires_at)

    async def work(store: Store) -> None:
        await _note(store, "key.create", key)  # first: a key that was kept must be shown, too
        await Keys(store.client, store.layout).add(key)

    context.in_lake("admin", work)
    if as_json:
        context.answer(_shown(key, None, now) | {"key": text})
        return
    context.say(f"the key {key.id} ({role}); it is shown this once and kept nowhere:")
    click.echo(text)


@command.command("list")
@_json
@pass_context
def list_(context: Context, *, as_json: bool) -> None:
    """Show every key that was ever made, the newest first; never the keys themselves."""

    async def work(store: Store) -> list[Json]:
        keys = Keys(store.client, store.layout)
        found, uses, now = await while_starting(keys.list), await keys.uses(), times.now()
        return [_shown(key, uses.get(key.id), now) for key in found]

    rows = context.in_lake("admin", work)
    if as_json:
        context.answer({"keys": rows})
    elif rows:
        show(_table(rows))
    else:
        click.echo("no keys: the API serves this machine alone")


@command.command()
@click.argument("key_id", metavar="ID")
@pass_context
def revoke(context: Context, key_id: str) -> None:
    """Refuse a key from now on; servers that run do so within 5 seconds."""
    parts = parts_of(key_id)  # who gives the whole key means its id

    async def work(store: Store) -> Key:
        key = await Keys(store.client, store.layout).revoke(parts[0] if parts else key_id, _now())
        await _note(store, "key.revoke", key)
        return key

    key = context.in_lake("admin", work)
    click.echo(printable(f"revoked {key.id} ({key.name})"))


async def _note(store: Store, action: str, key: Key) -> None:
    details: dict[str, str | int | float | bool] = {"name": key.name, "role": key.role}
    entry = Entry(this_user(), action, key.id, times.now(), details=details)
    await Audit(store.client, store.layout).note(entry)


def _now() -> datetime:
    return times.from_text(times.to_text(times.now()))  # to the millisecond, as it is kept


def _span(text: str) -> timedelta:
    found = _SPAN.fullmatch(text.strip().lower())
    if found is None:
        raise InvalidError("--expires: write hours, days or weeks, such as 12h, 90d or 4w")
    return timedelta(hours=int(found[1]) * _HOURS[found[2]])


def _shown(key: Key, used: date | None, now: datetime) -> Json:
    return {
        "id": key.id,
        "name": key.name,
        "role": key.role,
        "state": key.state(now),
        "created_at": times.to_text(key.created_at),
        "created_by": key.created_by,
        "expires_at": key.expires_at and times.to_text(key.expires_at),
        "last_used": used and used.isoformat(),
        "revoked_at": key.revoked_at and times.to_text(key.revoked_at),
    }


def _table(rows: list[Json]) -> Table:
    columns = ("id", "name", "role", "state", "created", "by", "expires", "last used", "revoked")
    table = Table(*columns, box=None)
    fields = ("id", "name", "role", "state", "created_at", "created_by")
    for row in rows:
        cells = [str(row[field]) for field in fields]
        cells += [row[field] or "–" for field in ("expires_at", "last_used", "revoked_at")]
        for place in (4, 6, 8):
            cells[place] = cells[place][:16].replace("T", " ")
        table.add_row(*(escape(printable(cell)) for cell in cells))
    return table
