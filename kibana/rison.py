"""Rison, the JSON for addresses that Kibana reads its state from. Pure.

Grammar: https://github.com/Nanonid/rison
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

Value = (
    str | int | float | bool | None | Mapping[str, "Value"] | Sequence["Value"]
)  # a string is a sequence, too: it comes first

# What may stand without quotes: nothing that rison gives a meaning, and no number.
_PLAIN = re.compile(r"[^-0-9 '!:(),*@$\s][^ '!:(),*@$\s]*")


def rison(value: Value) -> str:
    """``value`` as Rison; not yet escaped for an address.

    >>> rison({"filters": [], "on": True, "title": "a b"})
    "(filters:!(),on:!t,title:'a b')"
    """
    match value:
        case None:
            return "!n"
        case bool():
            return "!t" if value else "!f"
        case int() | float():
            return str(value)
        case str():
            return _text(value)
        case Mapping():
            return "(" + ",".join(f"{_text(key)}:{rison(one)}" for key, one in value.items()) + ")"
    return "!(" + ",".join(rison(one) for one in value) + ")"


def _text(text: str) -> str:
    if _PLAIN.fullmatch(text):
        return text
    escaped = text.replace("!", "!!").replace("'", "!'")
    return f"'{escaped}'"
