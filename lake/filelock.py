"""A lock between processes that dies with its holder."""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from lake.account import keep_owner
from lake.errors import NodeError

_POLL_S = 0.05
_PATIENCE_S = 2.0


@contextmanager
def locked(path: Path, *, timeout_s: float, say: Callable[[str], None]) -> Iterator[None]:
    """Hold the lock file for the length of the block; nobody else holds it then.

    The system releases it when the process ends, however it ends.

    Raises:
        NodeError: Another process held it for all of ``timeout_s``; the message names it.
        OSError: The file cannot be opened.
    """
    with path.open("a+") as file:
        keep_owner(path)
        _wait(file.fileno(), path, timeout_s=timeout_s, say=say)
        file.truncate(0)
        file.write(str(os.getpid()))
        file.flush()
        try:
            yield
        finally:
            file.truncate(0)
            fcntl.flock(file.fileno(), fcntl.LOCK_UN)


def _wait(fd: int, path: Path, *, timeout_s: float, say: Callable[[str], None]) -> None:
    started = time.monotonic()
    told = False
    while True:
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            waited_s = time.monotonic() - started
        else:
            return
        if waited_s > timeout_s:
            raise NodeError(
                f"{path} is held by {_holder(path)} for {waited_s:.0f} s. "
                "Wait for that command to end, or end it, and try again."
            )
        if waited_s > _PATIENCE_S and not told:
            say(f"waiting for {_holder(path)}, which is starting or stopping the node")
            told = True
        time.sleep(_POLL_S)


def _holder(path: Path) -> str:
    pid = path.read_text().strip()
    return f"process {pid}" if pid else "another process"
