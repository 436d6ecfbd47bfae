"""Packed files unpacked piece by piece: gzip and xz, told by their first bytes."""

from __future__ import annotations

import lzma
import zlib
from collections.abc import Callable, Iterator
from typing import Protocol

PIECE_BYTES = 256 * 1024
MAGIC_BYTES = 6
_GZIP = b"\x1f\x8b"
_XZ = b"\xfd7zXZ\x00"
_XZ_MEMORY_BYTES = 512 * 1024 * 1024  # the greatest preset of xz needs 65 MiB
_XZ_SLICE_BYTES = 4096  # a slice that is damaged gives nothing at all, so it is small


class Unpacker(Protocol):
    """What unpacks one file from its start; ``broken`` says why it cannot go on."""

    broken: str | None

    def pieces(self, data: bytes) -> Iterator[bytes]:
        """The unpacked bytes that the next packed ones hold, at most 256 KiB each."""
        ...

    def end(self) -> None:
        """The file ends here: sets ``broken`` where that is too early."""
        ...


def unpacker_for(head: bytes) -> Callable[[], Unpacker] | None:
    """What unpacks a file that begins with these bytes; None for a plain file."""
    if head.startswith(_GZIP):
        return Gzip
    return Xz if head.startswith(_XZ) else None


class Gzip:
    """Gzip, also several joined end to end; see ``Unpacker``."""

    def __init__(self) -> None:
        self.broken: str | None = None
        self._inner = zlib.decompressobj(31)

    def pieces(self, data: bytes) -> Iterator[bytes]:
        """See ``Unpacker.pieces``."""
        while data and self.broken is None:
            if self._inner.eof:
                if data.strip(b"\0") == b"":
                    return
                self._inner = zlib.decompressobj(31)
            try:
                piece = self._inner.decompress(data, PIECE_BYTES)
            except zlib.error as exc:
                self.broken = f"the gzip file is damaged here ({exc})"
                return
            if piece:
                yield piece
            data = self._inner.unconsumed_tail or self._inner.unused_data

    def end(self) -> None:
        """See ``Unpacker.end``."""
        if self.broken is None and not self._inner.eof:
            self.broken = "the gzip file breaks off here"


class Xz:
    """Xz, also several joined end to end; see ``Unpacker``."""

    def __init__(self) -> None:
        self.broken: str | None = None
        self._inner = self._fresh()

    def pieces(self, data: bytes) -> Iterator[bytes]:
        """See ``Unpacker.pieces``."""
        for start in range(0, len(data), _XZ_SLICE_BYTES):
            yield from self._unpacked(data[start : start + _XZ_SLICE_BYTES])

    def _unpacked(self, data: bytes) -> Iterator[bytes]:
        while self.broken is None and (data or not self._inner.needs_input):
            if self._inner.eof:
                if data.strip(b"\0") == b"":
                    return
                self._inner = self._fresh()
            try:
                piece = self._inner.decompress(data, PIECE_BYTES)
            except lzma.LZMAError as exc:
                self.broken = f"the xz file is damaged here ({exc})"
                return
            if piece:
                yield piece
            data = self._inner.unused_data if self._inner.eof else b""

    def end(self) -> None:
        """See ``Unpacker.end``."""
        if self.broken is None and not self._inner.eof:
            self.broken = "the xz file breaks off here"

    def _fresh(self) -> lzma.LZMADecompressor:
        return lzma.LZMADecompressor(lzma.FORMAT_XZ, _XZ_MEMORY_BYTES)
