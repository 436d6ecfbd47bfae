"""Labels in a file: CSV, TSV or JSON lines with a post's id and what somebody says of it."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from pathlib import Path

from lake.errors import InvalidError
from lake.records import Json

_NAMES = ("post", "label", "by", "note")
_LONGEST_CELL = 1_000_000


def read_labels(path: Path) -> Iterator[tuple[int, object]]:
    """Each label with its line: an object with ``post``, ``label`` and perhaps ``by`` and ``note``.

    A table has a header with those names; ``platform`` and ``id`` may stand for ``post``. Other
    columns are left alone, empty cells count as not there, and a label's case does not matter. The
    values are as they come: who takes them checks them.

    Raises:
        InvalidError: The file cannot be read; the message names the line.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            first = file.readline()
            file.seek(0)
            if first.lstrip().startswith("{"):
                yield from _json_lines(path, file)
            else:
                yield from _table(path, csv.DictReader(file, delimiter=_delimiter(first)))
    except UnicodeDecodeError as exc:
        raise InvalidError(f"{path}: is no UTF-8 text: {exc.reason}") from exc
    except OSError as exc:
        raise InvalidError(f"{path}: cannot be read ({exc.strerror})") from exc


def _delimiter(header: str) -> str:
    return max(",;\t", key=header.count)


def _json_lines(path: Path, lines: Iterator[str]) -> Iterator[tuple[int, object]]:
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            entry = json.loads(line)
        except (ValueError, RecursionError) as exc:
            raise InvalidError(f"{path}:{number}: is no JSON: {str(exc)[:100]}") from exc
        yield number, _fields(entry) if isinstance(entry, dict) else entry


def _table(path: Path, rows: csv.DictReader[str]) -> Iterator[tuple[int, object]]:
    csv.field_size_limit(_LONGEST_CELL)
    names = {name.strip().lower() for name in rows.fieldnames or ()}
    if "label" not in names or not ("post" in names or {"platform", "id"} <= names):
        raise InvalidError(
            f"{path}: its first line must name the columns post and label (and by, note); "
            "platform and id may stand for post"
        )
    try:
        for row in rows:
            cells = {name.strip().lower(): cell for name, cell in row.items() if name}
            yield rows.line_num, _fields({name: cell for name, cell in cells.items() if cell})
    except csv.Error as exc:
        raise InvalidError(f"{path}:{rows.line_num + 1}: {exc}") from exc


def _fields(entry: Json) -> Json:
    found = {name: entry[name] for name in _NAMES if entry.get(name) is not None}
    if "post" not in found and entry.get("platform") and entry.get("id"):
        found["post"] = f"{entry['platform']}:{entry['id']}"
    if isinstance(found.get("label"), str):
        found["label"] = found["label"].strip().lower()
    return found
