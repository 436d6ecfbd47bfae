"""The elements of one JSON array, however long the file is: its text is cut, not decoded.

X's own archive download is such an array behind ``window.YTD.tweets.part0 =``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from ingestors.files.source import LINE_BYTES, Line, Source

_BOM = b"\xef\xbb\xbf"
_OPENING = re.compile(
    rb"[\s;]*(?:window\.YTD\.\w{1,60}\.part\d{1,9}\s*=\s*)?\[(?=\s*(?:[\[{\]]|$))"
)
_OPENING_BYTES = 4096
# Everything up to the next mark: other characters, and texts as a whole. A text that is not whole
# yet stops it without a mark. The quantifiers are possessive, so that nothing is tried twice.
_TEXT = rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"'
_WITHIN = re.compile(rb'(?:[^"{}\[\]]++|' + _TEXT + rb")*+([{}\[\]])?", re.S)
_BETWEEN = re.compile(rb'(?:[^"{}\[\],]++|' + _TEXT + rb")*+([{}\[\],])?", re.S)
_BLANK = b" \t\r\n"
_BREAKS_OFF = "the file breaks off in the middle of a JSON array"
_BEHIND = "stands behind the end of the JSON array"


def opens_array(text: bytes) -> bool:
    """Whether a file that begins with this line may be one JSON array of objects."""
    return _OPENING.match(text) is not None


def elements(source: Source, offset: int = 0, number: int = 1) -> Iterator[tuple[Line, int]]:
    """Each element without the blanks around it, and the line on which the next one may start.

    Args:
        source: A file that begins with an array; further arrays may follow.
        offset: 0, or a ``Line.offset`` or ``Line.end`` that this function gave.
        number: The line at ``offset``.
    """
    cutter = _Cutter(offset, number)
    for chunk in source.chunks(offset):
        yield from cutter.fed(chunk)
    yield from cutter.rest(source.broken)


class _Cutter:
    """Finds where elements end: the comma or bracket that lies in no text and no element."""

    def __init__(self, offset: int, number: int) -> None:
        self._inside = offset > 0
        self._start, self._number = offset, number  # of the text that is held
        self._held = bytearray()
        self._seen = 0  # how much of it was looked at
        self._depth = 0

    def fed(self, chunk: bytes) -> Iterator[tuple[Line, int]]:
        self._held += chunk
        while self._inside or self._open():
            end = self._next_end()
            if end is None:
                break
            yield from self._taken(end, None)
        if len(self._held) > LINE_BYTES:
            yield from self._taken(len(self._held), "longer than 64 MiB")
        elif not self._inside and len(self._held.strip(_BLANK)) > _OPENING_BYTES:
            yield from self._taken(len(self._held), _BEHIND)

    def rest(self, broken: str | None) -> Iterator[tuple[Line, int]]:
        left = self._held.strip(_BLANK + (b"" if self._inside else b";"))
        if left or broken or self._inside:
            reason = broken or (_BREAKS_OFF if self._inside else _BEHIND)
            yield from self._taken(len(self._held), reason)

    def _open(self) -> bool:
        if self._start == 0 and self._held.startswith(_BOM):
            self._drop(len(_BOM))
        found = _OPENING.match(self._held)
        if found is not None:
            self._inside = True
            self._drop(found.end())
        return self._inside

    def _next_end(self) -> int | None:
        """Where the next comma or closing bracket stands that ends an element."""
        while True:
            found = (_WITHIN if self._depth else _BETWEEN).match(self._held, self._seen)
            self._seen = found.end() if found else 0
            mark = found[1] if found else None
            if mark is None:
                return None
            if self._depth == 0 and mark in (b",", b"]"):
                return self._seen - 1
            if mark in (b"{", b"["):
                self._depth += 1
            elif self._depth:
                self._depth -= 1

    def _taken(self, end: int, broken: str | None) -> Iterator[tuple[Line, int]]:
        """The element that ends there, which is dropped with the comma behind it."""
        raw, mark = bytes(self._held[:end]), bytes(self._held[end : end + 1])
        data = raw.strip(_BLANK)
        lead = len(raw) - len(raw.lstrip(_BLANK)) if data else 0
        start, number = self._start + lead, self._number + raw.count(b"\n", 0, lead)
        # A bracket stays behind its last element, so that a walk resumed there knows where it is.
        self._inside = self._inside and (mark in (b"", b",") or bool(data))
        self._drop(end if data and mark != b"," else end + 1)
        if data or broken:
            yield Line(data, start, self._start, number, broken), self._number

    def _drop(self, size: int) -> None:
        self._number += self._held.count(b"\n", 0, size)
        self._start += min(size, len(self._held))
        del self._held[:size]
        self._seen = 0
