"""``taglake model``: the sentiment models, their figures, and which one scores."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path

import click
from typing_extensions import override

from enrichment.model_copies import name_for
from enrichment.registry import Registry
from lake.model_record import Champion, ModelRecord, source_of
from lake.records import Json
from taglake.context import Context, pass_context
from taglake.model_lake import WHAT_NOW, registry_door
from taglake.model_tables import models_table, show_model
from taglake.tables import show

# name -> (module, the command in it); imported only when wanted, as some bring much along.
_ELSEWHERE = {
    "evaluate": ("taglake.model_evaluate_command", "evaluate"),
    "promote": ("taglake.model_promote_command", "promote"),
    "train": ("taglake.model_train_command", "train"),
    "export": ("taglake.model_export_command", "export"),
}


class _Models(click.Group):
    @override
    def list_commands(self, ctx: click.Context) -> list[str]:
        return ["list", "show", "evaluate", "add", "promote", "rollback", "train", "export"]

    @override
    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in _ELSEWHERE:
            return super().get_command(ctx, cmd_name)
        module, name = _ELSEWHERE[cmd_name]
        found: click.Command = getattr(import_module(module), name)
        return found


@click.group(
    cls=_Models,
    epilog="""\b
Examples:
  taglake model list
  taglake model evaluate labelled.csv --model ./my-model
  taglake model add ./my-model --name mine
  taglake model promote mine --on labelled.csv
  taglake model rollback --reason "worse on short posts"
""",
)
def command() -> None:
    """Look at sentiment models, measure them, and say which one scores."""


@command.command(name="list")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@pass_context
def list_models(context: Context, *, as_json: bool) -> None:
    """List the models with their last figures; * marks the champion."""

    async def work(registry: Registry) -> tuple[list[ModelRecord], Champion]:
        return await registry.list(), await registry.champion()

    with registry_door(context) as door:
        models, champion = door.ask(work)
    if as_json:
        listed = [_listed(one, champion) for one in models]
        context.answer({"champion": champion.name, "models": listed})
        return
    show(models_table(models, champion, context.config.enrichment.models_dir))


def _listed(model: ModelRecord, champion: Champion) -> Json:
    return source_of(model) | {"champion": model.name == champion.name}


@command.command(name="show")
@click.argument("name")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@pass_context
def show_command(context: Context, name: str, *, as_json: bool) -> None:
    """Show all that is known of a model: labels, text care, figures, history."""

    async def work(registry: Registry) -> Json:
        model, champion = await registry.get(name), await registry.champion()
        moves = [one for one in source_of(champion).get("history", []) if one["name"] == name]
        audit = await registry.audit.last(20, action="model.", subject=name)
        return {
            **_listed(model, champion),
            "moves": moves,
            "audit": [f"{one.at:%Y-%m-%d %H:%M} {one.action} by {one.actor}" for one in audit],
        }

    with registry_door(context) as door:
        found = door.ask(work)
    # Loads the model: what it runs on is known only then.
    from taglake.model_details import details

    found |= details(name, context.config.enrichment)
    if as_json:
        context.answer(found)
    else:
        show_model(found)


@command.command(
    epilog="""\b
Examples:
  taglake model add ./my-model
  taglake model add ~/Downloads/roberta-onnx --name roberta-2
"""
)
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False, exists=True))
@click.option("--name", help="What it is called; without it, as its folder.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@pass_context
def add(context: Context, folder: Path, name: str | None, *, as_json: bool) -> None:
    """Make a model folder known: it is copied, loaded, tried and registered."""
    wanted = name_for(folder) if name is None else name
    with registry_door(context) as door:
        record = door.ask(lambda registry: registry.add(folder, wanted, "added"))
    if as_json:
        context.answer(source_of(record))
        return
    click.echo(f"added {record.name}; it is not the champion yet: taglake model promote {wanted}")


@command.command(
    epilog="""\b
Examples:
  taglake model rollback
  taglake model rollback --reason "worse on short posts"
"""
)
@click.option("--reason", help="Why; it is kept.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@pass_context
def rollback(context: Context, reason: str | None, *, as_json: bool) -> None:
    """Make the last champion before this one the champion again."""
    with registry_door(context) as door:
        champion = door.ask(lambda registry: registry.rollback(reason))
    if as_json:
        context.answer(source_of(champion))
        return
    click.echo(f"{champion.name} is the champion again")
    context.say(WHAT_NOW)
