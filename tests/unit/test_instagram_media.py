from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingestors.instagram_media import code_of_id, created_at, media_id, media_post
from ingestors.instagram_records import media_records, page_records, tag_records
from ingestors.instagram_shapes import medias_of
from lake.errors import PayloadError
from lake.records import Json, Post, Profile, TagCounter

AT = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
ID, CODE = "3984285244001148342", "DdLBlHchN22"
GRAPH: Json = {
    "id": "17984016661384418",
    "caption": "Jump #Vans",
    "media_type": "VIDEO",
    "like_count": 4,
    "comments_count": 7,
    "permalink": f"https://www.instagram.com/reel/{CODE}/",
    "timestamp": "2026-09-12T10:00:39+0000",
}
V1: Json = {"pk": int(ID), "code": CODE, "taken_at": 1789207239, "media_type": 2, "like_count": 4}
EDGE: Json = {"id": ID, "shortcode": CODE, "taken_at_timestamp": 1789207239, "is_video": True}
POLARIS: Json = {"__typename": "XIGPolarisVideoMedia", "pk": ID, "code": CODE, "media_type": "2"}


def test_a_post_has_the_same_id_and_address_in_every_shape() -> None:
    posts = [media_post(media, AT) for media in (GRAPH, V1, EDGE, POLARIS)]

    assert {post.native_id for post in posts} == {ID}
    assert {post.url for post in posts} == {f"https://www.instagram.com/p/{CODE}/"}
    assert {post.media for post in posts} == {("video",)}


@pytest.mark.parametrize(
    "media",
    [
        {"permalink": f"https://www.instagram.com/p/{CODE}/?igsh=1"},
        {"permalink": f"https://www.instagram.com/ann/p/{CODE}/"},
        {"permalink": f"https://www.instagram.com/tv/{CODE}"},
        {"code": CODE + "a" * 28},
        {"pk": int(ID)},
        {"pk": ID},
        {"id": f"{ID}_305701719"},
    ],
)
def test_an_id_is_found_wherever_it_stands(media: Json) -> None:
    assert media_id(media) == ID


@given(st.integers(min_value=2**52, max_value=2**63 - 1))
def test_an_id_and_its_code_are_the_same_number(number: int) -> None:
    code = code_of_id(str(number))

    assert code is not None
    assert media_id({"shortcode": code[:11]}) == str(number)


def test_the_time_is_taken_from_the_id_where_none_is_told() -> None:
    told, held = created_at(V1), created_at(POLARIS)

    assert held is not None
    assert held.date() == datetime(2026, 9, 12, tzinfo=UTC).date()
    assert told == datetime(2026, 9, 12, 10, 0, 39, tzinfo=UTC)
    assert abs(held - told) < timedelta(days=1)


def test_an_id_of_the_graph_api_holds_no_time() -> None:
    with pytest.raises(PayloadError, match="without a time"):
        media_post({"id": "18088158883149835", "media_type": "IMAGE", "like_count": 804}, AT)


@pytest.mark.parametrize(
    ("changes", "metrics", "missing"),
    [
        ({}, {"likes": 4, "comments": 2, "views": 9}, ()),
        ({"like_count": None}, {"comments": 2, "views": 9}, ("likes",)),
        ({"like_count": 0}, {"likes": 0, "comments": 2, "views": 9}, ()),
        (
            {"like_and_view_counts_disabled": True, "like_count": 3},
            {"comments": 2},
            ("likes", "views"),
        ),
        ({"play_count": None, "view_count": 5}, {"likes": 4, "comments": 2, "views": 5}, ()),
        ({"play_count": None, "ig_play_count": "7"}, {"likes": 4, "comments": 2, "views": 7}, ()),
        ({"media_type": 1, "play_count": None}, {"likes": 4, "comments": 2}, ()),
        ({"reshare_count": 3}, {"likes": 4, "comments": 2, "views": 9, "shares": 3}, ()),
    ],
)
def test_a_number_that_is_hidden_is_missing_and_never_0(
    changes: Json, metrics: dict[str, int], missing: tuple[str, ...]
) -> None:
    post = media_post(V1 | {"comment_count": 2, "play_count": 9} | changes, AT)

    assert (dict(post.metrics), post.metrics_missing) == (metrics, missing)


def test_a_partial_shape_says_nothing_of_numbers() -> None:
    post = media_post(POLARIS, AT)

    assert (dict(post.metrics), post.metrics_missing) == ({}, ())


def test_a_hidden_count_of_minus_one_is_missing() -> None:
    post = media_post(EDGE | {"edge_media_preview_like": {"count": -1}}, AT)

    assert "likes" in post.metrics_missing


@pytest.mark.parametrize(
    ("caption", "text"),
    [
        ({"caption": None}, ""),
        ({"caption": {"text": "Hi #Vans"}}, "Hi #Vans"),
        ({"caption": {"text": None}}, ""),
        ({"edge_media_to_caption": {"edges": []}}, ""),
        ({"edge_media_to_caption": {"edges": [{"node": {"text": "Hi #Vans"}}]}}, "Hi #Vans"),
    ],
)
def test_a_caption_may_be_missing(caption: Json, text: str) -> None:
    post = media_post(V1 | caption, AT)

    assert post.text == text
    assert post.hashtags == (("vans",) if text else ())


@pytest.mark.parametrize(
    "advertisement",
    [
        V1 | {"product_type": "ad"},
        V1 | {"link": "https://www.facebook.com/ads/ig_redirect/?d=1"},
    ],
)
def test_an_advertisement_is_no_post(advertisement: Json) -> None:
    page = {"items": [{"media": advertisement}, {"media": V1 | {"code": "DdJZRV-Sfal"}}]}

    assert media_records(advertisement, AT) == ()
    assert len(medias_of(page)) == 1


@pytest.mark.parametrize(
    "page",
    [
        {"sections": [{"layout_content": {"medias": [{"media": V1}]}}]},
        {"sections": [{"layout_content": {"fill_items": [{"media": V1}]}}]},
        {
            "sections": [
                {"layout_content": {"one_by_two_item": {"clips": {"items": [{"media": V1}]}}}}
            ]
        },
        {"feed_items": [{"media_or_ad": V1}, {"suggested_users": {"id": 1}}]},
        {"data": {"xig_polaris_media": {"code": CODE, "if_not_gated_logged_out": V1}}},
        {
            "data": {
                "xdt_api__v1__feed__user_timeline_graphql_connection": {"edges": [{"node": V1}]}
            }
        },
        {"data": {"hashtag": {"edge_hashtag_to_media": {"edges": [{"node": EDGE}]}}}},
        {"data": [GRAPH, GRAPH]},
    ],
)
def test_a_post_is_found_wherever_an_answer_nests_it(page: Json) -> None:
    assert [media_id(media) for media in medias_of(page)] == [ID]


def test_a_gated_post_is_no_post_with_an_empty_text() -> None:
    page = {"data": {"xig_polaris_media": {"code": CODE, "if_not_gated_logged_out": None}}}

    assert medias_of(page) == []


def test_the_parts_of_an_album_and_its_comments_are_no_posts_of_their_own() -> None:
    part = {"id": "2317006281046924667_1", "pk": 2317006281046924667, "media_type": 1}
    comment = {"pk": 18118669444110485, "text": "Nice", "created_at": 1590450181}
    album = V1 | {"media_type": 8, "carousel_media": [part], "comments": [comment]}

    [record] = page_records({"items": [album]}, AT)

    assert isinstance(record, Post)
    assert (record.native_id, record.media) == (ID, ("photo",))


def test_a_page_gives_what_can_be_read_of_it() -> None:
    body: Any = {
        "data": {
            "hashtag": {
                "name": "Vans",
                "edge_hashtag_to_media": {"count": 9, "edges": [{"node": {}}, {"node": EDGE}]},
            }
        }
    }

    counter, post = page_records(body, AT)

    assert isinstance(counter, TagCounter)
    assert (counter.tag, counter.posts) == ("vans", 9)
    assert isinstance(post, Post)


def test_the_count_is_never_read_from_the_text_for_people() -> None:
    tag = {"name": "vans", "media_count": None, "formatted_media_count": "4,3 Tsd."}

    with pytest.raises(PayloadError, match="without name or number"):
        tag_records({"hashtag": "vans", "tag": tag}, AT)


def test_posts_of_a_profiles_answer_know_their_author() -> None:
    found = {"id": "17841407673135339", "username": "ann", "media": {"data": [GRAPH]}}

    profile, post = page_records({"business_discovery": found}, AT)

    assert isinstance(profile, Profile)
    assert isinstance(post, Post)
    assert post.author.key() == profile.author.key() == "17841407673135339"
