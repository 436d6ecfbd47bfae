"""What a remote collector remembers: one small file, replaced as a whole."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from lake.errors import StorageError
from lake.quota import LimitBook
from lake.records import Json

_VERSION = 1


class StateFile:
    """Cursors and limits in a file; made by ``read``.

    Args:
        path: The file; it need not be there yet.
        cursors: Target to the platform's token.
        limits: Platform to what is left of its limits.
    """

    def __init__(self, path: Path, cursors: dict[str, str], limits: dict[str, Json]) -> None:
        self._path = path
        self._cursors = cursors
        self._limits = limits

    @classmethod
    def read(cls, path: Path) -> StateFile:
        """The state in a file; an empty one where there is no file.

        Raises:
            StorageError: The file cannot be read, or holds something else.
        """
        try:
            found: Any = json.loads(path.read_bytes())
        except FileNotFoundError:
            return cls(path, {}, {})
        except OSError as exc:
            raise StorageError(f"{path}: cannot be read ({exc.strerror})") from exc
        except (ValueError, RecursionError) as exc:
            raise _foreign(path) from exc
        if not isinstance(found, dict) or found.get("version") != _VERSION:
            raise _foreign(path)
        cursors, limits = found.get("cursors"), found.get("limits")
        if not isinstance(cursors, dict) or not isinstance(limits, dict):
            raise _foreign(path)
        if not all(isinstance(value, str) for value in cursors.values()):
            raise _foreign(path)
        return cls(path, cursors, {k: v for k, v in limits.items() if isinstance(v, dict)})

    def cursor(self, target: str) -> str | None:
        """Where a target's walk goes on; None where it begins."""
        return self._cursors.get(target)

    def move(self, target: str, cursor: str) -> None:
        """Keeps a target's new place; it is on the disk when this returns.

        Raises:
            StorageError: The file cannot be written; the old place stays.
        """
        self._save(self._cursors | {target: cursor}, self._limits)

    def restore(self, platform: str, book: LimitBook) -> None:
        """Gives a platform's book what an earlier run knew."""
        book.restore(self._limits.get(platform, {}))

    def keep(self, platform: str, book: LimitBook) -> None:
        """Keeps a platform's limits where they changed.

        Raises:
            StorageError: The file cannot be written.
        """
        if not book.changed:
            return
        book.changed = False
        self._save(self._cursors, self._limits | {platform: book.state()})

    def _save(self, cursors: dict[str, str], limits: dict[str, Json]) -> None:
        body = {"version": _VERSION, "cursors": cursors, "limits": limits}
        new = self._path.with_name(f".{self._path.name}.new")
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            with new.open("w", encoding="utf-8") as file:
                json.dump(body, file, indent=1)
                file.flush()
                os.fsync(file.fileno())
            new.replace(self._path)
            _sync(self._path.parent)
        except OSError as exc:
            raise StorageError(f"{self._path}: cannot be written ({exc.strerror})") from exc
        self._cursors, self._limits = cursors, limits


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _foreign(path: Path) -> StorageError:
    return StorageError(
        f"{path}: is no state of taglake collect. Name another file, or delete it: the collector "
        "then begins anew, and what it pushes again changes nothing."
    )
