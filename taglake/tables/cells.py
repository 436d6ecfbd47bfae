"""What stands in a table's cells: numbers with their units, intervals, tones, other people's text.

A cell is plain text or a ``rich`` text; neither is ever read as markup.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from rich.text import Text

from lake import times

UNKNOWN = "–"
_GOOD, _BAD = "green", "red"
_BLANK = frozenset("\t\n\r\u2028\u2029")
# They turn the direction of what follows, up to the end of the line.
_DIRECTING = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
_LEFT_TO_RIGHT = "\u200e"
# Sides of an interval that differ by less, as a part of the longer, are shown as one.
_NEARLY = 0.1
_LEAST_BOUND = 0.01
_SHORT_UNITS: Mapping[str, str] = {"percent": "%", "ratio": "", "-1 to 1": "", "0 to 100": ""}


def number(value: float | None, unit: str = "") -> str:
    """A number as people read it; what nobody knows is a dash."""
    if value is None:
        return UNKNOWN
    text = f"{value:,.0f}" if float(value).is_integer() else f"{value:,.2f}"
    return text + unit


def percent(share: float | None) -> str:
    """A share in percent, without the sign: a column's name has it."""
    return UNKNOWN if share is None else f"{share:.1f}"


def signed(value: Mapping[str, Any] | float | None, unit: str = "", *, digits: int = 2) -> Text:
    """A number with its sign: green above 0, red below; an envelope stands for its value."""
    if isinstance(value, Mapping):
        value = value.get("value")
    if value is None:
        return Text(UNKNOWN)
    shown = f"{value:+,.{digits}f}{unit}"
    if not any(digit in "123456789" for digit in shown):  # -0.001 is no loss
        return Text(shown.replace("-", "+"))
    return Text(shown, style=_GOOD if value > 0 else _BAD)


def interval(value: float | None, low: float | None, high: float | None, *, digits: int = 1) -> str:
    """A number with its interval: ``40.0 ±3.1``, or ``98.0 (95.5 to 99.1)``, lopsided."""
    if value is None:
        return UNKNOWN
    shown = f"{value:,.{digits}f}"
    if low is None or high is None:
        return shown
    below, above = value - low, high - value
    if abs(below - above) <= _NEARLY * max(below, above):
        return f"{shown} ±{max(below, above):,.{digits}f}"
    return f"{shown} ({low:,.{digits}f} to {high:,.{digits}f})"


def estimate(envelope: Mapping[str, Any]) -> str:
    """An envelope's value; one that was not counted as ``≈1,000 ±12``."""
    text = number(envelope["value"])
    if envelope.get("exact") is not False or envelope["value"] is None:
        return text
    bound = envelope.get("error_bound")
    if bound is None:
        return f"≈{text}"
    return f"≈{text} ±{number(bound)}" if bound >= _LEAST_BOUND else f"≈{text} ±<{_LEAST_BOUND}"


def span(seconds: float) -> str:
    """A length of time as people say it: ``90 s``, ``1.5 h``, ``7 d``."""
    for length_s, word in ((86_400, "d"), (3_600, "h"), (60, "min")):
        if seconds >= 2 * length_s or seconds == length_s:
            return f"{round(seconds / length_s, 1):g} {word}"
    return f"{round(seconds, 1):g} s" if seconds < 10 else f"{seconds:.0f} s"


def unit_word(unit: str) -> str:
    """How a definition's unit stands beside a number: ``percent`` is ``%``."""
    return _SHORT_UNITS.get(unit, unit)


def plain(text: object, most_chars: int | None = None) -> str:
    """Somebody else's text in one harmless line.

    Control characters, which a terminal would obey, are shown as U+FFFD, blanks of all kinds as
    blanks; marks that turn the writing's direction are left out, and a text that is written from
    right to left ends with one that turns it back.

    Args:
        text: What they wrote.
        most_chars: Longer text is cut, with an ellipsis.
    """
    found = "".join(map(_harmless, str(text))).strip()
    if most_chars is not None and len(found) > most_chars:
        found = found[: most_chars - 1].rstrip() + "…"
    turned = any(unicodedata.bidirectional(char) in ("R", "AL", "AN") for char in found)
    return found + _LEFT_TO_RIGHT if turned else found


def _harmless(char: str) -> str:
    if char in _BLANK:
        return " "
    if char in _DIRECTING:
        return ""
    return "�" if unicodedata.category(char) in ("Cc", "Cs") else char


def local(text: str, tz: str = "UTC") -> datetime:
    """The time that an answer names, as clocks in ``tz`` show it."""
    return times.from_text(text).astimezone(ZoneInfo(tz))


def minute(text: str, tz: str = "UTC") -> str:
    """``2026-03-01 09:30``, as clocks in ``tz`` show it."""
    return f"{local(text, tz):%Y-%m-%d %H:%M}"
