"""docs/labels.md says what is true: its commands are ones, and its routes are the API's."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import click
import pytest

from api.routes.labels import router
from taglake.label_commands import command

PAGE = (Path(__file__).parents[2] / "docs/labels.md").read_text(encoding="utf-8")
COMMANDS = re.findall(r"^\$ taglake label (.*)$", PAGE, re.M)


def test_the_page_shows_every_way() -> None:
    shown = {line.split()[0] for line in COMMANDS}

    assert {"--next", "import", "list", "agreement"} <= shown
    assert any(":" in word for word in shown)
    assert set(command.commands) <= set(re.findall(r"taglake label (\w+)", PAGE))


@pytest.mark.parametrize("line", COMMANDS)
def test_each_command_is_one(line: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "labels.csv").touch()
    monkeypatch.chdir(tmp_path)

    parsed = command.make_context("label", shlex.split(line))
    if not parsed.params["is_next"]:
        name, found, rest = command.resolve_command(parsed, [*parsed._protected_args, *parsed.args])
        assert found is not None
        parsed = found.make_context(name, rest, parent=parsed)

    assert isinstance(parsed, click.Context)
    assert parsed.args == []


def test_each_route_is_named() -> None:
    named = set(re.findall(r"`(GET|POST|DELETE) (/v1/labels[^?`]*)", PAGE))
    served = {
        (method, route.path.replace("{label_id}", "{id}"))
        for route in router.routes
        for method in route.methods
    }

    assert named == served
