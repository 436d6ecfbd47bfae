"""Starting and stopping the node's process, and finding out why it did not start."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import http.client
import json
import os
import re
import signal
import socket
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import psutil

from lake.account import Account
from lake.errors import NodeError
from lake.java import Java
from lake.node_files import CLUSTER_NAME, NodeFolders
from lake.node_state import ProcessId, describe, is_alive
from lake.node_users import Credentials

_PORTS = range(9200, 9300)
_POLL_S = 0.1
_ANSWER_TIMEOUT_S = 10.0
_PATIENCE_S = 5.0
_STOP_TIMEOUT_S = 60.0
# Java options of the operator's other programs (JAVA_TOOL_OPTIONS, ES_JAVA_OPTS) stay out.
_KEPT_VARIABLES = frozenset({"PATH", "LANG", "LC_ALL", "TZ"})
_LOG_READ_BYTES = 1_000_000
_VIRTUAL_MACHINE = re.compile(
    r"^(?:Error occurred during initialization of VM\n|# )?"
    r"((?:Too small|Invalid|Unrecognized|Could not reserve|There is insufficient).+)$",
    re.M,
)
_CAUSE = re.compile(r"^Caused by: (?:[a-z]\w*\.)*(.+)$", re.M)
_EXCEPTION = re.compile(r"^(?:[a-z]\w*\.)+([A-Z]\w*(?:Exception|Error)\b.*)$", re.M)
_ERROR_LINE = re.compile(r"^.*(?:\[(?:ERROR|FATAL)\s*\]|ERROR: |Error: )(.+)$", re.M)


def choose_port(data_dir: Path, wanted: int | None, last: int | None) -> int:
    """The port to start on: the operator's, else the last one, else a free one.

    Raises:
        NodeError: The operator's port is taken; the message names the process where it can.
    """
    if wanted is not None:
        if not port_is_free(wanted):
            raise NodeError(
                f"port {wanted} is taken by {port_owner(wanted)}. "
                "End that process, or configure another port for the embedded node."
            )
        return wanted
    # Data folders begin at different places, so that two first starts do not meet.
    seed = int.from_bytes(hashlib.sha256(os.fsencode(data_dir)).digest()[:4], "big")
    offered = [_PORTS[(seed + step) % len(_PORTS)] for step in range(len(_PORTS))]
    for port in ([last] if last else []) + offered:
        if port_is_free(port):
            return port
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


def port_is_free(port: int) -> bool:
    """Whether a server could listen on this port of the loopback address."""
    try:
        with socket.create_server(("127.0.0.1", port)):
            return True
    except OSError:
        return False


def port_owner(port: int) -> str:
    """Who listens on the port, in words."""
    try:
        connections = psutil.net_connections(kind="tcp")
    except psutil.Error:
        connections = []
    for one in connections:
        if one.status == psutil.CONN_LISTEN and one.laddr and one.laddr.port == port and one.pid:
            return describe(one.pid)
    return "another process"


def launch(
    es_home: Path, java: Java, folders: NodeFolders, account: Account | None
) -> subprocess.Popen[bytes]:
    """Start Elasticsearch's launcher; it ends with status 0 once the node answers.

    Both get a session of their own, so what happens to our terminal does not reach them.

    Raises:
        OSError: The program cannot be started.
    """
    kept = {
        name: os.environ[name] for name in ("PATH", "LANG", "LC_ALL", "TZ") if name in os.environ
    }
    environment = kept | {
        "ES_JAVA_HOME": str(java.home),
        "ES_PATH_CONF": str(folders.config),
        "ES_TMPDIR": str(folders.tmp),
        # For the launcher only, which lives some seconds.
        "CLI_JAVA_OPTS": "-XX:TieredStopAtLevel=1 -Xshare:auto",
        "HOSTNAME": socket.gethostname(),
    }
    folders.pid_file.unlink(missing_ok=True)
    with (folders.logs / "console.log").open("wb") as console:
        return subprocess.Popen(
            [es_home / "bin" / "elasticsearch", "-d", "-p", folders.pid_file],
            cwd=folders.home,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=console,
            stderr=console,
            start_new_session=True,
            user=account.uid if account else None,
            group=account.gid if account else None,
            extra_groups=[] if account else None,
        )


def kill_launch(launcher: subprocess.Popen[bytes]) -> None:
    """End a start that failed or was interrupted, the half-started node with it."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(launcher.pid, signal.SIGKILL)
    launcher.wait()


def wait_for_launch(launcher: subprocess.Popen[bytes], deadline: float) -> int | None:
    """Wait for the launcher's end, until ``time.monotonic()`` is the deadline.

    Returns:
        Its exit status, 0 where the node runs; None where the time was up first.
    """
    try:
        return launcher.wait(max(0.0, deadline - time.monotonic()))
    except subprocess.TimeoutExpired:
        return None


@dataclass(frozen=True, slots=True)
class Answer:
    """What an HTTP request to the node gave.

    Args:
        status: HTTP status, or None where nothing answered.
        body: The JSON object, or {} where it was none.
    """

    status: int | None
    body: dict[str, object]


def ask(port: int, path: str, who: Credentials, *, timeout_s: float = _ANSWER_TIMEOUT_S) -> Answer:
    """GET a path of the node on this machine."""
    token = base64.b64encode(f"{who.user}:{who.password}".encode()).decode()
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=timeout_s)
    try:
        connection.request("GET", path, headers={"Authorization": f"Basic {token}"})
        response = connection.getresponse()
        body = json.loads(response.read() or b"{}")
    except (OSError, http.client.HTTPException, ValueError):
        return Answer(None, {})
    finally:
        connection.close()
    return Answer(response.status, body if isinstance(body, dict) else {})


def wait_for_health(
    port: int, who: Credentials, process: ProcessId, *, deadline: float, say: Callable[[str], None]
) -> str | None:
    """Wait until our node answers on the port and has every primary shard.

    Returns:
        None when it does, else in a few words why it does not.
    """
    started = time.monotonic()
    told = False
    why = "it does not answer"
    while is_alive(process):
        left_s = deadline - time.monotonic()
        if left_s <= 0:
            return why
        answer = ask(
            port,
            "/_cluster/health?wait_for_status=yellow&timeout=2s",
            who,
            timeout_s=min(left_s, _ANSWER_TIMEOUT_S),
        )
        if answer.status == http.client.OK:
            ours = answer.body.get("cluster_name") == CLUSTER_NAME
            return None if ours else f"port {port} belongs to another Elasticsearch"
        why = _reason(answer)
        if not told and time.monotonic() - started > _PATIENCE_S:
            say(f"waiting for the node, process {process.pid}: {_paused(process) or why}")
            told = True
        time.sleep(_POLL_S)
    return "its process ended"


def _reason(answer: Answer) -> str:
    if answer.status is None:
        return "it does not answer"
    if answer.status == http.client.UNAUTHORIZED:
        return "it does not accept the passwords of credentials.json"
    if answer.status == http.client.REQUEST_TIMEOUT:
        return "some primary shards are not there (cluster health is red)"
    return f"it answers HTTP {answer.status}"


def _paused(process: ProcessId) -> str | None:
    try:
        stopped = psutil.Process(process.pid).status() == psutil.STATUS_STOPPED
    except psutil.Error:
        return None
    return f"it is suspended; continue it with `kill -CONT {process.pid}`" if stopped else None


def why_it_failed(folders: NodeFolders, *, log_start_bytes: int) -> str:
    """The cause of a failed start, from what the node wrote since then, in one line."""
    log = _text(folders.logs / "node.log", log_start_bytes)
    console = _text(folders.logs / "console.log", 0)
    for text, pattern in (
        (console, _VIRTUAL_MACHINE),
        (log, _CAUSE),
        (log, _EXCEPTION),
        (console, _CAUSE),
        (console, _EXCEPTION),
        (log, _ERROR_LINE),
        (console, _ERROR_LINE),
    ):
        found = pattern.findall(text)
        if found:
            # The innermost cause comes last, everything else follows from what comes first.
            return str(found[-1 if pattern is _CAUSE else 0]).strip()[:400]
    return "the logs do not say why"


def _text(path: Path, start_bytes: int) -> str:
    try:
        with path.open("rb") as file:
            file.seek(start_bytes)
            return file.read(_LOG_READ_BYTES).decode(errors="replace")
    except OSError:
        return ""


def log_bytes(folders: NodeFolders) -> int:
    """The size of the node's log, or 0 where there is none."""
    try:
        return (folders.logs / "node.log").stat().st_size
    except OSError:
        return 0


def terminate(processes: list[ProcessId], say: Callable[[str], None]) -> None:
    """End the processes: SIGTERM, and after a minute SIGKILL.

    Raises:
        NodeError: They belong to a user whose processes we may not end.
    """
    living = [psutil.Process(one.pid) for one in processes if is_alive(one)]
    try:
        for process in living:
            process.terminate()
            process.send_signal(signal.SIGCONT)  # a suspended process does not hear SIGTERM
        deadline = time.monotonic() + _STOP_TIMEOUT_S
        while any(is_alive(one) for one in processes):
            if time.monotonic() > deadline:
                say(f"the node does not stop in {_STOP_TIMEOUT_S:.0f} s; killing it")
                for process in living:
                    process.kill()
                deadline += _STOP_TIMEOUT_S
            time.sleep(_POLL_S)
    except psutil.AccessDenied as exc:
        pids = ", ".join(str(one.pid) for one in processes)
        raise NodeError(
            f"process {pids} belongs to another user. Stop the node as the user who started it."
        ) from exc
    except psutil.NoSuchProcess:
        terminate([one for one in processes if is_alive(one)], say)
