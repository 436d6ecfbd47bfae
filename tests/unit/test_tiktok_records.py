from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from ingestors.platform import Payload, Target
from ingestors.platforms.tiktok import Options, Tiktok, about, normalise
from lake.errors import PayloadError
from lake.records import Author, Erasure, Json, Post, Profile, TagCounter
from tests.contract import tiktok_payloads as given
from tests.contract.tiktok_payloads import VIDEO

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)


def read(kind: str, body: Json) -> Any:
    [record] = normalise(Payload(kind, body), NOW)
    return record


def test_the_recorded_item_is_read_whole() -> None:
    post = read("item", given.recorded_item())

    assert post == Post(
        platform="tiktok",
        kind="post",
        native_id=VIDEO,
        created_at=datetime(2024, 12, 4, 23, 40, 14, tzinfo=UTC),
        observed_at=NOW,
        text="귀여워 #4살딸 #귀여워",
        author=Author("7420667015738885137", "usergerageda", "매께라", 11900, verified=False),
        url=f"https://www.tiktok.com/@usergerageda/video/{VIDEO}",
        language="ko",
        hashtags=("4살딸", "귀여워"),
        media=("video",),
        metrics={
            "likes": 38884,
            "comments": 504,
            "shares": 2124,
            "saves": 3207,
            "views": 1585253,
        },
    )


def test_an_item_of_2020_is_read_from_its_rounded_numbers() -> None:
    post = read("item", given.old_item())

    assert post.metrics == {"likes": 5, "comments": 2, "shares": 0, "views": 77}
    assert post.metrics_missing == ("saves",)
    assert post.created_at == datetime(2020, 4, 9, 16, 22, 32, tzinfo=UTC)
    assert (post.hashtags, post.mentions) == (("vans",), ("ann.b",))
    assert (post.author.followers, post.language) == (1200, None)


def test_a_number_that_statsv2_lacks_comes_from_stats() -> None:
    post = read("item", given.item(statsV2={"diggCount": "38884", "playCount": "1.5M"}))

    assert post.metrics["likes"] == 38884
    assert post.metrics["views"] == 1600000


def test_an_author_may_be_the_handle_alone() -> None:
    author = read("item", given.state_item()).author

    assert author == Author("7420667015738885137", "usergerageda", "N", 11900)


@pytest.mark.parametrize("language", ["un", "", None])
def test_an_unknown_language_is_none(language: str | None) -> None:
    assert read("item", given.item(textLanguage=language)).language is None


def test_photos_are_told_from_videos() -> None:
    assert read("item", given.photos()).media == ("photo",)
    assert read("item", given.item(imagePost=None)).media == ("video",)


def test_a_live_room_is_no_post() -> None:
    assert normalise(Payload("item", given.item(liveRoomInfo={"roomID": "1"})), NOW) == ()


def test_without_marks_the_text_tells_the_hashtags() -> None:
    bare = given.item(challenges=..., textExtra=..., contents=..., desc="hi #Vans @Ann")

    post = read("item", bare)

    assert (post.hashtags, post.mentions) == (("vans",), ("ann",))


def test_without_a_text_the_blocks_are_it() -> None:
    assert read("item", given.item(desc="")).text == "귀여워\n#4살딸\n#귀여워"


@pytest.mark.parametrize("made", [..., 0, "", None, "soon", -5])
def test_an_items_id_tells_when_it_was_made_where_nothing_else_does(made: object) -> None:
    assert read("item", given.item(createTime=made)).created_at.date().isoformat() == "2024-12-04"


@pytest.mark.parametrize("id_", [..., 0, "", "abc", 7.4e18, True, None])
def test_an_item_without_an_id_is_unusable(id_: object) -> None:
    with pytest.raises(PayloadError, match="without id"):
        read("item", given.item(id=id_))


def test_a_time_that_nothing_tells_is_unusable() -> None:
    with pytest.raises(PayloadError, match="time of its making"):
        read("item", given.item(id="17", createTime=...))


@pytest.mark.parametrize("code", [10204, "10221"])
def test_a_videos_own_page_may_say_that_it_is_gone(code: object) -> None:
    body = {"statusCode": code, "itemInfo": {"itemStruct": {"id": VIDEO}}}

    assert read("item", body) == Erasure("tiktok", VIDEO, NOW, f"status {code}")


def test_an_account_takes_the_exact_numbers() -> None:
    profile = read("user", given.user())

    assert profile == Profile(
        platform="tiktok",
        author=Author("6745191554350760966", "ann.b", "Ann", 427682, verified=True),
        observed_at=NOW,
        created_at=datetime(2019, 10, 8, tzinfo=UTC),
        url="https://www.tiktok.com/@ann.b",
        description="Shoes.",
        following=12,
        posts=310,
    )
    assert read("user", given.old_user()).author.followers == 427700


def test_a_hashtags_counter_takes_the_exact_numbers() -> None:
    counter = TagCounter("tiktok", "fyp", NOW, posts=42123456, views=503212345678)

    assert read("challenge", given.challenge()) == counter
    without = {"challenge": {"title": "FYP"}, "stats": {}}
    assert normalise(Payload("challenge", without), NOW) == ()


def test_a_comment_answers_its_video_or_a_comment() -> None:
    comment = read("comment", given.comment())

    assert (comment.kind, comment.reply_to, comment.author.handle) == ("comment", VIDEO, "ann.b")
    assert comment.metrics == {"likes": 3, "comments": 1}
    assert read("comment", given.comment() | {"reply_id": "55"}).reply_to == "55"


def test_a_research_video_is_read_whole() -> None:
    post = read("research_video", given.research_video())

    assert (post.native_id, post.author) == (VIDEO, Author(handle="usergerageda"))
    assert post.url == f"https://www.tiktok.com/@usergerageda/video/{VIDEO}"
    assert (post.hashtags, post.mentions) == (("vans", "offthewall"), ("ann.b",))
    assert post.metrics == {
        "likes": 38884,
        "comments": 504,
        "shares": 4,
        "saves": 3207,
        "views": 1585253,
    }
    assert post.language is None, "a region is no language"


def test_a_research_comment_names_nobody() -> None:
    comment = read("research_comment", given.research_comment())

    assert (comment.reply_to, comment.author, comment.metrics) == (
        VIDEO,
        Author(),
        {"likes": 3, "comments": 0},
    )


def test_a_video_with_comments_suggests_them() -> None:
    tiktok = Tiktok(None, None)  # type: ignore[arg-type]
    suggested = (Target("tiktok", "comments", VIDEO),)

    assert tiktok.related(Payload("item", given.recorded_item())) == suggested
    assert tiktok.related(Payload("research_video", given.research_video())) == suggested
    silent = given.research_video() | {"comment_count": 0}
    assert tiktok.related(Payload("research_video", silent)) == ()
    assert tiktok.related(Payload("item", {"statsV2": {"commentCount": "3"}})) == ()
    assert tiktok.related(Payload("comment", given.comment())) == ()


def test_what_is_shipped_is_off_and_says_why() -> None:
    shipped = about(None)

    assert "accept_terms_risk" in (shipped.off_because or "")
    assert shipped.can("counts")
    assert not shipped.can("history")
    assert about(Options(accept_terms_risk=True)).off_because is None


def test_the_research_mode_says_what_it_can() -> None:
    one, other = ({"client_key": key, "client_secret": "hush"} for key in ("one", "other"))
    options = Options.model_validate({"mode": "research", "clients": [one, other, one]})

    told = about(options)

    assert (told.off_because, told.credentials) == (None, 2)
    assert {"history", "refresh", "posts"} <= set(told.capabilities)
    assert not told.can("counts")
    assert told.limits[0].calls == 1_000
    assert "hush" not in repr(options)


@pytest.mark.parametrize(
    "section",
    [
        {"mode": "research"},
        {"mode": "research", "clients": [{"client_key": "k", "client_secret": " "}]},
        {"ms_tokens": [""]},
        {"base": "tiktok"},
        {"browser": "lynx"},
        {"no_such_key": 1},
    ],
)
def test_a_wrong_section_is_refused(section: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="validation error"):
        Options.model_validate(section)
