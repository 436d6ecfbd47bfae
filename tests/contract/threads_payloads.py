"""What the Threads API's pages document; nobody has published a recording."""

from __future__ import annotations

from ingestors.platform import Payload
from lake.records import Json

POST: Json = {
    "id": "18012345678901234",
    "text": "First thread about #Vans and #Skate, @bob",
    "media_type": "TEXT_POST",
    "permalink": "https://www.threads.net/@ann/post/abcdefg",
    "timestamp": "2026-10-17T05:42:03+0000",
    "username": "ann",
    "shortcode": "abcdefg",
    "has_replies": False,
    "is_quote_post": False,
    "is_reply": False,
    "topic_tag": "Vans Shoes",
}
SHAPES: tuple[Json, ...] = (
    POST,
    POST | {"id": "2", "media_type": "IMAGE", "media_url": "https://x.example/a.jpg"},
    POST | {"id": "3", "media_type": "VIDEO", "topic_tag": None},
    POST | {"id": "4", "media_type": "AUDIO", "text": None},
    POST | {"id": "5", "is_reply": True, "replied_to": {"id": "1"}, "root_post": {"id": "1"}},
    POST | {"id": "6", "is_quote_post": True, "quoted_post": {"id": "1"}},
    POST | {"id": "7", "media_type": "REPOST_FACADE", "reposted_post": {"id": "1"}},
    POST | {"id": 8, "owner": {"id": "77"}, "timestamp": "2026-10-17T05:42:03Z"},
    POST
    | {
        "id": "9",
        "media_type": "CAROUSEL_ALBUM",
        "children": {"data": [{"id": "1", "media_type": "IMAGE"}, {"media_type": "VIDEO"}]},
    },
    POST | {"id": "10", "link_attachment_url": "https://x.example", "poll_attachment": {"a": "b"}},
    POST | {"id": "11", "gif_url": "https://x.example/a.gif", "media_type": "SOMETHING_NEW"},
    {"id": "12", "timestamp": "2026-10-17T05:42:03+0000"},
)
PROFILE: Json = {
    "username": "ann",
    "name": "Ann",
    "profile_picture_url": "https://x.example/ann.jpg",
    "biography": "Boards",
    "is_verified": False,
    "follower_count": 1_234,
    "likes_count": 10,
    "quotes_count": 0,
    "replies_count": 3,
    "reposts_count": 1,
    "views_count": 400,
}


def of_threads() -> tuple[Payload, ...]:
    """Posts of every kind and accounts."""
    accounts = (PROFILE, {"username": "bob"}, PROFILE | {"follower_count": "77"})
    return (
        *(Payload("post", one) for one in SHAPES),
        *(Payload("profile", one) for one in accounts),
    )
