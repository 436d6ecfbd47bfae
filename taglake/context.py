"""What every command has at hand: the configuration, a way to talk, a way into the lake."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar

import click

from lake.access import Access
from lake.client import open_client
from lake.config import Config, load_config
from lake.json_text import dumps
from lake.log import set_up_logging
from lake.node import use_node
from lake.node_files import NodeSettings
from lake.store import Store, open_store
from lake.templates import install_templates

T = TypeVar("T")
DEFAULT_CONFIG = Path("config.yaml")


@dataclass
class Context:
    """One call of ``taglake``.

    Args:
        config_path: ``--config``; None takes ``config.yaml`` of the current folder if there is one.
        verbose: Whether to log at ``debug`` whatever the configuration says.
    """

    config_path: Path | None = None
    verbose: bool = False
    overrides: dict[str, dict[str, Any]] = field(default_factory=dict)

    @cached_property
    def config(self) -> Config:
        """The configuration; reading it sets up logging too.

        Raises:
            ConfigError: See ``load_config``.
        """
        path = self.config_path
        if path is None and DEFAULT_CONFIG.exists():
            path = DEFAULT_CONFIG
        config = load_config(path)
        for section, values in self.overrides.items():
            changed = getattr(config, section).model_copy(update=values)
            config = config.model_copy(update={section: changed})
        set_up_logging("debug" if self.verbose else config.log.level, config.log.format)
        return config

    @property
    def node_settings(self) -> NodeSettings:
        """What the embedded node needs of the configuration."""
        config = self.config
        return NodeSettings(
            data_dir=config.node.data_dir,
            heap_mb=config.node.heap_mb,
            http_port=config.node.http_port,
            index_prefix=config.elasticsearch.index_prefix,
            start_timeout_s=config.node.start_timeout_s,
        )

    def say(self, line: str) -> None:
        """Tells the person at the terminal how things go; never part of a command's answer."""
        click.echo(line, err=True)

    def answer(self, body: object) -> None:
        """Prints an answer for machines: one JSON document."""
        click.echo(dumps(body))

    @contextmanager
    def accesses(self) -> Iterator[Accesses]:
        """The way into the lake; starts the embedded node if that is what is configured.

        Raises:
            NodeError: The node does not start.
            StorageError: Its folder cannot be written.
        """
        config = self.config.elasticsearch
        if config.url != "embedded":
            yield Accesses(config.url, {})
            return
        with use_node(self.node_settings, self.say) as node:
            users = {
                role: Access(node.url, user.user, user.password)
                for role, user in node.users.items()
            }
            yield Accesses(node.url, users)

    def in_lake(self, role: str, work: Callable[[Store], Awaitable[T]]) -> T:
        """What ``work`` gives when it is done in the lake as a role.

        Args:
            role: ``ingest``, ``enrich``, ``api``, ``reader`` or ``admin``.
            work: Done with a store that is open; what it submitted is safe before this returns.
        """
        return self.in_lake_as(role, lambda store, _accesses: work(store))

    def in_lake_as(self, role: str, work: Callable[[Store, Accesses], Awaitable[T]]) -> T:
        """As ``in_lake``, for work that enters the lake in other roles too."""
        with self.accesses() as accesses:

            async def run() -> T:
                async with lake(self.config, accesses, role) as store:
                    return await work(store, accesses)

            return asyncio.run(run())


@dataclass(frozen=True)
class Accesses:
    """The lake's address, and who we are there in each role."""

    url: str
    users: dict[str, Access]

    def of(self, role: str) -> Access:
        """How to enter in a role; a cluster of the user's knows only the configured user."""
        return self.users.get(role, Access(self.url))


@asynccontextmanager
async def lake(config: Config, accesses: Accesses, role: str) -> AsyncIterator[Store]:
    """A store, in a lake whose index templates are up to date."""
    admin = accesses.of("admin")
    client = open_client(admin.url, config.elasticsearch, user=admin.user, password=admin.password)
    try:
        await install_templates(client, config.elasticsearch.index_prefix)
    finally:
        await client.close()
    async with open_store(config, accesses.of(role)) as store:
        yield store


pass_context = click.make_pass_decorator(Context)
