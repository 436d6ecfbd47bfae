"""The long-running parts, each as a coroutine that ends by cancellation; ``up`` runs them all."""

from __future__ import annotations

import asyncio
import errno
import logging
import socket
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import uvicorn

from api.app import create_app
from api.garbage import collect_seldom
from ingestors.about import About
from ingestors.connections import about, connection, platform_names
from ingestors.inbox import drain_forever
from ingestors.schedule import Schedule
from lake.client import while_starting
from lake.config import ApiConfig, Config
from lake.errors import ConfigError
from lake.inbox import Inbox
from lake.keys import Keys
from lake.node import node_status, start_node
from lake.node_files import NodeSettings
from lake.store import Store
from taglake.platform_facts import platform_facts

logger = logging.getLogger(__name__)

_NODE_LOOK_S = 3.0
_NOT_PUSHED = frozenset({"archive"})  # files are imported
_LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})


@asynccontextmanager
async def schedule(config: Config, store: Store, *, starts: bool = True) -> AsyncIterator[Schedule]:
    """The schedule with every configured platform connected; ``starts`` says whether its jobs run.

    Raises:
        ConfigError: A platform's section is wrong, or none is configured.
    """
    if not config.platforms:
        raise ConfigError("platforms: none is configured; name at least one, such as mastodon")
    abouts = _abouts(config)
    async with AsyncExitStack() as stack:
        platforms = {
            name: await stack.enter_async_context(connection(name, section))
            for name, section in config.platforms.items()
        }
        for name, platform in platforms.items():
            await store.limits.load(name, platform.limits)
        polls = Schedule(store, platforms, config.ingest, abouts)
        try:
            yield await stack.enter_async_context(polls) if starts else polls
        finally:
            for name, platform in platforms.items():
                await store.limits.save(name, platform.limits, last=True)


def _abouts(config: Config) -> dict[str, About]:
    """What the platforms are about; every wrong section is told before any is connected."""
    found: dict[str, About] = {}
    wrong: list[str] = []
    for name, section in config.platforms.items():
        try:
            found[name] = about(name, section)
        except ConfigError as exc:
            wrong.append(str(exc))
    if wrong:
        raise ConfigError("\n".join(wrong))
    return found


async def ingest_forever(config: Config, store: Store) -> None:
    """Polls on the schedule until it is cancelled or cannot go on."""
    async with schedule(config, store) as polls:
        await polls.failure()


def listen(settings: ApiConfig) -> socket.socket:
    """The API's socket, bound before anything else is started.

    One that others can reach does not listen yet: that needs keys, see ``check_keys``.

    Raises:
        ConfigError: The port is taken, or the address is none of this machine.
    """
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    bound = socket.socket(family, socket.SOCK_STREAM)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        bound.bind((settings.host, settings.port))
        if settings.host in _LOOPBACK:
            bound.listen()  # who comes before the server is ready waits instead of being refused
    except OSError as exc:
        bound.close()
        taken = exc.errno == errno.EADDRINUSE
        why = "is taken by another program" if taken else f"cannot be used ({exc.strerror})"
        raise ConfigError(
            f"api.port: {settings.port} {why}; set another, or 0 for any that is free"
        ) from exc
    return bound


async def check_keys(settings: ApiConfig, store: Store) -> None:
    """Returns when the API may listen where it is told to.

    Raises:
        ConfigError: The address is no loopback one, and there is no key.
        RetryError: Elasticsearch did not answer.
    """
    if settings.host in _LOOPBACK or settings.require_keys:
        return
    if not await while_starting(Keys(store.client, store.layout).list):
        raise ConfigError(
            f"api.host: {settings.host} is not a loopback address, and without API keys the API "
            "serves this machine alone; make a key first (taglake key create --name NAME --role "
            "read), or use 127.0.0.1"
        )


def address(bound: socket.socket) -> str:
    """The URL of a bound socket."""
    host, port = bound.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


async def serve(config: Config, store: Store, drains: Store, bound: socket.socket) -> None:
    """Serves the API, and brings what is pushed to it into the lake.

    Until it is cancelled or the process gets SIGINT or SIGTERM.

    Args:
        config: Where the API listens and what it accepts.
        store: What it answers from, in the role ``api``.
        drains: The same lake in the role ``ingest``.
        bound: See ``listen``.
    """
    pushable = [name for name in platform_names() if name not in _NOT_PUSHED]
    facts = platform_facts(config)
    app = create_app(store, config, push_platforms=pushable, platforms=facts, changes=drains)
    settings = uvicorn.Config(app, log_config=None, lifespan="on", access_log=False)
    server = uvicorn.Server(settings)
    collect_seldom()
    await together(server.serve(sockets=[bound]), drain_pushes(config, drains))


async def drain_pushes(config: Config, store: Store) -> None:
    """Normalises what remote collectors pushed, until it is cancelled or cannot go on."""
    await drain_forever(store, Inbox(store, config.writer.dead_letter_dir))


async def keep_node(settings: NodeSettings, say: Callable[[str], None]) -> None:
    """Starts the embedded node again if it dies; until it is cancelled."""
    while True:
        await asyncio.sleep(_NODE_LOOK_S)
        status = await asyncio.to_thread(node_status, settings)
        if status.pid is None:
            logger.warning("the node has died; starting it again")
            await asyncio.to_thread(start_node, settings, say)


async def together(*services: Coroutine[Any, Any, object]) -> None:
    """Runs services until the first of them ends, then ends the others."""
    tasks = [asyncio.create_task(service) for service in services]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    for task in tasks:
        if not task.cancelled() and (failure := task.exception()) is not None:
            raise failure
