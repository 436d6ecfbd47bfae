"""What X's API v2 really sent, as ``ingestors.platforms.x`` makes payloads of it."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from contextlib import suppress
from itertools import islice
from pathlib import Path
from typing import Any

import yaml

from ingestors.fields import mapping, mappings
from ingestors.formats.x_v2 import FORMAT
from ingestors.platform import Payload
from lake.records import Json

FOLDER = Path(__file__).resolve().parents[2] / "../shared/payloads/x"
MOST_OF_A_FILE = 25
_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
# Made by hand: the names of the newer specification, which no recording has.
RENAMED: Json = {
    "data": {
        "id": "2000000000000000001",
        "text": "New names #Vans",
        "author_id": "7",
        "created_at": "2026-11-20T10:00:00.000Z",
        "edit_history_post_ids": ["2000000000000000001"],
        "note_post": {"text": "New names, at length #Vans"},
        "referenced_posts": [{"type": "replied_to", "id": "2000000000000000000"}],
        "public_metrics": {"repost_count": 3, "reply_count": 1, "like_count": 9, "quote_count": 0},
    },
    "includes": {"users": [{"id": "7", "name": "Ann", "username": "ann"}]},
}

# Made by hand after the documentation's examples: posts that a look-up by id does not show.
LOST: Json = {
    "value": "2000000000000000002",
    "detail": "Could not find tweet with ids: [2000000000000000002].",
    "title": "Not Found Error",
    "resource_type": "tweet",
    "parameter": "ids",
    "resource_id": "2000000000000000002",
    "type": "https://api.x.com/2/problems/resource-not-found",
}
HIDDEN = LOST | {"type": "https://api.twitter.com/2/problems/not-authorized-for-resource"}


def of_x() -> tuple[Payload, ...]:
    """Posts, users and counts of every kind of recording, the new names, and lost posts."""
    found = [Payload("tweet", RENAMED), Payload("post", RENAMED | {"includes": {}})]
    found += [Payload("gone", {"id": LOST["value"], "problem": one}) for one in (LOST, HIDDEN)]
    for path in sorted(FOLDER.rglob("*.*")):
        if path.name != "testsearchtweets.json":  # v1.1
            found += islice(_payloads(path), MOST_OF_A_FILE)
    return tuple(found)


def bodies(path: Path) -> Iterator[Any]:
    """The JSON that a cassette, a line file or a file with one answer holds."""
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".yaml":
        for exchange in yaml.load(text, Loader=_Loader)["interactions"]:
            body = exchange["response"]["body"]["string"]
            raw = body.encode() if isinstance(body, str) else body
            yield json.loads(gzip.decompress(raw) if raw.startswith(b"\x1f\x8b") else raw)
    elif path.suffix == ".jsonl":
        for line in text.split("\n"):
            with suppress(ValueError):  # a recording of a damaged stream
                yield json.loads(line)
    elif path.suffix == ".json":
        yield json.loads(text)


def _payloads(path: Path) -> Iterator[Payload]:
    for body in bodies(path):
        periods = mappings(mapping(body).get("data"))
        if periods and {"start", "end", "tweet_count"} <= periods[0].keys():
            counts = {"hashtag": "Vans", "query": "#Vans -is:retweet", "counts": body}
            yield Payload("counts", counts)
        elif isinstance(body, dict) and FORMAT.detect(body):
            for one in FORMAT.split(body, path.name):
                if isinstance(one, Payload) and one.kind != "flat":
                    yield one
