"""JSON out, whatever comes in: a payload reaches the lake even where strict JSON cannot say it."""

from __future__ import annotations

import json
import math
from typing import Any

import orjson

from lake.text import clean

_MAX_DEPTH = 150  # orjson stops at 254, the `payload` field at 200
_MAX_INT = 2**63 - 1


def dumps(value: Any, *, sort_keys: bool = False) -> bytes:
    """``value`` as UTF-8 JSON.

    What JSON in UTF-8 cannot carry is replaced by the nearest thing that it can: lone surrogates
    and NUL by U+FFFD, integers past 64 bits by their digits as text, NaN and infinities by null,
    and what is nested deeper than 150 levels by its own JSON text.
    """
    option = orjson.OPT_SORT_KEYS if sort_keys else None
    try:
        return orjson.dumps(value, option=option)
    except TypeError:
        return orjson.dumps(carried(value), option=option)


def carried(value: Any, depth: int = 0) -> Any:
    """A copy of ``value`` that strict JSON in UTF-8 can say; see ``dumps``."""
    match value:
        case str():
            return clean(value)
        case bool() | None:
            return value
        case int():
            return value if -_MAX_INT <= value <= _MAX_INT else str(value)
        case float():
            return value if math.isfinite(value) else None
        case dict() | list() | tuple() if depth >= _MAX_DEPTH:
            return _as_text(value)
        case dict():
            return {clean(str(key)): carried(item, depth + 1) for key, item in value.items()}
        case list() | tuple():
            return [carried(item, depth + 1) for item in value]
        case _:
            return clean(str(value))


def _as_text(value: Any) -> str:
    try:
        return clean(json.dumps(value, ensure_ascii=False, default=str))
    except RecursionError:
        return "(nested too deeply to be kept)"
