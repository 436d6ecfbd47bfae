"""``taglake collect``: collecting where the platforms answer, for a lake that is elsewhere."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, ExitStack, asynccontextmanager
from dataclasses import asdict, dataclass
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import urlsplit

import click

from ingestors.connections import connection
from ingestors.outbox import Outbox
from ingestors.platform import Target
from ingestors.remote import Collected, Collector
from ingestors.remote_state import StateFile
from lake.config import Config
from lake.errors import ConfigError, InvalidError, StorageError, UnavailableError
from lake.filelock import locked
from lake.http import HttpOptions, connect
from lake.text import normal_hashtag
from taglake.context import Context, pass_context

_TOKEN_ENV = "TAGLAKE_PUSH_TOKEN"  # noqa: S105
_ATTEMPTS_ONCE = 6


@dataclass(frozen=True, slots=True)
class _Wanted:
    url: str
    token: str | None
    name: str
    state: Path
    targets: Sequence[Target]


@click.command(
    epilog="""\b
Examples:
  export TAGLAKE_PUSH_TOKEN=…        one of api.push_tokens where the lake is
  taglake collect --push https://lake.example.org --target mastodon:hashtag:caturday
  taglake collect --push http://127.0.0.1:8000 --target mastodon:hashtag:caturday --once
\b
The platforms are those of config.yaml here. What was collected is pushed to
the API there, and a place is remembered only once the API keeps what came
before it: stop it whenever you like. No Elasticsearch is needed here.
"""
)
@click.option("--push", "url", required=True, metavar="URL", help="Address of the lake's API.")
@click.option(
    "--token-env",
    metavar="NAME",
    help=f"The environment variable that holds the token; {_TOKEN_ENV}.",
)
@click.option(
    "--target",
    "keys",
    multiple=True,
    required=True,
    metavar="PLATFORM:KIND:VALUE",
    help="What to collect; KIND is hashtag, profile or comments. May be repeated.",
)
@click.option("--once", is_flag=True, help="Walk each target once, then end.")
@click.option(
    "--interval-s",
    type=click.FloatRange(min=1),
    help="Seconds between two walks; ingest.interval_s of config.yaml.",
)
@click.option("--name", default="remote", show_default=True, help="This collector's name there.")
@click.option(
    "--state",
    type=click.Path(path_type=Path, dir_okay=False),
    help="The file that remembers each target's place; collect.json in node.data_dir.",
)
@click.option("--json", "as_json", is_flag=True, help="With --once: print what was done as JSON.")
@pass_context
def command(
    context: Context,
    /,
    url: str,
    token_env: str | None,
    keys: Sequence[str],
    interval_s: float | None,
    name: str,
    state: Path | None,
    *,
    once: bool,
    as_json: bool,
) -> None:
    """Collect here, and push what is found to a lake elsewhere."""
    if as_json and not once:
        raise InvalidError("--json needs --once: without it there is no end to tell of")
    config = context.config
    token = _token(token_env)
    wanted = _Wanted(
        url=_address(url, with_token=token is not None),
        token=token,
        name=name,
        state=state or config.node.data_dir / "collect.json",
        targets=[_target(key, config) for key in dict.fromkeys(keys)],
    )
    with _alone(wanted.state, context):
        if once:
            _show(context, asyncio.run(_once(config, wanted)), as_json=as_json)
        else:
            wait_s = interval_s or config.ingest.interval_s
            _until_ctrl_c(context, wanted, wait_s)


async def _once(config: Config, wanted: _Wanted) -> list[Collected]:
    async with _collector(config, wanted, attempts=_ATTEMPTS_ONCE) as collector:
        return await collector.once(wanted.targets)


def _until_ctrl_c(context: Context, wanted: _Wanted, interval_s: float) -> None:
    accepted = 0

    async def work() -> None:
        nonlocal accepted
        async with _collector(context.config, wanted, attempts=None) as collector:
            try:
                await collector.forever(wanted.targets, interval_s)
            finally:
                accepted = collector.accepted

    context.say(f"pushing to {wanted.url} every {interval_s:g} s; Ctrl-C stops")
    try:
        asyncio.run(work())
    except KeyboardInterrupt:
        context.say(
            f"stopped; the API keeps all {accepted:,} payloads that it accepted, and the next "
            f"run goes on there ({wanted.state})"
        )
        raise


@asynccontextmanager
async def _collector(
    config: Config, wanted: _Wanted, *, attempts: int | None
) -> AsyncIterator[Collector]:
    state = StateFile.read(wanted.state)
    async with AsyncExitStack() as stack:
        platforms = {
            name: await stack.enter_async_context(connection(name, config.platforms[name]))
            for name in dict.fromkeys(target.platform for target in wanted.targets)
        }
        for name, platform in platforms.items():
            state.restore(name, platform.limits)
        http = await stack.enter_async_context(connect(HttpOptions()))
        outbox = Outbox(http, wanted.url, wanted.token, wanted.name, attempts)
        yield Collector(platforms, outbox, state)


def _alone(state: Path, context: Context) -> ExitStack:
    """Holds the state's lock: two collectors must not share one."""
    with ExitStack() as stack:
        try:
            state.parent.mkdir(parents=True, exist_ok=True)
            lock = state.with_name(f"{state.name}.lock")
            stack.enter_context(locked(lock, timeout_s=0, say=context.say))
        except OSError as exc:
            raise StorageError(f"{state}: cannot be written ({exc.strerror})") from exc
        return stack.pop_all()


def _show(context: Context, done: Sequence[Collected], *, as_json: bool) -> None:
    if as_json:
        context.answer({"targets": [asdict(one) for one in done]})
    else:
        for one in done:
            refused = f", {one.refused:,} refused" if one.refused else ""
            click.echo(f"{one.target}: {one.accepted:,} payloads pushed{refused}")
    failed = [one.target for one in done if one.error is not None]
    if failed:
        raise UnavailableError(f"not collected to the end: {', '.join(failed)}; the log says why")


def _token(name: str | None) -> str | None:
    token = os.environ.get(name or _TOKEN_ENV)
    if name is not None and not token:
        raise ConfigError(f"--token-env: the environment variable {name} is not set")
    return token or None


def _address(url: str, *, with_token: bool) -> str:
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise InvalidError("--push: write the API's address, such as https://lake.example.org")
    if parts.query or parts.fragment or parts.username:
        raise InvalidError("--push: write the address alone; the token comes from the environment")
    if with_token and parts.scheme == "http" and not _is_loopback(parts.hostname):
        raise InvalidError(
            "--push: over http everybody on the way could read the token; use https, or a tunnel "
            "(ssh -L 8000:127.0.0.1:8000 …) and http://127.0.0.1:8000"
        )
    return url.rstrip("/").removesuffix("/v1/push")


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _target(key: str, config: Config) -> Target:
    platform, _, rest = key.partition(":")
    kind, _, value = rest.partition(":")
    if kind == "hashtag":
        value = normal_hashtag(value)
    if platform and platform not in config.platforms:
        raise InvalidError(f"--target {key}: platforms.{platform} is not configured")
    match kind:
        case "hashtag" | "profile" | "comments" if platform and value:
            return Target(platform, kind, value)
    raise InvalidError(
        f"--target {key}: write PLATFORM:KIND:VALUE with KIND hashtag, profile or comments, such "
        "as mastodon:hashtag:caturday"
    )
