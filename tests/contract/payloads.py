"""What the platforms really sent: every payload of the shared recordings, each once."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import yaml

from ingestors.connections import mapper
from ingestors.platform import Payload
from lake.records import Json, Record

KEPT = Path(__file__).resolve().parents[1] / "payloads"
SHARED = Path(__file__).resolve().parents[2] / "../shared/payloads"
_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@dataclass(frozen=True, slots=True)
class Case:
    """One platform, or one archive format, and what it must be able to read.

    Args:
        name: What the tests are called after.
        normalise: The pure function under test.
        payloads: Recorded ones.
        platforms: Where the records may say that they come from.
        told_twice: Whether payloads tell some numbers twice, exact and rounded.
    """

    name: str
    normalise: Callable[[Payload, datetime], Iterable[Record]]
    payloads: tuple[Payload, ...]
    platforms: frozenset[str]
    told_twice: bool = False


def kept(known: Iterable[str]) -> tuple[Case, ...]:
    """A case for each folder of payloads that the project keeps, for platforms not in ``known``."""
    cases = []
    for folder in sorted(path for path in KEPT.glob("*") if path.name not in known):
        files = sorted(folder.glob("*.jsonl"))
        lines = [line for path in files for line in path.read_bytes().splitlines()]
        payloads = tuple(Payload(**json.loads(line)) for line in lines)
        name = folder.name
        cases.append(Case(name, mapper(name), payloads, frozenset({name})))
    return tuple(cases)


def mastodon() -> tuple[Payload, ...]:
    """Every status, tag with a history and account in the cassettes and line files."""
    folder = SHARED / "mastodon"
    found: dict[str, Payload] = {}
    for path in sorted(folder.glob("*/*")):
        if path.parent.name == "reference":  # a description of the fields, not an answer
            continue
        for body in _bodies(path):
            for payload in _mastodon_objects(body, path.name):
                text = json.dumps([payload.kind, payload.body], sort_keys=True)
                found.setdefault(text, payload)
    return (*found.values(), *_gone())


def _gone() -> Iterator[Payload]:
    """Made by hand: what the platform itself makes of a 404 or a 410."""
    for status in (404, 410):
        uri = f"https://mastodon.example/users/ann/statuses/{status}"
        yield Payload("gone", {"uri": uri, "status": status}, None, "mastodon.example")


def distinct_shapes(payloads: Iterable[Payload], limit: int) -> list[Payload]:
    """Of each kind at most ``limit`` payloads, no two with the same keys and types."""
    shapes: dict[str, dict[str, Payload]] = {}
    for payload in payloads:
        shapes.setdefault(payload.kind, {}).setdefault(_shape(payload.body, depth=2), payload)
    return [payload for kind in shapes.values() for payload in list(kind.values())[:limit]]


def _shape(value: Any, depth: int) -> str:
    if isinstance(value, dict) and depth:
        return str({key: _shape(item, depth - 1) for key, item in sorted(value.items())})
    return type(value).__name__


def _bodies(path: Path) -> Iterator[Any]:
    if path.suffix in (".yaml", ".yml"):
        yield from _cassette(path)
        return
    for line in path.read_text(encoding="utf-8").split("\n"):
        try:
            yield json.loads(line)
        except ValueError:
            continue  # a recording of a damaged stream


def _cassette(path: Path) -> Iterator[Any]:
    cassette = yaml.load(path.read_text(encoding="utf-8"), Loader=_Loader)
    for exchange in cassette.get("interactions") or cassette["http_interactions"]:
        response = exchange["response"]
        status = response["status"].get("code", response["status"].get("status_code"))
        body = response["body"]["string"]
        raw = body.encode() if isinstance(body, str) else body
        if raw.startswith(b"\x1f\x8b"):
            raw = gzip.decompress(raw)
        if status == 200:
            yield json.loads(raw)


def _mastodon_objects(value: Any, place: str) -> Iterator[Payload]:
    if isinstance(value, list):
        for item in value:
            yield from _mastodon_objects(item, place)
    if not isinstance(value, dict):
        return
    kind = _mastodon_kind(value)
    if kind:
        yield Payload(kind, value, place, "mastodon.example")
    for item in value.values():
        yield from _mastodon_objects(item, place)


def _mastodon_kind(value: Json) -> str | None:
    if "uri" in value and "content" in value and "account" in value:
        return "status"
    if "name" in value and isinstance(value.get("history"), list):
        return "tag"
    return "account" if "acct" in value and "followers_count" in value else None
