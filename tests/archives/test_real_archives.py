"""Public data sets, read as `taglake import` reads them, against the figures beside them."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from ingestors.files.columns import ColumnMap
from ingestors.platform import Unreadable
from ingestors.platforms.archive import Options, connect, target_of
from lake.errors import ConfigError, InvalidError, PayloadError
from lake.records import Post, Profile, Record

SHARED = Path(__file__).resolve().parents[2] / "../shared"
X = SHARED / "payloads/x"
DUBOIS = {
    "text": "content",
    "created_at": "datetime",
    "likes": "like_count",
    "shares": "retweet_count",
    "quotes": "quote_count",
    "author_handle": "username",
    "followers": "followers",
    "url": "url",
}
DUBOIS_RAW = {
    "text": "Content",
    "created_at": "Datetime",
    "likes": "Like Count",
    "shares": "RetweetCount",
    "quotes": "Quote Count",
    "author_handle": "Username",
    "followers": "Followers",
    "url": "URL",
}


async def imported(
    options: Options,
) -> tuple[list[Record], list[PayloadError], list[Unreadable]]:
    records: list[Record] = []
    refused: list[PayloadError] = []
    unreadable: list[Unreadable] = []
    async with connect(options) as archive:
        async for page in archive.pages(target_of(options), None):
            unreadable += page.unreadable
            for payload in page.payloads:
                try:
                    records += archive.normalise(payload, page.observed_at)
                except PayloadError as exc:
                    refused.append(exc)
        assert archive.bytes_read == archive.bytes_total > 0
    return records, refused, unreadable


async def posts(options: Options) -> list[Post]:
    records, _, _ = await imported(options)
    return [record for record in records if isinstance(record, Post)]


def total(found: list[Post], metric: str) -> int:
    return sum(post.metrics.get(metric, 0) for post in found)


async def test_the_tidytuesday_tweets_give_the_campaign_figures():
    start, end = datetime(2018, 4, 1, tzinfo=UTC), datetime(2019, 1, 1, tzinfo=UTC)

    found = await posts(Options(path=SHARED / "datasets/tidytuesday2018/tidytuesday_tweets.jsonl"))

    tagged = [
        post for post in found if "tidytuesday" in post.hashtags and start <= post.created_at < end
    ]
    months = Counter(post.created_at.month for post in tagged)
    assert len(found) == 1_565
    assert len(tagged) == 1_517
    assert len({post.author.key() for post in tagged}) == 464
    assert total(tagged, "likes") == 22_669
    assert total(tagged, "shares") == 4_629
    assert [months[month] for month in range(4, 13)] == [
        288, 215, 174, 119, 117, 115, 203, 170, 116,
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "columns"), [("tweets", DUBOIS), ("DuBoisChallengeTweets_raw", DUBOIS_RAW)]
)
async def test_the_dubois_table_gives_the_challenge_figures(name, columns):
    options = Options(
        path=SHARED / f"datasets/dubois/{name}.csv",
        columns=ColumnMap(platform="x", columns=columns),
    )

    records, refused, unreadable = await imported(options)

    found = [record for record in records if isinstance(record, Post)]
    tags = Counter(tag for post in found for tag in post.hashtags)
    assert len(found) == len({post.native_id for post in found}) == 444
    assert [str(error) for error in refused] == ["the row has no id"]
    assert not unreadable
    assert len({post.author.key() for post in found}) == 166
    assert [total(found, name) for name in ("shares", "likes", "quotes")] == [1_290, 7_144, 278]
    assert [tags[tag] for tag in ("duboischallenge", "tidytuesday", "dataviz", "rstats")] == [
        444, 135, 66, 65,
    ]  # fmt: skip
    assert Counter(post.author.handle for post in found).most_common(1) == [("AlDatavizguy", 125)]


async def test_the_last_dubois_row_is_placed_at_its_own_first_line():
    path = SHARED / "datasets/dubois/tweets.csv"
    options = Options(path=path, columns=ColumnMap(platform="x", columns=DUBOIS))

    async with connect(options) as archive:
        pages = [page async for page in archive.pages(target_of(options), None)]

    lines = path.read_text(encoding="utf-8").splitlines()
    place = pages[-1].payloads[-1].place or ""
    assert place == f"tweets.csv:{len(lines)}"
    assert lines[-1].startswith("NA,NA,NA")


async def test_the_super_bowl_ads_keep_every_view():
    columns = {
        "id": "id",
        "url": "youtube_url",
        "title": "title",
        "text": "description",
        "created_at": "published_at",
        "views": "view_count",
        "likes": "like_count",
        "comments": "comment_count",
        "author_name": "channel_title",
    }
    options = Options(
        path=SHARED / "datasets/superbowl-ads/youtube.csv",
        columns=ColumnMap(platform="youtube", columns=columns),
    )

    records, refused, _ = await imported(options)

    found = [record for record in records if isinstance(record, Post)]
    assert len(found) + len(refused) == 247
    assert len(refused) == 16, "rows whose time is NA"
    assert total(found, "views") == 325_145_542
    assert total(found, "likes") == 932_857
    assert total(found, "comments") == 41_878
    assert max(post.metrics.get("views", 0) for post in found) == 176_373_378


async def test_the_mayweather_tweets_are_all_read():
    columns = {"id": "id", "text": "text", "created_at": "created_at", "url": "link"}
    options = Options(
        path=SHARED / "datasets/mayweather/tweets.csv",
        columns=ColumnMap(platform="x", columns=columns),
    )

    found = await posts(options)

    assert len({post.native_id for post in found}) == len(found) == 12_118
    assert f"{min(post.created_at for post in found):%H:%M:%S}" == "00:05:34"
    assert f"{max(post.created_at for post in found):%H:%M:%S}" == "01:14:59"


@pytest.mark.parametrize(
    ("name", "rows", "peak"),
    [
        ("IchBinHanna", 63_771, (date(2021, 6, 11), 9_914)),
        ("95vsWissZeitVG", 14_706, (date(2020, 10, 31), 1_319)),
        ("ACertainDegreeOfFlexibility", 13_172, (date(2020, 12, 10), 941)),
    ],
)
async def test_ids_alone_tell_the_days_of_a_campaign(name, rows, peak):
    options = Options(
        path=SHARED / f"datasets/ichbinhanna/{name}_TweetIDs.txt",
        columns=ColumnMap(platform="x", columns={"id": "1"}, header=False),
        hashtags=(name,),
    )

    records, refused, unreadable = await imported(options)

    days = Counter(record.created_at.date() for record in records if isinstance(record, Post))
    assert len(records) + len(refused) + len(unreadable) == rows
    assert days.most_common(1) == [peak]
    assert all(record.hashtags == (name.lower(),) for record in records if isinstance(record, Post))


@pytest.mark.parametrize(
    ("name", "kinds"),
    [
        ("twarc-csv/2sets.jsonl", {"reshare": 145, "post": 34, "quote": 11, "reply": 10}),
        ("twarc-csv/flat.jsonl", {"reshare": 47, "reply": 32, "post": 13, "quote": 8}),
        ("twarc-csv/entities_test.jsonl", {"reshare": 314, "reply": 83, "post": 65, "quote": 12}),
        ("python-twitter/searches_search_tweets_query.json", {"reply": 4}),
        ("python-twitter/tweet_tweet_resp.json", {"post": 1}),
        ("academictwitteR/commtwitter/data_1399765322509557763.json", {"reshare": 3, "post": 2}),
    ],
)
async def test_every_form_of_an_x_archive_is_read(name, kinds):
    records, refused, unreadable = await imported(Options(path=X / name))

    assert not refused
    assert not unreadable
    assert Counter(record.kind for record in records if isinstance(record, Post)) == kinds


async def test_a_stream_file_that_breaks_off_keeps_its_seven_posts():
    records, _, unreadable = await imported(
        Options(path=X / "twarc-csv/streaming_output_with_error.jsonl")
    )

    assert len(records) == 7
    assert [one.place for one in unreadable] == ["streaming_output_with_error.jsonl:8"]
    assert unreadable[0].reason.startswith("is not JSON")


async def test_user_answers_become_profiles():
    records, _, _ = await imported(Options(path=X / "twarc-csv/users.jsonl"))

    assert len(records) == 96
    assert all(isinstance(record, Profile) for record in records)


@pytest.mark.parametrize(
    ("name", "count"),
    [
        ("searchPosts_0e3ec", 100),
        ("getAuthorFeed_925c2", 35),
        ("getListFeed_6a31b", 24),
        ("getPostThread_72827", 4),
    ],
)
async def test_bluesky_answers_are_read(name, count):
    path = SHARED / f"payloads/bluesky/atrrr/app.bsky.feed.{name}.json"

    found = await posts(Options(path=path))

    assert len(found) == count
    assert all(post.native_id.startswith("at://") for post in found)


@pytest.mark.parametrize(
    "name",
    [
        "payloads/x/twarc-csv/counts.jsonl",
        "payloads/x/python-twitter/usage_usage_tweets_resp.json",
        "payloads/x/tweepy/testsearchtweets.json",
        "payloads/bluesky/jetstream/manifest.json",
        "payloads/bluesky/atrrr/app.bsky.actor.getProfiles_01031.json",
        "datasets/README.md",
    ],
)
def test_what_is_no_archive_is_refused_in_one_line(name):
    with pytest.raises(InvalidError, match="not an archive that Taglake knows") as refused:
        target_of(Options(path=SHARED / name))

    assert "\n" not in str(refused.value)
    assert "rtweet" in str(refused.value)


def test_a_table_without_a_column_map_lists_its_columns():
    with pytest.raises(ConfigError, match="datetime, content, retweet_count"):
        target_of(Options(path=SHARED / "datasets/dubois/tweets.csv"))


@pytest.mark.parametrize("size", [1, 7, 100])
async def test_a_walk_resumed_behind_any_page_gives_exactly_the_rest(size):
    options = Options(path=X / "twarc-csv/2sets.jsonl", page_payloads=size)
    target = target_of(options)

    async with connect(options) as archive:
        whole = [page async for page in archive.pages(target, None)]
        for number in range(0, len(whole), max(1, len(whole) // 8)):
            rest = [page async for page in archive.pages(target, whole[number].cursor)]
            assert rest == whole[number + 1 :]
    assert sum(len(page.payloads) for page in whole) == 200
