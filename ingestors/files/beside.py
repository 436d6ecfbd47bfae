"""Files that lie beside an archive and hold what its posts refer to: their authors, say."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from ingestors.files.documents import documents
from ingestors.files.format import Format, Split
from ingestors.files.source import Source
from lake.records import Json


def file_beside(form: Format, path: Path) -> Path | None:
    """The file that belongs to an archive of this format; None where there is none."""
    name = form.beside.name_of(path.name) if form.beside else None
    found = path.with_name(name) if name else None
    return found if found and found.is_file() else None


def split_of(form: Format, path: Path) -> Split:
    """How the file's documents are split, with what lies beside it.

    Raises:
        InvalidError: The file beside it cannot be read.
    """
    other = file_beside(form, path)
    if other is None or form.beside is None:
        return form.split
    with Source(other) as source:
        held = list(_objects(source, other.name))
    return form.beside.split_with(held)


def _objects(source: Source, name: str) -> Iterator[Json]:
    for entry in documents(source, name):
        yield from (one for one in entry.found if isinstance(one, dict))
