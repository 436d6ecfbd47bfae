"""What the commands about models share: the registry, labelled texts, whether a lake runs."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from enrichment.labelled import Labelled, read_labelled
from enrichment.registry import Registry
from lake.client import open_client
from lake.errors import InvalidError, RetryError
from lake.labels import Labels
from lake.node import node_status
from lake.store import Store
from lake.templates import installed_versions
from taglake.context import Accesses, Context, lake

T = TypeVar("T")
PEOPLE = "people"
WHAT_NOW = (
    "workers take it up within a minute; posts that have a score keep it: "
    "taglake enrich --rescore --since 2026-01-01 scores them again"
)
"""What to know after the champion moved."""


@dataclass(frozen=True)
class RegistryDoor:
    """The registry in a lake that is open; each question is a connection of its own.

    Between two questions long work may block, and Ctrl-C ends it at once.
    """

    context: Context
    accesses: Accesses

    def ask(self, work: Callable[[Registry], Awaitable[T]]) -> T:
        """What ``work`` gives when it is done with the registry."""

        async def with_registry(store: Store) -> T:
            return await work(Registry(store, self.context.config.enrichment))

        return self.in_lake(with_registry)

    def in_lake(self, work: Callable[[Store], Awaitable[T]]) -> T:
        """What ``work`` gives when it is done in the lake, as one who may do everything."""

        async def run() -> T:
            async with lake(self.context.config, self.accesses, "admin") as store:
                return await work(store)

        return asyncio.run(run())

    def labelled(self, source: str) -> tuple[list[Labelled], str]:
        """The labelled texts of a file or, for ``people``, of the lake; and what they are called.

        Raises:
            InvalidError: There are none, or the file cannot be read.
        """
        if source != PEOPLE:
            return read_labelled(Path(source)), Path(source).name
        found = self.in_lake(people_labelled)
        if not found:
            raise InvalidError(
                "people have labelled no post yet; 'taglake label --next' offers some"
            )
        return found, "people's labels"


@contextmanager
def registry_door(context: Context) -> Iterator[RegistryDoor]:
    """The way to the registry for the length of the block.

    Raises:
        NodeError: The node does not start.
        StorageError: Its folder cannot be written.
    """
    with context.accesses() as accesses:
        yield RegistryDoor(context, accesses)


async def people_labelled(store: Store) -> list[Labelled]:
    """What people say of posts, one label a text."""
    rows = await Labels(store.client, store.layout).agreed()
    return [Labelled(row.text, row.label, row.language, row.post) for row in rows]


def lake_runs(context: Context) -> bool:
    """Whether the lake answers now; starts nothing."""
    config = context.config.elasticsearch
    if config.url == "embedded":
        return node_status(context.node_settings).answers

    async def answers() -> bool:
        client = open_client(config.url, config)
        try:
            await installed_versions(client, config.index_prefix)
        except RetryError:
            return False
        finally:
            await client.close()
        return True

    return asyncio.run(answers())
