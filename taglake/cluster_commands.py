"""``taglake cluster``: make a cluster of one's own ready for the lake."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Mapping

import click

from lake.client import open_client, our_errors
from lake.cluster_users import BUILT_IN, USERS, chosen_passwords, cluster_roles, make_users
from lake.errors import ConfigError
from lake.retry import Backoff, retrying
from lake.templates import install_templates
from taglake.context import Context, pass_context

_BACKOFF = Backoff(base_s=1.0, cap_s=4.0)
_ABOUT_S = 2.5  # between two tries, counted with what an answer takes


@click.group(
    epilog="""\b
Examples:
  taglake cluster setup            roles, users, index templates
  taglake cluster setup --help     which passwords it takes from the environment
"""
)
def command() -> None:
    """Make a cluster ready: roles, users, index templates.

    The embedded node needs none of this: it makes its own.
    """


@command.command(
    epilog="""\b
Passwords come from the environment; a user without one is left alone:
  TAGLAKE_INGEST_PASSWORD, TAGLAKE_ENRICH_PASSWORD, TAGLAKE_API_PASSWORD,
  TAGLAKE_ADMIN_PASSWORD, TAGLAKE_DASHBOARDS_PASSWORD, ANALYST_PASSWORD,
  KIBANA_SYSTEM_PASSWORD, REMOTE_MONITORING_USER_PASSWORD
\b
Exit status: 0 done; 1 Elasticsearch does not answer; 2 configured wrongly.
\b
Example:
  TAGLAKE_API_PASSWORD=… taglake --config prod.yaml cluster setup
"""
)
@click.option(
    "--wait",
    "wait_s",
    default=180.0,
    type=click.FloatRange(0, 86_400),
    show_default=True,
    help="Seconds that Elasticsearch may take to start; 0 asks once.",
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@pass_context
def setup(context: Context, wait_s: float, *, as_json: bool) -> None:
    """Make roles, users and index templates; again changes nothing but passwords.

    Signs in as the user of config.yaml, who must be one like `elastic` that manages security.
    """
    config = context.config.elasticsearch
    if config.url == "embedded":
        raise ConfigError("elasticsearch.url is embedded: that node makes its users itself")
    passwords = chosen_passwords(os.environ)
    templates = asyncio.run(_set_up(context, passwords, wait_s))
    roles, users = sorted(cluster_roles(config.index_prefix)), sorted(passwords)
    if as_json:
        context.answer({"roles": roles, "users": users, "templates": templates})
        return
    click.echo(f"roles:     {', '.join(roles)}")
    click.echo(f"users:     {', '.join(users)}")
    click.echo(f"templates: {', '.join(templates) or 'up to date'}")
    left = sorted({*USERS, *BUILT_IN} - set(users))
    if left:
        context.say(f"left alone, without a password in the environment: {', '.join(left)}")


async def _set_up(context: Context, passwords: Mapping[str, str], wait_s: float) -> list[str]:
    config = context.config.elasticsearch
    client = open_client(config.url, config)

    async def answers() -> None:
        with our_errors("looking whether Elasticsearch is up"):
            await client.cluster.health(wait_for_status="yellow", timeout="5s")

    try:
        await retrying(
            answers,
            backoff=_BACKOFF,
            attempts=1 + int(wait_s / _ABOUT_S),
            on_wait=lambda exc, _wait_s: context.say(f"waiting: {exc}"),
        )
        await make_users(client, config.index_prefix, passwords)
        return await install_templates(client, config.index_prefix)
    finally:
        await client.close()
