"""A campaign's boolean query: a line that people type, read into a tree.

::

    (espresso OR "cold brew") AND NOT decaf lang:en

Words and "phrases" stand in the text, ``#tag`` is a hashtag, ``@user`` a mention, ``from:user`` or
``from:x:user`` the author, ``lang:en`` the language and ``platform:x`` the platform. What stands
side by side must all hold, as with ``AND``; ``OR`` binds less than that, ``NOT`` and ``-`` more.
Nothing of it ever reaches a query language of Elasticsearch as text: ``analysis.clauses`` compiles
the tree.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Literal

from lark import Lark, Token, Transformer, UnexpectedCharacters, UnexpectedInput, UnexpectedToken

from lake.criteria import Account, account, hashtag, keyword, language, platform

MOST_TERMS = 100
LONGEST_QUERY = 2_000
_DEEPEST = 8  # Elasticsearch takes 30 levels, and each of ours may be two of its
_GRAMMAR = r"""
    ?start: any_of
    any_of: all_of (_OR all_of)*
    all_of: _one (_AND? _one)*
    _one: term | negated | "(" any_of ")"
    negated: (_NOT | _MINUS) _one
    term: WORD | PHRASE | TAG | MENTION | FIELD
    _OR: "OR"
    _AND: "AND"
    _NOT: "NOT"
    _MINUS: /-(?=\S)/
    PHRASE: /"[^"]*"/
    TAG: /[#＃][^\s()"]+/
    MENTION: /@[^\s()"]+/
    FIELD.2: /[A-Za-z]+:[^\s()"]*/
    WORD: /[^\s()"#＃@:\-][^\s()":]*/
    %ignore /\s+/
"""
_CURLY = str.maketrans("“”„", '"""')
_OPERATORS = re.compile("or|and|not", re.IGNORECASE)
_MISSING = 'a word, a "phrase", #tag, @user, from:, lang: or platform: is missing'

TermKind = Literal["words", "tag", "mention", "author", "language", "platform"]


@dataclass(frozen=True, slots=True)
class Term:
    """Something that a post has or has not.

    Args:
        kind: What ``value`` is.
        value: In normal form; words that must stand side by side, a hashtag without ``#``, a
            handle, ``PLATFORM:HANDLE`` or a handle alone for an author, a language, a platform.
    """

    kind: TermKind
    value: str


@dataclass(frozen=True, slots=True)
class Not:
    """Posts for which ``part`` does not hold."""

    part: Node


@dataclass(frozen=True, slots=True)
class AllOf:
    """Posts for which each part holds."""

    parts: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class AnyOf:
    """Posts for which a part holds."""

    parts: tuple[Node, ...]


Node = Term | Not | AllOf | AnyOf


@lru_cache(maxsize=256)
def parsed(text: str) -> Node:
    """The tree of a query.

    Raises:
        ValueError: It is none; the message points at the place.
    """
    if len(text) > LONGEST_QUERY:
        raise ValueError(f"must have at most {LONGEST_QUERY:,} characters")
    plain = text.translate(_CURLY)
    try:
        node: Node = _parser().parse(plain)  # type: ignore[assignment]
    except UnexpectedInput as exc:
        raise _unexpected(plain, exc) from exc
    if not _looks_for(node):
        raise ValueError(
            "must look for something: each side of OR needs a word, a #tag, @user or from: that "
            "is not behind NOT"
        )
    if len(terms(node)) > MOST_TERMS:
        raise ValueError(f"must have at most {MOST_TERMS} words, phrases, tags and names")
    return node


def terms(node: Node, *, wanted: bool = False) -> list[Term]:
    """The terms of a tree in order; with ``wanted`` only those that are not behind a ``NOT``."""
    match node:
        case Term():
            return [node]
        case Not():
            return [] if wanted else terms(node.part)
        case _:
            return [term for part in node.parts for term in terms(part, wanted=wanted)]


def query_tags(text: str) -> tuple[str, ...]:
    """The hashtags that a query looks for."""
    found = (term.value for term in terms(parsed(text), wanted=True) if term.kind == "tag")
    return tuple(dict.fromkeys(found))


def query_accounts(text: str, *, wanted: bool = True) -> tuple[Account, ...]:
    """The authors that a query names with their platform; all of them where not only ``wanted``."""
    named = (term.value for term in terms(parsed(text), wanted=wanted) if term.kind == "author")
    return tuple(account(value) for value in dict.fromkeys(named) if ":" in value)


def query_platforms(text: str) -> tuple[str, ...]:
    """The platforms that a query names."""
    found = [term.value for term in terms(parsed(text)) if term.kind == "platform"]
    found += [one.platform for one in query_accounts(text, wanted=False)]
    return tuple(dict.fromkeys(found))


def _looks_for(node: Node) -> bool:
    match node:
        case Term():
            return node.kind not in ("language", "platform")
        case Not():
            return False
        case AllOf():
            return any(map(_looks_for, node.parts))
        case AnyOf():
            return all(map(_looks_for, node.parts))


@cache
def _parser() -> Lark:
    return Lark(_GRAMMAR, parser="lalr", transformer=_Build())


class _Build(Transformer[Token, Node]):
    """Makes the tree while lark reads."""

    def any_of(self, parts: Sequence[Node]) -> Node:
        return parts[0] if len(parts) == 1 else _shallow(AnyOf(tuple(parts)))

    def all_of(self, parts: Sequence[Node]) -> Node:
        return parts[0] if len(parts) == 1 else _shallow(AllOf(tuple(parts)))

    def negated(self, parts: Sequence[Node]) -> Node:
        (part,) = parts
        return part.part if isinstance(part, Not) else _shallow(Not(part))

    def term(self, tokens: Sequence[Token]) -> Node:
        (token,) = tokens
        try:
            return _term(token.type, str(token))
        except ValueError as exc:
            place = (token.start_pos or 0) + 1
            raise ValueError(f"at character {place}, {_short(str(token))}: {exc}") from exc


def _term(kind: str, text: str) -> Term:
    match kind:
        case "TAG":
            return Term("tag", hashtag(text))
        case "MENTION":
            return Term("mention", text.removeprefix("@").lower())
        case "FIELD":
            return _field(*text.split(":", 1))
    if kind == "WORD" and _OPERATORS.fullmatch(text):
        if text.isupper():
            raise ValueError(f"{_MISSING} before it")
        raise ValueError(f'write {text.upper()}, or "{text}" in quotation marks for the word')
    return Term("words", keyword(text))


def _field(name: str, value: str) -> Term:
    match name.lower():
        case "lang":
            return Term("language", language(value))
        case "platform":
            return Term("platform", platform(value))
        case "from" if ":" in value:
            return Term("author", str(account(value)))
        case "from" if value.strip("@"):
            return Term("author", value.lstrip("@"))
        case "from":
            raise ValueError("write from:user or from:x:user")
    raise ValueError(
        f'there is no field {name}: (there are lang:, platform: and from:); put "…" around a text '
        "that holds a colon"
    )


def _shallow(node: Node) -> Node:
    if _depth(node) > _DEEPEST:
        raise ValueError(f"has parentheses more than {_DEEPEST} deep")
    return node


def _depth(node: Node) -> int:
    match node:
        case Term():
            return 0
        case Not():
            return 1 + _depth(node.part)
        case _:
            return 1 + max(map(_depth, node.parts))


def _unexpected(text: str, exc: UnexpectedInput) -> ValueError:
    place = exc.pos_in_stream or 0
    if isinstance(exc, UnexpectedToken):
        ends = exc.token.type == "$END"
        place = len(text) if ends else exc.token.start_pos or 0
        if "WORD" in exc.expected:
            what = _MISSING
        else:
            what = "a closing ) is missing" if ends else "there is no ( for this )"
    elif isinstance(exc, UnexpectedCharacters) and text[place] == '"':
        what = "this quotation mark is not closed"
    else:
        what = f'this cannot stand here; put "…" around a text that holds {text[place]}'
    near = _short(text[place:]) if text[place:].strip() else "the end"
    return ValueError(f"at character {place + 1}, {near}: {what}")


def _short(text: str) -> str:
    return repr(text if len(text) <= 20 else f"{text[:20]}…")
