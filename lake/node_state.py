"""What is known about a node's process: the state file, the leases, and who is alive."""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

import psutil

from lake.account import keep_owner
from lake.node_files import NodeFolders, mark

# The start time of a process is derived from the machine's boot time, which a clock that is
# corrected moves by parts of a second.
_SAME_START_S = 2.0


@dataclass(frozen=True, slots=True)
class ProcessId:
    """A process, told from a later one that got the same number."""

    pid: int
    create_time: float


@dataclass(frozen=True, slots=True)
class NodeState:
    """The content of ``state.json``.

    Args:
        http_port: The port of the last start; kept after a stop.
        process: The node's (or, while it starts, its launcher's) process; None = stopped.
        started_at: ISO 8601, UTC; None = stopped.
        pinned: It stays until somebody stops it, whoever else comes and goes.
        version: Of Elasticsearch.
    """

    http_port: int
    process: ProcessId | None = None
    started_at: str | None = None
    pinned: bool = False
    version: str | None = None

    @property
    def url(self) -> str:
        """The address of the node."""
        return f"http://127.0.0.1:{self.http_port}"


def this_process() -> ProcessId:
    """The process that we are."""
    return process_id(os.getpid())


def process_id(pid: int) -> ProcessId:
    """The identity of a process that exists, or with a create time of 0 if it is gone."""
    try:
        return ProcessId(pid, psutil.Process(pid).create_time())
    except psutil.Error:
        return ProcessId(pid, 0.0)


def is_alive(known: ProcessId) -> bool:
    """Whether this very process still runs."""
    try:
        process = psutil.Process(known.pid)
        same = abs(process.create_time() - known.create_time) < _SAME_START_S
        return same and process.status() != psutil.STATUS_ZOMBIE
    except psutil.Error:
        return False


def read_state(folders: NodeFolders) -> NodeState | None:
    """The state, or None where there is none or it cannot be understood."""
    try:
        raw = json.loads(folders.state.read_text(encoding="utf-8"))
        process = ProcessId(**raw["process"]) if raw["process"] else None
        return NodeState(
            http_port=int(raw["http_port"]),
            process=process,
            started_at=raw["started_at"],
            pinned=bool(raw["pinned"]),
            version=raw["version"],
        )
    except (OSError, ValueError, KeyError, TypeError):
        return None


def write_state(folders: NodeFolders, state: NodeState) -> None:
    """Replace the state file at once; a reader sees the old or the new one.

    Raises:
        OSError: It cannot be written.
    """
    temporary = folders.state.with_name(".state.json.new")
    temporary.write_text(json.dumps(asdict(state) | {"url": state.url}, indent=1))
    keep_owner(temporary)
    temporary.replace(folders.state)


def node_processes(folders: NodeFolders) -> list[ProcessId]:
    """Every live process that works for this node: the node itself, or its launcher.

    Found by what their command lines name, so a lost state file hides nothing.
    """
    marks = {mark(folders), f"-Des.path.conf={folders.config}"}
    found = []
    for process in psutil.process_iter():
        try:
            if process.status() != psutil.STATUS_ZOMBIE and marks & set(process.cmdline()):
                found.append(ProcessId(process.pid, process.create_time()))
        except psutil.Error:
            continue
    return found


def running_process(folders: NodeFolders, state: NodeState | None) -> ProcessId | None:
    """The live node's (or its launcher's) process, or None."""
    if state is not None and state.process is not None and is_alive(state.process):
        return state.process
    found = node_processes(folders)
    return found[0] if found else None


def take_lease(folders: NodeFolders) -> Path:
    """Say that this process needs the node.

    Returns:
        The lease; remove the file to give it back.

    Raises:
        OSError: It cannot be written.
    """
    lease = folders.leases / f"{os.getpid()}-{secrets.token_hex(4)}"
    lease.write_text(json.dumps(asdict(this_process())))
    keep_owner(lease)
    return lease


def live_leases(folders: NodeFolders) -> list[int]:
    """The processes that need the node; changes nothing."""
    return sorted({known.pid for known in _leases(folders).values() if known and is_alive(known)})


def drop_dead_leases(folders: NodeFolders) -> None:
    """Remove the leases of processes that ended without giving them back.

    Raises:
        OSError: One cannot be removed.
    """
    for path, known in _leases(folders).items():
        if known is None or not is_alive(known):
            path.unlink(missing_ok=True)


def _leases(folders: NodeFolders) -> Mapping[Path, ProcessId | None]:
    if not folders.leases.is_dir():
        return {}
    return {path: _read_lease(path) for path in folders.leases.iterdir()}


def _read_lease(path: Path) -> ProcessId | None:
    try:
        return ProcessId(**json.loads(path.read_text()))
    except (OSError, ValueError, TypeError):
        return None


def holder_of(lock_file: Path) -> str | None:
    """Who holds a system lock on the file, in words, or None where nobody does."""
    try:
        inode = lock_file.stat().st_ino
        lines = Path("/proc/locks").read_text().splitlines()
    except OSError:
        return None
    for line in lines:
        # 1: POSIX  ADVISORY  WRITE 4166 fd:00:12345 0 EOF
        fields = line.split()
        if len(fields) == 8 and fields[5].rsplit(":", 1)[-1] == str(inode):
            return describe(int(fields[4]))
    return None


def describe(pid: int) -> str:
    """A process in words: its number and, where it can be seen, its name."""
    try:
        return f"process {pid} ({psutil.Process(pid).name()})"
    except (psutil.Error, ValueError):
        return "a process that cannot be seen from here"
