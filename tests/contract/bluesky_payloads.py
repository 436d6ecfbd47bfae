"""What Bluesky's API really sent: posts of searches, feeds and threads, profiles; made-up counts.

No recording of a search holds ``hitsTotal``, so those payloads are made after the lexicon.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from ingestors.platform import Payload
from tests.contract.payloads import SHARED

FOLDER = SHARED / "bluesky"


def bluesky() -> tuple[Payload, ...]:
    """Every post and every detailed profile in the recordings, and three counts."""
    found: dict[str, Payload] = {}
    for path in sorted([*FOLDER.glob("atrrr/*.json"), *FOLDER.glob("atproto/thread*.json")]):
        for payload in _objects(json.loads(path.read_text(encoding="utf-8")), path.name):
            text = json.dumps([payload.kind, payload.body], sort_keys=True)
            found.setdefault(text, payload)
    counts = [Payload("hits", {"tag": tag, "hitsTotal": n}) for tag, n in (("a", 1), ("é", 9_000))]
    return (*found.values(), *counts)


def _objects(value: Any, place: str) -> Iterator[Payload]:
    if isinstance(value, list):
        for item in value:
            yield from _objects(item, place)
    if not isinstance(value, dict):
        return
    if {"uri", "author", "record", "indexedAt"} <= value.keys():
        yield Payload("post", value, place)
    elif "did" in value and "followersCount" in value:
        yield Payload("profile", value, place)
    for item in value.values():
        yield from _objects(item, place)
