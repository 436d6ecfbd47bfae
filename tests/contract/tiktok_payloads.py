"""What TikTok really sent, and by hand what no recording shows."""

from __future__ import annotations

import copy
import json

from ingestors.platform import Payload
from lake.records import Json
from tests.contract.payloads import SHARED

RECORDED = SHARED / "tiktok" / "web_recommend_item_list_2024-12.json"
VIDEO = "7444705554666130708"  # made 2024-12-04


def recorded_item() -> Json:
    """The one item that was recorded."""
    found: Json = json.loads(RECORDED.read_text(encoding="utf-8"))["itemList"][0]
    return found


def item(**changes: object) -> Json:
    """The recorded item with other values; a key whose value is ``...`` is taken out."""
    body = copy.deepcopy(recorded_item()) | changes
    return {key: value for key, value in body.items() if value is not ...}


def old_item() -> Json:
    """As the site sent them in 2020: no ``statsV2``, likes of the author as text."""
    stats = {"diggCount": 5, "shareCount": 0, "commentCount": 2, "playCount": 77}
    author_stats = {"followerCount": 1200, "heartCount": "31400", "videoCount": 9}
    return item(
        id="6813742563018542341",
        createTime="1586449352",
        stats=stats,
        statsV2=...,
        authorStats=author_stats,
        textLanguage=...,
        contents=...,
        challenges=...,
        textExtra=[
            {"hashtagName": "Vans", "userUniqueId": "", "start": 0, "end": 5},
            {"hashtagName": "", "userUniqueId": "Ann.B", "start": 6, "end": 12},
        ],
        desc="#Vans @Ann.B",
    )


def state_item() -> Json:
    """As a page's own state holds them: the author is the handle alone."""
    return item(author="usergerageda", nickname="N", authorId="7420667015738885137")


def photos() -> Json:
    """A post of photos: ``video`` is there and empty."""
    return item(imagePost={"images": [{}], "title": ""}, video={"id": VIDEO, "duration": 0})


def user() -> Json:
    """An account; ``stats`` is rounded."""
    return {
        "user": {
            "id": "6745191554350760966",
            "uniqueId": "ann.b",
            "nickname": "Ann",
            "secUid": "MS4wLjABAAAA",
            "signature": "Shoes.",
            "verified": True,
            "createTime": 1570492800,
            "bioLink": {"link": "example.org"},
        },
        "stats": {
            "followerCount": 427700,
            "followingCount": 12,
            "heart": 1900000,
            "heartCount": 1900000,
            "videoCount": 310,
        },
        "statsV2": {"followerCount": "427682", "followingCount": "12", "videoCount": "310"},
    }


def old_user() -> Json:
    """An account of 2021, in a whole answer."""
    info = user()
    del info["statsV2"]
    info["stats"]["heartCount"] = "1900000"
    info["stats"]["followerCount"] = "427700"
    return {"statusCode": 0, "userInfo": info}


def challenge() -> Json:
    """A hashtag with both forms of its numbers."""
    return {
        "challenge": {"id": "229207", "title": "FYP", "desc": "", "isCommerce": False},
        "stats": {"videoCount": 42100000, "viewCount": 503200000000},
        "statsV2": {"videoCount": "42123456", "viewCount": "503212345678"},
    }


def comment() -> Json:
    """A comment of the site, below a video."""
    return {
        "cid": "7444800000000000001",
        "aweme_id": VIDEO,
        "text": "nice #Vans @ann",
        "create_time": 1733360000,
        "digg_count": 3,
        "reply_comment_total": 1,
        "reply_id": "0",
        "comment_language": "en",
        "share_info": {"url": f"https://m.tiktok.com/v/{VIDEO}.html?_d=x"},
        "user": {"uid": "6745191554350760966", "unique_id": "ann.b", "nickname": "Ann"},
    }


def research_video() -> Json:
    """A video of the Research API, its id as the number that is sent."""
    return {
        "id": int(VIDEO),
        "video_description": "New shoes #Vans #OffTheWall @ann.b",
        "create_time": 1733355614,
        "region_code": "US",
        "share_count": 4,
        "view_count": 1585253,
        "like_count": 38884,
        "comment_count": 504,
        "favorites_count": 3207,
        "hashtag_names": ["Vans", "offthewall", "vans"],
        "username": "usergerageda",
        "video_duration": 61,
        "video_mention_list": ["Ann.B"],
    }


def research_user() -> Json:
    """An account of the Research API, beside the handle that was asked for."""
    answer = {
        "display_name": "Ann",
        "bio_description": "Shoes.",
        "is_verified": False,
        "follower_count": 427682,
        "following_count": 0,
        "likes_count": 1900000,
        "video_count": 310,
    }
    return {"username": "ann.b", "user": answer}


def research_comment() -> Json:
    """A comment of the Research API, which names nobody."""
    return {
        "id": 7444800000000000001,
        "video_id": int(VIDEO),
        "parent_comment_id": int(VIDEO),
        "text": "nice",
        "like_count": 3,
        "reply_count": 0,
        "create_time": 1733360000,
    }


def of_tiktok() -> tuple[Payload, ...]:
    """Every shape."""
    plain = research_video()
    for key in ("favorites_count", "hashtag_names", "video_mention_list"):
        del plain[key]
    plain["video_id"] = str(plain.pop("id"))
    answer_below = comment() | {"cid": "7444800000000000002", "reply_id": "7444800000000000001"}
    wrapped = {"statusCode": 0, "itemInfo": {"itemStruct": item()}}
    return (
        Payload("item", recorded_item(), RECORDED.name),
        Payload("item", old_item()),
        Payload("item", state_item()),
        Payload("item", photos()),
        Payload("item", item(desc="", textLanguage="un", textExtra=[], challenges=None)),
        Payload("item", wrapped),
        Payload("user", user()),
        Payload("user", old_user()),
        Payload("challenge", challenge()),
        Payload("challenge", {"statusCode": 0, "challengeInfo": challenge() | {"statsV2": None}}),
        Payload("comment", comment()),
        Payload("comment", answer_below),
        Payload("research_video", research_video()),
        Payload("research_video", plain),
        Payload("research_user", research_user()),
        Payload("research_comment", research_comment()),
        Payload("gone", {"id": VIDEO, "reason": "absent"}),
    )
