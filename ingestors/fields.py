"""Reading what a platform sent without trusting it: the value asked for, or None.

A platform changes its fields without notice. These functions take any JSON value, never raise,
and never turn a missing value into a zero or an empty text.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from lake.errors import PayloadError
from lake.records import Json
from lake.text import clean
from lake.times import from_text

_LARGEST = 2**63 - 1  # what a field of type long takes


def whole(value: Any) -> int | None:
    """A count: a whole number from 0 on, or its digits as text; anything else is missing."""
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 20:
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int):
        return None
    return value if 0 <= value <= _LARGEST else None


def string(value: Any) -> str | None:
    """Text that can be kept, without outer blanks; an empty one is missing."""
    return (clean(value).strip() or None) if isinstance(value, str) else None


def mapping(value: Any) -> Json:
    """A JSON object; an empty one where there is none."""
    return value if isinstance(value, dict) else {}


def mappings(value: Any) -> list[Json]:
    """The objects in a JSON array, in order; what is no object is left out."""
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def moment(value: Any) -> datetime | None:
    """The time that ISO 8601 text names, aware UTC."""
    try:
        return from_text(value) if isinstance(value, str) else None
    except PayloadError:
        return None


def web_url(value: Any) -> str | None:
    """An http or https address."""
    text = string(value)
    return text if text and host_of(text) else None


def host_of(url: str | None) -> str | None:
    """The host of an http or https address in lower case, with its port if it names one."""
    try:
        parts = urlsplit(url or "")
    except ValueError:
        return None
    if parts.scheme not in ("http", "https"):
        return None
    return parts.netloc.rpartition("@")[2].lower() or None
