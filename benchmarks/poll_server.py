"""Eight platforms on one loopback port, each answer 300 ms late: what ``benchmarks.poll`` polls.

Every hashtag gets a post a minute on every platform, and a page holds the last ten. Answers have
the shapes that the platforms document; ids and texts follow from hashtag and minute alone.
"""

from __future__ import annotations

import argparse
import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any
from zlib import crc32

from aiohttp import web

from benchmarks.poll_payloads import (
    iso,
    likes,
    minutes,
    number,
    post_view,
    status,
    text,
    tweet,
    video_id,
)

Json = dict[str, Any]
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
_LATENCY = web.AppKey("latency", float)


@web.middleware
async def _late(request: web.Request, handler: Handler) -> web.StreamResponse:
    await asyncio.sleep(request.app[_LATENCY])
    return await handler(request)


async def _mastodon_tag(request: web.Request) -> web.Response:
    day = int(time.time()) // 86_400 * 86_400
    history = [{"day": str(day - n * 86_400), "uses": "9", "accounts": "5"} for n in range(7)]
    tag = request.match_info["tag"]
    url = f"https://m.example/tags/{tag}"
    return web.json_response({"name": tag, "url": url, "history": history})


async def _mastodon(request: web.Request) -> web.Response:
    tag, low = request.match_info["tag"], int(request.query.get("min_id", 0))
    high = int(request.query.get("max_id", 2**63))
    found = []
    for minute in minutes():
        id_ = (minute * 60_000 << 16) + crc32(tag.encode()) % 65_536
        if low < id_ < high:
            found.append(status(tag, minute, id_))
    return web.json_response(found)


async def _bluesky(request: web.Request) -> web.Response:
    query = request.query
    tag = (query.get("hashtags") or query.get("tag") or query.get("q", "")).lstrip("#")
    posts = [] if query.get("cursor") else [post_view(tag, minute) for minute in minutes()]
    return web.json_response({"posts": posts, "hitsTotal": 4_000})


async def _session(_: web.Request) -> web.Response:
    tokens = {"accessJwt": "access", "refreshJwt": "refresh", "did": "did:plc:me"}
    return web.json_response(tokens | {"handle": "me.example"})


async def _x_counts(_: web.Request) -> web.Response:
    hour = int(time.time()) // 3_600 * 60
    data = [
        {"start": iso(hour - 60 * n, ".000Z"), "end": iso(hour - 60 * (n - 1), ".000Z"),
         "tweet_count": 60}
        for n in range(1, 4)
    ]  # fmt: skip
    return web.json_response({"data": data, "meta": {"total_tweet_count": 180}})


async def _x(request: web.Request) -> web.Response:
    tag = request.query["query"].split()[0].lstrip("#")
    since = int(request.query.get("since_id", 0))
    tweets = [
        tweet(tag, minute, id_) for minute in minutes() if (id_ := _snowflake(tag, minute)) > since
    ]
    meta: Json = {"result_count": len(tweets)}
    if not tweets:
        return web.json_response({"meta": meta})
    meta |= {"newest_id": tweets[0]["id"], "oldest_id": tweets[-1]["id"]}
    user = {
        "id": "7",
        "username": "ann",
        "name": "Ann",
        "public_metrics": {"followers_count": 321, "following_count": 5, "tweet_count": 99},
    }
    return web.json_response({"data": tweets, "includes": {"users": [user]}, "meta": meta})


def _snowflake(tag: str, minute: int) -> int:
    return ((minute * 60_000 - 1_288_834_974_657) << 22) + crc32(tag.encode()) % 4_096


async def _search_videos(request: web.Request) -> web.Response:
    tag = request.query["q"].lstrip("#")
    items = [
        {"id": {"kind": "youtube#video", "videoId": video_id(tag, minute)},
         "snippet": {"publishedAt": iso(minute), "channelId": "UCann"}}
        for minute in minutes()
    ]  # fmt: skip
    return web.json_response({"items": items, "pageInfo": {"totalResults": 10}})


async def _videos(request: web.Request) -> web.Response:
    minute = minutes()[0]
    items = [
        {
            "id": id_,
            "snippet": {
                "publishedAt": iso(minute - n),
                "channelId": "UCann",
                "channelTitle": "Ann",
                "title": text("benchmark", minute - n),
                "description": "",
            },
            "statistics": {"viewCount": "99", "likeCount": str(n)},
        }
        for n, id_ in enumerate(request.query["id"].split(","))
    ]
    return web.json_response({"items": items})


async def _channels(_: web.Request) -> web.Response:
    channel = {"id": "UCann", "snippet": {"title": "Ann"}, "statistics": {"subscriberCount": "321"}}
    return web.json_response({"items": [channel]})


async def _reddit_token(_: web.Request) -> web.Response:
    token = {"access_token": "t", "token_type": "bearer", "expires_in": 86_400, "scope": "*"}
    return web.json_response(token)


async def _reddit(request: web.Request) -> web.Response:
    tag = request.query["q"].strip('"#').split()[0]
    children = []
    for minute in minutes() if not request.query.get("after") else []:
        id_ = f"{number(tag, minute):x}"
        thing = {
            "id": id_,
            "name": f"t3_{id_}",
            "title": text(tag, minute),
            "selftext": "",
            "author": "ann",
            "author_fullname": "t2_ann",
            "subreddit": "test",
            "permalink": f"/r/test/comments/{id_}/x/",
            "created_utc": float(minute * 60),
            "score": likes(minute),
            "num_comments": 0,
            "num_crossposts": 0,
            "is_self": True,
        }
        children.append({"kind": "t3", "data": thing})
    listing = {"after": None, "before": None, "dist": len(children), "children": children}
    return web.json_response({"kind": "Listing", "data": listing})


async def _hashtag_id(request: web.Request) -> web.Response:
    id_ = 17_841_000_000_000_000 + crc32(request.query["q"].encode())
    return web.json_response({"data": [{"id": str(id_)}]})


async def _media(request: web.Request) -> web.Response:
    tag = request.match_info["id"]
    media = [
        {
            "id": str(number(tag, minute)),
            "caption": text("benchmark", minute),
            "media_type": "IMAGE",
            "permalink": f"https://www.instagram.com/p/{number(tag, minute):x}/",
            "timestamp": iso(minute, "+0000"),
            "like_count": likes(minute),
            "comments_count": 0,
        }
        for minute in minutes()
    ]
    return web.json_response({"data": media})


async def _threads(request: web.Request) -> web.Response:
    tag = request.query["q"].lstrip("#")
    found = [
        {
            "id": str(number(tag, minute)),
            "text": text(tag, minute),
            "media_type": "TEXT_POST",
            "permalink": f"https://www.threads.net/@ann/post/{number(tag, minute)}",
            "timestamp": iso(minute, "+0000"),
            "username": "ann",
        }
        for minute in minutes()
    ]
    return web.json_response({"data": found})


async def _tiktok_token(_: web.Request) -> web.Response:
    return web.json_response({"access_token": "clt.t", "expires_in": 7_200, "token_type": "Bearer"})


async def _tiktok(request: web.Request) -> web.Response:
    tag = _tiktok_tag((await request.json())["query"])
    videos = [
        {
            "id": number(tag, minute),
            "video_description": text(tag, minute),
            "create_time": minute * 60,
            "region_code": "US",
            "username": "ann",
            "hashtag_names": [tag, "benchmark"],
            "like_count": likes(minute),
            "comment_count": 0,
            "share_count": 0,
            "view_count": 9,
        }
        for minute in minutes()
    ]
    data = {"videos": videos, "cursor": len(videos), "has_more": False, "search_id": "s"}
    return web.json_response({"data": data, "error": {"code": "ok", "message": ""}})


def _tiktok_tag(query: Json) -> str:
    values = [c["field_values"][0] for part in query.values() for c in part]
    return str(values[0])


def app(latency_s: float) -> web.Application:
    """All platforms; every answer comes ``latency_s`` late."""
    made = web.Application(middlewares=[_late])
    made[_LATENCY] = latency_s
    get, post = made.router.add_get, made.router.add_post
    get("/api/v1/tags/{tag}", _mastodon_tag)
    get("/api/v1/timelines/tag/{tag}", _mastodon)
    post("/xrpc/com.atproto.server.createSession", _session)
    get("/xrpc/app.bsky.feed.searchPosts", _bluesky)
    get("/xrpc/app.bsky.feed.searchPostsV2", _bluesky)
    get("/2/tweets/counts/recent", _x_counts)
    get("/2/tweets/search/recent", _x)
    get("/youtube/search", _search_videos)
    get("/youtube/videos", _videos)
    get("/youtube/channels", _channels)
    post("/api/v1/access_token", _reddit_token)
    get("/r/{sub}/search", _reddit)
    get("/{version}/ig_hashtag_search", _hashtag_id)
    get("/{version}/{id}/recent_media", _media)
    get("/{version}/keyword_search", _threads)
    post("/v2/oauth/token/", _tiktok_token)
    post("/v2/research/video/query/", _tiktok)
    return made


def main() -> None:
    """Serves until it is killed; prints its port first."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--latency-s", type=float, default=0.3)
    wanted = parser.parse_args()

    async def serve() -> None:
        runner = web.AppRunner(app(wanted.latency_s), access_log=None)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        print(runner.addresses[0][1], flush=True)
        await asyncio.Event().wait()

    asyncio.run(serve())


if __name__ == "__main__":
    main()
