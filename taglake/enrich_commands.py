"""``taglake enrich``: posts without a score get one, and the history a better one."""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import datetime

import click

from enrichment.worker import Scored
from lake import times
from lake.errors import InvalidError, PayloadError, UnavailableError
from lake.rescoring import Scope
from lake.store import Store
from taglake.context import Context
from taglake.enrich_status import status
from taglake.enriching import ask_for_rescoring, cancel_rescoring, enrich, rescore

# The history may wait: what `taglake up` scores meanwhile goes first.
_NICENESS = 10


@dataclass(frozen=True, slots=True)
class _Wanted:
    """What was asked for on the command line."""

    rescore: bool
    since: str | None
    until: str | None
    platform: str | None
    model: str | None
    detach: bool
    cancel: bool
    retry_failed: bool

    def scope(self) -> Scope:
        """Which posts are scored again.

        Raises:
            InvalidError: The options do not go together.
        """
        if self.since is None:
            raise InvalidError("--rescore: say from which day on, such as --since 2026-01-01")
        start = _time("--since", self.since)
        end = None if self.until is None else _time("--until", self.until)
        if end is not None and end <= start:
            raise InvalidError("--until: must be after --since")
        if self.detach and self.model is not None:
            raise InvalidError(
                "--detach: the workers that run use the model of config.yaml; leave out --model, "
                "or --detach"
            )
        return Scope(start, end, self.platform)

    def check(self) -> None:
        """Refuses options that mean nothing without another.

        Raises:
            InvalidError: One of them.
        """
        alone = {
            "--since": self.since,
            "--until": self.until,
            "--platform": self.platform,
            "--detach": self.detach,
            "--cancel": self.cancel,
        }
        for name, value in alone.items():
            if value and not self.rescore:
                raise InvalidError(f"{name}: goes with --rescore")
        if self.rescore and self.retry_failed:
            raise InvalidError("--retry-failed: does not go with --rescore")


def _time(option: str, text: str) -> datetime:
    try:
        return times.from_text(text)
    except PayloadError as exc:
        raise InvalidError(f"{option}: {exc}; write 2026-11-01 or 2026-11-01T12:00:00Z") from exc


@click.group(
    invoke_without_command=True,
    epilog="""\b
Examples:
  taglake enrich --once                            score what waits, then end
  taglake enrich                                   go on until Ctrl-C; several may run side by side
  taglake enrich status                            backlog, rate, time left
  taglake enrich --once --retry-failed             try again what could not be scored
  taglake enrich --rescore --since 2026-01-01      score the history again with the present model
  taglake enrich --rescore --since 2026-01-01 --model vader --platform x
  taglake enrich --rescore --since 2026-01-01 --detach   let the workers that run do it
\b
Every way of stopping is safe: a post keeps its old score until the new one is
written, and the same command goes on where it was.
""",
)
@click.option("--once", is_flag=True, help="Score what waits now, then end.")
@click.option("--model", metavar="SPEC", help="This model, not the one of config.yaml.")
@click.option("--retry-failed", is_flag=True, help="Also try again what could not be scored.")
@click.option("--rescore", "again", is_flag=True, help="Score again what another model scored.")
@click.option("--since", metavar="TIME", help="Rescore posts created since then.")
@click.option("--until", metavar="TIME", help="And before then.")
@click.option("--platform", help="Only this platform's.")
@click.option("--detach", is_flag=True, help="Let running workers rescore when nothing waits.")
@click.option("--cancel", is_flag=True, help="Take back what was left with --detach.")
@click.option("--json", "as_json", is_flag=True, help="Print what was done as JSON.")
@click.pass_context
def command(
    click_context: click.Context,
    model: str | None,
    since: str | None,
    until: str | None,
    platform: str | None,
    *,
    again: bool,
    once: bool,
    retry_failed: bool,
    detach: bool,
    cancel: bool,
    as_json: bool,
) -> None:
    """Score the sentiment of posts that wait for it; score the history again."""
    if click_context.invoked_subcommand is not None:
        return
    context = click_context.ensure_object(Context)
    wanted = _Wanted(again, since, until, platform, model, detach, cancel, retry_failed)
    wanted.check()
    if model is not None:
        context.overrides["enrichment"] = {"model": model}
    if again:
        _rescore(context, wanted, as_json=as_json)
    else:
        _score(context, once=once, retry_failed=retry_failed, as_json=as_json)


command.add_command(status, "status")


def _score(context: Context, *, once: bool, retry_failed: bool, as_json: bool) -> None:
    async def work(store: Store) -> Scored:
        return await enrich(context, store, once=once, retry_failed=retry_failed)

    _tell(context, context.in_lake("enrich", work), as_json=as_json)


def _rescore(context: Context, wanted: _Wanted, *, as_json: bool) -> None:
    if wanted.cancel:
        was = context.in_lake("enrich", cancel_rescoring)
        click.echo("taken back; what was scored again stays so" if was else "nothing was asked for")
        return
    scope = wanted.scope()
    if wanted.detach:
        posts = context.in_lake("enrich", lambda store: ask_for_rescoring(context, store, scope))
        if as_json:
            context.answer({"posts_left": posts})
        else:
            click.echo(
                f"{posts:,} posts will be scored again by the workers that run, when nothing"
            )
            click.echo("else waits; taglake enrich status shows how many are left")
        return
    os.nice(_NICENESS)
    try:
        scored = context.in_lake("enrich", lambda store: rescore(context, store, scope))
    except KeyboardInterrupt:
        context.say("stopped; posts keep the score that they have, and the same command goes on")
        raise
    _tell(context, scored, as_json=as_json)


def _tell(context: Context, scored: Scored, *, as_json: bool) -> None:
    if as_json:
        problem = {"model_problem": scored.model_problem} if scored.model_problem else {}
        context.answer({"posts": scored.posts, "failed": scored.failed, **problem})
    else:
        click.echo(f"{scored.posts:,} posts scored, {scored.failed:,} that cannot be scored")
        if scored.model_problem:
            click.echo(f"nothing waits; the model cannot be loaded: {scored.model_problem}")
        if scored.failed:
            click.echo(
                "why: taglake enrich status; try again: taglake enrich --once --retry-failed"
            )
    if scored.refused:
        raise UnavailableError(
            f"Elasticsearch refused {scored.refused:,} scores; those posts still wait"
        )
