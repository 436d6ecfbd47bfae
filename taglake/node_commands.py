"""``taglake node``: start, stop and look at the embedded Elasticsearch node."""

from __future__ import annotations

import time
from collections import deque
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from lake.errors import ConfigError, NodeError
from lake.node import NodeStatus, node_status, start_node, stop_node
from taglake.context import Context, pass_context

NOT_RUNNING = 3
"""Exit status of ``node status`` where no node runs, as service managers have it."""

_FOLLOW_POLL_S = 0.3


@click.group(
    epilog="""\b
Examples:
  taglake node start               runs until `taglake node stop`
  taglake node status --json
  taglake node logs -n 50 --follow
"""
)
def command() -> None:
    """Start, stop and look at the embedded Elasticsearch node.

    The other commands start one where none runs, and stop it when the last of them ends. One
    that was started here stays until it is stopped here.
    """


_json = click.option("--json", "as_json", is_flag=True, help="Print JSON.")


@command.command(
    epilog="""\b
Example:
  taglake node start && taglake node status
"""
)
@_json
@pass_context
def start(context: Context, *, as_json: bool) -> None:
    """Start the node, and keep it until `taglake node stop`."""
    url = context.config.elasticsearch.url
    if url != "embedded":
        raise ConfigError(f"elasticsearch.url is {url}; only an embedded node can be started here")
    ran_before = node_status(context.node_settings).pid
    access = start_node(context.node_settings, context.say, pinned=True)
    if as_json:
        context.answer(_body(node_status(context.node_settings)))
        return
    how = "already running" if ran_before == access.pid else "running"
    click.echo(f"{how}: process {access.pid} at {access.url}, data in {access.data_dir}")


@command.command()
@pass_context
def stop(context: Context) -> None:
    """Stop the node, also one that other commands use."""
    users = node_status(context.node_settings).leases
    if users:
        pids = ", ".join(str(pid) for pid in users)
        context.say(f"these commands use it and will wait for the next one: process {pids}")
    stopped = stop_node(context.node_settings, context.say)
    click.echo("stopped" if stopped else "no node was running")


@command.command(
    epilog="""\b
Exit status: 0 where it runs, 3 where it does not.
"""
)
@_json
@click.pass_context
def status(ctx: click.Context, *, as_json: bool) -> None:
    """Show whether the node runs, where, and for whom."""
    context = ctx.find_object(Context) or Context()
    found = node_status(context.node_settings)
    if as_json:
        context.answer(_body(found))
    else:
        for line in _lines(found):
            click.echo(line)
    ctx.exit(0 if found.pid is not None else NOT_RUNNING)


@command.command(
    epilog="""\b
Example:
  taglake node logs -n 200
"""
)
@click.option("-n", "lines", default=20, type=click.IntRange(0), show_default=True, help="Lines.")
@click.option("-f", "--follow", is_flag=True, help="Go on with new lines until Ctrl-C.")
@pass_context
def logs(context: Context, lines: int, *, follow: bool) -> None:
    """Print the end of the node's log."""
    path = node_status(context.node_settings).log
    try:
        with path.open(encoding="utf-8", errors="replace") as file:
            for line in deque(file, maxlen=lines):
                click.echo(line, nl=False)
            position = file.tell()
    except OSError as exc:
        raise NodeError(
            f"cannot read {path} ({exc.strerror}). The node writes it when it starts."
        ) from exc
    while follow:
        time.sleep(_FOLLOW_POLL_S)
        position = _print_from(path, position)


def _print_from(path: Path, position: int) -> int:
    if path.stat().st_size < position:  # the log was rotated
        position = 0
    with path.open("rb") as file:
        file.seek(position)
        click.echo(file.read().decode(errors="replace"), nl=False)
        return file.tell()


def _body(found: NodeStatus) -> dict[str, Any]:
    return {
        "running": found.pid is not None,
        "answers": found.answers,
        "pid": found.pid,
        "url": found.url,
        "started_at": found.started_at.isoformat() if found.started_at else None,
        "pinned": found.pinned,
        "version": found.version,
        "data_dir": str(found.data_dir),
        "log": str(found.log),
        "credentials": str(found.credentials),
        "used_by": list(found.leases),
    }


def _lines(found: NodeStatus) -> list[str]:
    if found.pid is None:
        return [f"not running; data in {found.data_dir}"]
    answers = "answers" if found.answers else "does not answer"
    since = ""
    if found.started_at is not None:
        minutes = (datetime.now(UTC) - found.started_at).total_seconds() / 60
        since = f", for {minutes:.0f} min"
    stays = "until `taglake node stop`" if found.pinned else "as long as a command uses it"
    used_by = ", ".join(f"process {pid}" for pid in found.leases) or "nobody"
    return [
        f"running: process {found.pid}, Elasticsearch {found.version}{since}; it {answers}",
        f"address:   {found.url}",
        f"stays:     {stays}",
        f"used by:   {used_by}",
        f"data:      {found.data_dir}",
        f"log:       {found.log}",
        f"passwords: {found.credentials}",
    ]
