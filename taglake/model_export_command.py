"""``taglake model export``: a PyTorch classifier becomes an ONNX folder, and a candidate."""

from __future__ import annotations

from pathlib import Path

import click

from enrichment.model_copies import name_for
from enrichment.model_places import checked_name
from enrichment.tuning import exported
from lake.errors import ConflictError, InvalidError
from taglake.context import Context, pass_context
from taglake.model_lake import RegistryDoor, lake_runs, registry_door


@click.command(
    epilog="""\b
Needs the extra train: pip install 'taglake[train]'. The folder is checked against
the original: it is refused where more than 1 % of the labels differ.

\b
Examples:
  taglake model export ./my-pytorch-model --int8
  taglake model export owner/name --revision COMMIT --int8 --out ./roberta-int8
  taglake model export ./my-pytorch-model --int8 --sample texts.txt
"""
)
@click.argument("source", metavar="NAME|FOLDER")
@click.option("--int8", is_flag=True, help="A quarter of the size, several times as fast on a CPU.")
@click.option("--out", type=click.Path(path_type=Path), help="The folder to make.")
@click.option("--revision", metavar="COMMIT", help="Of a hub model: a commit or a tag.")
@click.option(
    "--sample",
    type=click.Path(path_type=Path, dir_okay=False, exists=True),
    help="Compare on these texts, one a line; without it on some of our own.",
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@pass_context
def export(
    context: Context,
    source: str,
    out: Path | None,
    revision: str | None,
    sample: Path | None,
    *,
    int8: bool,
    as_json: bool,
) -> None:
    """Make an ONNX folder of a Hugging Face classifier, check it, and make it known."""
    models_dir = context.config.enrichment.models_dir
    place = out or models_dir / _name_of(source, int8=int8)
    name = checked_name(name_for(place))
    samples = None if sample is None else _texts(sample)
    if not lake_runs(context):
        _made(context, source, place, revision, samples, int8=int8)
        told = "no lake runs, so it is not registered: taglake model add does so later"
    else:
        with registry_door(context) as door:
            _refuse_taken(door, name)
            _made(context, source, place, revision, samples, int8=int8)
            door.ask(lambda registry: registry.add(place, name, "exported", base=source))
        told = f"registered as {name}; not the champion yet: taglake model promote {name}"
    if as_json:
        context.answer({"name": name, "folder": str(place)})
    else:
        click.echo(f"{place}: {told}")


def _name_of(source: str, *, int8: bool) -> str:
    """A model's name made of where it comes from."""
    name = name_for(Path(source.partition("@")[0]))
    return f"{name[:58]}-int8" if int8 and not name.endswith("-int8") else name


def _refuse_taken(door: RegistryDoor, name: str) -> None:
    """Before the work, not after it."""
    if door.ask(lambda registry: registry.records.find(name)) is not None:
        raise ConflictError(f"there is a model {name} already: choose another name with --out")


def _made(
    context: Context,
    source: str,
    place: Path,
    revision: str | None,
    samples: list[str] | None,
    *,
    int8: bool,
) -> None:
    folder = Path(source)
    exported(
        folder if folder.is_dir() else source,
        place,
        int8=int8,
        revision=revision,
        samples=samples,
        say=context.say,
    )


def _texts(path: Path) -> list[str]:
    try:
        lines = path.read_text(encoding="utf-8").split("\n")
    except (OSError, UnicodeDecodeError) as exc:
        raise InvalidError(f"--sample: {path} cannot be read as UTF-8 text: {exc}") from exc
    texts = [line for line in lines if line.strip()]
    if not texts:
        raise InvalidError(f"--sample: {path} holds no text")
    return texts
