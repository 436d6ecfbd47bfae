"""The spool: what it acknowledged is there after a crash, and it never grows past its bound."""

from __future__ import annotations

import resource
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from lake.errors import UnavailableError
from lake.spool import Spool

ROOT = Path(__file__).parents[2]
ROOM = 1_000_000


def emptied(spool: Spool) -> list[bytes]:
    found: list[bytes] = []
    while (segment := spool.take()) is not None:
        found += segment.lines
        spool.finish(segment)
    return found


def test_lines_come_back_in_the_order_they_went(tmp_path: Path) -> None:
    spool = Spool(tmp_path / "spool", ROOM)
    assert spool.is_empty()

    spool.append([b"1", b"2"])
    spool.append([b"3"])
    first = spool.take()
    spool.append([b"4"])

    assert first is not None
    assert first.lines == [b"1", b"2", b"3"]
    assert not spool.is_empty()
    spool.finish(first)
    assert emptied(spool) == [b"4"]
    assert spool.is_empty()


def test_large_spools_are_many_segments_in_order(tmp_path: Path) -> None:
    spool = Spool(tmp_path, 100_000_000)
    lines = [b"%d" % number + b"x" * 3_000_000 for number in range(8)]

    for line in lines:
        spool.append([line])

    assert len(list(tmp_path.iterdir())) == 3
    assert emptied(spool) == lines


def test_a_released_segment_is_taken_again(tmp_path: Path) -> None:
    spool = Spool(tmp_path, ROOM)
    spool.append([b"1"])
    segment = spool.take()
    assert segment is not None
    assert spool.take() is None  # somebody has it

    spool.release(segment)

    assert emptied(spool) == [b"1"]


def test_a_segment_that_is_written_is_nobody_elses(tmp_path: Path) -> None:
    writing, other = Spool(tmp_path, ROOM), Spool(tmp_path, ROOM)
    writing.append([b"1"])

    assert other.take() is None
    writing.append([b"2"])
    writing.close()

    assert emptied(other) == [b"1", b"2"]


def test_past_its_bound_it_takes_nothing_of_a_push(tmp_path: Path) -> None:
    spool = Spool(tmp_path, 10)
    spool.append([b"1234"])

    with pytest.raises(UnavailableError) as caught:
        spool.append([b"5", b"678"])

    assert caught.value.after_s == 30
    spool.append([b"9"])
    assert emptied(spool) == [b"1234", b"9"]


def test_a_torn_last_line_and_what_was_never_written_are_passed_over(tmp_path: Path) -> None:
    spool = Spool(tmp_path, ROOM)
    spool.append([b"1"])
    spool.close()
    [path] = tmp_path.iterdir()
    with path.open("ab") as file:
        file.write(b'{"half')

    spool.append([b"2"])

    assert emptied(spool) == [b"1", b"2"]


_DYING = """
import os, signal, sys
from pathlib import Path
from lake.spool import Spool
Spool(Path(sys.argv[1]), 1_000_000).append([b"1", b"2"])
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_what_was_acknowledged_outlives_a_kill(tmp_path: Path) -> None:
    dying = subprocess.run([sys.executable, "-c", _DYING, tmp_path], cwd=ROOT, timeout=60)

    assert dying.returncode == -signal.SIGKILL
    assert emptied(Spool(tmp_path, ROOM)) == [b"1", b"2"]


def test_a_damaged_segment_is_kept_and_no_longer_in_the_way(tmp_path: Path) -> None:
    spool = Spool(tmp_path, ROOM)
    spool.append([b"1"])
    segment = spool.take()
    assert segment is not None

    spool.finish(segment, damaged=True)

    assert spool.is_empty()
    [kept] = tmp_path.iterdir()
    assert (kept.suffix, kept.read_bytes()) == (".damaged", b"1\n")


def test_a_disk_that_is_full_in_the_middle_of_a_push_keeps_nothing_of_it(tmp_path: Path) -> None:
    spool = Spool(tmp_path, ROOM)
    spool.append([b"123456"])
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)

    resource.setrlimit(resource.RLIMIT_FSIZE, (10, hard))  # no file may grow past ten bytes
    try:
        with pytest.raises(UnavailableError) as caught:
            spool.append([b"a", b"bcdef"])
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    spool.append([b"3"])

    assert "cannot be written" in str(caught.value)
    assert sorted(path.stat().st_size for path in tmp_path.iterdir()) == [2, 7]
    assert emptied(spool) == [b"123456", b"3"]


def test_a_folder_that_cannot_be_made_is_a_reason_to_come_later(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    spool = Spool(tmp_path / "file" / "spool", ROOM)

    assert spool.is_empty()
    with pytest.raises(UnavailableError, match="Not a directory"):
        spool.append([b"1"])


def test_a_segment_that_somebody_else_emptied_before_it_was_locked_is_not_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spool, other = Spool(tmp_path, ROOM), Spool(tmp_path, ROOM)
    emptied_first: list[Path] = []

    def between(path: Path) -> None:
        """Runs where a new file is there and not locked yet: the other one is quick, once."""
        if not emptied_first:
            emptied_first.append(path)
            assert emptied(other) == []
            path.stat()  # as the real one, which finds no file any more

    monkeypatch.setattr("lake.spool.keep_owner", between)
    spool.append([b"1"])

    assert emptied_first
    assert emptied(spool) == [b"1"]


@pytest.mark.parametrize("shared", [True, False], ids=["one process", "two processes"])
def test_those_who_fill_and_empty_it_at_once_lose_and_double_nothing(
    tmp_path: Path, shared: bool
) -> None:
    # Two spools on one folder are to each other what two processes are.
    spool = Spool(tmp_path, ROOM)
    emptying = spool if shared else Spool(tmp_path, ROOM)
    wanted = {b"%d-%d" % (thread, number) for thread in range(4) for number in range(50)}

    def fill(thread: int) -> None:
        for number in range(50):
            spool.append([b"%d-%d" % (thread, number)])
            spool.close()

    threads = [threading.Thread(target=fill, args=(number,)) for number in range(4)]
    found: list[bytes] = []
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        found += emptied(emptying)
    found += emptied(emptying)

    assert len(found) == len(wanted)
    assert set(found) == wanted
