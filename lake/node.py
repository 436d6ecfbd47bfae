"""The embedded Elasticsearch node: one for each data folder, started when needed.

``use_node`` is what a command wants: it uses the node that runs, else starts one, and stops it at
the end unless another command still uses it or an operator pinned it with ``taglake node start``.
The node is a process of its own: a command that is killed takes nothing with it, and the next one
goes on with the same node.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from lake.account import Account, known_account, node_account
from lake.distribution import VERSION
from lake.errors import NodeError
from lake.filelock import locked
from lake.node_files import (
    NodeFolders,
    NodeSettings,
    make_folders,
    node_folders,
    not_writable,
)
from lake.node_process import ask, terminate, wait_for_health
from lake.node_start import NodeAccess, Say, start_process
from lake.node_state import (
    NodeState,
    ProcessId,
    drop_dead_leases,
    is_alive,
    live_leases,
    node_processes,
    read_state,
    running_process,
    take_lease,
    write_state,
)
from lake.node_users import ADMIN, read_users

logger = logging.getLogger(__name__)

_STOP_MARGIN_S = 130.0
_RACES = 3


@dataclass(frozen=True, slots=True)
class NodeStatus:
    """What can be said about a data folder's node without changing anything.

    Args:
        pid: The node's process, or None where it does not run.
        answers: Whether it answered just now.
        url: Its address; where it is stopped, that of the last run; None before the first.
        started_at: When it was started.
        pinned: Whether it stays when the last command ends.
        version: Of Elasticsearch.
        data_dir: Where the indices are.
        log: The node's log file.
        credentials: The file with the users' passwords.
        leases: The processes of the commands that use it.
    """

    pid: int | None
    answers: bool
    url: str | None
    started_at: datetime | None
    pinned: bool
    version: str | None
    data_dir: Path
    log: Path
    credentials: Path
    leases: tuple[int, ...]


@contextmanager
def use_node(settings: NodeSettings, say: Say) -> Iterator[NodeAccess]:
    """A node for the length of the block; see the module for who stops it.

    Raises:
        NodeError: It cannot be fetched, started or reached.
        StorageError: The data folder or the cache folder cannot be written, or the disk is full.
    """
    with _deciding(settings, say) as (folders, account):
        access = _ensure_running(settings, folders, account, say=say)
        lease = take_lease(folders)
    try:
        yield access
    finally:
        with locked(folders.lock, timeout_s=_lock_wait_s(settings), say=say):
            lease.unlink(missing_ok=True)
            drop_dead_leases(folders)
            state = read_state(folders)
            if not live_leases(folders) and not (state and state.pinned):
                _stop(folders, say)


def start_node(settings: NodeSettings, say: Say, *, pinned: bool = False) -> NodeAccess:
    """Start the node, or use the one that runs; nobody's end stops it if it is pinned.

    Raises:
        NodeError: It cannot be fetched, started or reached.
        StorageError: The data folder or the cache folder cannot be written, or the disk is full.
    """
    with _deciding(settings, say) as (folders, account):
        access = _ensure_running(settings, folders, account, say=say)
        state = read_state(folders)
        if pinned and state is not None:
            write_state(folders, replace(state, pinned=True))
        return access


def stop_node(settings: NodeSettings, say: Say) -> bool:
    """Stop the node, whoever uses it.

    Returns:
        Whether one was running.

    Raises:
        NodeError: It belongs to another user.
        StorageError: The data folder cannot be written.
    """
    folders = node_folders(settings.data_dir, known_account(_node_dir(settings)))
    if not folders.leases.exists():
        return False
    try:
        with locked(folders.lock, timeout_s=_lock_wait_s(settings), say=say):
            return _stop(folders, say)
    except OSError as exc:
        raise not_writable(folders.control, exc) from exc


def node_status(settings: NodeSettings) -> NodeStatus:
    """Look at the node; starts, changes and waits for nothing (a few seconds at most)."""
    folders = node_folders(settings.data_dir, known_account(_node_dir(settings)))
    state = read_state(folders)
    process = running_process(folders, state)
    answers = False
    if process is not None and state is not None and folders.credentials.exists():
        admin = read_users(folders)[ADMIN]
        answers = ask(state.http_port, "/_cluster/health", admin, timeout_s=3.0).status == 200
    started_at = state.started_at if state is not None and process is not None else None
    return NodeStatus(
        pid=process.pid if process else None,
        answers=answers,
        url=state.url if state else None,
        started_at=datetime.fromisoformat(started_at) if started_at else None,
        pinned=bool(process and state and state.pinned),
        version=state.version if state else None,
        data_dir=folders.data,
        log=folders.logs / "node.log",
        credentials=folders.credentials,
        leases=tuple(live_leases(folders)),
    )


def _node_dir(settings: NodeSettings) -> Path:
    return settings.data_dir.expanduser().resolve() / "node"


def _lock_wait_s(settings: NodeSettings) -> float:
    # Whoever holds the lock may start a node (after a download) or stop one.
    return settings.start_timeout_s + _STOP_MARGIN_S


@contextmanager
def _deciding(settings: NodeSettings, say: Say) -> Iterator[tuple[NodeFolders, Account | None]]:
    """Hold the right to start or stop this data folder's node."""
    account = node_account(_node_dir(settings), say)
    folders = node_folders(settings.data_dir, account)
    if folders.is_apart and not folders.home.exists():
        say(f"the node cannot reach {settings.data_dir}; its files are in {folders.home}")
    make_folders(folders, account)
    try:
        with locked(folders.lock, timeout_s=_lock_wait_s(settings), say=say):
            yield folders, account
    except OSError as exc:
        raise not_writable(folders.control, exc) from exc


def _ensure_running(
    settings: NodeSettings, folders: NodeFolders, account: Account | None, *, say: Say
) -> NodeAccess:
    deadline = time.monotonic() + settings.start_timeout_s
    why = "it does not start"
    for _ in range(_RACES):
        process = running_process(folders, read_state(folders))
        if process is None:
            return start_process(settings, folders, account, say=say)
        found = _attach(folders, process, deadline=deadline, say=say)
        if isinstance(found, NodeAccess):
            return found
        why = found
        if is_alive(process):
            break
    raise NodeError(
        f"the node of {settings.data_dir} runs but cannot be used: {why}. "
        f"Look at {folders.logs / 'node.log'}, or stop it with `taglake node stop`."
    )


def _attach(
    folders: NodeFolders, process: ProcessId, *, deadline: float, say: Say
) -> NodeAccess | str:
    """Use a node that runs already, or say in a few words why that cannot be."""
    state = read_state(folders)
    if state is None:
        return (
            f"process {process.pid} has the data folder, but {folders.state} is lost or damaged "
            "and so nobody knows its port"
        )
    users = read_users(folders)
    why = wait_for_health(state.http_port, users[ADMIN], process, deadline=deadline, say=say)
    if why is not None:
        return f"process {process.pid}: {why}"
    if state.process != process or state.version is None:
        write_state(folders, replace(state, process=process, version=VERSION))
    return NodeAccess(state.url, users, process.pid, folders.data)


def _stop(folders: NodeFolders, say: Say) -> bool:
    state = read_state(folders)
    found = running_process(folders, state)
    if found is not None:
        say(f"stopping Elasticsearch, process {found.pid}")
        terminate([found, *(one for one in node_processes(folders) if one != found)], say)
        logger.debug("node stopped", extra={"pid": found.pid})
    if state is not None:
        write_state(folders, NodeState(state.http_port))
    return found is not None
