"""What Bluesky's API and its stream really sent: posts, profiles, events; made-up counts.

No recording of a search holds ``hitsTotal``, and none of the stream a changed post, so those
payloads are made after the lexicons.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from ingestors.platform import Payload
from tests.contract.payloads import SHARED

FOLDER = SHARED / "bluesky"


def bluesky() -> tuple[Payload, ...]:
    """Every post and every detailed profile in the recordings, events, counts, what is gone."""
    found: dict[str, Payload] = {}
    for path in sorted([*FOLDER.glob("atrrr/*.json"), *FOLDER.glob("atproto/thread*.json")]):
        for payload in _objects(json.loads(path.read_text(encoding="utf-8")), path.name):
            text = json.dumps([payload.kind, payload.body], sort_keys=True)
            found.setdefault(text, payload)
    counts = [Payload("hits", {"tag": tag, "hitsTotal": n}) for tag, n in (("a", 1), ("é", 9_000))]
    gone = [{"uri": "at://did:plc:a/app.bsky.feed.post/1"}]
    gone.append({"uri": "at://did:plc:a/app.bsky.feed.post/2", "reason": "hidden"})
    return (*found.values(), *counts, *(Payload("gone", body) for body in gone), *_commits())


def _commits() -> Iterator[Payload]:
    """Every recorded event of a post, and one of each post as if it had been changed."""
    for path in sorted(FOLDER.glob("jetstream/*.jsonl")):
        for line in path.read_text(encoding="utf-8").splitlines():
            event = json.loads(line)
            commit = event.get("commit", {})
            if commit.get("collection") == "app.bsky.feed.post":
                yield Payload("commit", event, path.name)
                if commit["operation"] == "create":
                    changed = commit | {"operation": "update"}
                    yield Payload("commit", event | {"commit": changed}, path.name)


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
