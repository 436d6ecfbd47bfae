"""Hashtags into words: what a model reads of ``#NotMyPresident`` and of ``#notmypresident``.

A tag is split where its writer marked words (capitals, digits, underscores); what is left in one
case is split by wordninja, whose list of English words comes with it. A split that would need
stray letters is no split: ``#bff`` stays ``bff``. Tags in other scripts are split at underscores
and digits alone.
"""

from __future__ import annotations

import re
from functools import lru_cache

# A run of capitals ends before the capital that starts a word: "NHSWorkers" is "NHS Workers".
_PARTS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+|[^\W\d_A-Za-z][^\W\d_]*")
_LETTERS_ALONE = frozenset({"a", "i"})
_SHORTEST_TO_SPLIT = 5
_LONGEST_TO_SPLIT = 60
_TAGS_KEPT = 50_000


@lru_cache(maxsize=_TAGS_KEPT)
def words_of(tag: str) -> str:
    """The words of a tag, in the writer's case, with a space between two.

    Args:
        tag: The tag without its sign, such as ``NotMyPresident``.

    Returns:
        ``Not My President``; the tag itself where it holds no known words.
    """
    parts = _PARTS.findall(tag)
    if not parts:
        return tag
    return " ".join(_known_words(part) for part in parts)


def _known_words(part: str) -> str:
    """A part of a tag that is in one case, split into English words where that leaves no rest."""
    if not (_SHORTEST_TO_SPLIT <= len(part) <= _LONGEST_TO_SPLIT) or not part.isascii():
        return part
    # Reads its word list when imported: here, so that only a process that splits tags does it.
    import wordninja  # noqa: PLC0415

    words: list[str] = wordninja.split(part)
    if any(len(word) == 1 and word.lower() not in _LETTERS_ALONE for word in words):
        return part
    return " ".join(words)
