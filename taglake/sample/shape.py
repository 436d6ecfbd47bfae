"""What the three payload shapes share: times, ages, numbers that are hidden, stretches of text."""

from __future__ import annotations

from datetime import datetime, timedelta
from hashlib import blake2b

from taglake.sample.compose import TAG
from taglake.sample.drafts import Draft
from taglake.sample.reach import Reach

PLACE = "the sample"
"""Where its payloads say they come from: not from a platform, whose structure they do not show."""

_EPOCH = datetime.fromisoformat("1970-01-01T00:00:00+00:00")
_MS = timedelta(milliseconds=1)
_HEX_TO_BASE32 = str.maketrans("0189", "ghij")  # the hex digits that base32 lacks
_HOUR = timedelta(hours=1)
_ALPHABET = "234567abcdefghijklmnopqrstuvwxyz"  # base32 in the order of its sort keys


def iso(moment: datetime) -> str:
    """UTC text with milliseconds and ``Z``."""
    return f"{moment.isoformat(timespec='milliseconds')[:23]}Z"


def epoch_ms(moment: datetime) -> int:
    """Whole milliseconds since 1970."""
    return (moment - _EPOCH) // _MS


def numbers(draft: Draft, observed_at: datetime) -> Reach:
    """The post's numbers when it is observed."""
    return draft.reach.at((observed_at - draft.created) / _HOUR)


def base32(number: int, digits: int) -> str:
    """The number's last ``digits`` digits in sortable base32."""
    return "".join(_ALPHABET[number >> 5 * place & 31] for place in reversed(range(digits)))


def opaque(salt: str, number: int, digits: int) -> str:
    """Up to 52 base32 digits that look random and stand for a number, as a content id does."""
    hashed = blake2b(f"{salt}:{number}".encode(), digest_size=26).hexdigest()
    return hashed[:digits].translate(_HEX_TO_BASE32)


def spans(text: str) -> list[tuple[int, int, str]]:
    """Every hashtag of a text: start, end, tag as typed."""
    return [(found.start(), found.end(), found[1]) for found in TAG.finditer(text)]
