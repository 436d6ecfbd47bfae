"""``docs/queries.md`` as data: each query in its two forms, and what it is in ES|QL."""

from __future__ import annotations

import json
import re
import shlex
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

PAGE = Path(__file__).parents[2] / "docs" / "queries.md"
_BLOCK = re.compile(r"^```(console|sh|esql)\n(.*?)\n```$", re.MULTILINE | re.DOTALL)
_SECTION = re.compile(r"^### (\d+)(?: in ES\|QL)?\. (.+)$", re.MULTILINE)
_REQUEST = re.compile(r"^(GET|POST|DELETE) (\S+)\n?", re.MULTILINE)


@dataclass(frozen=True)
class Request:
    """One request, however it was written."""

    method: str
    path: str
    body: Any


@dataclass(frozen=True)
class Query:
    """One section of the page.

    Args:
        number: Its number.
        title: Its heading.
        answers: The sentences that say what it answers.
        console: The requests in the form for Dev Tools.
        curl: The requests in the form for a shell.
        esql: The text where the section is one in ES|QL.
    """

    number: int
    title: str
    answers: str
    console: list[Request]
    curl: list[Request]
    esql: str


def queries() -> list[Query]:
    """The sections that have a number, in the page's order; those in ES|QL at the end."""
    text = PAGE.read_text(encoding="utf-8")
    heads = list(_SECTION.finditer(text))
    ends = [head.start() for head in heads[1:]] + [len(text)]
    return [_query(head, text[head.end() : end]) for head, end in zip(heads, ends, strict=True)]


def preamble() -> str:
    """The shell lines that say who one is and where the node is."""
    first = _BLOCK.search(PAGE.read_text(encoding="utf-8"))
    assert first is not None
    return first[2]


def _query(head: re.Match[str], text: str) -> Query:
    blocks = dict(_BLOCK.findall(text))
    return Query(
        number=int(head[1]),
        title=head[2],
        answers=text.partition("```")[0].strip(),
        console=_from_console(blocks.get("console", "")),
        curl=_from_shell(blocks.get("sh", "")),
        esql=blocks.get("esql", ""),
    )


def _from_console(text: str) -> list[Request]:
    heads = list(_REQUEST.finditer(text))
    places = [head.start() for head in heads] + [len(text)]
    return [
        Request(head[1], head[2], _body(text[head.end() : end]))
        for head, (_, end) in zip(heads, pairwise(places), strict=True)
    ]


def _from_shell(text: str) -> list[Request]:
    """The requests of curl calls; one with a body is a POST, which searches take as a GET."""
    found = []
    for call in re.split(r"^curl ", text, flags=re.MULTILINE)[1:]:
        words = shlex.split(call)
        assert words[:3] == ["-sS", "-K", "$LOGIN"], call
        method = words[words.index("-X") + 1] if "-X" in words else "GET"
        [address] = [word for word in words if word.startswith("$ES/")]
        body = words[words.index("-d") + 1] if "-d" in words else ""
        found.append(Request(method, address.removeprefix("$ES/"), _body(body)))
    return found


def _body(text: str) -> Any:
    return json.loads(text) if text.strip() else None
