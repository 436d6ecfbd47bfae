"""Archive files of X made by hand: the n-th post in the form of each program."""

from __future__ import annotations

import json
from typing import Any

Json = dict[str, Any]
FIRST_ID = 1_674_000_000_000_000_000  # 2023-06-28
STEP = 10_000_000_000_000  # some 40 minutes
WEEKDAYS = ("Wed", "Thu")


def tweet_id(n: int) -> int:
    """The n-th post's id, which tells its time."""
    return FIRST_ID + n * STEP


def user_v1(n: int) -> Json:
    """An author as API v1.1 shows it."""
    return {
        "id": 70 + n,
        "id_str": str(70 + n),
        "name": f"Ann {n}",
        "screen_name": f"ann_{n}",
        "followers_count": 900 + n,
        "verified": n % 2 == 0,
        "created_at": "Wed Aug 27 13:08:45 +0000 2008",
    }


def entities(*tags: str) -> Json:
    """Entities with these hashtags and one mention."""
    return {
        "hashtags": [{"text": tag, "indices": [0, len(tag) + 1]} for tag in tags],
        "user_mentions": [{"screen_name": "Bob", "id_str": "8", "name": "Bob"}],
        "symbols": [],
        "urls": [],
    }


def tweet_v1(n: int) -> Json:
    """A tweet of API v1.1: plain, an answer, a quote, a retweet, long, with media."""
    made: Json = {
        "created_at": f"{WEEKDAYS[n // 20]} Jun 28 0{n % 10}:08:45 +0000 2023",
        "id": tweet_id(n),
        "id_str": str(tweet_id(n)),
        "text": f"@Bob hello &amp; #One {n}",
        "truncated": False,
        "entities": entities("One"),
        "source": '<a href="http://x.example">X</a>',
        "user": user_v1(n),
        "is_quote_status": False,
        "retweet_count": n,
        "favorite_count": 2 * n,
        "lang": "en",
    }
    match n % 6:
        case 1:
            made["in_reply_to_status_id_str"] = str(tweet_id(0))
            made["in_reply_to_user_id_str"] = "70"
        case 2:
            made |= {"is_quote_status": True, "quoted_status_id_str": str(tweet_id(0))}
            made["quoted_status"] = {"id_str": str(tweet_id(0)), "text": "quoted"}
        case 3:
            made["text"] = "RT @ann_0: a long text, cut …"
            made["retweeted_status"] = tweet_v1(0) | {"entities": entities("One", "Cut")}
        case 4:
            long = {"full_text": "the whole text #One #Two", "entities": entities("One", "Two")}
            media = {"media": [{"id_str": "5", "type": "animated_gif"}]}
            made |= {"truncated": True, "extended_tweet": long | {"extended_entities": media}}
        case 5:
            made["entities"] |= {"media": [{"type": "photo"}]}
            made["extended_entities"] = {"media": [{"type": "photo"}, {"type": "video"}]}
            made |= {"reply_count": n, "quote_count": 0}
    return made


def archived(n: int) -> Json:
    """An entry of ``tweets.js``: counts are texts, the author is not told."""
    text = f"RT @bob: #One {n}" if n % 4 == 3 else f"my own #One {n}"
    return {
        "tweet": {
            "edit_info": {"initial": {"editTweetIds": [str(tweet_id(n))], "editsRemaining": "5"}},
            "retweeted": False,
            "source": '<a href="https://mobile.x.example">X Web App</a>',
            "entities": entities("One"),
            "display_text_range": ["0", "20"],
            "favorite_count": str(10 + n),
            "id_str": str(tweet_id(n)),
            "truncated": False,
            "retweet_count": "0",
            "id": str(tweet_id(n)),
            "created_at": f"Wed Jun 28 0{n % 10}:08:45 +0000 2023",
            "favorited": False,
            "full_text": text,
            "lang": "de",
        }
    }


def tweets_js(count: int) -> bytes:
    """An account's own archive, as X prints it."""
    body = json.dumps([archived(n) for n in range(count)], indent=2)
    return f"window.YTD.tweets.part0 = {body}".encode()


def twint(n: int) -> Json:
    """A tweet of twint's; every third was found as a retweet."""
    made: Json = {
        "id": tweet_id(n),
        "conversation_id": str(tweet_id(0 if n % 4 == 1 else n)),
        "created_at": "2023-06-28 16:00:00 CEST",
        "date": "2023-06-28",
        "time": "16:00:00",
        "timezone": "+0200",
        "user_id": 70 + n,
        "username": f"ann_{n}",
        "name": f"Ann {n}",
        "place": "",
        "tweet": f"hello &amp; #One @bob {n}",
        "language": "en",
        "mentions": [{"screen_name": "bob", "name": "Bob", "id": "8"}],
        "urls": [],
        "photos": ["https://pbs.example/1.jpg"] if n % 5 == 0 else [],
        "replies_count": 1,
        "retweets_count": n,
        "likes_count": 2 * n,
        "hashtags": ["one"],
        "cashtags": [],
        "link": f"https://twitter.com/ann_{n}/status/{tweet_id(n)}",
        "retweet": n % 3 == 2,
        "quote_url": f"https://twitter.com/x/status/{tweet_id(0)}" if n % 4 == 2 else "",
        "video": int(n % 5 == 1),
        "thumbnail": "",
        "near": "",
        "geo": "",
        "source": "",
        "user_rt_id": "",
        "user_rt": "",
        "retweet_id": "",
        "reply_to": [],
        "retweet_date": "",
    }
    if made["retweet"]:
        retweet = {"retweet_id": str(tweet_id(n + 100)), "user_rt": "carl", "user_rt_id": "99"}
        made |= retweet | {"retweet_date": "2023-06-29 10:00:00"}
    return made


def result(n: int) -> Json:
    """A post as X's own pages receive it, by turns with each way in which they changed."""
    person = {"screen_name": f"ann_{n}", "name": f"Ann {n}"}
    new = n % 2 == 1
    author: Json = {
        "__typename": "User",
        "rest_id": str(70 + n),
        "is_blue_verified": new,
        "legacy": {"followers_count": 900 + n} | ({} if new else person | {"verified": False}),
    }
    author |= {"core": person} if new else {}
    legacy = {
        "bookmark_count": n,
        "created_at": "Wed Jun 28 16:00:00 +0000 2023",
        "conversation_id_str": str(tweet_id(n)),
        "entities": entities("One"),
        "favorite_count": 2 * n,
        "full_text": f"hello &amp; #One {n}",
        "is_quote_status": n % 4 == 2,
        "lang": "en",
        "quote_count": 0,
        "reply_count": 3,
        "retweet_count": n,
        "user_id_str": str(70 + n),
        "id_str": str(tweet_id(n)),
    }
    made: Json = {
        "__typename": "Tweet",
        "rest_id": str(tweet_id(n)),
        "core": {"user_results": {"result": author}},
        "views": {"count": str(1000 + n), "state": "EnabledWithCount"},
        "legacy": legacy,
    }
    match n % 4:
        case 1:
            note = {"text": "the whole text #One #Two", "entity_set": entities("One", "Two")}
            made["note_tweet"] = {"note_tweet_results": {"result": note}}
        case 2:
            legacy["quoted_status_id_str"] = str(tweet_id(0))
            made["quoted_status_result"] = {"result": result(0)}
        case 3:
            legacy["full_text"] = "RT @ann_0: hello …"
            legacy["retweeted_status_result"] = {"result": {"tweet": result(0)}}
    return made


def flat_v2(n: int) -> Json:
    """A post of API v2 as twarc flattens it, or (every second) as 4CAT does."""
    author = {
        "id": str(70 + n),
        "username": f"ann_{n}",
        "name": f"Ann {n}",
        "public_metrics": {"followers_count": 900 + n},
    }
    made: Json = {
        "id": str(tweet_id(n)),
        "text": f"hello #One {n}",
        "author_id": str(70 + n),
        "created_at": "2023-06-28T16:00:00.000Z",
        "public_metrics": {"retweet_count": n, "reply_count": 1, "like_count": 2, "quote_count": 0},
    }
    if n % 2:
        media = [{"media_key": "3_1", "type": "photo"}]
        return made | {"author_user": author, "attachments": {"media_keys": media}}
    return made | {"author": author, "__twarc": {"version": "2.14.0"}}
