"""The programs that the embedded node is made of: Elasticsearch itself and a Java."""

from __future__ import annotations

import os
import stat
import tempfile
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from lake.account import Account
from lake.distribution import VERSION, installed, unpack
from lake.errors import NodeError
from lake.java import Java, examine, local_java

STRANGER = Account("stranger", 54321, 54321)


def quiet(_line: str) -> None:
    """Take a line of progress and forget it."""


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that every user of the machine can enter; pytest's are closed."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o755)
        yield folder


def test_unpacking_keeps_programs_runnable_and_clears_what_was_cut_short(tmp_path: Path) -> None:
    archive, cache = tmp_path / "a.zip", tmp_path / "cache"
    top = f"elasticsearch-{VERSION}"
    with zipfile.ZipFile(archive, "w") as content:
        content.writestr(f"{top}/bin/elasticsearch", "#!/bin/sh\n")
        content.writestr(f"{top}/lib/a.jar", "")
    cut_short = cache / f"{top}.unpacking-x" / top
    cut_short.mkdir(parents=True)
    assert installed(cache) is None
    mask = os.umask(0o077)

    try:
        home = unpack(archive, cache, quiet)
    finally:
        os.umask(mask)

    assert installed(cache) == home
    assert [path.name for path in cache.iterdir()] == [top]
    assert stat.S_IMODE((home / "bin" / "elasticsearch").stat().st_mode) == 0o755
    assert stat.S_IMODE((home / "lib" / "a.jar").stat().st_mode) == 0o644


def test_something_that_is_no_zip_file_leaves_nothing_installed(tmp_path: Path) -> None:
    archive = tmp_path / "a.zip"
    archive.write_bytes(b"not a zip")

    with pytest.raises(NodeError, match="is not a zip file"):
        unpack(archive, tmp_path, quiet)

    assert installed(tmp_path) is None


def fake_java(folder: Path, version: str, modules: str) -> Path:
    """A program that answers as a Java would."""
    program = folder / "bin" / "java"
    program.parent.mkdir(parents=True)
    program.write_text(
        f"#!/bin/sh\necho '    java.home = {folder}' >&2\n"
        f"echo '    java.version = {version}' >&2\necho '{modules}'\n"
    )
    program.chmod(0o755)
    return program


ENOUGH = "jdk.attach@1 jdk.jdi@1 jdk.jlink@1 jdk.zipfs@1"


@pytest.mark.parametrize(
    ("version", "modules", "expected"),
    [
        ("11.0.2", ENOUGH, "it is Java 11.0.2, and 17 or newer is needed"),
        ("1.8.0_301", ENOUGH, "it is Java 1.8.0_301, and 17 or newer is needed"),
        ("21.0.1", "java.base@21", "lacks the modules jdk.attach, jdk.jdi, jdk.jlink, jdk.zipfs"),
    ],
)
def test_an_unusable_java_is_explained(
    tmp_path: Path, version: str, modules: str, expected: str
) -> None:
    program = fake_java(tmp_path, version, modules)

    found = examine(program, None, source="PATH")

    assert isinstance(found, str)
    assert expected in found


def test_a_new_enough_java_is_taken(tmp_path: Path) -> None:
    program = fake_java(tmp_path, "25-ea", ENOUGH)

    found = examine(program, None, source="PATH")

    assert found == Java(tmp_path, "25-ea", "PATH")


def test_a_java_that_the_account_may_not_run_is_explained(open_folder: Path) -> None:
    program = fake_java(open_folder, "17.0.1", ENOUGH)
    program.chmod(0o700)

    found = examine(program, STRANGER, source="PATH")

    assert found == f"the user stranger may not run {program}"


def test_an_es_java_home_that_is_no_java_is_an_error_and_not_skipped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ES_JAVA_HOME", str(tmp_path))

    with pytest.raises(NodeError, match=f"ES_JAVA_HOME={tmp_path} cannot be used.*Install Java"):
        local_java(None)


def test_a_useless_java_home_is_passed_over_for_the_next(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake_java(tmp_path / "old", "11.0.2", ENOUGH)
    program = fake_java(tmp_path / "new", "17.0.2", ENOUGH)
    monkeypatch.delenv("ES_JAVA_HOME", raising=False)
    monkeypatch.setenv("JAVA_HOME", str(tmp_path / "old"))
    monkeypatch.setenv("PATH", f"{program.parent}{os.pathsep}{os.environ['PATH']}")

    assert local_java(None) == Java(tmp_path / "new", "17.0.2", "PATH")
