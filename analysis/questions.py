"""Whether a text asks something."""

from __future__ import annotations

_ADDRESSES = ("://", "www.")
# Arabic, full-width, Armenian, Greek where it is a letter of its own, reversed, doubled, Ethiopic.
_ASKS = frozenset("؟？՞\u037e⸮⁇⁈⁉፧")
_CLOSING = "\"'”’»)]}!.…"


def is_question(text: str, language: str | None = None) -> bool:
    """Whether a question mark of any script stands in a text.

    One that is part of an address counts only at the address's end. In a text whose language is
    Greek (``el``) a semicolon at a word's end is a question mark.
    """
    is_greek = (language or "").lower().partition("-")[0] == "el"
    return any(_asks(word, is_greek=is_greek) for word in text.split())


def _asks(word: str, *, is_greek: bool) -> bool:
    if not _ASKS.isdisjoint(word):
        return True
    end = word.rstrip(_CLOSING)
    if is_greek and end.endswith(";"):
        return True
    return end.endswith("?") or ("?" in word and not _is_address(word))


def _is_address(word: str) -> bool:
    """Whether a word is a web address, also one without a scheme, such as ``t.co/a?b=c``."""
    host, slash, _ = word.partition("/")
    return any(mark in word.lower() for mark in _ADDRESSES) or bool(slash and "." in host)
