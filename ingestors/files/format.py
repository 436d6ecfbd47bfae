"""One archive format, as its file in ``ingestors/formats/`` describes it.

Such a file offers ``FORMAT``, and nothing registers it: ``ingestors.files.detection`` lists the
folder.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from ingestors.platform import Payload, Unreadable
from lake.records import Json, Record

Split = Callable[[Json, str], Iterable[Payload | Unreadable]]
Normalise = Callable[[Payload, datetime], tuple[Record, ...]]


@dataclass(frozen=True, slots=True)
class Beside:
    """A file that some archives of a format have beside them.

    Args:
        name_of: Its name by the archive's; None where such a file would have none.
        split_with: How the archive's documents are split with the documents of that file.
    """

    name_of: Callable[[str], str | None]
    split_with: Callable[[list[Json]], Split]


@dataclass(frozen=True, slots=True)
class Format:
    """What reading one kind of file needs.

    Args:
        name: What people type after ``--format``; the file's name.
        platform: The platform of its posts; None where the file does not tell.
        shape: ``json`` (one JSON document a line, or one for the whole file), ``rows`` (CSV), or
            ``either`` where its tool writes both: the file tells.
        detect: Whether a decoded JSON document, or a row by column name, is of this format.
        split: The payloads of one document or row; the text is its place, for people.
        normalise: The records of one payload; pure, raises only ``PayloadError``.
        beside: The file that may lie beside it; None where the format has none.
    """

    name: str
    platform: str | None
    shape: Literal["json", "rows", "either"]
    detect: Callable[[Json], bool]
    split: Split
    normalise: Normalise
    beside: Beside | None = None
