"""``taglake model promote``: the champion moves to a better model."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import click

from enrichment.contest import Contest, hold
from enrichment.held_back import held_back_name, held_back_of
from enrichment.loading import resolve
from enrichment.mlflow_telling import tell_evaluation
from enrichment.registry import Registry
from lake.errors import InvalidError
from lake.model_record import Champion, source_of
from lake.records import Json
from taglake.context import Context, pass_context
from taglake.model_lake import PEOPLE, WHAT_NOW, RegistryDoor, registry_door
from taglake.progress import progress


@dataclass(frozen=True)
class _Wanted:
    """What was asked for."""

    name: str
    source: str | None
    is_held_back: bool
    forced: bool
    reason: str | None

    def check(self) -> None:
        """Refuses options that do not go together.

        Raises:
            InvalidError: One of them.
        """
        if self.forced and not (self.reason or "").strip():
            raise InvalidError("--force: say why with --reason; it is kept")
        if self.source is None and not self.forced:
            raise InvalidError(
                "say which labelled texts decide: --on FILE, or --people for people's labels"
            )


@click.command(
    epilog="""\b
The champion moves only to a model with a higher macro-F1 on the same texts,
which must hold all three classes; equal is not higher. A model that never says
a class which the champion says is refused. --force overrules that.
People's labels decide by the fifth that 'taglake model train' never learns from.

\b
Examples:
  taglake model promote mine --on labelled.csv
  taglake model promote mine --on corrections.csv --held-back
  taglake model promote mine --people
  taglake model promote mine --force --reason "the old one is too slow"
"""
)
@click.argument("name")
@click.option(
    "--on",
    "path",
    type=click.Path(path_type=Path, dir_okay=False, exists=True),
    help="Decide on these labelled texts; as for evaluate.",
)
@click.option("--people", is_flag=True, help="Decide on what people say of posts; held-back ones.")
@click.option(
    "--held-back", is_flag=True, help="Decide on the fifth of FILE that no training learns from."
)
@click.option("--force", "forced", is_flag=True, help="Promote whatever the figures say.")
@click.option("--reason", help="Why; it is kept.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@pass_context
def promote(
    context: Context,
    name: str,
    path: Path | None,
    reason: str | None,
    *,
    people: bool,
    held_back: bool,
    forced: bool,
    as_json: bool,
) -> None:
    """Make a model the champion if it is better on labelled texts."""
    if people and path is not None:
        raise InvalidError("--people: does not go with --on FILE")
    source = PEOPLE if people else None if path is None else str(path)
    wanted = _Wanted(name, source, held_back or people, forced, reason)
    wanted.check()
    with registry_door(context) as door:
        old = door.ask(lambda registry: _read(registry, name))
        contest = _contest(context, door, wanted, old)
        if contest is None:
            resolve(name, context.config.enrichment)  # one that cannot score is no champion
        elif not contest.verdict.moves and not (forced and contest.verdict.forcible):
            _refused(context, contest, as_json=as_json)
        measured = contest.measured if contest else ()
        champion = door.ask(
            lambda registry: registry.promote(
                name,
                old,
                reason=reason,
                forced=forced and not (contest and contest.verdict.moves),
                figures=measured,
            )
        )
    _told(context, champion, old, contest, as_json=as_json)


async def _read(registry: Registry, name: str) -> Champion:
    await registry.get(name)
    champion = await registry.champion()
    if champion.name == name:
        raise InvalidError(f"{name} is the champion already")
    return champion


def _contest(
    context: Context, door: RegistryDoor, wanted: _Wanted, old: Champion
) -> Contest | None:
    """Both models measured; None without texts, or where the champion cannot be and force is."""
    if wanted.source is None:
        return None
    settings = context.config.enrichment
    labelled, data_name = door.labelled(wanted.source)
    if wanted.is_held_back:
        labelled, data_name = held_back_of(labelled), held_back_name(data_name)
    try:
        with progress("measuring", 2 * len(labelled), unit="texts") as advance:
            contest = hold(wanted.name, old.name, labelled, data_name, settings, advance)
    except InvalidError as exc:
        if not wanted.forced:
            raise
        context.say(str(exc))
        return None
    for evaluation in (contest.challenger, contest.champion):
        tell_evaluation(settings.mlflow_uri, evaluation, data_name)

    async def keep(registry: Registry) -> None:
        for model, measured in contest.measured:
            await registry.note(model, measured)

    door.ask(keep)
    return contest


def _refused(context: Context, contest: Contest, *, as_json: bool) -> None:
    if as_json:
        context.answer(_answer(contest, contest.measured[1][0], moved=False))
    for line in contest.verdict.warnings:
        context.say(line)
    raise InvalidError(
        f"not promoted, {contest.measured[1][0]} stays the champion: {contest.verdict.why}"
    )


def _told(
    context: Context, champion: Champion, old: Champion, contest: Contest | None, *, as_json: bool
) -> None:
    for line in contest.verdict.warnings if contest else ():
        context.say(line)
    if as_json:
        context.answer(_answer(contest, champion.name, moved=True))
        return
    click.echo(f"{champion.name} is the champion; before it, {old.name}")
    if contest:
        click.echo(contest.verdict.why)
    context.say(WHAT_NOW)


def _answer(contest: Contest | None, champion: str, *, moved: bool) -> Json:
    answer: Json = {"moved": moved, "champion": champion}
    if contest is None:
        return answer
    comparison = contest.comparison
    return answer | {
        "why": contest.verdict.why,
        "warnings": list(contest.verdict.warnings),
        "measured": {name: source_of(one) for name, one in contest.measured},
        "difference": comparison.difference,
        "interval": [comparison.low, comparison.high],
        "mcnemar_p": comparison.p,
    }
