from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from ingestors.mastodon_records import account_records, status_records, tag_records
from ingestors.mastodon_timeline import before, order
from lake.errors import PayloadError
from lake.records import Author, Post, Profile, Record, TagCounter

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
HOST = "here.example"
ACCOUNT: dict[str, Any] = {
    "id": "7",
    "acct": "ann",
    "display_name": "Ann",
    "uri": "https://here.example/users/ann",
    "url": "https://here.example/@ann",
    "followers_count": 12,
    "following_count": "3",
    "statuses_count": 0,
    "created_at": "2022-10-28T00:00:00.000Z",
    "note": "<p>I &lt;3 shoes</p>",
    "fields": [{"name": "site", "verified_at": None}],
}
STATUS: dict[str, Any] = {
    "id": "42",
    "uri": "https://here.example/users/ann/statuses/42",
    "url": "https://here.example/@ann/42",
    "created_at": "2026-11-20T13:14:15.678+01:00",
    "in_reply_to_id": None,
    "spoiler_text": "",
    "language": "en",
    "content": "<p>New #<span>Vans</span></p>",
    "tags": [{"name": "Vans"}, {"name": "VANS"}, {"name": "OffTheWall"}],
    "mentions": [
        {"acct": "Bob", "url": "https://here.example/@Bob"},
        {"acct": "cy@there.example", "url": "https://there.example/@cy"},
    ],
    "media_attachments": [{"type": "image"}, {"type": "image"}, {"type": "unknown"}],
    "favourites_count": 3,
    "replies_count": 0,
    "reblogs_count": 1,
    "account": ACCOUNT,
}


def post(**changes: Any) -> Post:
    [record] = status_records(STATUS | changes, NOW, HOST)
    assert isinstance(record, Post)
    return record


def profile(**changes: Any) -> Profile:
    [record] = account_records(ACCOUNT | changes, NOW, HOST)
    assert isinstance(record, Profile)
    return record


def test_a_status_becomes_a_post_with_global_names() -> None:
    assert post() == Post(
        platform="mastodon",
        kind="post",
        native_id="https://here.example/users/ann/statuses/42",
        created_at=datetime(2026, 11, 20, 12, 14, 15, 678_000, tzinfo=UTC),
        observed_at=NOW,
        text="New #Vans",
        author=Author(
            id="https://here.example/users/ann",
            handle="ann@here.example",
            name="Ann",
            followers=12,
        ),
        url="https://here.example/@ann/42",
        language="en",
        hashtags=("vans", "offthewall"),
        mentions=("bob@here.example", "cy@there.example"),
        media=("photo",),
        metrics={"likes": 3, "comments": 0, "shares": 1},
        source=HOST,
        is_home=True,
    )


def test_hashtags_are_read_from_the_text_only_where_the_server_lists_none() -> None:
    without = {name: value for name, value in STATUS.items() if name != "tags"}
    [found] = status_records(without, NOW, HOST)

    assert isinstance(found, Post)
    assert found.hashtags == ("vans",)
    assert post(tags=[]).hashtags == ()


@pytest.mark.parametrize(
    ("changes", "native_id"),
    [
        ({"uri": None}, "https://here.example/@ann/42"),
        ({"uri": "", "url": None}, "here.example:42"),
        ({"uri": None, "url": None, "account": {}}, "here.example:42"),
        ({"uri": None, "url": None, "account": {"url": "https://b.example/@x"}}, "b.example:42"),
        ({"uri": None, "url": None, "id": 42}, "here.example:42"),
    ],
)
def test_a_status_without_a_uri_takes_the_next_best_name(
    changes: dict[str, Any], native_id: str
) -> None:
    assert post(**changes).native_id == native_id


@pytest.mark.parametrize(
    "changes",
    [
        {"uri": None, "url": None, "id": None},
        {"uri": None, "url": None, "id": True},
        {"created_at": None},
        {"created_at": 5},
        {"created_at": "yesterday"},
    ],
)
def test_a_status_without_a_name_or_a_time_is_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(PayloadError):
        post(**changes)


def test_a_content_warning_stands_before_the_text() -> None:
    assert post(spoiler_text="shoes").text == "shoes\n\nNew #Vans"


def test_a_reply_names_what_it_answers() -> None:
    answer = post(in_reply_to_id="41")

    assert (answer.kind, answer.reply_to) == ("reply", "41")


@pytest.mark.parametrize(
    ("quote", "reply_to"),
    [
        ({"state": "accepted", "quoted_status": {"uri": "https://b.example/1"}}, "uri"),
        ({"state": "accepted", "quoted_status_id": "9"}, "9"),
        ({"uri": "https://b.example/1", "id": "9"}, "uri"),
        ({"state": "revoked", "quoted_status": None}, None),
    ],
)
def test_a_quote_names_what_it_quotes(quote: dict[str, Any], reply_to: str | None) -> None:
    quoting = post(quote=quote)

    expected = "https://b.example/1" if reply_to == "uri" else reply_to
    assert (quoting.kind, quoting.reply_to) == ("quote", expected)


def test_a_boost_has_the_words_but_not_the_numbers_of_what_it_boosts() -> None:
    inner = STATUS | {"uri": "https://b.example/1", "content": "inner", "favourites_count": 900}

    boost = post(content="", reblog=inner, tags=[])

    assert (boost.kind, boost.reply_to) == ("reshare", "https://b.example/1")
    assert (boost.text, boost.hashtags) == ("inner", ("vans", "offthewall"))
    assert (boost.metrics, boost.metrics_missing) == ({}, ())


def test_a_number_that_is_hidden_or_rubbish_is_missing_and_never_zero() -> None:
    changes = {"favourites_count": None, "replies_count": -1, "reblogs_count": "5"}

    found = post(**changes)

    assert found.metrics == {"shares": 5}
    assert found.metrics_missing == ("likes", "comments")


@pytest.mark.parametrize(
    ("changes", "metrics", "missing"),
    [
        ({}, {}, ()),
        ({"quotes_count": 4}, {"quotes": 4}, ()),
        ({"quotes_count": None}, {}, ("quotes",)),
    ],
)
def test_quotes_are_missing_only_where_the_server_counts_them(
    changes: dict[str, Any], metrics: dict[str, int], missing: tuple[str, ...]
) -> None:
    found = post(**changes)

    assert found.metrics == {"likes": 3, "comments": 0, "shares": 1} | metrics
    assert found.metrics_missing == missing


def test_attachments_polls_and_cards_are_media() -> None:
    kinds = ["gifv", "audio", "video", "unknown", None]

    found = post(
        media_attachments=[{"type": kind} for kind in kinds],
        poll={"id": "1"},
        card={"url": "https://shop.example/"},
    )

    assert found.media == ("gif", "audio", "video", "poll", "link")


def test_a_status_without_its_account_has_an_unknown_author() -> None:
    assert post(account=None).author == Author()


def test_a_verified_link_verifies_the_author() -> None:
    verified = [{"verified_at": None}, {"verified_at": "2022-11-01T00:00:00Z"}]

    assert profile(fields=verified).author.verified is True
    assert profile(fields=[]).author.verified is None


def test_an_account_becomes_a_profile() -> None:
    found = profile()

    assert found.author.id == "https://here.example/users/ann"
    assert found.created_at == datetime(2022, 10, 28, tzinfo=UTC)
    assert (found.description, found.following, found.posts) == ("I <3 shoes", 3, 0)


def test_an_account_without_any_name_is_refused() -> None:
    with pytest.raises(PayloadError):
        profile(uri=None, url=None, acct="")


def tag(**changes: Any) -> tuple[Record, ...]:
    body = {
        "name": "Vans",
        "url": "https://there.example/tags/Vans",
        "history": [
            {"day": "1794873600", "uses": "5", "accounts": "2"},
            {"day": "1794787200", "uses": "0", "accounts": "0"},
        ],
    }
    return tuple(tag_records(body | changes, NOW, HOST))


def test_a_tags_history_becomes_a_counter_a_day() -> None:
    day = datetime(2026, 11, 17, tzinfo=UTC)

    assert tag() == tuple(
        TagCounter(
            platform="mastodon",
            tag="vans",
            observed_at=NOW,
            source="there.example",
            start=start,
            end=start + timedelta(days=1),
            posts=posts,
            authors=authors,
        )
        for start, posts, authors in [(day, 5, 2), (day - timedelta(days=1), 0, 0)]
    )


def test_a_day_without_numbers_is_left_out() -> None:
    assert tag(history=[{"day": "1794873600", "uses": None}]) == ()


@pytest.mark.parametrize(
    "changes",
    [
        {"name": ""},
        {"history": None},
        {"history": [{"uses": "5"}]},
        {"history": [{"day": "9" * 18, "uses": "5"}]},
        {"history": [{"day": "253402300799", "uses": "5"}]},
    ],
)
def test_a_tag_that_cannot_be_placed_in_time_is_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(PayloadError):
        tag(**changes)


def test_ids_of_every_server_sort_by_age() -> None:
    assert sorted(["100", "99", "1000"], key=order) == ["99", "100", "1000"]
    assert sorted(["01HB", "01HA"], key=order) == ["01HA", "01HB"]


def test_only_ids_that_hold_a_time_are_moved_back() -> None:
    assert before(str(1_790_000_000_000 << 16), 60) == str((1_790_000_000_000 - 60_000) << 16)
    assert before("12345", 60) == "12345"
    assert before("9fGzGvJ0000000000", 60) == "9fGzGvJ0000000000"
