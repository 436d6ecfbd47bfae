"""Rows of a table whose column names are paths: ``authorMeta/name``, ``hashtags.0.name``."""

from __future__ import annotations

import re
from typing import Any

from lake.records import Json

_PARTS = re.compile(r"[/.]")
_MOST_PARTS = 8


def nested(row: Json) -> Json:
    """The row as the JSON object that it was before; empty cells are left out.

    What is nested already stays as it is, so that a JSON object passes unchanged.
    """
    if not any(_PARTS.search(name) for name in row):
        return row
    root: Json = {}
    for name, value in row.items():
        if value not in (None, ""):
            _put(root, _PARTS.split(name, _MOST_PARTS), value)
    return {name: _listed(value) for name, value in root.items()}


def _put(root: Json, path: list[str], value: Any) -> None:
    here = root
    for part in path[:-1]:
        below = here.setdefault(part, {})
        if not isinstance(below, dict):  # "tags" and "tags/0" both have a cell: the first stays
            return
        here = below
    here.setdefault(path[-1], value)


def _listed(value: Any) -> Any:
    """Objects whose every key is a number are lists."""
    if not isinstance(value, dict):
        return value
    inner = {name: _listed(one) for name, one in value.items()}
    if inner and all(name.isascii() and name.isdecimal() for name in inner):
        return [inner[name] for name in sorted(inner, key=lambda name: (len(name), name))]
    return inner
