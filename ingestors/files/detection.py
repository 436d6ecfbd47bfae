"""Which format a file has, told by its first entries, and the formats that there are."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module
from itertools import islice
from pathlib import Path
from pkgutil import iter_modules

import ingestors.formats
from ingestors.files.columns import ColumnMap
from ingestors.files.documents import documents
from ingestors.files.format import Format
from ingestors.files.rows import header, rows
from ingestors.files.source import Source
from lake.errors import ConfigError, InvalidError
from lake.records import Json

TABLE = "table"
_ENTRIES = 50
_SAMPLE = 5
_HEAD_BYTES = 4096
_UTF16 = (b"\xff\xfe", b"\xfe\xff")


def format_names() -> list[str]:
    """The formats that there are: one for each file in ``ingestors/formats/``."""
    return sorted(module.name for module in iter_modules(ingestors.formats.__path__))


def format_named(name: str) -> Format:
    """The format of that name.

    Raises:
        ConfigError: There is none.
    """
    if name not in format_names():
        raise ConfigError(f"there is no format {name}; formats: {', '.join(format_names())}")
    found: Format = import_module(f"ingestors.formats.{name}").FORMAT
    return found


def detect(path: Path) -> str:
    """The name of the format that the file's first entries have.

    Raises:
        InvalidError: The file cannot be read, or is of no format, or might be of several.
    """
    with Source(path) as source:
        _check_text(source, path)
        sample = list(islice(_objects(source, path), _SAMPLE))
        best = _best(sample, "json")
        if not sample:
            best = _best(_rows(source), "rows") or ([TABLE] if _is_table(source) else [])
    if len(best) == 1:
        return best[0]
    if best:
        raise InvalidError(f"{path}: might be {' or '.join(best)}; say which with --format")
    raise InvalidError(
        f"{path}: not an archive that Taglake knows; formats: {', '.join(format_names())} "
        "(choose one with --format; a table needs --column or --columns)"
    )


def _check_text(source: Source, path: Path) -> None:
    head = next(source.chunks(), b"")[:_HEAD_BYTES]
    if head.startswith(_UTF16):
        raise InvalidError(f"{path}: is UTF-16; save it as UTF-8")
    if source.broken and not head:
        raise InvalidError(f"{path}: {source.broken}")
    if b"\0" in head:
        raise InvalidError(
            f"{path}: not an archive that Taglake knows (it is no text); "
            f"formats: {', '.join(format_names())}"
        )
    if not head.strip():
        raise InvalidError(f"{path}: the file is empty")


def _objects(source: Source, path: Path) -> Iterator[Json]:
    for entry in islice(documents(source, path.name), _ENTRIES):
        yield from (one for one in entry.found if isinstance(one, dict))


def _rows(source: Source) -> list[Json]:
    entries = islice(rows(source, "", ColumnMap()), _SAMPLE)
    return [one for entry in entries for one in entry.found if isinstance(one, dict)]


def _best(sample: list[Json], shape: str) -> list[str]:
    """The formats that most of the sample has."""
    formats = [format_named(name) for name in format_names()]
    scores = {
        form.name: sum(1 for document in sample if form.detect(document))
        for form in formats
        if form.shape in (shape, "either")
    }
    return [name for name, score in scores.items() if score and score == max(scores.values())]


def _is_table(source: Source) -> bool:
    """Whether the first rows have as many cells as the first one, and more than one."""
    columns = ColumnMap()
    names = header(source, columns)
    if len(names) < 2:
        return False
    found = [entry.found for entry in islice(rows(source, "", columns), _SAMPLE)]
    even = sum(1 for one in _rows(source) if len(one) == len(names))
    return bool(found) and 2 * even > len(found)
