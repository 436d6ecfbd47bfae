"""Texts with the labels that people gave them, read from a file: what models are judged by."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, islice
from pathlib import Path
from typing import Any, cast

from enrichment.label_schemes import LABELS, SKIP, TrueLabel, is_label, meaning, normal
from enrichment.labelled_columns import Columns, Key, Wanted, columns_of
from enrichment.labelled_rows import Row, opened, rows
from lake.errors import InvalidError
from lake.text import clean

__all__ = ["LABELS", "Labelled", "TrueLabel", "read_labelled"]

_HEAD_ROWS = 500
_TEXTS, _LABELS = "text.txt", "labels.txt"


@dataclass(frozen=True, slots=True)
class Labelled:
    """A text and its label.

    Args:
        text: As its author wrote it; may be empty.
        label: What people say that it is.
        language: As the file says, such as ``en``; None where it does not.
        id: As the file says; None where it does not.
    """

    text: str
    label: TrueLabel
    language: str | None = None
    id: str | None = None


@dataclass(frozen=True, slots=True)
class _Raw:
    line: int
    text: str
    label: str
    language: str | None = None
    id: str | None = None


def read_labelled(
    path: Path,
    *,
    text: str | None = None,
    label: str | None = None,
    language: str | None = None,
    labels: Mapping[str, str] | None = None,
) -> list[Labelled]:
    """The labelled texts of a file, in its order.

    CSV, TSV and JSON lines, with a header or without one, also gzipped (``labelled_rows``); of
    ``val_text.txt``, whose labels lie beside it in ``val_labels.txt``, one text a line, as
    TweetEval and UMSAB are published. Columns are found by ``labelled_columns``, what the labels
    mean by ``label_schemes``.

    Args:
        path: The file.
        text: The column of the text, by name or number from 1; found by itself where None.
        label: The column of the label.
        language: The column of the language.
        labels: What the labels mean where no rule tells, see ``label_schemes.label_map``.

    Raises:
        InvalidError: The file cannot be read; the message names the line and the mend.
    """
    beside = _labels_beside(path)
    if beside is None:
        raw = _rows_of(path, Wanted(text, label, language), labels or {})
    else:
        raw = _pairs(path, beside)
    if not raw:
        raise InvalidError(f"{path}: holds no labelled text")
    try:
        meanings = meaning({each.label for each in raw}, labels)
    except InvalidError as exc:
        raise InvalidError(f"{path}: {exc}{_first_line(raw)}") from exc
    found = [
        Labelled(each.text, cast(TrueLabel, meanings[each.label]), each.language, each.id)
        for each in raw
        if meanings[each.label] != SKIP
    ]
    if not found:
        raise InvalidError(f"{path}: every label is skipped")
    return found


def _first_line(raw: Sequence[_Raw]) -> str:
    """Where a person finds the first value that is no word."""
    for each in raw:
        if each.label not in LABELS:
            return f" (line {each.line}: {each.label[:30]!r})"
    return ""


def _rows_of(path: Path, wanted: Wanted, labels: Mapping[str, str]) -> list[_Raw]:
    with opened(path) as lines:
        every = rows(lines, path)
        head = list(islice(every, _HEAD_ROWS))
        if not head:
            raise InvalidError(f"{path}: holds no rows")
        try:
            columns = columns_of(
                head, wanted, lambda cell: normal(cell) in labels or is_label(cell)
            )
        except InvalidError as exc:
            raise InvalidError(f"{path}: {exc}") from exc
        has_names = columns.header and not isinstance(head[0].cells, dict)
        return list(_read(chain(head[1:] if has_names else head, every), columns, path))


def _read(every: Iterator[Row], columns: Columns, path: Path) -> Iterator[_Raw]:
    known: dict[str, str] = {}  # a file has few labels and many rows
    for row in every:
        written = _cell(row, columns.label, "label", path)
        if not written or not written.strip():
            raise InvalidError(f"{path}: line {row.line} has no label; give it one or delete it")
        text = _cell(row, columns.text, "text", path)
        if text is None:
            raise InvalidError(f"{path}: line {row.line} has no text; give it one or delete it")
        if written not in known:
            known[written] = normal(written)
        yield _Raw(
            row.line,
            clean(text),
            known[written],
            _optional(row, columns.language, "language", path),
            _optional(row, columns.id, "id", path),
        )


def _optional(row: Row, key: Key | None, what: str, path: Path) -> str | None:
    if key is None:
        return None
    return (_cell(row, key, what, path) or "").strip() or None


def _cell(row: Row, key: Key, what: str, path: Path) -> str | None:
    """A cell as text; None where a JSON object lacks it or it is null."""
    value: Any = row.cells.get(str(key)) if isinstance(row.cells, dict) else row.cells[int(key)]
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool | list | dict):
        raise InvalidError(
            f"{path}: line {row.line}: the {what} {str(value)[:40]!r} is no text and no number"
        )
    return str(value)


def _labels_beside(path: Path) -> Path | None:
    """The file of the labels that belongs to a file of texts; None where it is no such file."""
    name = path.name.removesuffix(".gz")
    if name != _TEXTS and not name.endswith(f"_{_TEXTS}"):
        return None
    stem = name.removesuffix(_TEXTS) + _LABELS
    for candidate in (path.with_name(stem), path.with_name(f"{stem}.gz")):
        if candidate.exists():
            return candidate
    return None


def _pairs(texts: Path, labels: Path) -> list[_Raw]:
    """One text a line and one label a line."""
    with opened(texts) as lines:
        wrote = [line.removesuffix("\n").removesuffix("\r") for _, line in lines]
    with opened(labels) as lines:
        said = [normal(line) for _, line in lines]
    while said and not said[-1]:
        said.pop()
    while len(wrote) > len(said) and not wrote[-1].strip():
        wrote.pop()
    if len(wrote) != len(said):
        raise InvalidError(
            f"{texts} has {len(wrote):,} lines, {labels.name} beside it {len(said):,}; each text "
            "needs its label on the same line"
        )
    if "" in said:
        raise InvalidError(f"{labels}: line {said.index('') + 1} has no label")
    return [
        _Raw(line, clean(text), label)
        for line, (text, label) in enumerate(zip(wrote, said, strict=True), 1)
    ]
