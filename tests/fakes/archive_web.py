"""Archive files of scrapers, research tools and Taglake made by hand: the n-th post of each."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from analysis.posts import public_post
from api.export import COLUMNS, cell
from tests.fakes import archive_x as x

Json = dict[str, Any]
CREATED_S = 1_687_960_000  # 2023-06-28T13:46:40Z
COLLECTED_MS = 1_687_999_000_123
SITES = ("tiktok.com", "instagram.com", "twitter.com", "x.com")


def table(rows: Sequence[Mapping[str, Any]], delimiter: str = ",") -> bytes:
    """Rows as a CSV file, with every column that one of them has."""
    names = list(dict.fromkeys(name for row in rows for name in row))
    text = io.StringIO()
    writer = csv.DictWriter(text, names, delimiter=delimiter, restval="")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode()


def code(n: int) -> str:
    """A short code of Instagram's."""
    return f"CuDE5f{n % 10}NoP{'abcdefghijkl'[n % 12]}"


def tiktok_item(n: int) -> Json:
    """A video as TikTok's own pages receive it."""
    return {
        "id": str(7_249_000_000_000_000_000 + n),
        "desc": f"dance #One {n}",
        "createTime": str(CREATED_S + n),
        "author": {"id": "681", "uniqueId": f"ann_{n}", "nickname": "Ann", "verified": True},
        "authorStats": {"followerCount": 900},
        "stats": {"diggCount": 2 * n, "commentCount": 3, "shareCount": 4, "playCount": 1000 + n},
        "challenges": [{"id": "5", "title": "one"}],
        "video": {"id": "1"},
    }


def instagram_item(n: int) -> Json:
    """A post as Instagram's own pages receive it, in the first (even) or the second shape."""
    if n % 2 == 0:
        return {"shortcode": code(n)} | graphql_node(n)
    return {
        "__typename": "XDTMediaDict",
        "pk": "3133000000000000000",
        "code": code(n),
        "taken_at": CREATED_S,
        "media_type": 2,
        "caption": {"text": f"reel #One {n}"},
        "user": {"pk": "77", "username": "ann", "full_name": "Ann", "is_verified": False},
        "like_count": 2 * n,
        "comment_count": 3,
        "play_count": 500,
        "like_and_view_counts_disabled": n == 3,
    }


def graphql_node(n: int) -> Json:
    """A post of Instagram's GraphQL; the likes of every third are hidden."""
    return {
        "__typename": "GraphVideo" if n % 2 else "GraphImage",
        "id": "3133000000000000000",
        "shortcode": code(n),
        "is_video": bool(n % 2),
        "owner": {"id": "77", "username": "ann"},
        "taken_at_timestamp": CREATED_S,
        "edge_media_to_caption": {"edges": [{"node": {"text": f"a photo #One @bob {n}"}}]},
        "edge_media_preview_like": {"count": -1 if n % 3 == 2 else 2 * n},
        "edge_media_to_comment": {"count": 3},
        "video_view_count": 400 if n % 2 else None,
    }


def zeeschuimer(n: int) -> Json:
    """A line of Zeeschuimer's, by turns of each site that is read."""
    site = SITES[n % len(SITES)]
    readers = {"tiktok.com": tiktok_item, "instagram.com": instagram_item}
    return {
        "nav_index": "1:4:0",
        "item_id": str(n),
        "timestamp_collected": COLLECTED_MS,
        "source_platform": site,
        "source_platform_url": f"https://www.{site}/one",
        "source_url": f"https://www.{site}/api",
        "user_agent": "Mozilla/5.0",
        "data": readers.get(site, x.result)(n),
    }


def fourcat(n: int) -> Json:
    """A line of 4CAT's: Zeeschuimer's with the item outermost."""
    line = zeeschuimer(n)
    return line.pop("data") | {"__import_meta": line}


def fourcat_bluesky(n: int) -> Json:
    """A line of 4CAT's of what it collected of Bluesky itself."""
    return {
        "uri": f"at://did:plc:ann/app.bsky.feed.post/3k{n}",
        "cid": "bafy",
        "author": {"did": "did:plc:ann", "handle": "ann.example", "display_name": "Ann"},
        "record": {"text": f"sky #One {n}", "created_at": "2024-06-28T10:00:00Z", "tags": ["One"]},
        "indexed_at": "2024-06-28T10:00:01Z",
        "like_count": n,
        "reply_count": 1,
        "repost_count": 2,
        "quote_count": 0,
        "4CAT_metadata": {"collected_at": 1_719_600_000, "query": "one", "rank": n},
    }


def fourcat_row(n: int, platform: str) -> Json:
    """A row of 4CAT's table of a platform."""
    row: Json = {
        "collected_from_url": f"https://{platform}/one",
        "id": code(n) if platform == "instagram" else str(x.tweet_id(n)),
        "thread_id": str(n),
        "author": f"ann_{n}",
        "author_fullname": f"Ann {n}",
        "body": f"hello #One @bob {n}",
        "timestamp": "2023-06-28 15:46:40",  # of the machine's zone
        "unix_timestamp": CREATED_S,
        "hashtags": "One,Two",
    }
    match platform:
        case "tiktok":
            numbers = {"likes": 2 * n, "comments": 3, "shares": 4, "plays": 1000}
            names = {"tiktok_url": f"https://www.tiktok.com/@ann/video/{n}", "author_full": "Ann"}
            return row | names | numbers | {"author_followers": 900, "challenges": "three"}
        case "instagram":
            address = {"url": f"https://www.instagram.com/p/{code(n)}", "media_type": "video"}
            hidden = {"likes_hidden": "yes" if n % 2 else "no", "num_likes": 0 if n % 2 else 8}
            return row | address | hidden | {"num_comments": -1 if n % 3 else 3, "play_count": 0}
        case "x":
            counts = {"retweet_count": n, "reply_count": 1, "like_count": 2, "quote_count": 0}
            kinds = {"is_retweet": "no", "is_quote_tweet": "no", "is_reply": "no"}
            kinds |= {tuple(kinds)[n % 3]: "yes"} if n % 4 else {}
            link = {"link": f"https://x.com/ann/status/{row['id']}", "impression_count": 50}
            return row | counts | kinds | link | {"language_guess": "en", "images": ""}
        case "threads":
            counts = {"likes": n, "reposts": 1, "replies": 2, "quotes": 0}
            return row | counts | {"url": "https://www.threads.com/@ann/post/C", "id": f"C{n}"}
    return row


def instaloader(n: int) -> Json:
    """A structure that instaloader saved."""
    return {"node": graphql_node(n), "instaloader": {"version": "4.14", "node_type": "Post"}}


def apify_instagram(n: int) -> Json:
    """A post of Apify's Instagram actor; the likes of every third are hidden."""
    return {
        "id": "3133000000000000000",
        "type": ("Image", "Video", "Sidecar")[n % 3],
        "shortCode": code(n),
        "caption": f"a post #One @bob {n}",
        "hashtags": ["One"],
        "mentions": ["bob"],
        "url": f"https://www.instagram.com/p/{code(n)}/",
        "commentsCount": 3,
        "likesCount": -1 if n % 3 == 2 else 2 * n,
        "timestamp": "2023-06-28T13:46:40.000Z",
        "ownerFullName": "Ann",
        "ownerUsername": "ann",
        "ownerId": "77",
        "childPosts": [{"type": "Image"}, {"type": "Video"}] if n % 3 == 2 else [],
    } | ({"videoViewCount": 400, "videoPlayCount": 900} if n % 3 == 1 else {})


def apify_tiktok(n: int) -> Json:
    """A video of Apify's TikTok actor."""
    return {
        "id": str(7_249_000_000_000_000_000 + n),
        "text": f"dance #One @bob {n}",
        "textLanguage": "en" if n % 2 else "un",
        "createTime": CREATED_S,
        "createTimeISO": "2023-06-28T13:46:40.000Z",
        "authorMeta": {"id": "681", "name": "ann", "nickName": "Ann", "verified": False, "fans": 9},
        "webVideoUrl": f"https://www.tiktok.com/@ann/video/{7_249_000_000_000_000_000 + n}",
        "diggCount": 2 * n,
        "shareCount": 4,
        "playCount": 1000,
        "collectCount": 5,
        "commentCount": 3,
        "mentions": ["@bob"],
        "hashtags": [{"id": "5", "name": "one", "title": ""}],
        "isSlideshow": n % 4 == 3,
    }


def flattened(value: Any, path: str = "") -> Json:
    """A JSON object as Apify makes a row of it: paths are the columns' names."""
    items = value.items() if isinstance(value, dict) else enumerate(value)
    row: Json = {}
    for name, one in items:
        inner = flattened(one, f"{path}{name}/") if isinstance(one, dict | list) else None
        row |= {f"{path}{name}": one} if inner is None else inner
    return row


def phantombuster(n: int) -> Json:
    """A row of Phantombuster's Instagram collectors."""
    return {
        "postUrl": f"https://www.instagram.com/{'reel' if n % 2 else 'p'}/{code(n)}/",
        "description": f"a post #One @bob {n}",
        "commentCount": "1,234",
        "likeCount": "541.2K",
        "pubDate": "2023-06-28T13:46:40.000Z",
        "type": "Video" if n % 2 else "Photo",
        "caption": "what a machine sees",
        "profileUrl": "https://www.instagram.com/ann",
        "username": "ann",
        "fullName": "Ann",
        "viewCount": "" if n % 4 else "1.2M",
        "query": "#one",
        "timestamp": "2023-07-01T10:00:00.000Z",
    }


def stored(n: int) -> Json:
    """A post as the lake keeps it."""
    metrics = {"likes": 2 * n, "comments": 3} | ({"views": 1000} if n % 2 else {})
    author = {"id": f"7{n}", "handle": f"ann_{n}", "name": "=Ann", "followers": 9, "verified": True}
    return {
        "@timestamp": "2023-06-28T13:46:40.123Z",
        "platform": ("x", "mastodon", "youtube")[n % 3],
        "kind": ("post", "reply", "comment")[n % 3],
        "native_id": f"-id/{n}",
        "url": f"https://a.example/{n}",
        "author": author if n % 4 else {},
        "text": f'-first\r\nsecond, "third" #One {n}',
        "lang": {"platform": "en"} if n % 2 else {},
        "hashtags": ["one", "zwei"],
        "mentions": ["bob@a.example"],
        "media": ["photo", "link"],
        "reply_to": str(n) if n % 3 else None,
        "metrics": metrics,
        "first_seen": datetime(2023, 6, 28, 14, tzinfo=UTC).isoformat(),
        "observed_at": "2023-07-01T10:00:00.456Z",
    }


def taglake(n: int) -> Json:
    """A post of a JSON export."""
    return public_post(stored(n))


def taglake_row(n: int) -> Json:
    """A row of a CSV export."""
    return {name: cell(read(taglake(n))) for name, read in COLUMNS.items()}
