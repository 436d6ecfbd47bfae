"""The rows of a labelled file: CSV, TSV or JSON lines, gzipped or not, told apart by its content.

Lines end at a line feed and nowhere else: a text may hold U+2028, U+0085 or a vertical tab.
"""

from __future__ import annotations

import csv
import gzip
import json
import re
import zlib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain, islice
from pathlib import Path
from typing import IO, Any, cast

import orjson

from lake.errors import InvalidError

Line = tuple[int, str]
_BOM = b"\xef\xbb\xbf"
_UTF_16 = (b"\xff\xfe", b"\xfe\xff")
_GZIP = b"\x1f\x8b"
_HEAD_LINES = 200
_LONGEST_CELL = 4_000_000
_DELIMITERS = (",", ";", "|")
_QUOTED = re.compile(r'"(?:[^"]|"")*"')


@dataclass(frozen=True, slots=True)
class Row:
    """One row of a file.

    Args:
        line: The line that it starts on; the first is 1.
        cells: By position in a table, by name in JSON lines.
    """

    line: int
    cells: Sequence[str] | dict[str, Any]


@contextmanager
def opened(path: Path) -> Iterator[Iterator[Line]]:
    """The lines of a file, each with its number and its end.

    Raises:
        InvalidError: It cannot be read, or is no UTF-8; the message names the line and the mend.
    """
    try:
        with path.open("rb") as file:
            packed = file.peek(2)[:2] == _GZIP
            yield _lines(cast(IO[bytes], gzip.GzipFile(fileobj=file)) if packed else file, path)
    except FileNotFoundError as exc:
        raise InvalidError(f"{path}: there is no such file") from exc
    except IsADirectoryError as exc:
        raise InvalidError(f"{path}: is a folder; name a file in it") from exc
    except (EOFError, gzip.BadGzipFile, zlib.error) as exc:
        raise InvalidError(f"{path}: the gzip data break off or are damaged: {exc}") from exc
    except OSError as exc:
        raise InvalidError(f"{path}: cannot be read: {exc.strerror or exc}") from exc


def rows(lines: Iterator[Line], path: Path) -> Iterator[Row]:
    """The rows of a file that are not blank, in order.

    Args:
        lines: See ``opened``.
        path: Its suffix settles what its first lines leave open.

    Raises:
        InvalidError: The file is empty, or a row cannot be read.
    """
    csv.field_size_limit(_LONGEST_CELL)
    head = list(islice(lines, _HEAD_LINES))
    form = _form([line for _, line in head if line.strip()], path)
    every = chain(head, lines)
    if form == "json":
        return _objects(every, path)
    if form == "\t":
        return _tab_rows([line for line in every if line[1].strip("\r\n")], path)
    return _same_width(_quoted_rows(every, form, path), path)


def _lines(file: Iterable[bytes], path: Path) -> Iterator[Line]:
    for number, data in enumerate(file, 1):
        if number == 1:
            if data.startswith(_UTF_16):
                raise InvalidError(f"{path}: is UTF-16; {_as_utf_8('utf-16', path)}")
            data = data.removeprefix(_BOM)
        if b"\0" in data:
            raise InvalidError(
                f"{path}: line {number} holds a NUL: the file is damaged or UTF-16; "
                f"{_as_utf_8('utf-16', path)}"
            )
        try:
            yield number, data.decode()
        except UnicodeDecodeError as exc:
            raise InvalidError(
                f"{path}: line {number} is no UTF-8 (byte {data[exc.start]:#04x} at "
                f"{exc.start + 1}); {_as_utf_8('latin1', path)}"
            ) from exc


def _as_utf_8(code: str, path: Path) -> str:
    return f"save it as UTF-8, say: iconv -f {code} -t utf-8 {path.name} > new-{path.name}"


def _form(head: Sequence[str], path: Path) -> str:
    """``json``, or what parts the cells."""
    if not head:
        raise InvalidError(f"{path}: is empty")
    suffix = Path(path.name.lower().removesuffix(".gz")).suffix
    if suffix in {".json", ".jsonl", ".ndjson"} or _is_object(head[0]):
        if head[0].lstrip().startswith("["):
            raise InvalidError(
                f"{path}: is one JSON array; write an object a line: jq -c '.[]' {path.name}"
            )
        return "json"
    return _delimiter(head, suffix, path)


def _delimiter(head: Sequence[str], suffix: str, path: Path) -> str:
    """What parts the cells of a table."""
    tabs = min(line.count("\t") for line in head)
    if tabs and suffix != ".csv":
        return "\t"
    for delimiter in _DELIMITERS:
        if _parts_evenly(head, delimiter):
            return delimiter
    if tabs or suffix in {".tsv", ".tab"}:
        return "\t"
    if suffix == ".csv":
        return ","
    raise InvalidError(
        f"{path}: is no CSV, TSV or JSON lines; one text a line must be called …_text.txt and have "
        "its labels beside it in …_labels.txt"
    )


def _is_object(line: str) -> bool:
    try:
        return line.lstrip().startswith("{") and isinstance(json.loads(line), dict)
    except (ValueError, RecursionError):
        return False


def _parts_evenly(head: Sequence[str], delimiter: str) -> bool:
    """Whether each of the first records has the same number of cells, two or more."""
    try:
        widths = [len(cells) for cells in csv.reader(head, delimiter=delimiter) if cells]
    except csv.Error:
        return False
    if len(head) >= 2 and len(widths) > 1:
        widths.pop()  # its lines may be cut off
    return min(widths, default=0) >= 2 and len(set(widths)) == 1


def _objects(lines: Iterable[Line], path: Path) -> Iterator[Row]:
    for number, line in lines:
        if not line.strip():
            continue
        try:
            found = _json(line)
        except (ValueError, RecursionError) as exc:
            raise InvalidError(f"{path}: line {number} is no JSON: {exc}") from exc
        if not isinstance(found, dict):
            raise InvalidError(f"{path}: line {number} is no JSON object")
        yield Row(number, found)


def _json(line: str) -> Any:
    try:
        return orjson.loads(line)
    except orjson.JSONDecodeError:
        return json.loads(line)  # takes halves of emoji, which exports hold


def _tab_rows(lines: Sequence[Line], path: Path) -> Iterator[Row]:
    """Rows whose cells tabs part: one a line, whatever quotes its texts hold.

    Quotes are CSV's only where the lines have different numbers of cells, or where each quoted cell
    of the file is one that a CSV writer had to quote and double the quotes within.
    """
    plain = [Row(number, _bare(line).split("\t")) for number, line in lines]
    width = len(plain[0].cells)
    if all(len(row.cells) == width for row in plain):
        yield from map(_unquoted, plain) if _is_quoted(plain) else plain
        return
    try:
        quoted = list(_same_width(_quoted_rows(lines, "\t", path), path))
    except InvalidError:
        yield from _same_width(iter(plain), path)  # which says what is wrong
    else:
        yield from quoted


def _bare(line: str) -> str:
    return line.removesuffix("\n").removesuffix("\r")


def _is_quoted(plain: Sequence[Row]) -> bool:
    """Whether the quotes are CSV's: the header is quoted, or each quoted cell had to be."""
    if all(_QUOTED.fullmatch(cell) for cell in plain[0].cells):
        return _all_well_formed(plain)
    with_quotes = [cell for row in plain for cell in row.cells if '"' in cell]
    return bool(with_quotes) and all(
        _QUOTED.fullmatch(cell) and '"' in cell[1:-1] for cell in with_quotes
    )


def _all_well_formed(plain: Sequence[Row]) -> bool:
    cells = (cell for row in plain for cell in row.cells)
    return all('"' not in cell or _QUOTED.fullmatch(cell) is not None for cell in cells)


def _unquoted(row: Row) -> Row:
    return Row(
        row.line,
        [cell[1:-1].replace('""', '"') if cell.startswith('"') else cell for cell in row.cells],
    )


def _quoted_rows(lines: Iterable[Line], delimiter: str, path: Path) -> Iterator[Row]:
    """Rows of a CSV file (RFC 4180); a row may go over several lines."""
    last = 0

    def numbered() -> Iterator[str]:
        nonlocal last
        for number, line in lines:
            last = number
            yield line

    start = 1
    try:
        for cells in csv.reader(numbered(), delimiter=delimiter, strict=True):
            if any(cell.strip() for cell in cells):
                yield Row(start, cells)
            start = last + 1
    except csv.Error as exc:
        raise InvalidError(
            f"{path}: line {start}: a quote is not closed, or not doubled inside a quoted cell, or "
            f"a line ends with a carriage return alone ({exc})"
        ) from exc


def _same_width(found: Iterator[Row], path: Path) -> Iterator[Row]:
    """The rows, each with as many cells as the first; more may follow if they are empty."""
    width: int | None = None
    for row in found:
        if width is None:
            width = len(row.cells)
        cells = row.cells
        if len(cells) < width or (len(cells) > width and any(list(cells)[width:])):
            raise InvalidError(
                f"{path}: line {row.line} has {len(cells)} cells where the first row has {width}; "
                "a text that holds the sign between two cells must be quoted"
            )
        yield row
