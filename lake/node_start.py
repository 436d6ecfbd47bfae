"""One start of the embedded node, from an empty machine to a node that answers."""

from __future__ import annotations

import logging
import subprocess
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from lake.account import Account
from lake.distribution import VERSION, cache_folder, install
from lake.errors import NodeError
from lake.java import Java, find_java
from lake.node_files import NodeFolders, NodeSettings, check_free_space, write_config
from lake.node_process import (
    choose_port,
    kill_launch,
    launch,
    log_bytes,
    wait_for_health,
    wait_for_launch,
    why_it_failed,
)
from lake.node_state import (
    NodeState,
    ProcessId,
    holder_of,
    node_processes,
    process_id,
    read_state,
    write_state,
)
from lake.node_users import ADMIN, Credentials, ensure_users

logger = logging.getLogger(__name__)

Say = Callable[[str], None]
"""Told, in one line, what takes a while or is worth knowing."""


@dataclass(frozen=True, slots=True)
class NodeAccess:
    """How to reach a node that answers.

    Args:
        url: Address on the loopback interface, without a path.
        users: Credentials of ``admin``, ``ingest``, ``enrich``, ``api`` and ``reader``.
        pid: The node's process.
        data_dir: Where its indices are.
    """

    url: str
    users: Mapping[str, Credentials]
    pid: int
    data_dir: Path


def start_process(
    settings: NodeSettings, folders: NodeFolders, account: Account | None, *, say: Say
) -> NodeAccess:
    """Start the node of a data folder; the caller holds its lock and knows that none runs.

    Raises:
        NodeError: It cannot be fetched or does not start; the message has the cause.
        StorageError: The disk is full or a folder cannot be written.
        OSError: A file in the data folder cannot be written.
    """
    _check_not_held(folders)
    check_free_space(folders.home)
    cache = cache_folder(settings.cache_dir, account)
    java = find_java(cache, account, say)
    es_home = install(cache, say)
    began = time.monotonic()
    port = _port(settings, folders, say)
    write_config(folders, settings, http_port=port)
    users = ensure_users(folders, settings.index_prefix)
    state = NodeState(port, started_at=datetime.now(UTC).isoformat(), version=VERSION)
    say(f"starting Elasticsearch {VERSION} on Java {java.version}, {state.url}")
    launcher = _launcher(es_home, java, folders, account)
    deadline = began + settings.start_timeout_s
    process = _launched(folders, launcher, state, admin=users[ADMIN], deadline=deadline)
    write_state(folders, replace(state, process=process))
    took_s = time.monotonic() - began
    logger.debug("node started", extra={"pid": process.pid, "url": state.url, "took_s": took_s})
    say(f"Elasticsearch answers after {took_s:.0f} s")
    return NodeAccess(state.url, users, process.pid, folders.data)


def _launched(
    folders: NodeFolders,
    launcher: subprocess.Popen[bytes],
    state: NodeState,
    *,
    admin: Credentials,
    deadline: float,
) -> ProcessId:
    answers = False
    try:
        # So that a command that comes after our death finds what we began.
        write_state(folders, replace(state, process=process_id(launcher.pid)))
        found = _outcome(folders, launcher, state.http_port, admin, deadline)
        answers = isinstance(found, ProcessId)
    finally:
        if not answers:  # failed, or interrupted
            kill_launch(launcher)
            write_state(folders, NodeState(state.http_port))
    if isinstance(found, ProcessId):
        return found
    raise NodeError(f"the node did not start: {found}. The whole story is in {folders.logs}.")


def _outcome(
    folders: NodeFolders,
    launcher: subprocess.Popen[bytes],
    port: int,
    admin: Credentials,
    deadline: float,
) -> ProcessId | str:
    log_start_bytes = log_bytes(folders)
    status = wait_for_launch(launcher, deadline)
    if status is None:
        return "the time for it was up (start_timeout_s)"
    if status != 0:
        return why_it_failed(folders, log_start_bytes=log_start_bytes)
    process = _node_process(folders)
    why = wait_for_health(port, admin, process, deadline=deadline, say=logger.debug)
    return why or process


def _port(settings: NodeSettings, folders: NodeFolders, say: Say) -> int:
    before = read_state(folders)
    last = before.http_port if before else None
    port = choose_port(folders.control, settings.http_port, last)
    if last not in (None, port) and settings.http_port is None:
        say(f"port {last}, used before, is taken; the node moves to {port}")
    return port


def _launcher(
    es_home: Path, java: Java, folders: NodeFolders, account: Account | None
) -> subprocess.Popen[bytes]:
    try:
        return launch(es_home, java, folders, account)
    except OSError as exc:
        raise NodeError(
            f"cannot run {es_home}/bin/elasticsearch ({exc.strerror}). "
            f"Delete {es_home} and try again: it is then unpacked anew."
        ) from exc


def _node_process(folders: NodeFolders) -> ProcessId:
    try:
        return process_id(int(folders.pid_file.read_text()))
    except (OSError, ValueError):
        found = node_processes(folders)
        return found[0] if found else ProcessId(0, 0.0)


def _check_not_held(folders: NodeFolders) -> None:
    """Raise NodeError where a process that is not ours works on the data."""
    holder = holder_of(folders.data / "node.lock")
    if holder is not None:
        raise NodeError(
            f"{folders.data} is in use by {holder}, which Taglake did not start. "
            "End that process, or configure another data folder."
        )
