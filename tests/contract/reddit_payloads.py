"""What Reddit really sent, as the platform's payloads; and by hand what no recording shows.

The recordings are of 2016 and later: submissions of listings and a search, comments, an account.
Removed things, crossposts, galleries, polls and new kinds of removal are made after the
documentation.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from ingestors.platform import Payload
from lake.records import Json
from tests.contract.payloads import SHARED

FOLDER = SHARED / "reddit"
_KINDS = {"t1": "comment", "t2": "user", "t3": "submission"}


def of_reddit() -> tuple[Payload, ...]:
    """Every submission, comment and account in the cassettes, and those made by hand."""
    found: dict[str, Payload] = {}
    for path in sorted(FOLDER.glob("*/*.json")):
        cassette = json.loads(path.read_text(encoding="utf-8"))
        for exchange in cassette.get("interactions", []):
            for payload in _things(_body(exchange["response"]["body"]), path.name):
                text = json.dumps([payload.kind, payload.body], sort_keys=True)
                found.setdefault(text, payload)
    return (*found.values(), *_made())


def _body(body: Json) -> Any:
    try:
        return json.loads(body.get("string") or "null")
    except ValueError:
        return None  # a page for people, or one that is cut off


def _things(value: Any, place: str) -> Iterator[Payload]:
    if isinstance(value, list):
        for item in value:
            yield from _things(item, place)
    if not isinstance(value, dict):
        return
    if value.get("kind") in _KINDS and isinstance(value.get("data"), dict):
        yield Payload(_KINDS[value["kind"]], value, place)
    for item in value.values():
        yield from _things(item, place)


def _made() -> Iterator[Payload]:
    link: Json = {
        "name": "t3_abc",
        "id": "abc",
        "title": "Old skool Vans",
        "selftext": "see #OffTheWall by /u/ann-bee",
        "author": "ann",
        "author_fullname": "t2_a1",
        "created_utc": 1_790_000_000.0,
        "score": 0,
        "ups": 0,
        "num_comments": 4,
        "num_crossposts": 1,
        "is_self": True,
        "view_count": None,
        "permalink": "/r/shoes/comments/abc/old_skool/",
    }
    shapes: list[Json] = [
        {},
        {"is_self": False, "is_gallery": True, "title": "café \ud83d"},
        {"is_self": False, "is_video": True, "crosspost_parent": "t3_zz"},
        {"poll_data": {"options": [{"text": "yes"}]}},
        {"created_utc": "1790000000", "score": "-3", "num_comments": None},
        {"removed_by_category": "automod_filtered", "selftext": "[removed]"},
        {"removed_by_category": "copyright_takedown", "author": "[deleted]"},
        {"selftext": "[deleted]", "author": "[deleted]"},
        {"author": None, "author_fullname": None, "permalink": None},
    ]
    for shape in shapes:
        thing = {"kind": "t3", "data": link | shape}
        yield Payload("submission", thing)
        yield Payload("submission", {"hashtag": "vans", "keyword_match": True, "thing": thing})
    comment = {
        "name": "t1_c",
        "link_id": "t3_abc",
        "parent_id": "t1_b",
        "created_utc": 1_790_000_001,
    }
    for text in ("I like #vans", "[removed]", "[ Removed by Reddit ]", None):
        yield Payload("comment", {"kind": "t1", "data": comment | {"body": text, "score": -4}})
    yield Payload("user", {"kind": "t2", "data": {"name": "eve", "is_suspended": True}})
    own = {"title": "Ann", "subscribers": 12, "public_description": "skates"}
    user = {"name": "ann", "id": "a1", "created_utc": 1_500_000_000.0, "subreddit": own}
    yield Payload("user", {"kind": "t2", "data": user})
    yield Payload("gone", {"name": "t3_abc"})
