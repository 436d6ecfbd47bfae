"""The embedded node as a real process: one for each data folder, whatever is killed."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest
from click.testing import CliRunner

from lake.account import known_account
from lake.errors import NodeError
from lake.node import node_status, start_node, stop_node, use_node
from lake.node_files import NodeFolders, NodeSettings, node_folders
from lake.node_state import node_processes, read_state
from taglake import doctor, node_commands
from taglake.context import Context
from tests.calls import call

ROOT = Path(__file__).parents[2]
POST = {"platform": "mastodon", "text": "hello"}

# A command that uses the lake until its standard input ends.
COMMAND = """
import json, sys
from pathlib import Path
from lake.node import use_node
from lake.node_files import NodeSettings
with use_node(NodeSettings(Path(sys.argv[1])), lambda line: None) as access:
    print(json.dumps({"pid": access.pid, "url": access.url}), flush=True)
    sys.stdin.read()
"""


def quiet(_line: str) -> None:
    """Take a line of progress and forget it."""


def folders_of(settings: NodeSettings) -> NodeFolders:
    """Where the node of these settings lives."""
    return node_folders(settings.data_dir, known_account(settings.data_dir / "node"))


def clear(settings: NodeSettings) -> None:
    """Stop the node and remove everything that it has."""
    folders = folders_of(settings)
    stop_node(settings, quiet)
    shutil.rmtree(folders.home, ignore_errors=True)


@pytest.fixture
def settings() -> Iterator[NodeSettings]:
    """A data folder of this test's own, with spaces; the node's account can reach it."""
    with tempfile.TemporaryDirectory() as name:
        Path(name).chmod(0o755)
        made = NodeSettings(Path(name) / "the data ü", heap_mb=512)
        yield made
        clear(made)


def start_command(settings: NodeSettings) -> subprocess.Popen[str]:
    """A process that uses the node until its standard input is closed."""
    return subprocess.Popen(
        [sys.executable, "-c", COMMAND, settings.data_dir],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def first_line(process: subprocess.Popen[str]) -> dict[str, Any]:
    """What the command printed when it had its node."""
    assert process.stdout is not None
    found: dict[str, Any] = json.loads(process.stdout.readline())
    return found


def finish(process: subprocess.Popen[str]) -> None:
    """End a command in the ordinary way (or, after a kill, take its remains)."""
    process.communicate()


def test_two_commands_at_once_share_one_node_and_the_last_one_stops_it(
    settings: NodeSettings,
) -> None:
    first, second = start_command(settings), start_command(settings)

    seen, also_seen = first_line(first), first_line(second)
    used_by = node_status(settings).leases
    finish(first)
    between = node_status(settings)
    finish(second)

    assert seen == also_seen
    assert set(used_by) == {first.pid, second.pid}
    assert between.pid == seen["pid"]
    assert between.answers
    assert node_status(settings).pid is None
    assert node_processes(folders_of(settings)) == []


def test_a_killed_command_leaves_the_node_and_a_killed_node_comes_back_with_its_data(
    settings: NodeSettings,
) -> None:
    command = start_command(settings)
    seen = first_line(command)
    command.kill()
    finish(command)

    with use_node(settings, quiet) as access:
        adopted = access
        call(access, "ingest", "PUT /taglake-posts-2026/_doc/k:1", POST)
        os.kill(access.pid, signal.SIGKILL)
        psutil.wait_procs([psutil.Process(access.pid)], timeout=10)
        with use_node(settings, quiet) as again:
            _, found = call(again, "reader", "GET /taglake-posts-2026/_doc/k:1")
        used_by_one = node_status(settings)

    assert {"pid": adopted.pid, "url": adopted.url} == seen
    assert again.url == adopted.url
    assert again.pid != adopted.pid
    assert found["_source"] == POST
    assert used_by_one.answers
    assert node_status(settings).pid is None


def test_a_pinned_node_stays_and_one_that_hangs_is_named(settings: NodeSettings) -> None:
    hurried = NodeSettings(settings.data_dir, start_timeout_s=9)
    access = start_node(settings, quiet, pinned=True)
    with use_node(settings, quiet):
        pass
    stayed = node_status(settings)
    said: list[str] = []

    os.kill(access.pid, signal.SIGSTOP)
    with pytest.raises(NodeError, match=f"process {access.pid}: it does not answer"):
        start_node(hurried, said.append)
    os.kill(access.pid, signal.SIGCONT)
    with use_node(settings, quiet) as again:
        pass

    assert stayed.pinned
    assert stayed.answers
    assert f"kill -CONT {access.pid}" in " ".join(said)
    assert again == access

    folders_of(settings).state.unlink()
    with pytest.raises(NodeError, match=f"process {access.pid} has the data folder, but .*lost"):
        start_node(hurried, quiet)
    os.kill(access.pid, signal.SIGSTOP)

    assert stop_node(settings, quiet)
    assert not stop_node(settings, quiet)
    assert node_processes(folders_of(settings)) == []


def test_data_that_another_program_holds_is_left_alone(settings: NodeSettings) -> None:
    lock = settings.data_dir / "node" / "data" / "node.lock"
    lock.parent.mkdir(parents=True)
    source = "import fcntl, sys; f = open(sys.argv[1], 'w'); fcntl.lockf(f, 2); print(flush=True)"
    holder = subprocess.Popen(
        [sys.executable, "-c", f"{source}; sys.stdin.read()", lock],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert holder.stdout is not None
    holder.stdout.readline()

    with pytest.raises(NodeError, match=f"is in use by process {holder.pid} .*did not start"):
        start_node(settings, quiet)
    finish(holder)


def test_a_configured_port_that_is_taken_stops_the_start(settings: NodeSettings) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        wanted = NodeSettings(settings.data_dir, http_port=port)

        with pytest.raises(NodeError, match=rf"port {port} is taken by process {os.getpid()}"):
            start_node(wanted, quiet)


def test_a_start_that_fails_says_why_and_leaves_nothing_running(settings: NodeSettings) -> None:
    with pytest.raises(NodeError, match=r"did not start: Too small maximum heap\. .*logs"):
        start_node(NodeSettings(settings.data_dir, heap_mb=1), quiet)

    state = read_state(folders_of(settings))
    assert state is not None
    assert state.process is None
    assert node_processes(folders_of(settings)) == []


def test_a_start_that_takes_too_long_is_ended(settings: NodeSettings) -> None:
    with pytest.raises(NodeError, match="the time for it was up"):
        start_node(NodeSettings(settings.data_dir, start_timeout_s=3), quiet)

    assert node_processes(folders_of(settings)) == []


@pytest.fixture
def context(tmp_path: Path) -> Iterator[Context]:
    """A command's context; the data is in pytest's folder, which is closed to other users."""
    path, data_dir = tmp_path / "config.yaml", tmp_path / "data"
    path.write_text(json.dumps({"node": {"data_dir": str(data_dir), "heap_mb": 512}}))
    yield Context(path)
    clear(NodeSettings(data_dir))


def test_the_commands_start_show_and_stop_a_node(context: Context) -> None:
    runner = CliRunner()

    before = runner.invoke(node_commands.command, ["status"], obj=context)
    started = runner.invoke(node_commands.command, ["start", "--json"], obj=context)
    again = runner.invoke(node_commands.command, ["start"], obj=context)
    status = runner.invoke(node_commands.command, ["status", "--json"], obj=context)
    logs = runner.invoke(node_commands.command, ["logs", "-n", "3"], obj=context)
    healthy = runner.invoke(doctor.command, ["--json"], obj=context)
    stopped = runner.invoke(node_commands.command, ["stop"], obj=context)
    after = runner.invoke(node_commands.command, ["stop"], obj=context)

    assert before.exit_code == node_commands.NOT_RUNNING
    assert "not running" in before.stdout
    node = json.loads(status.stdout)
    assert node == json.loads(started.stdout)
    assert node["running"]
    assert node["answers"]
    assert node["pinned"]
    assert f"already running: process {node['pid']} at {node['url']}" in again.stdout
    assert (again.exit_code, status.exit_code) == (0, 0)
    assert len(logs.stdout.splitlines()) == 3
    findings = {one["check"]: one for one in json.loads(healthy.stdout)}
    assert healthy.exit_code == 0
    assert findings["node"]["status"] == "ok"
    assert str(node["pid"]) in findings["node"]["detail"]
    assert findings["index templates"]["status"] == "warn"
    assert "taglake-posts" in findings["index templates"]["detail"]
    assert stopped.stdout == "stopped\n"
    assert after.stdout == "no node was running\n"


def test_the_doctor_needs_no_node_and_names_what_is_wrong(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("a file, where a folder should be")
    config = tmp_path / "config.yaml"
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        node = {"data_dir": str(tmp_path / "data"), "http_port": port}
        config.write_text(json.dumps({"node": node}))

        result = CliRunner().invoke(doctor.command, ["--json"], obj=Context(config))

    findings = {one["check"]: one for one in json.loads(result.stdout)}
    assert result.exit_code == 1
    assert findings["data folder"]["status"] == "fail"
    assert findings["port"]["status"] == "fail"
    assert f"taken by process {os.getpid()}" in findings["port"]["detail"]
    assert findings["python"]["status"] == "ok"
    assert all(one["advice"] for one in findings.values() if one["status"] != "ok")
