"""How a command reaches Kibana: options, then the environment, then config.yaml."""

from __future__ import annotations

import functools
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
from pydantic import SecretStr

from lake.config import KibanaConfig, checked
from taglake.context import Context, pass_context

_SECRETS = {"password": "TAGLAKE_KIBANA_PASSWORD", "api_key": "TAGLAKE_KIBANA_API_KEY"}
_OPTIONS = (
    click.option("--url", envvar="TAGLAKE_KIBANA_URL", help="Kibana's address."),
    click.option("--space", envvar="TAGLAKE_KIBANA_SPACE", help="A space; else the default one."),
    click.option("--user", envvar="TAGLAKE_KIBANA_USER", help="Who signs in."),
    click.option(
        "--ca-file",
        envvar="TAGLAKE_KIBANA_CA_FILE",
        type=click.Path(path_type=Path, dir_okay=False),
        help="Certificate authority of an https address.",
    ),
)
SECRETS_TEXT = """\
Secrets are never options: TAGLAKE_KIBANA_PASSWORD goes with --user, or
TAGLAKE_KIBANA_API_KEY alone; or the section `kibana` of config.yaml."""


def reaches_kibana(command: Callable[..., Any]) -> Callable[..., Any]:
    """Gives a command the options, and what they and the rest come to as ``kibana``."""

    @functools.wraps(command)
    @pass_context
    def run(context: Context, /, **options: Any) -> Any:
        own = {name: options.pop(name) for name in ("url", "space", "user", "ca_file")}
        return command(context, kibana=reached(context.config.kibana, own), **options)

    for option in reversed(_OPTIONS):
        run = option(run)
    return run


def reached(config: KibanaConfig, options: dict[str, Any]) -> KibanaConfig:
    """The configuration with what was said on the command line and in the environment.

    A user who is named there is not signed in with another's secret of the configuration.

    Raises:
        ConfigError: A value is unusable.
    """
    said = {name: value for name, value in options.items() if value}
    secrets = {
        name: SecretStr(value)
        for name, variable in _SECRETS.items()
        if (value := os.environ.get(variable))
    }
    kept = config.model_dump(exclude_none=True)
    if said.get("user", config.user) != config.user:
        kept.pop("password", None)
    if "user" in said or "password" in secrets:
        kept.pop("api_key", None)
    return checked(KibanaConfig, kept | said | secrets, "kibana")
