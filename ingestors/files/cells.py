"""Values as archives write them: many programs, spreadsheets and languages have been at them.

Every reader takes any JSON value or a table's cell and gives the wanted kind or None; only
``time_of`` raises, for nothing can be kept without its time. What a platform itself sends is
stricter and read with ``ingestors.fields``.
"""

from __future__ import annotations

import math
import re
from datetime import datetime
from email.utils import parsedate_to_datetime

from ingestors.fields import string
from lake.errors import PayloadError
from lake.times import as_utc, from_epoch_s, from_text

NOT_AVAILABLE = frozenset({"", "na", "n/a", "nan", "null", "none", "-", "<na>"})
_GREATEST = 2**63 - 1  # what Elasticsearch's long holds
_SCALES = {"": 1, "k": 10**3, "m": 10**6, "b": 10**9}
_GROUPED = re.compile(r"[+-]?\d{1,3}(?:[,.'\s]\d{3}){1,6}")
_NUMBER = re.compile(r"([+-]?\d{1,20}(?:[.,]\d{1,20})?(?:[eE]\+?\d{1,2})?)\s*([kmb]?)", re.I)
_TAG_BREAKS = re.compile(r"[\s,;|\"'()\[\]]+")
_MAIL = re.compile(r"[A-Z][a-z]{2},? |\d{1,2} [A-Z][a-z]{2} ")
_EPOCH = re.compile(r"\d{9,16}(?:\.\d{1,9})?")


def strings(value: object) -> list[str]:
    """The texts in a JSON array, in order, or one text alone; what is no text is left out."""
    found = value if isinstance(value, list) else [value]
    return [text for text in map(string, found) if text]


def identity(value: object) -> str | None:
    """An id: a text without outer blanks, or a whole number as text."""
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value) if abs(value) <= _GREATEST else None
    return string(value)


def tags(value: object) -> list[str]:
    """Hashtags in a list, or in one text that parts them by blanks or ``, ; |``.

    Also as R and Python print a list (``c("a", "b")``, ``['a', 'b']``); what stands for "none" is
    left out.
    """
    if isinstance(value, list):
        found = [item for item in value if isinstance(item, str)]
    else:
        found = _TAG_BREAKS.split(value.removeprefix("c(")) if isinstance(value, str) else []
    return [tag for tag in found if tag.strip().lower() not in NOT_AVAILABLE]


def flag(value: object) -> bool | None:
    """A yes or no, also as R (``TRUE``), Python (``True``) and spreadsheets (``1``) write it."""
    if isinstance(value, bool):
        return value
    word = str(value).strip().lower() if isinstance(value, str | int) else ""
    if word in {"true", "t", "1", "yes"}:
        return True
    return False if word in {"false", "f", "0", "no"} else None


def count(value: object, *, signed: bool = False) -> int | None:
    """A number of things: 0 to 2**63 - 1, below 0 only where ``signed``.

    Texts such as ``1,234``, ``12 345``, ``541.2K`` and ``3M`` are read as people mean them;
    what stands for "unknown" (``NA``, ``null``, an empty cell, NaN) and a fraction are None.
    """
    if isinstance(value, str):
        value = _number_in(value)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    if isinstance(value, float) and (not math.isfinite(value) or value != int(value)):
        return None
    whole = int(value)
    return whole if (-_GREATEST if signed else 0) <= whole <= _GREATEST else None


def time_of(value: object) -> datetime:
    """A time in any form that archives use, aware UTC.

    ISO 8601 (also with a blank and with ``UTC`` behind), seconds or milliseconds or microseconds
    after 1970, RFC 2822, and X v1.1's ``Wed Oct 10 20:19:24 +0000 2018``.

    Raises:
        PayloadError: It is none of these, or lies outside the years 1 to 9999.
    """
    if isinstance(value, int | float) and not isinstance(value, bool):
        return _since_1970(float(value))
    written = string(value)
    if written is None:
        raise PayloadError("has no time")
    written = written.removesuffix(" UTC")
    if _EPOCH.fullmatch(written):
        return _since_1970(float(written))
    if not _MAIL.match(written):
        return from_text(written)
    try:
        return as_utc(parsedate_to_datetime(written))
    except (ValueError, TypeError, IndexError, OverflowError) as exc:
        raise PayloadError(f"not a time: {written[:40]!r}") from exc


def _since_1970(number: float) -> datetime:
    if not math.isfinite(number):
        raise PayloadError(f"not a time: {number!r}")
    if abs(number) >= 1e14:
        return from_epoch_s(number / 1e6)
    return from_epoch_s(number / 1e3 if abs(number) >= 1e11 else number)


def _number_in(written: str) -> float | int | None:
    written = written.strip()
    if written.lower() in NOT_AVAILABLE or len(written) > 40:
        return None
    if _GROUPED.fullmatch(written):
        return int(re.sub(r"[,.'\s]", "", written))
    found = _NUMBER.fullmatch(written)
    if found is None:
        return None
    digits, scale = found[1].replace(",", "."), _SCALES[found[2].lower()]
    if digits.lstrip("+-").isdecimal():
        return int(digits) * scale
    scaled = float(digits) * scale
    return round(scaled) if scale > 1 else scaled
