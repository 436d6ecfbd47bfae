from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from ingestors.bluesky_commits import commit_records, is_wanted, name_of, uri_of
from lake.errors import PayloadError
from lake.records import Erasure, Json, Post

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
URI = "at://did:plc:ann/app.bsky.feed.post/3m"
TAG = "app.bsky.richtext.facet#tag"
RECORD: Json = {
    "$type": "app.bsky.feed.post",
    "createdAt": "2026-11-20T10:00:00.000Z",
    "langs": ["en", "de"],
    "text": "New #Vans for @bob.test",
    "facets": [
        {"index": {"byteStart": 4, "byteEnd": 9}, "features": [{"$type": TAG, "tag": "Vans"}]},
        {
            "index": {"byteStart": 14, "byteEnd": 23},
            "features": [{"$type": "app.bsky.richtext.facet#mention", "did": "did:plc:bob"}],
        },
    ],
    "tags": ["OffTheWall"],
    "embed": {"$type": "app.bsky.embed.images", "images": [{"alt": ""}]},
}


def event(record: Any = RECORD, **commit: Any) -> Json:
    made: Json = {
        "rev": "r1",
        "operation": "create",
        "collection": "app.bsky.feed.post",
        "rkey": "3m",
        "record": record,
    }
    return {
        "did": "did:plc:ann",
        "time_us": 1_795_255_200_000_000,  # 2026-11-21T10:00:00Z
        "kind": "commit",
        "commit": made | commit,
    }


def post(record: Any = RECORD, **changes: Any) -> Post:
    [found] = commit_records(event(record) | changes, NOW)
    assert isinstance(found, Post)
    return found


def test_an_event_becomes_a_post_without_numbers() -> None:
    found = post()

    assert found.native_id == URI
    assert found.url == "https://bsky.app/profile/did:plc:ann/post/3m"
    assert (found.author.id, found.author.handle) == ("did:plc:ann", None)
    assert found.hashtags == ("vans", "offthewall")
    assert (found.mentions, found.media, found.language) == (("bob.test",), ("photo",), "en")
    assert found.created_at == datetime(2026, 11, 20, 10, tzinfo=UTC)
    assert (found.metrics, found.metrics_missing) == ({}, ()), "silence is not a hidden number"


@pytest.mark.parametrize(
    ("created_at", "time_us", "expected"),
    [
        ("2026-11-22T10:00:00Z", 1_795_255_200_000_000, "2026-11-21T10:00:00+00:00"),
        ("yesterday", 1_795_255_200_000_000, "2026-11-21T10:00:00+00:00"),
        ("2026-11-20T10:00:00Z", None, "2026-11-20T10:00:00+00:00"),
        ("2026-11-20T10:00:00Z", 10**18, "2026-11-20T10:00:00+00:00"),
        ("2026-11-20T10:00:00Z", "1795255200000000", "2026-11-20T10:00:00+00:00"),
    ],
)
def test_the_time_is_the_earlier_of_the_authors_and_the_servers(
    created_at: str, time_us: Any, expected: str
) -> None:
    found = post(RECORD | {"createdAt": created_at}, time_us=time_us)

    assert found.created_at == datetime.fromisoformat(expected)


def test_a_reply_and_a_quote_name_the_other_post() -> None:
    reply = post(RECORD | {"reply": {"parent": {"uri": "at://b"}, "root": {"uri": "at://a"}}})
    inner = {"uri": "at://did:plc:b/app.bsky.feed.post/1", "cid": "x"}
    embed = {"$type": "app.bsky.embed.recordWithMedia", "record": {"record": inner}}
    quote = post(RECORD | {"embed": embed | {"media": {"$type": "app.bsky.embed.video"}}})

    assert (reply.kind, reply.reply_to) == ("reply", "at://b")
    assert (quote.kind, quote.reply_to, quote.media) == ("quote", inner["uri"], ("video",))


def test_a_hashtag_that_nobody_marked_counts_as_it_stands_in_the_text() -> None:
    assert post({"text": "#Vans & ＃靴", "createdAt": "2026-11-20"}).hashtags == ("vans", "靴")


def test_a_deletion_is_an_erasure() -> None:
    assert commit_records(event(operation="delete"), NOW) == (
        Erasure("bluesky", URI, NOW, "deleted"),
    )


@pytest.mark.parametrize("status", ["deleted", "takendown"])
def test_an_account_that_goes_takes_its_posts_with_it(status: str) -> None:
    gone = {"kind": "account", "did": "did:plc:ann", "account": {"active": False, "status": status}}

    [erasure] = commit_records(gone, NOW)

    assert is_wanted(gone, frozenset())
    assert (erasure.author, erasure.reason) == ("did:plc:ann", f"account {status}")


def test_an_account_that_is_back_or_only_paused_takes_nothing() -> None:
    for account in ({"active": True}, {"active": False, "status": "deactivated"}):
        event_ = {"kind": "account", "did": "did:plc:ann", "account": account}
        assert not is_wanted(event_, frozenset())
        assert commit_records(event_, NOW) == ()


def test_events_of_other_collections_hold_nothing() -> None:
    assert commit_records(event(collection="app.bsky.feed.like"), NOW) == ()
    assert commit_records({"kind": "account", "did": "did:plc:ann"}, NOW) == ()


@pytest.mark.parametrize(
    "broken",
    [
        event(rkey=None),
        event(operation="move"),
        event(record={}),
        event(record=[]),
        event() | {"did": "ann"},
        event() | {"did": None},
        event(RECORD | {"createdAt": None}) | {"time_us": None},
    ],
)
def test_an_event_that_lacks_what_a_post_needs_is_refused(broken: Json) -> None:
    with pytest.raises(PayloadError):
        commit_records(broken, NOW)


def labelled(label: str) -> Json:
    return RECORD | {"labels": {"values": [{"val": label}]}}


@pytest.mark.parametrize(
    ("found", "wanted"),
    [
        (event(), True),
        (event(operation="update"), True),
        (event(operation="delete", record=None), True),
        (event(operation="delete", rkey=None), False),
        (event(operation="move"), False),
        (event(collection="app.bsky.feed.like"), False),
        (event({"tags": ["VANS"]}), True),
        (event({"text": "#vans"}), True),
        (event({"text": "vans"}), False),
        (event({"text": None, "tags": 7, "facets": [{"features": [None, {"tag": 1}]}]}), False),
        (event(labelled("!no-unauthenticated")), False),
        (event(labelled("porn")), True),
        (event([]), False),
        (event() | {"kind": "identity"}, False),
        ({"kind": "commit", "commit": []}, False),
        ([], False),
        (None, False),
    ],
)
def test_only_posts_with_the_hashtag_and_ends_of_posts_are_wanted(found: Any, wanted: bool) -> None:
    assert is_wanted(found, {"vans"}) is wanted


def test_an_events_name_is_its_own() -> None:
    names = {
        name_of(one)
        for one in (event(), event(rev="r2"), event(rkey="4"), event(operation="delete"))
    }

    assert len(names) == 4
    assert name_of(event()) == name_of(event())
    assert uri_of(event()) == URI
