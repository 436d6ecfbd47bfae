"""The bytes of an archive file, plain or packed, cut into lines; never the whole file at once."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import BinaryIO

from ingestors.files.packing import MAGIC_BYTES, Unpacker, unpacker_for
from lake.errors import InvalidError

CHUNK_BYTES = 256 * 1024
LINE_BYTES = 64 * 1024 * 1024
_BOM = b"\xef\xbb\xbf"


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a file.

    Args:
        data: Its bytes with the line end; cut short where ``broken`` says so.
        offset: Where it starts, in bytes of the unpacked file.
        end: Where the next one starts.
        number: Which line it is, from 1.
        broken: Why it is not whole, in one line; None for a whole one.
    """

    data: bytes
    offset: int
    end: int
    number: int
    broken: str | None = None


class Source:
    """An open file that gives unpacked bytes from any offset on.

    ``bytes_total`` is the size on disk and ``bytes_read`` how much of that was read. A packed file
    that breaks off or is damaged ends there, and ``broken`` says so.

    Raises:
        InvalidError: The path is missing, no file, empty, or may not be read.
    """

    def __init__(self, path: Path) -> None:
        self._file = _opened(path)
        self.bytes_total = path.stat().st_size
        self.bytes_read = 0
        self.broken: str | None = None
        self._unpacker = unpacker_for(self._file.read(MAGIC_BYTES))
        if not self.bytes_total:
            self._file.close()
            raise InvalidError(f"{path}: the file is empty")

    def __enter__(self) -> Source:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def chunks(self, offset: int = 0) -> Iterator[bytes]:
        """The unpacked bytes from ``offset`` on. A packed file is unpacked from its start."""
        unpacker = self._unpacker() if self._unpacker else None
        self._file.seek(0 if unpacker else offset)
        self.broken = None
        self.bytes_read, skip = (0, offset) if unpacker else (offset, 0)
        while data := self._file.read(CHUNK_BYTES):
            self.bytes_read += len(data)
            for piece in unpacker.pieces(data) if unpacker else (data,):
                if skip < len(piece):
                    yield piece[skip:]
                skip = max(0, skip - len(piece))
            if self._is_broken(unpacker):
                return
        if unpacker:
            unpacker.end()
            self._is_broken(unpacker)

    def lines(self, offset: int = 0, number: int = 1) -> Iterator[Line]:
        r"""The lines from ``offset`` on, which is the start of line ``number``; they end in \n."""
        start, rest, size = offset, list[bytes](), 0
        for chunk in self.chunks(offset):
            *whole, tail = chunk.split(b"\n")
            for part in whole:
                line = _line(b"".join((*rest, part, b"\n")), start, number)
                yield line
                start, number, rest, size = line.end, number + 1, [], 0
            rest.append(tail)
            size += len(tail)
            if size > LINE_BYTES:
                yield Line(b"".join(rest), start, start + size, number, "longer than 64 MiB")
                start, rest, size = start + size, [], 0
        if size or self.broken:
            last = b"".join(rest)
            yield _line(last, start, number, self.broken)

    def _is_broken(self, unpacker: Unpacker | None) -> bool:
        self.broken = unpacker.broken if unpacker else None
        return self.broken is not None


def digest_of(path: Path) -> str:
    """SHA-256 of a file's bytes as they lie on disk, 64 hex digits.

    Raises:
        InvalidError: The path is missing, no file, or may not be read.
    """
    hasher = hashlib.sha256()
    with _opened(path) as file:
        while data := file.read(CHUNK_BYTES):
            hasher.update(data)
    return hasher.hexdigest()


def _opened(path: Path) -> BinaryIO:
    if path.is_dir():
        raise InvalidError(f"{path}: is a folder; name the files in it")
    try:
        return path.open("rb")
    except FileNotFoundError as exc:
        raise InvalidError(f"{path}: there is no such file") from exc
    except OSError as exc:
        raise InvalidError(f"{path}: cannot be read ({exc.strerror})") from exc


def _line(data: bytes, start: int, number: int, broken: str | None = None) -> Line:
    text = data.removeprefix(_BOM) if start == 0 else data
    return Line(text, start, start + len(data), number, broken)
