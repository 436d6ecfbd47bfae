"""Rows of the tables that 4CAT makes of its datasets: other columns for each platform.

4CAT writes 0 where it does not know a number, so a 0 that cannot be told from that is missing.
Which columns there are: https://github.com/digitalmethodsinitiative/4cat (``map_item``).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from ingestors.fields import string
from ingestors.files import x
from ingestors.files.cells import NOT_AVAILABLE, count, flag, tags, time_of
from ingestors.files.instagram import native_id as instagram_id
from ingestors.files.instagram import posted_at
from ingestors.files.numbers import Numbers, sorted_out
from lake.errors import PayloadError
from lake.records import Author, Json, Kind, Post
from lake.text import hashtags_in, mentions_in, normal_hashtags

_X_VIEWS_SINCE = datetime(2022, 12, 15, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Table:
    """One platform's columns besides those that every table has.

    Args:
        platform: Whose posts they are.
        mark: A column that no other platform's table has.
        url: Where the post's address stands.
        name: Where the author's display name stands.
        numbers: Columns by our names.
        kind: What the posts are where no column tells.
        reply_to: Where the id of the post stands that a comment is below.
        media: What is attached where no column tells.
    """

    platform: str
    mark: str
    url: str
    name: str
    numbers: Mapping[str, str]
    kind: Kind = "post"
    reply_to: str = ""
    media: tuple[str, ...] = ()
    hashtags: tuple[str, ...] = field(default=("hashtags",))


_TABLES = (
    Table(
        "tiktok",
        "comment_url",
        "comment_url",
        "author_full",
        {"likes": "likes", "comments": "replies"},
        kind="comment",
        reply_to="post_id",
    ),
    Table(
        "tiktok",
        "tiktok_url",
        "tiktok_url",
        "author_full",
        {"likes": "likes", "comments": "comments", "shares": "shares", "views": "plays"},
        media=("video",),
        hashtags=("hashtags", "challenges"),
    ),
    Table(
        "instagram",
        "num_likes",
        "url",
        "author_fullname",
        {"likes": "num_likes", "comments": "num_comments"},
    ),
    Table(
        "x",
        "retweet_count",
        "link",
        "author_fullname",
        {
            "likes": "like_count",
            "comments": "reply_count",
            "shares": "retweet_count",
            "quotes": "quote_count",
            "views": "impression_count",
        },
    ),
    Table(
        "bluesky",
        "repost_count",
        "link",
        "author_display_name",
        {
            "likes": "like_count",
            "comments": "reply_count",
            "shares": "repost_count",
            "quotes": "quote_count",
        },
        hashtags=("tags",),
    ),
    Table(
        "threads",
        "reposts",
        "url",
        "author_fullname",
        {"likes": "likes", "comments": "replies", "shares": "reposts", "quotes": "quotes"},
    ),
)


def is_known(row: Json) -> bool:
    """Whether a row of 4CAT's is of a platform whose columns are known."""
    return any(table.mark in row for table in _TABLES)


def row_post(row: Json, observed_at: datetime) -> Post:
    """The post of a row.

    Raises:
        PayloadError: The platform cannot be told, or the row has no id or no time.
    """
    table = next((one for one in _TABLES if one.mark in row), None)
    if table is None:
        raise PayloadError(
            "4CAT's columns for this platform are not known; import it as a table: "
            "--format table --platform NAME --column id=id --column text=body …"
        )
    native_id = _native_id(table, row)
    created_at = _created_at(table, row)
    text = string(row.get("body")) or ""
    kind, reply_to = _reference(table, row)
    return Post(
        platform=table.platform,
        kind=kind,
        native_id=native_id,
        created_at=created_at,
        observed_at=observed_at,
        text=text,
        author=_author(table, row),
        url=_known(row.get(table.url)),
        language=x.language(_known(row.get("language_guess"))),
        hashtags=_hashtags(table, row, text),
        mentions=mentions_in(text),
        media=_media(table, row),
        reply_to=reply_to,
        **_numbers(table, row, kind, created_at),
    )


def _native_id(table: Table, row: Json) -> str:
    known = _known(row.get("id"))
    if table.platform == "instagram":
        return instagram_id(known)
    if known is None or (table.platform in ("x", "tiktok") and not known.isdecimal()):
        raise PayloadError("the row has no id")
    return known


def _created_at(table: Table, row: Json) -> datetime:
    """The seconds, for the written time is of the zone of 4CAT's machine in some tables."""
    if count(row.get("unix_timestamp")):
        return time_of(row["unix_timestamp"])
    written = row.get("timestamp")
    if table.platform == "instagram" and written in (None, "", "0"):  # only partly seen
        return posted_at(None, string(row.get("id")))
    return time_of(written)


def _author(table: Table, row: Json) -> Author:
    marks = (row.get("verified"), row.get("is_verified"), row.get("author_is_verified"))
    return Author(
        id=_known(row.get("author_id")),
        handle=(_known(row.get("author")) or "").removeprefix("@") or None,
        name=_known(row.get(table.name)),
        followers=count(row.get("author_followers")),
        verified=next((mark for mark in map(flag, marks) if mark is not None), None),
    )


def _reference(table: Table, row: Json) -> tuple[Kind, str | None]:
    if flag(row.get("is_retweet")):
        return "reshare", None
    if flag(row.get("is_quote_tweet")) or _known(row.get("quoted_post")):
        return "quote", _known(row.get("quote_tweet_id"))
    if flag(row.get("is_reply")) or _known(row.get("replied_to_post")):
        return "reply", None
    return table.kind, _known(row.get(table.reply_to))


def _hashtags(table: Table, row: Json, text: str) -> tuple[str, ...]:
    listed = [tag for name in table.hashtags if name in row for tag in tags(row[name])]
    return normal_hashtags(listed) or hashtags_in(text)


def _media(table: Table, row: Json) -> tuple[str, ...]:
    kind = _known(row.get("media_type")) or ""
    found = {
        "photo": kind in ("photo", "mixed") or _known(row.get("images")),
        "video": kind in ("video", "mixed") or _known(row.get("videos")),
    }
    return tuple(name for name, there in found.items() if there) or table.media


def _numbers(table: Table, row: Json, kind: Kind, created_at: datetime) -> Numbers:
    if kind == "reshare":  # X repeats the original's
        return Numbers(metrics={}, metrics_missing=())
    read = {ours: count(row.get(theirs)) for ours, theirs in table.numbers.items()}
    if table.platform == "x" and read["views"] == 0 and created_at < _X_VIEWS_SINCE:
        read["views"] = None
    if flag(row.get("likes_hidden")):
        read["likes"] = None
    plays = count(row.get("play_count"))
    if plays or (plays == 0 and _known(row.get("media_type")) == "video"):
        read["views"] = plays or None  # 0 is what 4CAT writes for "not told"
    return sorted_out(read)


def _known(value: object) -> str | None:
    found = string(value)
    return None if found is None or found.lower() in NOT_AVAILABLE else found
