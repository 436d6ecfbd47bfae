"""A table's rows one after another; a row may be many lines."""

from __future__ import annotations

import csv
import logging
from collections.abc import Iterator

from ingestors.files.columns import ColumnMap
from ingestors.files.entries import SHOWN_CHARS, Entry
from ingestors.files.source import Source
from ingestors.platform import Unreadable
from lake.records import Json

logger = logging.getLogger(__name__)

CELL_CHARS = 16 * 1024 * 1024
_DELIMITERS = ",;\t|"


def rows(
    source: Source, name: str, columns: ColumnMap, offset: int = 0, line: int = 1
) -> Iterator[Entry]:
    """A table's rows by column name, from a row's start on."""
    names = header(source, columns)
    reader = _Rows(source, columns.delimiter or delimiter_of(source), offset, line)
    if offset == 0 and columns.header:
        next(iter(reader), None)
    for entry, cells in reader:
        yield _row(entry, cells, names, name)


def header(source: Source, columns: ColumnMap) -> list[str]:
    """The names of a table's columns; 1, 2, 3, … where the table has no header."""
    _, cells = next(iter(_Rows(source, columns.delimiter or delimiter_of(source))), (None, []))
    if not columns.header:
        return [str(number + 1) for number in range(len(cells))]
    return [name.strip() for name in cells]


def delimiter_of(source: Source) -> str:
    """What parts the most cells of the first row: ``, ; |`` or a tab."""
    return max(
        _DELIMITERS, key=lambda one: len(next(iter(_Rows(source, one)), (None, list[str]()))[1])
    )


class _Rows:
    """The rows from an offset on, each with its place; the reader takes no line in advance."""

    def __init__(self, source: Source, delimiter: str, offset: int = 0, line: int = 1) -> None:
        self._lines = source.lines(offset, line)
        self._delimiter = delimiter
        self._offset, self._line = offset, line
        self._taken: list[str] = []
        self._broken: str | None = None
        self._warned = False

    def __iter__(self) -> Iterator[tuple[Entry, list[str]]]:
        csv.field_size_limit(CELL_CHARS)
        reader = csv.reader(self._texts(), delimiter=self._delimiter)
        while True:
            start, line, self._taken = self._offset, self._line, []
            cells: list[str] = []
            try:
                cells = next(reader)
            except StopIteration:
                return
            except csv.Error as exc:
                self._broken = str(exc)
            found = () if self._broken is None else (self._unreadable(self._broken, line),)
            yield Entry(found, line, start, self._offset, self._line), cells
            self._broken = None

    def _texts(self) -> Iterator[str]:
        for line in self._lines:
            self._offset, self._line = line.end, line.number + 1
            self._broken = line.broken
            text = self._decoded(line.data)
            self._taken.append(text)
            yield text

    def _decoded(self, data: bytes) -> str:
        try:
            return data.decode("utf-8")
        except UnicodeDecodeError:
            if not self._warned:
                logger.warning("not UTF-8, read as Windows-1252", extra={"line": self._line - 1})
                self._warned = True
        try:
            return data.decode("cp1252")
        except UnicodeDecodeError:
            return data.decode("latin-1")

    def _unreadable(self, reason: str, line: int) -> Unreadable:
        return Unreadable("".join(self._taken)[:SHOWN_CHARS], reason, str(line))


def _row(entry: Entry, cells: list[str], names: list[str], name: str) -> Entry:
    place = f"{name}:{entry.line}"
    if entry.found:
        found: tuple[Json | Unreadable, ...] = tuple(
            Unreadable(one.text, one.reason, place)
            for one in entry.found
            if isinstance(one, Unreadable)
        )
    elif not any(cell.strip() for cell in cells):
        found = ()
    elif len(cells) > len(names):
        reason = f"the row has {len(cells)} cells, the header {len(names)}"
        found = (Unreadable(" | ".join(cells)[:SHOWN_CHARS], reason, place),)
    else:
        found = (dict(zip(names, cells, strict=False)),)
    return Entry(found, entry.line, entry.offset, entry.end, entry.end_line)
