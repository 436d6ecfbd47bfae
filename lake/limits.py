"""Rate limits as the answers' headers tell them, each platform in its own form.

Mastodon gives its reset as an ISO time, X and Bluesky as seconds after 1970, Reddit and the IETF
draft as seconds from now, and ``Retry-After`` is seconds or an HTTP date (RFC 9110, 10.2.3).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import datetime
from email.utils import parsedate_to_datetime

from lake.errors import PayloadError
from lake.times import as_utc, from_text

_RESET_HEADERS = ("x-ratelimit-reset", "x-rate-limit-reset", "ratelimit-reset")
_REMAINING_HEADERS = ("x-ratelimit-remaining", "x-rate-limit-remaining", "ratelimit-remaining")
# No window is 31 years long, so a number above this is a point in time; above the second, in ms.
_EPOCH_FROM_S = 1e9
_EPOCH_FROM_MS = 1e11


def reset_after_s(headers: Mapping[str, str], now: datetime) -> float | None:
    """Seconds from ``now`` until the platform takes calls again; never negative.

    ``Retry-After`` goes before a reset header: it is said of this very answer. None where the
    headers tell nothing that can be read.

    Args:
        headers: The answer's, names in any case.
        now: Aware.
    """
    lowered = {name.lower(): value.strip() for name, value in headers.items()}
    waits = [_wait_s(lowered.get(name, ""), now) for name in ("retry-after", *_RESET_HEADERS)]
    return next((wait for wait in waits if wait is not None), None)


def remaining_calls(headers: Mapping[str, str]) -> float | None:
    """Calls that are left until the reset; None where the headers do not tell."""
    lowered = {name.lower(): value for name, value in headers.items()}
    numbers = [_number(lowered.get(name, "")) for name in _REMAINING_HEADERS]
    return next((number for number in numbers if number is not None), None)


def _wait_s(text: str, now: datetime) -> float | None:
    if not text:
        return None
    number = _number(text)
    if number is None:
        moment = _moment(text)
        return None if moment is None else max(0.0, (moment - now).total_seconds())
    if number >= _EPOCH_FROM_MS:
        number /= 1000
    return max(0.0, number - now.timestamp() if number >= _EPOCH_FROM_S else number)


def _number(text: str) -> float | None:
    try:
        number = float(text)
    except ValueError:
        return None
    return number if math.isfinite(number) else None


def _moment(text: str) -> datetime | None:
    try:
        return from_text(text)
    except PayloadError:
        pass
    try:
        return as_utc(parsedate_to_datetime(text))
    except (ValueError, IndexError, TypeError, OverflowError, PayloadError):
        return None  # email.utils lets each of these out for one sort of rubbish or another
