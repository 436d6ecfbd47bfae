"""What Instagram really sent, whole and in parts, and by hand the shapes that no recording has."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from ingestors.instagram_media import created_at
from ingestors.instagram_shapes import comments_of, medias_of, tag_of, user_of
from ingestors.platform import Payload
from lake.errors import PayloadError
from lake.records import Json
from tests.contract.payloads import SHARED

FOLDER = SHARED / "instagram"
# Answers with nothing in them that a record could be made of; fakes send them.
EMPTY = {
    "challenge.json",
    "error_code100.json",
    "error_permission.json",
    "hashtags_hashtag_info.json",
    "hashtags_hashtags_info.json",
    "login-error.json",
    "login-generic-errors.json",
    "profile-id-invalid.json",
    "users_hashtag_search.json",
    "users_recently_searched_hashtags.json",
}
# Asked for without permalink and timestamp: nobody can tell when these posts were made.
WITHOUT_TIME = {"hashtags_hashtag_recent_medias_p1.json", "hashtags_hashtag_recent_medias_p2.json"}
V1: Json = {
    "pk": "3984285244001148342",
    "id": "3984285244001148342_77",
    "code": "DdLBlHchN22",
    "taken_at": 1789200000,
    "media_type": 2,
    "product_type": "clips",
    "user": {"pk": 77, "username": "ann", "full_name": "Ann", "is_verified": False},
    "caption": {"text": "Jump #Vans @bob"},
    "like_count": "12",
    "comment_count": 0,
    "play_count": 900,
    "view_count": None,
    "reshare_count": 4,
    "like_and_view_counts_disabled": False,
}
POLARIS: Json = {
    "__typename": "XIGPolarisVideoMedia",
    "pk": "3984285244001148342",
    "code": "DdLBlHchN22",
    "caption": {"text": "hello #Vans"},
    "media_type": "2",
    "product_type": "clips",
}
SIDECAR: Json = {
    "__typename": "GraphSidecar",
    "id": "2498383483036303865",
    "shortcode": "CKsCopzFQH5",
    "edge_media_to_caption": {"edges": []},
    "edge_media_to_comment": {"count": 3},
    "edge_media_preview_like": {"count": -1},
    "taken_at_timestamp": 1612050630,
    "owner": {"id": "2148106670"},
    "edge_sidecar_to_children": {
        "edges": [
            {"node": {"__typename": "GraphImage", "is_video": False}},
            {"node": {"__typename": "GraphVideo", "is_video": True}},
        ]
    },
}
HIDDEN: Json = V1 | {"code": "DdJZRV-Sfal", "like_and_view_counts_disabled": True, "like_count": 3}
GRAPH: Json = {
    "id": "17984016661384418",
    "caption": "Jump #Vans",
    "comments_count": 7,
    "media_type": "CAROUSEL_ALBUM",
    "permalink": "https://www.instagram.com/p/DdLBlHchN22/",
    "timestamp": "2026-09-12T10:00:39+0000",
}
OWNER: Json = {"id": "17841407673135339", "username": "ann", "name": "Ann"}
SECTIONS: Json = {
    "data": {
        "name": "vans",
        "media_count": 4_321,
        "formatted_media_count": "4,3 Tsd.",
        "recent": {
            "sections": [
                {"layout_content": {"medias": [{"media": V1}]}},
                {
                    "layout_content": {
                        "fill_items": [{"media": HIDDEN}],
                        "one_by_two_item": {"clips": {"items": [{"media": POLARIS}]}},
                    }
                },
            ],
            "more_available": True,
            "next_max_id": "abc",
            "next_page": 1,
            "next_media_ids": [],
        },
        "top": {"sections": [{"layout_content": {"medias": [{"media": GRAPH}]}}]},
    },
    "status": "ok",
}
GATED: Json = {
    "data": {
        "xig_polaris_media": {
            "code": "DdLBlHchN22",
            "if_not_gated_logged_out": POLARIS | {"taken_at": 1789200000, "like_count": 10},
        }
    }
}
LOGGED_OUT: Json = {
    "data": {
        "xig_user_by_username": {
            "pk": "74770863655",
            "username": "ann",
            "full_name": "Ann",
            "follower_count": 8938,
            "following_count": 5,
            "is_verified": False,
            "polaris_ordered_timeline_connection": {
                "edges": [{"node": POLARIS}],
                "page_info": {"has_next_page": True, "end_cursor": "x"},
            },
        }
    }
}
MADE = (
    *(Payload("media", one) for one in (V1, POLARIS, SIDECAR, HIDDEN, GRAPH)),
    Payload("media", {"media": GRAPH, "owner": OWNER}),
    *(Payload("page", one) for one in (SECTIONS, GATED, LOGGED_OUT)),
    Payload("tag", {"hashtag": "Vans", "tag": tag_of(SECTIONS)}),
    Payload("profile", OWNER | {"followers_count": 5, "follows_count": 0, "media_count": 2}),
    Payload(
        "comment",
        {"comment": {"pk": 17, "text": "Nice #Vans", "created_at": 1789200001}, "media": "3"},
    ),
)


def recorded(name: str) -> Any:
    """One recorded answer."""
    [path] = FOLDER.glob(f"*/{name}")
    return json.loads(path.read_text(encoding="utf-8"))


def answers() -> Iterator[tuple[str, Json]]:
    """Every recorded answer that is JSON."""
    for path in sorted(FOLDER.glob("*/*.json")):
        if path.name != "medias-error.json":
            yield path.name, json.loads(path.read_text(encoding="utf-8"))


def of_instagram() -> tuple[Payload, ...]:
    """Whole answers, their posts, hashtags, accounts and comments, and what was made by hand."""
    found: dict[str, Payload] = {}
    for name, body in answers():
        if name in EMPTY | WITHOUT_TIME:
            continue
        for payload in (Payload("page", body, name), *_parts(name, body)):
            found.setdefault(f"{payload.kind}{payload.body}", payload)
    return (*found.values(), *MADE)


def _parts(name: str, body: Json) -> Iterator[Payload]:
    user, tag = user_of(body), tag_of(body)
    if user is not None:
        yield Payload("profile", user, name)
    if tag is not None:
        yield Payload("tag", {"hashtag": tag["name"], "tag": tag}, name)
    for media in medias_of(body):
        if not _has_time(media):
            raise PayloadError(name)
        yield Payload("media", media, name)
    for comment in comments_of(body):
        yield Payload("comment", comment, name)


def _has_time(media: Any) -> bool:
    return isinstance(media, dict) and created_at(media) is not None
