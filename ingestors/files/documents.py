"""JSON documents one after another: one a line, the elements of an array, or one for all."""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import islice
from typing import Any

import orjson

from ingestors.files.arrays import elements, opens_array
from ingestors.files.entries import SHOWN_CHARS, Entry
from ingestors.files.source import Line, Source
from ingestors.platform import Unreadable
from lake.errors import InvalidError
from lake.json_text import carried
from lake.records import Json

DOCUMENT_BYTES = 64 * 1024 * 1024
_HEAD_LINES = 20


def looks_like_json(source: Source) -> bool:
    """Whether a file begins as its only JSON document or its first of many would."""
    head = next((one.data.lstrip() for one in source.lines() if one.data.strip()), b"")
    return head[:1] in (b"{", b"[") or opens_array(head)


def documents(source: Source, name: str, offset: int = 0, line: int = 1) -> Iterator[Entry]:
    """The JSON documents from an entry's start on: one a line, or one for the whole file.

    Of a file that is one array each element is an entry, and the array may be of any length.

    Raises:
        InvalidError: The whole file is one JSON object of more than 64 MiB.
    """
    head = [one for one in islice(source.lines(), _HEAD_LINES) if one.data.strip()]
    if head and opens_array(head[0].data) and not _stands_alone(head[0]):
        yield from _array(source, name, offset, line)
        return
    if head and head[0].data.lstrip()[:1] == b"{" and not any(map(_stands_alone, head)):
        whole = _whole(source, name)
        if whole is not None:
            if offset == 0:
                yield whole
            return
    for one in source.lines(offset, line):
        yield _document(one, name, one.number + 1)


def _array(source: Source, name: str, offset: int, line: int) -> Iterator[Entry]:
    for one, next_line in elements(source, offset, line):
        yield _document(one, name, next_line)


def _document(line: Line, name: str, next_line: int) -> Entry:
    place = f"{name}:{line.number}"
    text = line.data.strip()
    found: tuple[Json | Unreadable, ...] = ()
    if line.broken:
        found = (_damaged(text, line.broken, place),)
    elif text:
        found = _objects(text, place)
    return Entry(found, line.number, line.offset, line.end, next_line)


def _objects(text: bytes, place: str) -> tuple[Json | Unreadable, ...]:
    try:
        value = parsed(text)
    except ValueError as exc:
        return (_damaged(text, f"is not JSON: {exc}", place),)
    several = value if isinstance(value, list) else [value]
    return tuple(
        one if isinstance(one, dict) else _damaged(text, "is no JSON object", place)
        for one in several
    )


def parsed(text: bytes) -> Any:
    """JSON decoded as a payload can be kept: NaN becomes null, half a character U+FFFD.

    Raises:
        ValueError: It is not JSON.
    """
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError as exc:
        try:
            return carried(json.loads(text, parse_constant=lambda _: None))
        except (ValueError, RecursionError):
            raise ValueError(str(exc)) from exc


def _damaged(text: bytes, reason: str, place: str) -> Unreadable:
    return Unreadable(text[:SHOWN_CHARS].decode("utf-8", "replace"), reason, place)


def _stands_alone(line: Line) -> bool:
    try:
        value = parsed(line.data)
    except ValueError:
        return False
    return bool(value) and (
        isinstance(value, dict)
        or (isinstance(value, list) and all(isinstance(one, dict) for one in value))
    )


def _whole(source: Source, name: str) -> Entry | None:
    """The file as one JSON document; None where it is none."""
    pieces, size = list[bytes](), 0
    for chunk in source.chunks():
        pieces.append(chunk)
        size += len(chunk)
        if size > DOCUMENT_BYTES:
            raise InvalidError(
                f"{name}: is one JSON document of more than {DOCUMENT_BYTES >> 20} MiB, or none; "
                "save it as JSON lines, one document a line"
            )
    text = b"".join(pieces).removeprefix(b"\xef\xbb\xbf")
    try:
        value = parsed(text)
    except ValueError:
        return None
    found = _objects(text, f"{name}:1") if isinstance(value, dict) else ()
    return Entry(found, 1, 0, size, text.count(b"\n") + 1) if found else None
