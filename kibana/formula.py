"""What a spec writes as a number, such as ``100 * sum(likes) / count(kql='kind: post')``, read.

The form is that of Lens formulas; the tree is what Lens keeps of one (``tinymathAst``).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from lake.errors import InvalidError
from lake.records import Json

AGGREGATIONS = {"count", "sum", "average", "min", "max", "median", "unique_count"}
AGGREGATIONS |= {"percentile", "last_value"}
MATHS = {"add", "subtract", "multiply", "divide", "sqrt", "square", "abs", "pow", "log", "clamp"}
_SIGNS = {"+": "add", "-": "subtract", "*": "multiply", "/": "divide"}
_TOKEN = re.compile(r"\s*(\d+(?:\.\d+)?|[A-Za-z_@][\w.@]*|'(?:[^'\\]|\\.)*'|[-+*/(),=])")


@dataclass(frozen=True, slots=True)
class Aggregation:
    """One number that Elasticsearch computes.

    Args:
        operation: Lens's name of it.
        field: Of which field; None: of documents.
        kql: Only of what this query finds.
        percentile: Which one, 0 to 100, where the operation is that.
    """

    operation: str
    field: str | None
    kql: str = ""
    percentile: float | None = None


@dataclass(frozen=True, slots=True)
class Call:
    """A function of numbers.

    Args:
        name: Such as ``divide``.
        args: What of.
        start: Where its text begins in the formula.
        end: Where it ends.
    """

    name: str
    args: tuple[Node, ...]
    start: int
    end: int


Node = float | Aggregation | Call


@dataclass(slots=True)
class _Reader:
    text: str
    tokens: list[tuple[str, int, int]] = field(init=False)
    at: int = 0

    def __post_init__(self) -> None:
        self.tokens = list(_tokens(self.text))

    def peek(self) -> str | None:
        return self.tokens[self.at][0] if self.at < len(self.tokens) else None

    def take(self) -> str:
        token = self.peek()
        if token is None:
            raise InvalidError(f"the formula {self.text!r} ends too early")
        self.at += 1
        return token

    def must(self, wanted: str) -> None:
        if self.peek() != wanted:
            raise InvalidError(f"the formula {self.text!r} lacks {wanted!r} before {self.peek()!r}")
        self.at += 1

    def start(self) -> int:
        return self.tokens[min(self.at, len(self.tokens) - 1)][1]

    def end(self) -> int:
        return self.tokens[self.at - 1][2]


def parse_formula(text: str) -> Node:
    """Reads a formula.

    Raises:
        InvalidError: It is none, or uses what is not known here.
    """
    reader = _Reader(text)
    if not reader.tokens:
        raise InvalidError("a formula is empty")
    found = _sum(reader)
    if reader.peek() is not None:
        raise InvalidError(f"the formula {text!r} goes on at {reader.peek()!r}")
    return found


def aggregations(node: Node) -> list[Aggregation]:
    """The different aggregations of a formula, in the order of their places."""
    if isinstance(node, Aggregation):
        return [node]
    if isinstance(node, Call):
        return list(dict.fromkeys(one for arg in node.args for one in aggregations(arg)))
    return []


def tree(node: Node, columns: dict[Aggregation, str], text: str) -> Json | str | float:
    """The formula as Lens keeps it, with the columns' ids in the aggregations' places."""
    if isinstance(node, Aggregation):
        return columns[node]
    if isinstance(node, Call):
        return {
            "type": "function",
            "name": node.name,
            "args": [tree(arg, columns, text) for arg in node.args],
            "location": {"min": node.start, "max": node.end},
            "text": text[node.start : node.end],
        }
    return int(node) if node == int(node) else node


def _tokens(text: str) -> Iterator[tuple[str, int, int]]:
    at = 0
    text = text.rstrip()
    while at < len(text):
        found = _TOKEN.match(text, at)
        if found is None:
            raise InvalidError(f"the formula {text!r} cannot be read at {text[at:]!r}")
        yield found.group(1), found.start(1), found.end(1)
        at = found.end()


def _sum(reader: _Reader) -> Node:
    return _chain(reader, "+-", _product)


def _product(reader: _Reader) -> Node:
    return _chain(reader, "*/", _operand)


def _chain(reader: _Reader, signs: str, part: Callable[[_Reader], Node]) -> Node:
    start = reader.start()
    found = part(reader)
    while (sign := reader.peek()) is not None and sign in signs:
        reader.at += 1
        found = Call(_SIGNS[sign], (found, part(reader)), start, reader.end())
    return found


def _operand(reader: _Reader) -> Node:
    start, token = reader.start(), reader.take()
    if token == "(":  # noqa: S105 - a bracket, no password
        found = _sum(reader)
        reader.must(")")
        return found
    if token[0].isdigit():
        return float(token)
    if token in AGGREGATIONS:
        return _aggregation(reader, token)
    if token not in MATHS:
        raise InvalidError(f"the formula {reader.text!r} uses {token!r}, which is not known")
    reader.must("(")
    args = [_sum(reader)]
    while reader.peek() == ",":
        reader.at += 1
        args.append(_sum(reader))
    reader.must(")")
    return Call(token, tuple(args), start, reader.end())


def _aggregation(reader: _Reader, name: str) -> Aggregation:
    reader.must("(")
    of, named = None, dict[str, str]()
    while reader.peek() != ")":
        token = reader.take()
        if reader.peek() == "=":
            reader.at += 1
            named[token] = reader.take()
        else:
            of = token
        if reader.peek() != ")":
            reader.must(",")
    reader.must(")")
    if (of is None) != (name == "count") or set(named) - {"kql", "percentile"}:
        raise InvalidError(f"the formula {reader.text!r} calls {name} wrongly")
    rank = float(named.get("percentile", 95)) if name == "percentile" else None
    return Aggregation(name, of, _quoted(named.get("kql", "''")), rank)


def _quoted(token: str) -> str:
    return re.sub(r"\\(.)", r"\1", token[1:-1])
