"""Posts for ``tests.reference``: read from public files and from the lake, without the importers.

Only the sample is read from the lake: it exists nowhere else. The files of ``datasets`` are read
here a second time, by other means than those of ``ingestors``.
"""

from __future__ import annotations

import csv
import json
import re
import unicodedata
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

Post = dict[str, Any]
_TAG = re.compile(r"(?<![\w&/])#(\w*[^\W\d]\w*)")
_ABSENT = {"", "NA"}
# What the table says of each ad, so that brands have hashtags in common.
_MARKS = ("funny", "patriotic", "celebrity", "danger", "animals", "use_sex")


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text.replace("Z", "+00:00")).astimezone(UTC)


def _tag(text: str) -> str:
    return unicodedata.normalize("NFKC", text).lower()


def _numbers(row: Mapping[str, Any], names: Mapping[str, str]) -> dict[str, int]:
    return {
        ours: int(row[theirs])
        for ours, theirs in names.items()
        if row.get(theirs) not in _ABSENT | {None}
    }


def _post(**fields: Any) -> Post:
    fields.setdefault("seen", datetime(2000, 1, 1, tzinfo=UTC))  # each file is of one moment
    return {"kind": "post", "label": None, "score": None, "then": None, **fields}


def dubois(path: Path) -> list[Post]:
    """The #DuBoisChallenge table; its last row holds nothing."""
    numbers = {"likes": "like_count", "shares": "retweet_count", "quotes": "quote_count"}
    with path.open(encoding="utf-8", newline="") as lines:
        return [
            _post(
                id=row["url"].rpartition("/")[2],
                platform="x",
                at=_time(row["datetime"]),
                author=f"x:{row['username'].lower()}",
                followers=int(row["followers"]),
                tags=set(map(_tag, _TAG.findall(row["content"]))),
                numbers=_numbers(row, numbers),
            )
            for row in csv.DictReader(lines)
            if row["datetime"] not in _ABSENT
        ]


def tidytuesday(path: Path) -> list[Post]:
    """The #TidyTuesday tweets, one JSON object a line."""
    tweets = map(json.loads, path.read_text(encoding="utf-8").splitlines())
    return [
        _post(
            id=tweet["status_id"],
            platform="x",
            kind="quote" if tweet["is_quote"] else "post",
            at=_time(tweet["created_at"]),
            author=f"x:{tweet['user_id']}",
            followers=tweet["followers_count"],
            tags={_tag(tag) for tag in tweet["hashtags"] if tag},
            numbers=_numbers(tweet, {"likes": "favorite_count", "shares": "retweet_count"}),
        )
        for tweet in tweets
    ]


def ad_rows(path: Path) -> list[dict[str, str]]:
    """The ads' table with a column more: hashtags, made of the brand and of what it says."""
    with path.open(encoding="utf-8", newline="") as lines:
        return [
            {**row, "tags": " ".join([brand_tag(row["brand"]), *_marked(row)])}
            for row in csv.DictReader(lines)
        ]


def _marked(row: Mapping[str, str]) -> list[str]:
    return [name.replace("_", "") for name in _MARKS if row[name] == "TRUE"]


def brand_tag(brand: str) -> str:
    """A brand's name as a hashtag."""
    return re.sub(r"\W", "", brand).lower()


def ads(rows: Iterable[Mapping[str, str]]) -> list[Post]:
    """The ads that have an id and a time, each once."""
    numbers = {"likes": "like_count", "comments": "comment_count", "views": "view_count"}
    found = {
        row["id"]: _post(
            id=row["id"],
            platform="youtube",
            at=_time(row["published_at"]),
            author=f"youtube:{row['channel_title'].lower()}",
            followers=None,
            tags=set(row["tags"].split()),
            numbers=_numbers(row, numbers),
        )
        for row in rows
        if row["id"] not in _ABSENT and row["published_at"] not in _ABSENT
    }
    return list(found.values())


def stored(sources: Iterable[Mapping[str, Any]]) -> list[Post]:
    """Posts as the lake holds them."""
    return [
        _post(
            id=source["native_id"],
            platform=source["platform"],
            kind=source["kind"],
            at=_time(source["@timestamp"]),
            seen=_time(source["observed_at"]),
            author=source["author"].get("key"),
            followers=source["author"].get("followers"),
            then=source.get("at_post", {}).get("followers"),
            tags=set(source["hashtags"]),
            numbers=source["metrics"],
            label=source.get("sentiment", {}).get("label"),
            score=source.get("sentiment", {}).get("score"),
        )
        for source in sources
    ]
