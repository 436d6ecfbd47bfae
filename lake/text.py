"""Text as people post it, made safe to keep: hashtags, handles and broken characters.

Nothing here shortens or rewrites what a reader would see; only code points that JSON, UTF-8 or
Elasticsearch cannot carry are replaced, each by U+FFFD.
"""

from __future__ import annotations

import hashlib
import unicodedata

import regex

_UNSAFE = regex.compile("[\x00\ud800-\udfff]")
# What may stand in a hashtag: letters of any script with their marks (without which Hindi and Thai
# tags break apart), digits, "_", and the joiners that Persian, Catalan and Japanese need.
_TAG = r"[\p{L}\p{M}\p{N}_\u200c\u00b7\u30fb]"
# It starts at the text's start or after something that is no part of a word, "&" or "/" (so that
# "a#b", "&#39;" and ".../#top" are none; an emoji's variation selector is a mark but no word), and
# digits alone are none.
_WORD = r"[[\p{L}\p{M}\p{N}_&/]--[\ufe0e\ufe0f]]"
_HASHTAG = regex.compile(rf"(?V1)(?<!{_WORD})[#＃]((?=\p{{N}}*[\p{{L}}_]){_TAG}+)")
_MENTION = regex.compile(r"(?<![\w@/.])@([A-Za-z0-9_](?:[\w.@-]*\w)?)")


def clean(text: str) -> str:
    """``text`` with each NUL and each lone surrogate replaced by U+FFFD."""
    return _UNSAFE.sub("�", text) if _UNSAFE.search(text) else text


def normal_hashtag(tag: str) -> str:
    """One hashtag as it is kept: NFKC, lower case, without ``#`` and outer blanks; may be empty."""
    return clean(unicodedata.normalize("NFKC", tag).strip().lstrip("#").strip().lower())


def normal_hashtags(tags: list[str]) -> tuple[str, ...]:
    """Hashtags in normal form, each once, in order of first appearance, without empty ones."""
    return tuple(dict.fromkeys(tag for tag in map(normal_hashtag, tags) if tag))


def hashtags_in(text: str) -> tuple[str, ...]:
    """The hashtags that stand in a text, in normal form, each once, in order."""
    return normal_hashtags(_HASHTAG.findall(unicodedata.normalize("NFC", text)))


def without_hashtags(text: str) -> str:
    """The text with a blank in the place of each hashtag that ``hashtags_in`` finds."""
    return _HASHTAG.sub(" ", unicodedata.normalize("NFC", text))


def mentions_in(text: str) -> tuple[str, ...]:
    """The handles that a text mentions, without ``@``, lower case, each once, in order."""
    return tuple(dict.fromkeys(handle.lower() for handle in _MENTION.findall(text)))


def digest(*parts: str | bytes) -> str:
    """32 hex digits that stand for the parts in order (BLAKE2b, 128 bits)."""
    hasher = hashlib.blake2b(digest_size=16)
    for part in parts:
        data = part.encode("utf-8", "surrogatepass") if isinstance(part, str) else part
        hasher.update(len(data).to_bytes(8, "big"))  # ("ab", "c") must differ from ("a", "bc")
        hasher.update(data)
    return hasher.hexdigest()
