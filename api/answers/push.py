"""A push: each line becomes what waits in the inbox, and a line that cannot be used is told."""

from __future__ import annotations

import asyncio
import json
import re
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from lake import times
from lake.errors import InvalidError, PayloadError
from lake.inbox import Pushed
from lake.intake import Intake
from lake.layout import Layout
from lake.records import Json
from lake.text import clean

MOST_LINES = 20_000
MOST_LINE_BYTES = 2_000_000
MOST_DEPTH = 100
_MOST_TOLD = 100
_MOST_KEPT_CHARS = 20_000  # of a line that is too long
_KEYS = frozenset({"kind", "observed_at", "target", "source", "payload"})
_TARGET = re.compile(r"[a-z][a-z0-9_]*:(hashtag|profile|comments|posts|stream|push):\S.*")
_MOST_CHARS = {"kind": 100, "source": 255, "target": 1_000, "observed_at": 40}


@dataclass(frozen=True, slots=True)
class Push:
    """What is the same for every line of a push.

    Args:
        platform: Whose payloads they are.
        collector: Who pushes.
        received_at: When the body was there, aware UTC.
    """

    platform: str
    collector: str
    received_at: datetime

    @property
    def target(self) -> str:
        """The target of a line that names none."""
        return f"{self.platform}:push:{self.collector}"


async def push(intake: Intake, layout: Layout, body: bytes, about: Push) -> Json:
    """Keeps a push; says how many lines were accepted and which were not.

    A line that cannot be used is kept too, for the dead letters.

    Raises:
        InvalidError: Nothing in the body is a JSON object, or it has too many lines; nothing is
            kept.
        UnavailableError: It can be kept nowhere now; sending it again is harmless.
    """
    lines = await asyncio.to_thread(read_lines, body, about)
    refused = [(int(line.place.split()[-1]), line.refused) for line in lines if line.place]
    await intake.take([line.document(layout) for line in lines])
    return {
        "accepted": len(lines) - len(refused),
        "refused_lines": len(refused),
        "refused": [{"line": number, "reason": why} for number, why in refused[:_MOST_TOLD]],
    }


def read_lines(body: bytes, about: Push) -> list[Pushed]:
    """The lines of a push, in order; empty ones are left out. Pure but for the order's number.

    Raises:
        InvalidError: See ``push``.
    """
    began = time.time_ns()
    found: list[Pushed] = []
    objects = 0
    for number, line in _lines(body):
        seq = f"{began:020}-{number:06}"
        try:
            entry = _parsed(line)
            objects += 1
            found.append(_line(entry, about, seq))
        except PayloadError as exc:
            found.append(_refused(line, about, seq, number, str(exc)))
    if not objects:
        why = f" ({found[0].place}: {found[0].refused})" if found else ""
        raise InvalidError(f"the body is no NDJSON: no line of it is a JSON object{why}")
    return found


def _lines(body: bytes) -> Iterator[tuple[int, bytes]]:
    lines = body.split(b"\n", MOST_LINES)
    if len(lines) > MOST_LINES and lines[-1].strip():
        raise InvalidError(f"the push has more than {MOST_LINES:,} lines; send it in several parts")
    for number, line in enumerate(lines, start=1):
        if line.strip():
            yield number, line.strip()


def _parsed(line: bytes) -> Json:
    if len(line) > MOST_LINE_BYTES:
        raise PayloadError(f"the line is longer than {MOST_LINE_BYTES:,} bytes")
    try:
        # Not orjson: it rounds numbers past 64 bits, and some platforms' ids are such numbers.
        found = json.loads(line)
    except RecursionError as exc:
        raise PayloadError(_too_deep()) from exc
    except ValueError as exc:
        raise PayloadError(f"the line is no JSON: {str(exc)[:200]}") from exc
    if not isinstance(found, dict):
        raise PayloadError('the line is no object such as {"kind": "status", "payload": {}}')
    return found


def _line(entry: Json, about: Push, seq: str) -> Pushed:
    unknown = sorted(entry.keys() - _KEYS)
    if unknown:
        raise PayloadError(f"{unknown[0][:80]!r} is no key of a line; see docs/push.md")
    texts = {name: _text(entry, name) for name in _MOST_CHARS}
    if texts["kind"] is None:
        raise PayloadError("kind is missing: which of the platform's shapes the payload has")
    payload = entry.get("payload")
    if not isinstance(payload, dict):
        raise PayloadError("payload must be an object, as the platform sent it")
    if not _is_shallow(payload):
        raise PayloadError(_too_deep())
    return Pushed(
        platform=about.platform,
        target=_target(texts["target"], about),
        collector=about.collector,
        received_at=about.received_at,
        seq=seq,
        observed_at=_observed_at(texts["observed_at"], about),
        # All in ASCII, so that text which UTF-8 cannot say arrives as it was sent.
        payload=json.dumps(payload, separators=(",", ":")),
        kind=texts["kind"],
        source=texts["source"],
        said_at=texts["observed_at"],
    )


def _text(entry: Json, name: str) -> str | None:
    value = entry.get(name)
    if value is None:
        return None
    if not isinstance(value, str) or not value or len(value) > _MOST_CHARS[name]:
        raise PayloadError(f"{name} must be a text of 1 to {_MOST_CHARS[name]} characters")
    return clean(value)


def _target(text: str | None, about: Push) -> str:
    if text is None:
        return about.target
    if not _TARGET.fullmatch(text) or not text.startswith(f"{about.platform}:"):
        raise PayloadError(
            f"target must be PLATFORM:KIND:VALUE, such as {about.platform}:hashtag:caturday"
        )
    return text


def _observed_at(text: str | None, about: Push) -> datetime:
    if text is None:
        return about.received_at
    try:
        # A collector whose clock is ahead would make its numbers the newest for as long.
        return min(times.from_text(text), about.received_at)
    except PayloadError as exc:
        raise PayloadError(f"observed_at: {exc}") from exc


def _is_shallow(payload: Json) -> bool:
    level: list[Any] = [payload]
    for _ in range(MOST_DEPTH):
        level = [
            item
            for value in level
            for item in (value.values() if isinstance(value, dict) else value)
            if isinstance(item, dict | list)
        ]
        if not level:
            return True
    return False


def _too_deep() -> str:
    return f"the payload is nested deeper than {MOST_DEPTH} levels"


def _refused(line: bytes, about: Push, seq: str, number: int, reason: str) -> Pushed:
    kept = line if len(line) <= MOST_LINE_BYTES else line[:_MOST_KEPT_CHARS]
    return Pushed(
        platform=about.platform,
        target=about.target,
        collector=about.collector,
        received_at=about.received_at,
        seq=seq,
        observed_at=about.received_at,
        payload=clean(kept.decode("utf-8", errors="replace")),
        place=f"line {number}",
        refused=clean(reason),
    )
