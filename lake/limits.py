"""Rate limits as the answers' headers tell them, each platform in its own form.

Mastodon gives its reset as an ISO time, X and Bluesky as seconds after 1970, Reddit and the IETF
draft as seconds from now, and ``Retry-After`` is seconds or an HTTP date (RFC 9110, 10.2.3). Meta
tells no calls but percentages that are used up, as JSON, and the minutes until it takes calls again
(https://developers.facebook.com/docs/graph-api/overview/rate-limiting).
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Any

from lake.errors import PayloadError
from lake.times import as_utc, from_text

_RESET_HEADERS = ("x-ratelimit-reset", "x-rate-limit-reset", "ratelimit-reset")
_REMAINING_HEADERS = ("x-ratelimit-remaining", "x-rate-limit-remaining", "ratelimit-remaining")
# No window is 31 years long, so a number above this is a point in time; above the second, in ms.
_EPOCH_FROM_S = 1e9
_EPOCH_FROM_MS = 1e11
_USAGE_HEADERS = ("x-app-usage", "x-business-use-case-usage", "x-ad-account-usage", "x-page-usage")
_PERCENTAGES = ("call_count", "total_time", "total_cputime", "acc_id_util_pct")
_USAGE_WINDOW_S = 3_600.0  # Meta's windows roll over an hour


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
    told = next((wait for wait in waits if wait is not None), None)
    if told is not None:
        return told
    minutes = [_number(str(e.get("estimated_time_to_regain_access"))) for e in _usages(lowered)]
    longest = max((number for number in minutes if number is not None), default=0.0)
    if longest > 0:
        return 60 * longest
    left = remaining_calls(lowered)
    return _USAGE_WINDOW_S if left is not None and left < 1 and any(_usages(lowered)) else None


def remaining_calls(headers: Mapping[str, str]) -> float | None:
    """Calls that are left until the reset; None where the headers do not tell.

    Of Meta's headers it is the per cent that are left of what is used most: 0 means blocked.
    """
    lowered = {name.lower(): value for name, value in headers.items()}
    numbers = [_number(lowered.get(name, "")) for name in _REMAINING_HEADERS]
    told = next((number for number in numbers if number is not None), None)
    if told is not None:
        return told
    used = [_number(str(usage.get(name))) for usage in _usages(lowered) for name in _PERCENTAGES]
    known = [number for number in used if number is not None]
    return max(0.0, 100.0 - max(known)) if known else None


def _usages(lowered: Mapping[str, str]) -> Iterator[Mapping[str, Any]]:
    """Each set of percentages in Meta's headers; a business's is a list by its id."""
    for name in _USAGE_HEADERS:
        try:
            found = json.loads(lowered.get(name, ""))
        except (ValueError, RecursionError):
            continue
        entries = [found]
        if isinstance(found, dict):
            entries += [
                e for several in found.values() if isinstance(several, list) for e in several
            ]
        yield from (entry for entry in entries if isinstance(entry, dict))


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
