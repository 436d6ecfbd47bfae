"""``taglake model train``: a model learns, is measured beside the champion, and is proposed."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path

import click

from enrichment.held_back import SHARE, Split, held_back_name, split
from enrichment.model_places import SHIPPED_MODEL, checked_name, place_of
from enrichment.tuning import trained, tuned
from lake import times
from lake.errors import ConfigError, ConflictError, InvalidError
from lake.unlabelled import unlabelled_texts
from taglake.context import Context, pass_context
from taglake.model_lake import PEOPLE, RegistryDoor, lake_runs, registry_door
from taglake.model_proposals import Proposal, labelled_of, propose, scheduled

# A thousand hold a model to most of what it said elsewhere; twice as many cost a minute.
_OTHERS = 2_000


@dataclass(frozen=True)
class _Wanted:
    """What was asked for."""

    data: Path | None
    labels: str | None
    base: str | None
    out: str | None
    seed: int
    is_scheduled: bool

    def check(self) -> None:
        """Refuses options that do not go together.

        Raises:
            InvalidError: One of them.
        """
        if (self.data is None) == (self.labels is None):
            raise InvalidError("say what to learn from: either --data FOLDER or --labels FILE")
        if self.data is not None and self.out is None:
            raise InvalidError("--data: say what the model is called, with --out NAME")
        if self.data is not None and self.base is not None:
            raise InvalidError("--base: goes with --labels; --data trains a model from nothing")
        if self.out is not None:
            checked_name(self.out)

    @property
    def name(self) -> str:
        """What the model is called."""
        return self.out or f"tuned-{times.now():%Y%m%d-%H%M%S}"


@click.command(
    epilog="""\b
Needs the extra train: pip install 'taglake[train]'. A fifth of the labels, chosen
by their texts alone, is held back: the new model and the champion are measured on
it. Posts of the lake that nobody labelled hold it to what it said of them. Nothing
is promoted; the command to do so is printed.

\b
Examples:
  taglake model train --labels people
  taglake model train --labels corrections.csv --base taglake-small --out mine
  taglake model train --data ./sentiment --out small-2
"""
)
@click.option("--labels", metavar="FILE|people", help="Fine-tune on these labels.")
@click.option("--base", metavar="NAME|FOLDER", help="What learns; the champion without it.")
@click.option(
    "--data",
    type=click.Path(path_type=Path, file_okay=False, exists=True),
    help="Train a small model from nothing on this folder of data sets.",
)
@click.option("--out", metavar="NAME", help="What the model is called.")
@click.option("--seed", type=int, default=0, show_default=True, help="Of everything random.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.option("--scheduled", "is_scheduled", is_flag=True, hidden=True)
@pass_context
def train(
    context: Context,
    labels: str | None,
    base: str | None,
    data: Path | None,
    out: str | None,
    seed: int,
    *,
    as_json: bool,
    is_scheduled: bool,
) -> None:
    """Train a model, measure it beside the champion, and propose it."""
    wanted = _Wanted(data, labels, base, out, seed, is_scheduled)
    wanted.check()
    if data is not None:
        _from_nothing(context, wanted, data, as_json=as_json)
    elif is_scheduled:
        _on_schedule(context, wanted)
    else:
        _on_labels(context, wanted, as_json=as_json)


def _from_nothing(context: Context, wanted: _Wanted, data: Path, *, as_json: bool) -> None:
    """Trains in the model's own place, where a run that was stopped goes on."""
    place = context.config.enrichment.models_dir / wanted.name
    if place.exists():
        raise ConflictError(f"{place} exists: choose another name with --out")
    place.parent.mkdir(parents=True, exist_ok=True)
    try:
        trained(data, place, seed=wanted.seed, say=context.say)
    except KeyboardInterrupt:
        context.say("stopped; the same command goes on behind the last epoch that was finished")
        raise
    told = "not registered, as no lake runs: taglake model add does so later"
    if lake_runs(context):
        with registry_door(context) as door:
            door.ask(lambda registry: registry.add(place, wanted.name, "trained"))
        told = "registered; not the champion yet"
    if as_json:
        context.answer({"name": wanted.name, "folder": str(place)})
    else:
        click.echo(f"{place}: {told}")
        click.echo(f"measure it: taglake model evaluate FILE --model {wanted.name}")


def _on_labels(context: Context, wanted: _Wanted, *, as_json: bool) -> None:
    """Fine-tunes; beside the lake's champion, or the shipped model where no lake runs."""
    if wanted.labels != PEOPLE and not lake_runs(context):
        proposal = _proposed(context, wanted, None)
    else:
        with registry_door(context) as door:
            proposal = _proposed(context, wanted, door)
    if as_json:
        context.answer(proposal.to_json())
    else:
        click.echo(proposal.text())


def _on_schedule(context: Context, wanted: _Wanted) -> None:
    with registry_door(context) as door:
        outcome = scheduled(context, door, lambda: _proposed(context, wanted, door))
    if outcome is not None:
        click.echo(outcome)


def _proposed(context: Context, wanted: _Wanted, door: RegistryDoor | None) -> Proposal:
    labelled, data_name = labelled_of(wanted.labels or PEOPLE, door)
    parts: Split = split(labelled)
    champion = SHIPPED_MODEL
    if door is not None:
        champion = door.ask(lambda registry: registry.champion()).name
    base = _base(context, wanted.base or champion, champion)
    context.say(
        f"{len(parts.learnt):,} texts to learn from, {len(parts.held_back):,} held back "
        f"({100 * SHARE:.0f} %), from {base.name}"
    )
    # Weights may be larger than what the system keeps for temporary files.
    models_dir = context.config.enrichment.models_dir
    models_dir.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=models_dir, prefix=".train-") as folder:
        out = Path(folder) / wanted.name
        made = tuned(
            base,
            parts.learnt,
            out,
            seed=wanted.seed,
            say=context.say,
            others=_others(door, wanted.seed),
        )
        return propose(
            context,
            door,
            made,
            champion,
            parts.held_back,
            held_back_name(data_name),
            source=wanted.labels or PEOPLE,
            keeps_worse=not wanted.is_scheduled,
        )


def _others(door: RegistryDoor | None, seed: int) -> list[str]:
    """Texts of the lake that should be scored as before; none where there is no lake."""
    if door is None:
        return []
    return door.in_lake(lambda store: unlabelled_texts(store, _OTHERS, seed=seed))


def _base(context: Context, spec: str, champion: str) -> Path:
    found = place_of(spec, context.config.enrichment, champion)
    if found is None:
        raise ConfigError("VADER cannot learn: name another base, such as --base taglake-small")
    return found
