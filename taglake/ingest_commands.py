"""``taglake ingest``: the schedule alone."""

from __future__ import annotations

from collections.abc import Sequence

import click

from ingestors.connections import about
from ingestors.platform import Target
from ingestors.run import Run
from ingestors.wanted import wanted_targets
from lake import times
from lake.errors import InvalidError, UnavailableError
from lake.store import Store
from lake.text import normal_hashtag
from taglake.context import Context, pass_context
from taglake.services import drain_pushes, ingest_forever, schedule, together

_KINDS = ("hashtag", "profile", "comments")


@click.command(
    epilog="""\b
Examples:
  taglake ingest                                      poll for every campaign, until Ctrl-C
  taglake ingest --once                               one poll a target, then end
  taglake ingest --once --target mastodon:hashtag:caturday
"""
)
@click.option("--once", is_flag=True, help="Poll each target once, then end.")
@click.option(
    "--target",
    "keys",
    multiple=True,
    metavar="PLATFORM:KIND:VALUE",
    help="With --once: poll this instead of what the campaigns want. KIND is hashtag, profile or "
    "comments.",
)
@click.option("--json", "as_json", is_flag=True, help="With --once: print the runs as JSON.")
@pass_context
def command(context: Context, keys: Sequence[str], *, once: bool, as_json: bool) -> None:
    """Poll the platforms on a schedule, for as long as campaigns run."""
    if keys and not once:
        raise InvalidError("--target needs --once: the schedule polls what the campaigns want")
    targets = [_target(key) for key in keys]
    if not once:
        config = context.config
        context.in_lake(
            "ingest",
            lambda store: together(ingest_forever(config, store), drain_pushes(config, store)),
        )
        return
    polled = context.in_lake("ingest", lambda store: _once(context, store, targets))
    runs = [run for run in polled.values() if run is not None]
    if as_json:
        context.answer({"runs": [_plain(run) for run in runs]})
    else:
        _show(polled)
    failed = [key for key, run in polled.items() if run is None]
    if failed:
        raise UnavailableError(f"not polled: {', '.join(failed)}; the log says why")


def _show(polled: dict[str, Run | None]) -> None:
    for run in filter(None, polled.values()):
        written = run.written
        click.echo(
            f"{run.target.key}: {written.created:,} new posts, {written.updated:,} changed, "
            f"{written.unchanged:,} unchanged, {run.dead_letters:,} dead letters"
        )
    if not polled:
        click.echo("nothing to poll: no campaign is running; see taglake campaign create --help")


def _target(key: str) -> Target:
    platform, _, rest = key.partition(":")
    kind, _, value = rest.partition(":")
    if kind == "hashtag":
        value = normal_hashtag(value)
    match kind:
        case "hashtag" | "profile" | "comments" if platform and value:
            return Target(platform, kind, value)
    raise InvalidError(
        f"--target {key}: write PLATFORM:KIND:VALUE with KIND one of {', '.join(_KINDS)}, such as "
        "mastodon:hashtag:caturday"
    )


async def _once(context: Context, store: Store, targets: list[Target]) -> dict[str, Run | None]:
    config = context.config
    async with schedule(config, store, starts=False) as polls:
        if not targets:
            campaigns = await store.campaigns.list()
            abouts = {name: about(name, found) for name, found in config.platforms.items()}
            targets = wanted_targets(campaigns, config.platforms, times.now(), abouts)
        for target in targets:
            if target.platform not in config.platforms:
                raise InvalidError(f"--target: platforms.{target.platform} is not configured")
        polled = {target.key: await polls.poll(target) for target in targets}
    await store.refresh()
    return polled


def _plain(run: Run) -> dict[str, object]:
    return {
        "target": run.target.key,
        "run": run.id,
        "pages": run.pages,
        "payloads": run.payloads,
        "dead_letters": run.dead_letters,
        "created": run.written.created,
        "updated": run.written.updated,
        "unchanged": run.written.unchanged,
        "rejected": run.written.rejected,
    }
