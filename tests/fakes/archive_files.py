"""One file of every form that people have, by name: which format it is, and its bytes."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

from tests.fakes import archive_web as web
from tests.fakes import archive_x as x

Json = dict[str, Any]
COUNT = 12


def lines(make: Callable[[int], Json], count: int = COUNT) -> bytes:
    """Documents one a line."""
    return b"".join(json.dumps(make(n)).encode() + b"\n" for n in range(count))


def array(make: Callable[[int], Json], count: int = COUNT, indent: int | None = 2) -> bytes:
    """Documents as one array."""
    return json.dumps([make(n) for n in range(count)], indent=indent).encode()


def rows(make: Callable[[int], Json], delimiter: str = ",") -> bytes:
    """Documents as a table."""
    return web.table([make(n) for n in range(COUNT)], delimiter)


def export_array(count: int) -> bytes:
    """A JSON export as Taglake writes it: a post a line within one array."""
    posts = [json.dumps(web.taglake(n)).encode() for n in range(count)]
    return b"[\n" + b",\n".join(posts) + b"\n]\n" if posts else b"[]\n"


def _rtweet(n: int) -> Json:
    return {
        "status_id": f"x{x.tweet_id(n)}",
        "user_id": "x70",
        "screen_name": "ann",
        "text": "#One",
        "created_at": "2023-06-28T16:00:00Z",
    }


def _bluesky(n: int) -> Json:
    return {
        "uri": f"at://did:plc:ann/app.bsky.feed.post/3k{n}",
        "author": {"did": "did:plc:ann", "handle": "ann.example"},
        "record": {"text": "#One", "tags": ["One"], "createdAt": "2024-06-28T10:00:00Z"},
        "likeCount": n,
    }


def _table(n: int) -> Json:
    return {"number": n, "words": "#One", "day": "2023-06-28"}


def _flat_twint(n: int) -> Json:
    return {name: str(value) for name, value in x.twint(n).items()}


def _table_of(platform: str) -> Callable[[int], Json]:
    return lambda n: web.fourcat_row(n, platform)


FILES: dict[str, tuple[str, bytes]] = {
    "v1.jsonl": ("x_v1", lines(x.tweet_v1)),
    "v1-search.json": (
        "x_v1",
        json.dumps(
            {"statuses": [x.tweet_v1(n) for n in range(COUNT)], "search_metadata": {}}
        ).encode(),
    ),
    "v1-timeline.json": ("x_v1", array(x.tweet_v1)),
    "tweets.js": ("x_v1", x.tweets_js(COUNT)),
    "tweet.js": ("x_v1", x.tweets_js(1)),
    "v2-flat.jsonl": ("x_v2", lines(x.flat_v2)),
    "v2-page.json": ("x_v2", json.dumps({"data": [x.flat_v2(1)], "includes": {}}).encode()),
    "rtweet.jsonl": ("rtweet", lines(_rtweet)),
    "twint.json": ("twint", lines(x.twint)),
    "twint.csv": ("twint", rows(_flat_twint)),
    "twint.tsv": ("twint", rows(_flat_twint, "\t")),
    "bluesky.jsonl": ("bluesky", lines(_bluesky)),
    "zeeschuimer.ndjson": ("zeeschuimer", lines(web.zeeschuimer)),
    "4cat.ndjson": ("fourcat", lines(web.fourcat)),
    "4cat-bluesky.ndjson": ("fourcat", lines(web.fourcat_bluesky)),
    "4cat-tiktok.csv": ("fourcat", rows(_table_of("tiktok"))),
    "4cat-instagram.csv": ("fourcat", rows(_table_of("instagram"))),
    "4cat-x.csv": ("fourcat", rows(_table_of("x"))),
    "4cat-threads.csv": ("fourcat", rows(_table_of("threads"))),
    "instaloader.json": ("instaloader", json.dumps(web.instaloader(1), indent=4).encode()),
    "apify-instagram.json": ("apify_instagram", array(web.apify_instagram)),
    "apify-instagram.csv": (
        "apify_instagram",
        rows(lambda n: web.flattened(web.apify_instagram(n))),
    ),
    "apify-tiktok.json": ("apify_tiktok", array(web.apify_tiktok, indent=None)),
    "apify-tiktok.csv": ("apify_tiktok", rows(lambda n: web.flattened(web.apify_tiktok(n)))),
    "phantombuster.csv": ("phantombuster", rows(web.phantombuster)),
    "phantombuster.json": ("phantombuster", array(web.phantombuster)),
    "export.csv": ("taglake", rows(web.taglake_row)),
    "export.json": ("taglake", export_array(COUNT)),
    "export-of-one.json": ("taglake", export_array(1)),
    "export-of-two.json": ("taglake", export_array(2)),
    "table.csv": ("table", rows(_table)),
}
"""By file name. Every file but those of one post and ``table.csv`` holds ``COUNT`` posts."""


def documents() -> Iterator[tuple[str, Json]]:
    """Every document and row, with the format that it is of."""
    for make, name in (
        (x.tweet_v1, "x_v1"),
        (x.archived, "x_v1"),
        (x.flat_v2, "x_v2"),
        (_rtweet, "rtweet"),
        (x.twint, "twint"),
        (_flat_twint, "twint"),
        (_bluesky, "bluesky"),
        (web.zeeschuimer, "zeeschuimer"),
        (web.fourcat, "fourcat"),
        (web.fourcat_bluesky, "fourcat"),
        *((_table_of(one), "fourcat") for one in ("tiktok", "instagram", "x", "threads")),
        (web.instaloader, "instaloader"),
        (web.apify_instagram, "apify_instagram"),
        (web.apify_tiktok, "apify_tiktok"),
        (lambda n: web.flattened(web.apify_tiktok(n)), "apify_tiktok"),
        (web.phantombuster, "phantombuster"),
        (web.taglake, "taglake"),
        (web.taglake_row, "taglake"),
    ):
        yield from ((name, make(n)) for n in range(COUNT))
