"""A model that learnt, measured beside the champion: what is proposed, and what comes of it."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from shlex import quote

from enrichment.contest import Contest, hold
from enrichment.labelled import Labelled, read_labelled
from enrichment.mlflow_telling import tell_evaluation
from enrichment.model_copies import copied, described
from enrichment.registry import Registry
from enrichment.retraining import claim, finish, has_news
from lake.errors import InvalidError, TaglakeError
from lake.model_record import source_of
from lake.records import Json
from taglake.context import Context
from taglake.model_lake import PEOPLE, RegistryDoor
from taglake.progress import progress


@dataclass(frozen=True)
class Proposal:
    """A trained model and how it did beside the champion.

    Args:
        name: The model's.
        contest: What was measured.
        source: The labels: a file, or ``people``.
        kept: Whether its folder was kept.
        registered: Whether the lake knows it.
    """

    name: str
    contest: Contest
    source: str
    kept: bool
    registered: bool

    @property
    def is_better(self) -> bool:
        """Whether the rules would promote it."""
        return self.contest.verdict.moves

    def text(self) -> str:
        """For people: the verdict, and what to do."""
        lines = [self.contest.verdict.why, *self.contest.verdict.warnings]
        if self.is_better:
            lines.append(f"to make it the champion: {self._command()}")
        if not self.kept:
            lines.append("the model was not kept")
        elif not self.registered:
            lines.append("no lake runs, so it is not registered: taglake model add does so later")
        return "\n".join(lines)

    def _command(self) -> str:
        on = "--people" if self.source == PEOPLE else f"--on {quote(self.source)} --held-back"
        return f"taglake model promote {self.name} {on}"

    def to_json(self) -> Json:
        """For machines."""
        measured = {name: source_of(one) for name, one in self.contest.measured}
        return {
            "name": self.name,
            "better": self.is_better,
            "why": self.contest.verdict.why,
            "warnings": list(self.contest.verdict.warnings),
            "measured": measured,
            "kept": self.kept,
            "registered": self.registered,
        }


def labelled_of(source: str, door: RegistryDoor | None) -> tuple[list[Labelled], str]:
    """Labelled texts and what they are called, with a lake or without one.

    Raises:
        InvalidError: There are none, or the file cannot be read.
    """
    if door is not None:
        return door.labelled(source)
    return read_labelled(Path(source)), Path(source).name


def propose(
    context: Context,
    door: RegistryDoor | None,
    made: Path,
    champion: str,
    held_back: Sequence[Labelled],
    data_name: str,
    *,
    source: str,
    keeps_worse: bool,
) -> Proposal:
    """Measures a model that was trained just now beside the champion, and registers it.

    Args:
        context: The configuration, and a way to talk.
        door: The registry; None where no lake runs.
        made: The model's folder; its name is the model's.
        champion: Who scores now.
        held_back: Texts that the model did not learn from.
        data_name: What people call them.
        source: The labels: a file, or ``people``.
        keeps_worse: Whether a model that is not better is kept, too.

    Raises:
        ConfigError: The model cannot be loaded.
        InvalidError: The champion cannot be measured.
        ConflictError: Another model has that name.
    """
    settings = context.config.enrichment
    with progress("measuring", 2 * len(held_back), unit="texts") as advance:
        contest = hold(
            str(made), champion, held_back, data_name, settings, advance, called=made.name
        )
    kept = contest.verdict.moves or keeps_worse
    if kept and door is None:
        copied(made, made.name, described(made, made.name, "trained", "").digest, settings)
    elif kept and door is not None:
        door.ask(lambda registry: _register(registry, made, contest))
    params: dict[str, object] = {"champion": champion, "kept": kept}
    tell_evaluation(
        settings.mlflow_uri, contest.challenger, data_name, kind="training", params=params
    )
    return Proposal(made.name, contest, source, kept, kept and door is not None)


async def _register(registry: Registry, made: Path, contest: Contest) -> None:
    await registry.add(made, made.name, "trained")
    for name, measured in contest.measured:
        await registry.note(name, measured)


def scheduled(context: Context, door: RegistryDoor, train: Callable[[], Proposal]) -> str | None:
    """One turn of the schedule: what came of it in a line; None where there is nothing to say.

    Args:
        context: The configuration.
        door: The registry.
        train: Trains on people's labels and proposes.
    """
    days = context.config.enrichment.retrain_days
    if days is None:
        raise InvalidError("enrichment.retrain_days is not set: there is no schedule")
    me = f"{socket.gethostname()} {os.getpid()}"
    before = door.ask(lambda registry: claim(registry.records, me, days))
    if before is None:
        return None
    learnt: int | None = None
    try:
        count = len(door.labelled(PEOPLE)[0])
        if has_news(before, count):
            proposal = train()
            learnt, outcome = count, " ".join(proposal.text().split("\n"))
        else:
            outcome = f"not enough new labels to train on: {count - (before.labels_n or 0):,}"
    except TaglakeError as exc:
        outcome = " ".join(str(exc).split())
    except KeyboardInterrupt:
        door.ask(lambda registry: finish(registry.records, "stopped"))
        raise
    door.ask(lambda registry: finish(registry.records, outcome, learnt))
    return outcome if outcome != before.outcome else None
