"""What both kinds of archive are cut into: entries, each with its place in the file."""

from __future__ import annotations

from dataclasses import dataclass

from ingestors.platform import Unreadable
from lake.records import Json

SHOWN_CHARS = 100_000  # of a part that cannot be read


@dataclass(frozen=True, slots=True)
class Entry:
    """One JSON document or one row.

    Args:
        found: What it holds: objects, or what of it cannot be read; nothing for a blank line.
        line: Its first line, from 1.
        offset: Where it starts, in bytes of the unpacked file.
        end: Where the next one starts.
        end_line: The next one's first line.
    """

    found: tuple[Json | Unreadable, ...]
    line: int
    offset: int
    end: int
    end_line: int
