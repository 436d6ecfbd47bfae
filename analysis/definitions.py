"""What each number means, as data: ``definition_rows/*.yaml``, one row a version."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from functools import cache
from importlib.resources import files
from typing import Any

import yaml


@dataclass(frozen=True, slots=True)
class Definition:
    """One version of one number's meaning.

    Args:
        id: The number's name in answers.
        version: Counted from 1.
        number: The row of the project's metric table that it implements.
        name: What people call it.
        formula: How it is computed, in words.
        unit: What one of it is.
        source: Whose definition it is.
    """

    id: str
    version: int
    number: int
    name: str
    formula: str
    unit: str
    source: str

    def tag(self) -> str:
        """``<id>.v<version>``, as answers carry it."""
        return f"{self.id}.v{self.version}"

    def to_json(self) -> dict[str, Any]:
        """The row as ``GET /v1/metrics/definitions`` serves it."""
        return {"definition": self.tag(), **asdict(self)}


@cache
def definitions() -> tuple[Definition, ...]:
    """Every version of every definition, by the number of its row, then as the files have them."""
    found = []
    for file in sorted((files("analysis") / "definition_rows").iterdir(), key=lambda one: one.name):
        rows = yaml.safe_load(file.read_text(encoding="utf-8"))
        found += [Definition(**row) for row in rows]
    return tuple(sorted(found, key=lambda row: row.number))


@cache
def tag(definition_id: str) -> str:
    """The current ``<id>.v<version>`` of a number.

    Raises:
        KeyError: The table has no such number.
    """
    versions = [row for row in definitions() if row.id == definition_id]
    if not versions:
        raise KeyError(definition_id)
    return max(versions, key=lambda row: row.version).tag()
