"""``taglake kibana compile`` and ``check``."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from taglake.__main__ import run


def test_the_files_that_come_with_taglake_are_right(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["kibana", "check"]) == 0
    assert "8 dashboards with" in capsys.readouterr().out
    assert run(["kibana", "check", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {"ok": True, "dashboards": 8, "problems": []}


def test_dashboards_of_another_lake_are_compiled_elsewhere_and_checked(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lake = ["--index-prefix", "acme-", "--api-url", "https://api.example.org/"]
    folder = str(tmp_path / "new")

    assert run(["kibana", "compile", "--to", folder, *lake, "--json"]) == 0
    files = json.loads(capsys.readouterr().out)["files"]
    assert len(files) == 8
    assert "https://api.example.org/v1/metrics" in Path(files[0]).read_text(encoding="utf-8")
    assert run(["kibana", "check", "--from", folder, *lake]) == 0
    assert run(["kibana", "check", "--from", folder]) == 1
    assert "is not what its spec compiles to" in capsys.readouterr().out


def test_an_edited_file_fails_the_check_and_says_what_to_do(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run(["kibana", "compile", "--to", str(tmp_path)])
    path = tmp_path / "share.ndjson"
    path.write_text(path.read_text(encoding="utf-8").replace("net_sentiment", "net_mood"))
    capsys.readouterr()

    assert run(["kibana", "check", "--from", str(tmp_path), "--json"]) == 1
    problems = json.loads(capsys.readouterr().out)["problems"]
    assert {"file": "share", "panel": "tone", "problem": "there is no field net_mood"} in problems
    assert any("run taglake kibana compile" in one["problem"] for one in problems)


def test_the_own_files_are_not_replaced_by_those_of_another_lake(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert run(["kibana", "compile", "--index-prefix", "acme-"]) == 2
    assert "name a folder with --to" in capsys.readouterr().err


def test_a_folder_that_cannot_be_written_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "taken").write_text("")

    assert run(["kibana", "compile", "--to", str(tmp_path / "taken" / "below")]) == 2
    assert "cannot be written" in capsys.readouterr().err


@pytest.mark.parametrize("name", ["compile", "check", "import", "export", "open"])
def test_help_has_examples(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["kibana", name, "--help"]) == 0
    assert f"taglake kibana {name}" in capsys.readouterr().out.partition("Examples:")[2]
