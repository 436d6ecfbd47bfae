"""What tells a campaign's posts, piece by piece and in normal form: tags, words, accounts.

Each function takes what a person wrote and gives what is kept; a ``ValueError`` says what is wrong
and how it is mended.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from typing import TypeVar

from pydantic import BaseModel, ConfigDict

from lake.text import clean, normal_hashtag

LONGEST_KEYWORD = 100
LONGEST_HANDLE = 300
_PLATFORM = re.compile(r"[a-z][a-z0-9_]{0,39}")
_LANGUAGE = re.compile(r"[a-z]{2}")
_QUOTES = '"“”„'
T = TypeVar("T")


class Account(BaseModel):
    """An account on a platform; people write it as ``platform:handle``.

    Args:
        platform: The platform's name.
        handle: What people type after ``@``, or the platform's id of the account.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    platform: str
    handle: str

    def __str__(self) -> str:
        return f"{self.platform}:{self.handle}"


def each(values: object, normal: Callable[[object], T], what: str) -> tuple[T, ...]:
    """Every value in normal form, each once, in order; null stands for none.

    Args:
        values: What a person gave.
        normal: Gives one value's normal form.
        what: What the values are, with an example, for people.

    Raises:
        ValueError: It is no list, or one of them is wrong.
    """
    if values is None:
        return ()
    if isinstance(values, str) or not isinstance(values, Sequence):
        raise ValueError(f"must be a list of {what}")
    found = {_folded(one): one for one in reversed([normal(value) for value in values])}
    return tuple(reversed(found.values()))


def _folded(value: object) -> str:
    return str(value).casefold()


def hashtag(value: object) -> str:
    """A hashtag without ``#``, in lower case.

    Raises:
        ValueError: It is none.
    """
    if not isinstance(value, str):
        raise ValueError("each hashtag must be text")
    normal = normal_hashtag(value)
    if not normal or "\ufffd" in normal:
        raise ValueError(f"{value[:60]!r} is no hashtag")
    if any(char.isspace() or char == "#" for char in normal) or len(normal) > 200:
        raise ValueError(f"{value[:60]!r} is no single hashtag of at most 200 characters")
    return normal


def keyword(value: object) -> str:
    """A word, or words that stand side by side; quotation marks around them are dropped.

    Raises:
        ValueError: There is nothing in it that a text could be searched for.
    """
    if not isinstance(value, str):
        raise ValueError("each keyword must be text")
    words = " ".join(clean(value).strip().strip(_QUOTES).split())
    if words.startswith(("#", "＃")):
        raise ValueError(f"{value[:60]!r} is a hashtag; it belongs among the hashtags")
    if not any(_is_searched(char) for char in words):
        raise ValueError(f"{value[:60]!r} has no letter, digit or emoji to search for")
    if len(words) > LONGEST_KEYWORD:
        raise ValueError(f"{words[:40]!r}… has more than {LONGEST_KEYWORD} characters")
    return words


def _is_searched(char: str) -> bool:
    kind = unicodedata.category(char)
    return char != "\ufffd" and (kind[0] in "LN" or kind == "So")


def keyword_or_tag(value: object) -> str:
    """A keyword, or a hashtag with one ``#`` before it.

    Raises:
        ValueError: It is neither.
    """
    if isinstance(value, str) and value.strip().startswith(("#", "＃")):
        return f"#{hashtag(value)}"
    return keyword(value)


def language(value: object) -> str:
    """A language's two letters by ISO 639-1.

    Raises:
        ValueError: It is none.
    """
    code = value.strip().lower() if isinstance(value, str) else ""
    if not _LANGUAGE.fullmatch(code):
        raise ValueError(f"{str(value)[:20]!r} is no language of two letters, such as en")
    return code


def platform(value: str) -> str:
    """A platform's name; whether there is such a one is not known here.

    Raises:
        ValueError: No platform could have it.
    """
    name = value.strip().lower()
    if not _PLATFORM.fullmatch(name):
        raise ValueError(f"{value[:40]!r} is no platform's name, such as mastodon")
    return name


def account(value: object) -> Account:
    """An account by its platform and handle.

    Raises:
        ValueError: It is none.
    """
    if isinstance(value, Account):
        return value
    if isinstance(value, dict) and value.keys() == {"platform", "handle"}:
        value = f"{value['platform']}:{value['handle']}"
    if not isinstance(value, str) or ":" not in value:
        raise ValueError(f"{str(value)[:60]!r} is no account: write PLATFORM:HANDLE, as x:nasa")
    name, _, handle = clean(value).partition(":")
    handle = handle.strip().lstrip("@")
    if not handle or any(map(str.isspace, handle)) or len(handle) > LONGEST_HANDLE:
        raise ValueError(f"{value[:60]!r} has no handle of at most {LONGEST_HANDLE} characters")
    return Account(platform=platform(name), handle=handle)


def size_of(texts: Iterable[str]) -> int:
    """Characters of all texts together: what a search for them costs at most, in terms."""
    return sum(map(len, texts))
