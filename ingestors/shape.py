"""The structure of a payload: which paths it has, and of which JSON types. Pure.

A path is ``account.fields[].name``. Keys that are data (dates, hosts, ids, handles) become ``*``,
so that an object which is used as a map has one path and not one an entry.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

ROOT = ""
_DEEPEST = 12
_MOST_PATHS = 1_500
_LIST_ITEMS = 5  # further elements of a list rarely have another structure
_MAP_KEYS = 200  # the largest real object that we met has half as many keys
_NAME = re.compile(r"[@$_]?[A-Za-z][A-Za-z0-9_$-]{0,49}")
# "h264" and "thumbnail_1080" are names; "8hx2k3lm9z" and "did12345" are ids.
_DIGITS = re.compile(r"\d+")
_MOST_DIGITS = 4

Shape = dict[str, str]
"""Path to the letters of the types that it has in one payload, sorted; see ``TYPES``."""

TYPES = {
    "a": "array",
    "b": "boolean",
    "n": "number",
    "o": "object",
    "s": "string",
    "z": "null",
}
"""Each JSON type and the letter that stands for it."""


def shape_of(body: Any) -> Shape:
    """Every path of a payload with its types; the payload itself has the path ``""``.

    Of a list the first five elements count; what is nested deeper than 12 levels, or comes after
    the first 1,500 paths, does not.
    """
    found: dict[str, set[str]] = {}
    _walk(body, ROOT, 0, found)
    return {path: "".join(sorted(types)) for path, types in found.items()}


def parent_of(path: str) -> str:
    """The path that a path hangs on: an object for a key, an array for an element."""
    if path.endswith("[]"):
        return path[:-2]
    return path.rpartition(".")[0]


def is_named(path: str) -> bool:
    """Whether a path ends in a key of the platform's, not in an element or an entry of a map."""
    return path != ROOT and not path.endswith(("[]", "*"))


def value_at(body: Any, path: str) -> Any:
    """The first value that a payload has at a path; None where it has none."""
    for part in path.split("."):
        name = part.rstrip("[]")
        if not isinstance(body, dict) or name not in body:
            return None
        body = body[name]
        for _ in range((len(part) - len(name)) // 2):
            if not isinstance(body, list) or not body:
                return None
            body = body[0]
    return body


def described(value: Any) -> str:
    """A value as a finding may show it: numbers as they are, of text only its length."""
    match value:
        case str():
            return f"text of {len(value)} characters"
        case bool() | int() | float():
            return str(value)[:40]
        case dict():
            return f"object with {len(value)} keys"
        case list():
            return f"list of {len(value)}"
        case _:
            return "null"


def _walk(value: Any, path: str, depth: int, found: dict[str, set[str]]) -> None:
    types = found.get(path)
    if types is None:
        if len(found) >= _MOST_PATHS:
            return
        types = found[path] = set()
    types.add(_letter(value))
    if depth >= _DEEPEST:
        return
    if isinstance(value, dict):
        is_map = len(value) > _MAP_KEYS
        for key, item in value.items():
            name = key if not is_map and _is_name(key) else "*"
            _walk(item, f"{path}.{name}" if path else name, depth + 1, found)
    elif isinstance(value, list):
        for item in value[:_LIST_ITEMS]:
            _walk(item, f"{path}[]", depth + 1, found)


@lru_cache(maxsize=20_000)
def _is_name(key: str) -> bool:
    digits = _DIGITS.findall(key)
    few = len(digits) <= 1 and all(len(group) <= _MOST_DIGITS for group in digits)
    return few and bool(_NAME.fullmatch(key))


def _letter(value: Any) -> str:
    match value:
        case str():
            return "s"
        case bool():
            return "b"
        case int() | float():
            return "n"
        case dict():
            return "o"
        case list():
            return "a"
        case _:
            return "z"
