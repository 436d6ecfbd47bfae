"""Hashtags into words: what a model reads of ``#NotMyPresident`` and of ``#notmypresident``.

A tag is split where its writer marked words (capitals, digits, underscores); what is left in one
case is split by wordninja, whose list of English words comes with it. A split that would need
stray bits is no split: ``#bff`` stays ``bff``. Tags with other letters than English has are
split at capitals, underscores and digits alone.
"""

from __future__ import annotations

import re
from functools import lru_cache

# A run of capitals ends before the capital that starts a word: "NHSWorkers" is "NHS Workers".
_PARTS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")
_PARTS_OF_ANY_SCRIPT = re.compile(r"[^\W\d_]+|\d+")
# Other short pieces are what a list of English words makes of a name or of another language.
_SHORT_WORDS = frozenset({"a", "i", "am", "an", "as", "at", "be", "by", "do", "go", "he"}).union(
    {"if", "in", "is", "it", "me", "my", "no", "of", "oh", "on", "or", "so", "to"},
    {"tv", "uk", "up", "us", "we"},
)
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
    if tag.isascii():
        return " ".join(map(_known_words, _PARTS.findall(tag))) or tag
    return " ".join(map(_at_capitals, _PARTS_OF_ANY_SCRIPT.findall(tag))) or tag


def _at_capitals(part: str) -> str:
    """A part of a tag in any script, split before each capital behind a small letter."""
    small = [False, *map(str.islower, part)]
    return "".join(
        f" {letter}" if before and letter.isupper() else letter
        for before, letter in zip(small, part, strict=False)
    )


def _known_words(part: str) -> str:
    """A part of a tag that is in one case, split into English words where that leaves no rest."""
    if not (_SHORTEST_TO_SPLIT <= len(part) <= _LONGEST_TO_SPLIT) or not part.isascii():
        return part
    # Reads its word list when imported: here, so that only a process that splits tags does it.
    import wordninja

    words: list[str] = wordninja.split(part)
    if any(len(word) <= 2 and word.lower() not in _SHORT_WORDS for word in words):
        return part
    return " ".join(words)
