"""Models as tables for people."""

from __future__ import annotations

from pathlib import Path

import click
from rich.markup import escape
from rich.table import Table

from enrichment.model_places import VADER, folder_of
from lake.model_record import Champion, ModelRecord
from lake.records import Json
from taglake.tables import number, show

_MB = 1_000_000
_PLAIN = ("origin", "added_at", "added_by", "created_at", "base", "precision", "digest")
_OF_FOLDER = ("folder", "max_tokens", "features", "text", "provider", "cannot be used")


def models_table(models: list[ModelRecord], champion: Champion, models_dir: Path) -> Table:
    """One model a row, with its newest figures."""
    table = Table(box=None)
    for column in ("", "model", "macro-F1", "macro-recall", "texts", "measured on", "size"):
        right = column in ("macro-F1", "macro-recall", "texts", "size")
        table.add_column(column, justify="right" if right else "left")
    for column in ("precision", "from", "texts/s"):
        table.add_column(column, justify="right" if column == "texts/s" else "left")
    for model in models:
        table.add_row(*_row(model, champion, models_dir))
    table.caption = "* scores now; figures are those measured last, of different texts if so said"
    table.caption_justify = "left"
    return table


def _row(model: ModelRecord, champion: Champion, models_dir: Path) -> list[str]:
    last = model.evaluations[-1] if model.evaluations else None
    is_here = model.name == VADER or folder_of(model.name, models_dir) is not None
    return [
        "*" if model.name == champion.name else "",
        model.name if is_here else f"{model.name} (not on this machine)",
        f"{last.macro_f1:.4f}" if last else "–",
        f"{last.macro_recall:.4f}" if last else "–",
        number(last.n) if last else "–",
        escape(last.data_name) if last else "–",
        f"{model.size_bytes / _MB:.1f} MB" if model.size_bytes else "–",
        escape(model.precision or "–"),
        model.origin,
        number(round(last.texts_per_s)) if last and last.texts_per_s else "–",
    ]


def show_model(found: Json) -> None:
    """Prints all that is known of a model."""
    click.echo(f"{found['name']}{' (the champion)' if found['champion'] else ''}")
    table = Table(show_header=False, box=None)
    for name in (*_PLAIN, *_OF_FOLDER):
        if found.get(name) not in (None, "", {}):
            table.add_row(name.replace("_", " "), escape(_text(found[name])))
    if found.get("labels"):
        table.add_row("labels", escape(_text(found["labels"])))
    if found.get("size_bytes"):
        table.add_row("size", f"{found['size_bytes'] / _MB:.1f} MB")
    show(table)
    if found.get("evaluations"):
        show(_evaluations(found["evaluations"]))
    for move in found["moves"]:
        reason = f": {move['reason']}" if move.get("reason") else ""
        click.echo(f"{move['at'][:16]} {move['action']} by {move['by']}{reason}")


def _text(value: object) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{name} = {one}" for name, one in value.items())
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


def _evaluations(evaluations: list[Json]) -> Table:
    table = Table("measured on", "at", box=None)
    for column in ("texts", "accuracy", "macro-F1", "macro-recall"):
        table.add_column(column, justify="right")
    for one in evaluations:
        table.add_row(
            escape(one["data_name"]),
            one["at"][:10],
            number(one["n"]),
            *(f"{one[name]:.4f}" for name in ("accuracy", "macro_f1", "macro_recall")),
        )
    return table
