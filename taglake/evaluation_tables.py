"""Evaluations as tables for people: models side by side."""

from __future__ import annotations

from collections.abc import Sequence

from rich.markup import escape
from rich.table import Table
from rich.text import Text

from enrichment.calibration import Calibration
from enrichment.confusion_picture import ink_on, shade
from enrichment.evaluation import Evaluation
from enrichment.evaluation_figures import Comparison, Figures, Interval
from enrichment.label_schemes import LABELS
from taglake.tables import number


def figures_table(evaluations: Sequence[Evaluation], data_name: str) -> Table:
    """One figure a row, one model a column; below them the classes and the languages."""
    first = evaluations[0]
    table = Table(box=None, title_justify="left", caption_justify="left")
    table.title = f"{first.n:,} texts of {escape(data_name)}"
    table.add_column("")
    for one in evaluations:
        table.add_column(escape(one.model), justify="right")
    for name, cells in _figures(evaluations):
        table.add_row(name, *cells)
    for label in LABELS:
        support = first.figures.classes[label].support
        name = f"{label} ({support:,}): precision, recall, F1"
        table.add_row(name, *(_class(one.figures, label) for one in evaluations))
    for language, figures in first.languages.items():
        name = f"{escape(language)} ({figures.n:,}): macro-F1, macro-recall"
        table.add_row(name, *(_language(one, language) for one in evaluations))
    table.caption = "\n".join(_notes(first)) or None
    return table


def confusion_table(one: Evaluation) -> Table:
    """A confusion matrix: shares of each row, and counts."""
    table = Table(box=None, title_justify="left", padding=(0, 1))
    table.title = f"{escape(one.model)}: what people say in rows, what it says in columns"
    table.add_column("")
    for label in LABELS:
        table.add_column(label, justify="right")
    for label, counts, shares in zip(
        LABELS, one.figures.confusion, one.figures.shares, strict=True
    ):
        table.add_row(label, *map(_cell, counts, shares))
    return table


def reliability_table(one: Evaluation, calibration: Calibration) -> Table:
    """How often labels of a probability are right."""
    table = Table(box=None, title_justify="left")
    table.title = f"{escape(one.model)}: how sure it is, and how often it is right"
    for column in ("probability", "texts", "mean", "right"):
        table.add_column(column, justify="right")
    for each in calibration.bins:
        row = (f"{each.confidence:.3f}", f"{each.accuracy:.3f}")
        table.add_row(f"{each.low:.1f}–{each.high:.1f}", number(each.n), *row)
    return table


def comparison_line(first: Evaluation, other: Evaluation, found: Comparison) -> str:
    """Two models compared, in a sentence."""
    return (
        f"{other.model} minus {first.model}: macro-F1 {found.difference:+.4f} "
        f"(95 % {found.low:+.4f} to {found.high:+.4f}); right alone {found.only_first:,} to "
        f"{found.only_second:,} texts, McNemar p {found.p:.3g}"
    )


def _figures(evaluations: Sequence[Evaluation]) -> list[tuple[str, list[str]]]:
    def row(name: str, cells: Sequence[str]) -> tuple[str, list[str]]:
        return name, list(cells)

    found = [
        row("accuracy", [_with(one.accuracy, one.intervals.accuracy) for one in evaluations]),
        row("macro-F1", [_with(one.macro_f1, one.intervals.macro_f1) for one in evaluations]),
        row(
            "macro-recall",
            [_with(one.macro_recall, one.intervals.macro_recall) for one in evaluations],
        ),
        row("unsure", [_percent(one.unsure) for one in evaluations]),
    ]
    if any(one.failed for one in evaluations):
        found.append(row("cannot be scored", [number(one.failed) for one in evaluations]))
    known = [_calibration(one.calibration) for one in evaluations]
    if any(one.calibration for one in evaluations):
        names = ("calibration error", "Brier score", "log loss")
        found += [row(name, [one[place] for one in known]) for place, name in enumerate(names)]
    speeds = [one.texts_per_s and round(one.texts_per_s) for one in evaluations]
    return [*found, row("texts per second", [number(one) for one in speeds])]


def _calibration(one: Calibration | None) -> list[str]:
    values = (None, None, None) if one is None else (one.ece, one.brier, one.log_loss)
    return [_short(value) for value in values]


def _notes(first: Evaluation) -> list[str]:
    notes = ["in brackets: 95 % intervals (bootstrap)"]
    if first.figures.missing:
        missing = " and no text that is ".join(first.figures.missing)
        notes.append(f"no text that is {missing}: means go over the other classes")
    if first.languages_left_out and first.languages:
        notes.append(
            f"languages as {'detected' if first.languages_from == 'detected' else 'the file says'}"
            f"; {first.languages_left_out:,} texts are of none or of a rare one"
        )
    return notes


def _class(figures: Figures, label: str) -> str:
    one = next(found for name, found in figures.classes.items() if name == label)
    return " ".join(map(_short, (one.precision, one.recall, one.f1)))


def _language(one: Evaluation, language: str) -> str:
    found = one.languages[language]
    return f"{found.macro_f1:.3f} {found.macro_recall:.3f}"


def _cell(count: int, share: float | None) -> Text:
    if share is None:
        return Text("–")
    red, green, blue = shade(share)
    style = f"{ink_on(shade(share))} on rgb({red},{green},{blue})"
    return Text(f" {100 * share:5.1f} % {count:>9,} ", style=style)


def _with(value: float, ends: Interval) -> str:
    return f"{value:.4f} ({ends[0]:.3f}–{ends[1]:.3f})"


def _short(value: float | None) -> str:
    return "    –" if value is None else f"{value:.3f}"


def _percent(share: float | None) -> str:
    return "–" if share is None else f"{100 * share:.1f} %"
