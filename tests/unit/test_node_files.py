"""The embedded node's files, users and state, without a node."""

from __future__ import annotations

import json
import multiprocessing
import os
import socket
import stat
import tempfile
from collections.abc import Iterator
from pathlib import Path

import bcrypt
import pytest
import yaml

from lake.account import Account, can_enter
from lake.distribution import cache_folder
from lake.errors import NodeError, StorageError
from lake.filelock import locked
from lake.node_files import (
    SHARED_HOMES,
    NodeFolders,
    NodeSettings,
    check_free_space,
    heap_mb,
    make_folders,
    node_folders,
    write_config,
)
from lake.node_process import choose_port, port_is_free, port_owner, why_it_failed
from lake.node_state import (
    NodeState,
    ProcessId,
    drop_dead_leases,
    is_alive,
    live_leases,
    read_state,
    take_lease,
    this_process,
    write_state,
)
from lake.node_users import GRANTS, ensure_users, read_users, roles_yml

GIB = 1024**3
STRANGER = Account("stranger", 54321, 54321)


def quiet(_line: str) -> None:
    """Take a line of progress and forget it."""


@pytest.fixture
def folders(tmp_path: Path) -> NodeFolders:
    """The folders of a node that runs as we do."""
    made = node_folders(tmp_path, None)
    make_folders(made, None)
    return made


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that every user of the machine can enter; pytest's are closed."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o755)
        yield folder


@pytest.mark.parametrize(
    ("wanted", "memory_bytes", "expected"),
    [
        (None, 64 * GIB, 1024),
        (None, 2 * GIB, 512),
        (None, GIB // 2, 256),
        (3000, 2 * GIB, 3000),
    ],
)
def test_the_heap_fits_the_machine(wanted: int | None, memory_bytes: int, expected: int) -> None:
    assert heap_mb(wanted, memory_bytes) == expected


def test_configuration_survives_a_path_with_spaces_and_umlauts(tmp_path: Path) -> None:
    folders = node_folders(tmp_path / 'a "b" ü: #', None)
    make_folders(folders, None)

    write_config(folders, NodeSettings(tmp_path), http_port=9234)

    read = yaml.safe_load((folders.config / "elasticsearch.yml").read_text())
    assert read["path.data"] == str(folders.data)
    assert read["http.port"] == 9234
    assert read["network.host"] == "127.0.0.1"
    assert read["xpack.security.enabled"] is True
    assert f"-Dtaglake.node={folders.home}" in (folders.config / "jvm.options").read_text()


def test_the_temporary_folder_does_not_hold_the_configuration(folders: NodeFolders) -> None:
    assert folders.tmp not in folders.config.parents


def test_a_folder_that_the_account_cannot_reach_moves_the_node(open_folder: Path) -> None:
    closed = open_folder / "closed"
    closed.mkdir(mode=0o700)

    apart = node_folders(closed / "data", STRANGER)
    beside = node_folders(open_folder / "data", STRANGER)

    assert apart.home.parent == SHARED_HOMES
    assert apart.control == closed.resolve() / "data" / "node"
    assert beside.home == beside.control
    assert node_folders(closed / "data", None).home == apart.control


def test_an_account_enters_by_the_bits_that_are_its_own(open_folder: Path) -> None:
    mine = Account("me", open_folder.stat().st_uid, open_folder.stat().st_gid)
    folder = open_folder / "group"
    folder.mkdir()
    folder.chmod(0o701)
    grouped = Account("grouped", STRANGER.uid, folder.stat().st_gid)

    entered = [can_enter(folder / "later", one) for one in (mine, grouped, STRANGER)]

    assert entered == [True, False, True]


def test_the_cache_moves_where_the_account_cannot_reach_it(open_folder: Path) -> None:
    closed = open_folder / "closed"
    closed.mkdir(mode=0o700)

    assert cache_folder(closed, STRANGER) == Path("/var/cache/taglake")
    assert cache_folder(closed, None) == closed
    assert cache_folder(open_folder, STRANGER) == open_folder


def test_a_data_folder_that_is_a_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("")

    with pytest.raises(StorageError, match=r"cannot write .*data/node/leases .*/data belongs to "):
        make_folders(node_folders(tmp_path / "data", None), None)


def test_a_full_disk_is_refused_before_the_start(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="MB free and the node needs 1000000000000 MB"):
        check_free_space(tmp_path, needed_bytes=10**18)


def test_users_are_made_once_and_only_we_can_read_them(folders: NodeFolders) -> None:
    first = ensure_users(folders, "taglake-")

    again = ensure_users(folders, "taglake-")

    assert first == again == read_users(folders)
    assert set(first) == {"admin", "ingest", "enrich", "api", "reader"}
    assert len({one.password for one in first.values()}) == len(first)
    assert stat.S_IMODE(folders.credentials.stat().st_mode) == 0o600
    assert stat.S_IMODE((folders.config / "users").stat().st_mode) == 0o600
    assert first["reader"].password not in repr(first)


def test_the_node_gets_hashes_not_passwords(folders: NodeFolders) -> None:
    users = ensure_users(folders, "taglake-")

    lines = (folders.config / "users").read_text().splitlines()

    hashes = dict(line.split(":", 1) for line in lines)
    assert hashes.keys() == users.keys()
    assert bcrypt.checkpw(users["api"].password.encode(), hashes["api"].encode())


def test_damaged_credentials_say_what_to_do(folders: NodeFolders) -> None:
    folders.credentials.write_text('{"admin": {}}')

    with pytest.raises(StorageError, match=r"credentials.json is damaged.*delete the file"):
        read_users(folders)


def test_every_role_is_bound_to_the_prefix() -> None:
    roles = yaml.safe_load(roles_yml("mine-"))

    assert roles.keys() == {f"taglake_{name}" for name in GRANTS}
    for role in roles.values():
        for grant in role["indices"]:
            assert all(name.startswith("mine-") for name in grant["names"])


def test_the_reader_only_reads() -> None:
    [grant] = yaml.safe_load(roles_yml("taglake-"))["taglake_reader"]["indices"]

    assert grant["privileges"] == ["read", "view_index_metadata", "monitor"]


def test_state_is_read_back_as_it_was_written(folders: NodeFolders) -> None:
    state = NodeState(9250, ProcessId(7, 1.5), "2026-01-01T00:00:00+00:00", True, "8.19.21")

    write_state(folders, state)

    assert read_state(folders) == state
    assert json.loads(folders.state.read_text())["url"] == "http://127.0.0.1:9250"


@pytest.mark.parametrize("content", ["", "{", "[]", '{"http_port": "x"}'])
def test_a_damaged_state_counts_as_none(folders: NodeFolders, content: str) -> None:
    folders.state.write_text(content)

    assert read_state(folders) is None


def test_a_later_process_with_the_same_number_is_another_one() -> None:
    me = this_process()

    assert is_alive(me)
    assert not is_alive(ProcessId(me.pid, me.create_time - 60))


def test_leases_of_the_dead_do_not_count(folders: NodeFolders) -> None:
    lease = take_lease(folders)
    dead = folders.leases / "1-dead"
    dead.write_text(json.dumps({"pid": os.getpid(), "create_time": 1.0}))
    (folders.leases / "2-torn").write_text("{")

    drop_dead_leases(folders)

    assert live_leases(folders) == [os.getpid()]
    assert list(folders.leases.iterdir()) == [lease]


def hold(path: str, ready: str) -> None:
    """Hold a lock until killed."""
    with locked(Path(path), timeout_s=1, say=quiet):
        Path(ready).touch()
        multiprocessing.Event().wait()


def test_a_lock_names_its_holder_and_dies_with_it(tmp_path: Path) -> None:
    path, ready = tmp_path / "lock", tmp_path / "ready"
    process = multiprocessing.get_context("spawn").Process(target=hold, args=(path, ready))
    process.start()
    while not ready.exists():
        assert process.is_alive()

    with (
        pytest.raises(NodeError, match=f"held by process {process.pid}"),
        locked(path, timeout_s=0.1, say=quiet),
    ):
        pass
    process.kill()
    process.join()

    with locked(path, timeout_s=5, say=quiet):
        assert path.read_text() == str(os.getpid())


def test_the_last_port_is_kept_while_it_is_free(tmp_path: Path) -> None:
    first = choose_port(tmp_path, None, None)

    with socket.create_server(("127.0.0.1", first)):
        other = choose_port(tmp_path, None, first)

    assert choose_port(tmp_path, None, first) == first
    assert other != first
    assert port_is_free(other)


def test_a_configured_port_that_is_taken_names_who_has_it(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]

        with pytest.raises(NodeError, match=rf"port {port} is taken by process {os.getpid()}"):
            choose_port(tmp_path, port, None)

        assert str(os.getpid()) in port_owner(port)


@pytest.mark.parametrize(
    ("log", "console", "expected"),
    [
        (
            "java.lang.IllegalStateException: failed to obtain node locks\n\tat a.B\n"
            "Caused by: java.io.IOException: outer\n\tat a.B\n"
            "Caused by: java.net.BindException: Address already in use\n\tat a.B\n",
            "ERROR: Elasticsearch died while starting up, with exit code 1\n",
            "BindException: Address already in use",
        ),
        (
            "",
            "Error occurred during initialization of VM\nToo small maximum heap\n",
            "Too small maximum heap",
        ),
        ("[2026][INFO ][x] fine\n", "", "the logs do not say why"),
    ],
)
def test_the_cause_of_a_failed_start_is_one_line(
    folders: NodeFolders, log: str, console: str, expected: str
) -> None:
    earlier = "Caused by: java.lang.Error: an earlier start\n"
    (folders.logs / "node.log").write_text(earlier + log)
    (folders.logs / "console.log").write_text(console)

    assert why_it_failed(folders, log_start_bytes=len(earlier)) == expected
