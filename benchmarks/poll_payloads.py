"""Posts of a made-up minute, in the shapes of the platforms that ``benchmarks.poll`` polls."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import Any
from zlib import crc32

Json = dict[str, Any]
PAGE = 10


def minutes() -> list[int]:
    """The minutes of the last ten posts, newest first."""
    now = int(time.time()) // 60
    return [now - back for back in range(PAGE)]


def number(tag: str, minute: int) -> int:
    """The number of a post; other hashtags and minutes have others."""
    return minute * 100_000 + crc32(tag.encode()) % 100_000


def iso(minute: int, suffix: str = "Z") -> str:
    """A minute as ISO text."""
    return datetime.fromtimestamp(minute * 60, UTC).strftime("%Y-%m-%dT%H:%M:%S") + suffix


def text(tag: str, minute: int) -> str:
    """What a post says."""
    return f"Something worth reading about #{tag}, number {minute} #benchmark"


def likes(minute: int) -> int:
    """They grow by one a minute."""
    return int(time.time()) // 60 - minute


def status(tag: str, minute: int, id_: int) -> Json:
    """A Mastodon status."""
    return {
        "id": str(id_),
        "uri": f"https://m.example/users/ann/statuses/{id_}",
        "url": f"https://m.example/@ann/{id_}",
        "created_at": iso(minute, ".000Z"),
        "visibility": "public",
        "language": "en",
        "content": f"<p>{text(tag, minute)}</p>",
        "tags": [{"name": tag}, {"name": "benchmark"}],
        "favourites_count": likes(minute),
        "reblogs_count": 1,
        "replies_count": 0,
        "media_attachments": [],
        "mentions": [],
        "account": {
            "id": "7",
            "acct": "ann",
            "username": "ann",
            "display_name": "Ann",
            "url": "https://m.example/@ann",
            "followers_count": 321,
            "following_count": 5,
            "statuses_count": 99,
        },
    }


def post_view(tag: str, minute: int) -> Json:
    """A Bluesky post."""
    return {
        "uri": f"at://did:plc:ann/app.bsky.feed.post/{number(tag, minute)}",
        "cid": "bafyrei",
        "author": {"did": "did:plc:ann", "handle": "ann.example", "displayName": "Ann"},
        "record": {
            "$type": "app.bsky.feed.post",
            "text": text(tag, minute),
            "langs": ["en"],
            "tags": [tag],
            "createdAt": iso(minute),
        },
        "likeCount": likes(minute),
        "repostCount": 1,
        "replyCount": 0,
        "quoteCount": 0,
        "indexedAt": iso(minute),
    }


def tweet(tag: str, minute: int, id_: int) -> Json:
    """A post of X."""
    return {
        "id": str(id_),
        "text": text(tag, minute),
        "author_id": "7",
        "created_at": iso(minute, ".000Z"),
        "lang": "en",
        "entities": {"hashtags": [{"start": 0, "end": 4, "tag": tag}]},
        "public_metrics": {
            "retweet_count": 1,
            "reply_count": 0,
            "like_count": likes(minute),
            "quote_count": 0,
        },
    }


def video_id(tag: str, minute: int) -> str:
    """The id of a YouTube video."""
    return f"{number(tag, minute) % 10**11:011d}"
