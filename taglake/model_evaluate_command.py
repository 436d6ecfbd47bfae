"""``taglake model evaluate``: how well models do on labelled texts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

import click

from enrichment.confusion_picture import confusion_svg
from enrichment.contest import measured_of
from enrichment.evaluation import Evaluation, compare
from enrichment.evaluation import evaluate as evaluated
from enrichment.evaluation_figures import Comparison
from enrichment.label_schemes import label_map
from enrichment.labelled import Labelled, read_labelled
from enrichment.language import Detected, detect_all
from enrichment.loading import resolve
from enrichment.mlflow_telling import tell_evaluation
from enrichment.model_places import CHAMPION, SHIPPED_MODEL, is_name
from enrichment.registry import Registry
from enrichment.scoring import Detect
from lake.errors import InvalidError, RetryError, StorageError
from lake.node import node_status
from lake.records import Json
from taglake.context import Context, pass_context
from taglake.evaluation_tables import (
    comparison_line,
    confusion_table,
    figures_table,
    reliability_table,
)
from taglake.model_lake import PEOPLE, registry_door
from taglake.progress import progress
from taglake.tables import show


@click.command(
    epilog="""\b
FILE is CSV, TSV or JSON lines, gzipped or not; or …_text.txt, one text a line,
with its labels beside it in …_labels.txt. docs/models.md has the rules.

\b
Examples:
  taglake model evaluate labelled.csv
  taglake model evaluate val_text.txt --model vader --model ./my-model
  taglake model evaluate tweets.csv --labels 0=negative,4=positive --json
  taglake model evaluate --people --picture confusion.svg
"""
)
@click.argument("path", metavar="[FILE]", required=False, type=click.Path(path_type=Path))
@click.option("--people", is_flag=True, help="Evaluate on all that people say of posts.")
@click.option(
    "--model",
    "models",
    multiple=True,
    metavar="MODEL",
    help="champion, vader, a name, a folder, or owner/name@revision; may be repeated. "
    "The configured one.",
)
@click.option("--text-column", metavar="COLUMN", help="Its name, or its number from 1.")
@click.option("--label-column", metavar="COLUMN", help="Its name, or its number from 1.")
@click.option("--language-column", metavar="COLUMN", help="Its name, or its number from 1.")
@click.option("--labels", metavar="MAP", help="Such as 0=negative,1=positive,2=skip.")
@click.option(
    "--picture",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write the confusion matrices there, as SVG.",
)
@click.option("--keep", is_flag=True, help="Keep the figures in the registry, for 'model list'.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@pass_context
def evaluate(
    context: Context,
    /,
    path: Path | None,
    models: Sequence[str],
    picture: Path | None,
    *,
    people: bool,
    keep: bool,
    as_json: bool,
    **reading: str | None,
) -> None:
    """Measure models on labelled texts: how right, how sure, how fast.

    Needs no running lake, but for --people, --keep and a champion that was promoted. --people takes
    every label, also those that a trained model learnt from; 'promote --people' does not.
    """
    labelled, data_name = _labelled(context, path, reading, people=people)
    specs = _specs(context, models, keep=keep)
    found = _evaluations(context, specs, labelled)
    for one in found:
        tell_evaluation(context.config.enrichment.mlflow_uri, one, data_name)
    if keep:
        _keep(context, dict(zip(specs.values(), found, strict=True)), data_name)
    compared = [compare(one, found[0]) for one in found[1:]]
    if picture is not None:
        _write(picture, confusion_svg(found))
    if as_json:
        context.answer(_answer(found, compared, data_name))
    else:
        _print(found, compared, data_name)
    if picture is not None:
        context.say(f"the confusion matrices are in {picture}")


def _labelled(
    context: Context, path: Path | None, reading: dict[str, str | None], *, people: bool
) -> tuple[list[Labelled], str]:
    """The labelled texts, and what they are called."""
    if people == (path is not None):
        raise InvalidError("name a FILE of labelled texts, or write --people for people's labels")
    if path is None:
        with registry_door(context) as door:
            return door.labelled(PEOPLE)
    said = reading["labels"]
    labelled = read_labelled(
        path,
        text=reading["text_column"],
        label=reading["label_column"],
        language=reading["language_column"],
        labels=None if said is None else label_map(said),
    )
    return labelled, path.name


def _specs(context: Context, models: Sequence[str], *, keep: bool) -> dict[str, str]:
    """The models that are wanted, with what ``champion`` stands for; each once."""
    wanted = models or (context.config.enrichment.model,)
    found = {one: _champion(context) if one == CHAMPION else one for one in wanted}
    for name in found.values():
        if keep and not is_name(name):
            raise InvalidError(f"--keep: {name} is in no registry; first: taglake model add FOLDER")
    return found


def _evaluations(
    context: Context, specs: dict[str, str], labelled: Sequence[Labelled]
) -> list[Evaluation]:
    settings = context.config.enrichment
    detect = _once(detect_all)
    found: list[Evaluation] = []
    with progress("evaluating", len(labelled) * len(specs), unit="texts") as advance:

        def told(done: int) -> None:
            advance(len(found) * len(labelled) + done)

        for spec, name in specs.items():
            model = resolve(spec, settings, name)
            found.append(evaluated(model, labelled, on_batch=told, detect=detect))
    return found


def _once(detect: Detect) -> Detect:
    """Detects the languages of the texts for the first model, and remembers them for the others."""
    known: list[Detected | None] = []

    def found(texts: Sequence[str]) -> list[Detected | None]:
        if not known:
            known.extend(detect(texts))
        return known

    return found


def _champion(context: Context) -> str:
    """What the registry names; the shipped model, and a word about it, where no lake runs."""
    config = context.config.elasticsearch
    if config.url == "embedded" and not node_status(context.node_settings).answers:
        context.say(f"no lake runs, so the champion is unknown: evaluating {SHIPPED_MODEL}")
        return SHIPPED_MODEL
    try:
        with registry_door(context) as door:
            return door.ask(lambda registry: registry.champion()).name
    except RetryError as exc:
        context.say(f"the champion is unknown, evaluating {SHIPPED_MODEL}: {exc}")
        return SHIPPED_MODEL


def _keep(context: Context, found: dict[str, Evaluation], data_name: str) -> None:
    async def noted(registry: Registry) -> None:
        for name, one in found.items():
            await registry.note(name, measured_of(one, data_name))

    with registry_door(context) as door:
        door.ask(noted)


def _write(path: Path, picture: str) -> None:
    try:
        path.write_text(picture, encoding="utf-8")
    except OSError as exc:
        raise StorageError(f"--picture: {path}: {exc.strerror or exc}") from exc


def _answer(found: Sequence[Evaluation], compared: Sequence[Comparison], data_name: str) -> Json:
    """The first model's figures, with the others and how they differ from it."""
    return {
        **found[0].to_json(),
        "data": data_name,
        "others": [one.to_json() for one in found[1:]],
        "comparisons": [
            {"first": one.model, "second": found[0].model, **asdict(each)}
            for one, each in zip(found[1:], compared, strict=True)
        ],
    }


def _print(found: Sequence[Evaluation], compared: Sequence[Comparison], data_name: str) -> None:
    show(figures_table(found, data_name))
    for one, each in zip(found[1:], compared, strict=True):
        click.echo(comparison_line(found[0], one, each))
    for one in found:
        click.echo()
        show(confusion_table(one))
        if one.calibration is not None:
            click.echo()
            show(reliability_table(one, one.calibration))
