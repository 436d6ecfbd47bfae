"""Kibana's query language, as far as the dashboards use it: read, checked, and turned into a query.

``field: value``, ``field: "a value"``, ``field: (a or b)``, ``field: *``, ``field >= 3``, ``and``,
``or``, ``not`` and brackets (https://www.elastic.co/guide/en/kibana/8.12/kuery-query.html).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from lake.errors import InvalidError
from lake.records import Json

_TOKEN = re.compile(r'\s*("(?:[^"\\]|\\.)*"|>=|<=|[():<>]|[^\s():<>"]+)')
_RANGES = {">=": "gte", "<=": "lte", ">": "gt", "<": "lt"}
_WORDS = {"and", "or", "not"}


@dataclass(frozen=True, slots=True)
class Clause:
    """What a KQL text says.

    Args:
        query: The Elasticsearch query.
        fields: The fields that it asks about.
    """

    query: Json
    fields: frozenset[str] = frozenset()


@dataclass(slots=True)
class _Reader:
    text: str
    tokens: list[str] = field(init=False)
    at: int = 0

    def __post_init__(self) -> None:
        self.tokens = list(_tokens(self.text))

    def peek(self) -> str | None:
        return self.tokens[self.at] if self.at < len(self.tokens) else None

    def word(self, wanted: str) -> bool:
        if (self.peek() or "").lower() != wanted:
            return False
        self.at += 1
        return True

    def take(self) -> str:
        token = self.peek()
        if token is None:
            raise InvalidError(f"the query {self.text!r} ends too early")
        self.at += 1
        return token

    def must(self, wanted: str) -> None:
        if not self.word(wanted):
            raise InvalidError(f"the query {self.text!r} lacks {wanted!r} before {self.peek()!r}")


def parse_kql(text: str) -> Clause:
    """Reads a KQL text; an empty one holds for everything.

    Raises:
        InvalidError: It is none, or of a form that is not known here.
    """
    reader = _Reader(text)
    if not reader.tokens:
        return Clause({"match_all": {}})
    found = _either(reader)
    if reader.peek() is not None:
        raise InvalidError(f"the query {text!r} goes on at {reader.peek()!r}")
    return found


def _tokens(text: str) -> Iterator[str]:
    at = 0
    text = text.rstrip()
    while at < len(text):
        found = _TOKEN.match(text, at)
        if found is None:
            raise InvalidError(f"the query {text!r} cannot be read at {text[at:]!r}")
        yield found.group(1)
        at = found.end()


def _either(reader: _Reader) -> Clause:
    parts = [_every(reader)]
    while reader.word("or"):
        parts.append(_every(reader))
    return parts[0] if len(parts) == 1 else _joined("should", parts)


def _every(reader: _Reader) -> Clause:
    parts = [_one(reader)]
    while reader.word("and"):
        parts.append(_one(reader))
    return parts[0] if len(parts) == 1 else _joined("filter", parts)


def _one(reader: _Reader) -> Clause:
    if reader.word("not"):
        return _joined("must_not", [_one(reader)])
    if reader.word("("):
        found = _either(reader)
        reader.must(")")
        return found
    name = _name(reader)
    sign = reader.take()
    if sign in _RANGES:
        limit = _value(reader.take())
        return Clause({"range": {name: {_RANGES[sign]: limit}}}, frozenset({name}))
    if sign != ":":
        raise InvalidError(f"the query {reader.text!r} lacks ':' after {name!r}")
    return _values(reader, name)


def _values(reader: _Reader, name: str) -> Clause:
    if not reader.word("("):
        return _is(name, reader.take())
    parts = [_is(name, reader.take())]
    while reader.word("or"):
        parts.append(_is(name, reader.take()))
    reader.must(")")
    return _joined("should", parts)


def _is(name: str, token: str) -> Clause:
    if token == "*":  # noqa: S105 - a wildcard, no password
        return Clause({"exists": {"field": name}}, frozenset({name}))
    return Clause({"term": {name: _value(token)}}, frozenset({name}))


def _name(reader: _Reader) -> str:
    token = reader.take()
    if token in _RANGES or token in {"(", ")", ":"} or token.lower() in _WORDS:
        raise InvalidError(f"the query {reader.text!r} has {token!r} where a field belongs")
    return token.strip('"')


def _value(token: str) -> str | float | bool:
    if token.startswith('"'):
        return re.sub(r"\\(.)", r"\1", token[1:-1])
    if token in {"true", "false"}:
        return token == "true"  # noqa: S105 - a truth value, no password
    try:
        return float(token)
    except ValueError:
        return token


def _joined(how: str, parts: list[Clause]) -> Clause:
    fields = frozenset[str]().union(*(part.fields for part in parts))
    body: Json = {how: [part.query for part in parts]}
    if how == "should":
        body["minimum_should_match"] = 1
    return Clause({"bool": body}, fields)
