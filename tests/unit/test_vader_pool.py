"""VADER on several cores says what VADER says, whatever happens to its processes."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress

import psutil
import pytest

from enrichment.vader import Vader
from enrichment.vader_pool import VaderPool
from tests.conftest import ROOT

TEXTS = [
    f"I {'love' if n % 3 else 'HATE'} it {'!' * (n % 5)} {'not ' * (n % 4)}good :) {n} 😀" * (n % 7)
    for n in range(300)
]
_LONG_ENOUGH_S = 120


def _until(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + _LONG_ENOUGH_S
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def _children(pid: int | None = None) -> list[psutil.Process]:
    """The processes that score for a process, by what they were started for."""
    try:
        children = psutil.Process(pid).children()
    except psutil.NoSuchProcess:
        return []
    found = []
    for child in children:
        with suppress(psutil.NoSuchProcess):  # one of an earlier pool may be about to end
            if "spawn_main" in " ".join(child.cmdline()):
                found.append(child)
    return found


@pytest.fixture
def pool() -> Iterator[VaderPool]:
    pool = VaderPool(3)
    yield pool
    pool.close()


def _with_help(pool: VaderPool) -> None:
    """Scores until every process has taken part."""
    _until(lambda: pool.score(TEXTS) == Vader().score(TEXTS) and pool.helping == 2)


def test_the_scores_are_the_librarys_with_and_without_help(pool: VaderPool) -> None:
    own = Vader().score(TEXTS)

    assert pool.score(TEXTS) == own
    _with_help(pool)
    assert pool.score(TEXTS) == own
    assert pool.score(TEXTS[:3]) == own[:3]
    assert pool.score([]) == []
    assert pool.name == Vader().name


def test_few_texts_start_no_process(pool: VaderPool) -> None:
    pool.score(TEXTS[:10])

    assert _children() == []


def test_a_process_that_dies_is_replaced_and_its_texts_are_scored(pool: VaderPool) -> None:
    _with_help(pool)
    first, second = _children()

    first.kill()
    second.send_signal(signal.SIGSTOP)
    second.kill()
    assert pool.score(TEXTS) == Vader().score(TEXTS)

    _until(lambda: bool(pool.score(TEXTS)) and pool.helping == 2)
    assert {one.pid for one in _children()}.isdisjoint({first.pid, second.pid})


def test_its_processes_are_deaf_to_ctrl_c_and_end_with_it(pool: VaderPool) -> None:
    _with_help(pool)
    children = _children()

    for child in children:
        child.send_signal(signal.SIGINT)
    assert pool.score(TEXTS) == Vader().score(TEXTS)
    assert {one.pid for one in _children()} == {one.pid for one in children}
    pool.close()

    assert not [one for one in children if one.is_running()]


def test_its_processes_end_with_a_parent_that_is_killed() -> None:
    script = """
from enrichment.vader_pool import VaderPool
import time
if __name__ == "__main__":
    pool = VaderPool(3)
    while pool.helping < 2:
        pool.score(["I love it"] * 200)
    print("helping", flush=True)
    time.sleep(600)
"""
    with subprocess.Popen(
        [sys.executable, "-c", script], cwd=ROOT, stdout=subprocess.PIPE, text=True
    ) as parent:
        assert parent.stdout is not None
        assert parent.stdout.readline() == "helping\n"
        children = _children(parent.pid)

        os.kill(parent.pid, signal.SIGKILL)
        parent.wait()

    assert len(children) == 2
    _until(lambda: not [one for one in children if one.is_running() and one.status() != "zombie"])
