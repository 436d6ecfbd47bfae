"""A spool on disk: lines that must outlive the process while the lake is away.

Lines are appended to segments, files that are named after the time of their beginning, and synced
before anybody is told that they are safe. Whoever writes or reads a segment holds its lock, which
dies with its holder: so several processes may share a folder, and what one that was killed leaves
behind is read by the next. A torn last line was never acknowledged and is passed over.
"""

from __future__ import annotations

import fcntl
import logging
import os
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from io import FileIO
from pathlib import Path

from lake.account import keep_owner
from lake.errors import StorageError, UnavailableError

logger = logging.getLogger(__name__)

_SEGMENT_BYTES = 8_000_000  # a larger segment takes no more lines
_FULL_AFTER_S = 30.0  # when somebody who met a full spool may come again
_SUFFIX = ".ndjson"


@dataclass(frozen=True, slots=True)
class Segment:
    """A segment that is being emptied; nobody else has it until ``Spool.finish`` or ``release``.

    Args:
        file: Its file, open and locked.
        lines: Its whole lines, in order, without their ends.
    """

    file: FileIO
    lines: Sequence[bytes]

    @property
    def path(self) -> Path:
        """Where it is."""
        return Path(str(self.file.name))


class Spool:
    """Lines in a folder. All of it blocks: call it in a thread. Threads may share one.

    Args:
        folder: Made when the first line comes.
        max_bytes: Most bytes of all segments together.
    """

    def __init__(self, folder: Path, max_bytes: int) -> None:
        self._folder = folder
        self._max_bytes = max_bytes
        self._file: FileIO | None = None
        self._guard = threading.Lock()

    def is_empty(self) -> bool:
        """Whether nothing waits, of this process or any other."""
        return not self._paths()

    def append(self, lines: Sequence[bytes]) -> None:
        """Returns when all lines are on the disk.

        Args:
            lines: Without line ends in them or at their end.

        Raises:
            UnavailableError: The spool or its disk is full, or cannot be written; no line of these
                counts.
        """
        data = b"".join(line + b"\n" for line in lines)
        with self._guard:
            used = sum(_size(path) for path in self._paths())
            if used + len(data) > self._max_bytes:
                raise UnavailableError(
                    f"api.spool_dir: {self._folder} holds {used:,} bytes and may hold "
                    f"{self._max_bytes:,}",
                    after_s=_FULL_AFTER_S,
                )
            try:
                self._write(data)
            except OSError as exc:
                raise UnavailableError(
                    f"api.spool_dir: {self._folder} cannot be written: {exc.strerror}",
                    after_s=_FULL_AFTER_S,
                ) from exc

    def close(self) -> None:
        """Ends the segment that is written; the next line begins another."""
        with self._guard:
            if self._file is not None:
                self._file.close()
                self._file = None

    def _write(self, data: bytes) -> None:
        file = self._file or self._open()
        before = os.fstat(file.fileno()).st_size
        self._file = None  # a file that could not be written is not written again
        try:
            _write_all(file, data)
            os.fsync(file.fileno())
        except OSError:
            with file, suppress(OSError):
                os.ftruncate(file.fileno(), before)
            raise
        if before + len(data) < _SEGMENT_BYTES:
            self._file = file
        else:
            file.close()

    def _open(self) -> FileIO:
        new = not self._folder.exists()
        self._folder.mkdir(parents=True, exist_ok=True)
        if new:
            keep_owner(self._folder)
        while True:
            path = self._folder / f"{time.time_ns():020}-{os.getpid()}{_SUFFIX}"
            file = FileIO(path, "x+")
            try:
                keep_owner(path)
                if _lock(file):
                    _sync_folder(self._folder)
                    return file
            except FileNotFoundError:
                pass  # another process deleted it already
            except OSError:
                file.close()
                raise
            file.close()  # another process looked at it before it was ours

    def take(self) -> Segment | None:
        """The oldest segment that nobody else has; None where there is none.

        Raises:
            StorageError: The folder cannot be read.
        """
        self.close()  # what comes now goes to the next segment
        try:
            file = next(self._free(), None)
            if file is None:
                return None
            *whole, torn = file.readall().split(b"\n")
        except OSError as exc:
            raise self._unusable(exc) from exc
        if torn:
            logger.warning("torn line passed over", extra={"path": str(file.name)})
        return Segment(file, [line for line in whole if line])

    def finish(self, segment: Segment, *, damaged: bool = False) -> None:
        """Deletes a segment whose lines are safe elsewhere; a damaged one is renamed and kept.

        Raises:
            StorageError: It cannot be.
        """
        path = segment.path
        try:
            with segment.file:
                if damaged:
                    path.rename(path.with_suffix(".damaged"))
                else:
                    path.unlink(missing_ok=True)
        except OSError as exc:
            raise self._unusable(exc) from exc

    def release(self, segment: Segment) -> None:
        """Leaves a segment to whoever takes it next."""
        segment.file.close()

    def _free(self) -> Iterator[FileIO]:
        for path in self._paths():
            try:
                file = FileIO(path, "r+")
            except FileNotFoundError:
                continue
            if _lock(file):
                yield file
                return
            file.close()

    def _unusable(self, exc: OSError) -> StorageError:
        return StorageError(f"api.spool_dir: {self._folder} cannot be used ({exc.strerror})")

    def _paths(self) -> list[Path]:
        return sorted(self._folder.glob(f"*{_SUFFIX}"))


def _lock(file: FileIO) -> bool:
    """Whether the file is ours now; one that somebody else emptied and deleted is nobody's."""
    try:
        fcntl.flock(file.fileno(), fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return os.fstat(file.fileno()).st_nlink > 0


def _write_all(file: FileIO, data: bytes) -> None:
    rest = memoryview(data)
    while rest:
        rest = rest[file.write(rest) or 0 :]


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _size(path: Path) -> int:
    with suppress(FileNotFoundError):
        return path.stat().st_size
    return 0
