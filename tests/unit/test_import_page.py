"""docs/import.md says what is true: each command runs, each example has the format of its row."""

from __future__ import annotations

import gzip
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from ingestors.files.columns import FIELDS
from ingestors.files.detection import detect, format_names
from tests.fakes.archive_files import FILES

PAGE = (Path(__file__).parents[2] / "docs/import.md").read_text(encoding="utf-8")
# What the page calls its files, where it is another name than ours.
NAMES = {
    "tweets.jsonl": "v1.jsonl",
    "posts.csv": "export.csv",
    "pages.jsonl.gz": "v2-flat.jsonl",
    "search.json": "bluesky.jsonl",
}
ROWS = re.findall(r"^\| `(\w+)` \|.*\| `taglake import ([\w.-]+)` \|$", PAGE, re.M)
COMMANDS = re.findall(r"^\$ taglake (import .*)$", PAGE, re.M)
MAP = re.findall(r"```yaml\n(.*?)```", PAGE, re.S)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with every file that the page names."""
    for name in [*NAMES, *FILES]:
        data = FILES[NAMES.get(name, name)][1]
        (tmp_path / name).write_bytes(gzip.compress(data) if name.endswith(".gz") else data)
    (tmp_path / "map.yaml").write_text(MAP[0], encoding="utf-8")
    return tmp_path


def test_the_page_has_every_format() -> None:
    assert {form for form, _ in ROWS} | {"table"} == set(format_names())
    assert set(re.findall(r"--column (\w+)=", PAGE)) <= set(FIELDS)
    assert len(COMMANDS) >= 5


def test_each_example_is_of_the_format_of_its_row(folder: Path) -> None:
    for form, name in ROWS:
        assert detect(folder / name) == form


@pytest.mark.parametrize("command", COMMANDS)
def test_each_command_runs(folder: Path, command: str) -> None:
    words = [sys.executable, "-m", "taglake", *shlex.split(command), "--dry-run"]

    done = subprocess.run(words, cwd=folder, capture_output=True, text=True, check=False)

    assert (done.returncode, done.stderr) == (0, "")
    assert '"native_id"' in done.stdout
