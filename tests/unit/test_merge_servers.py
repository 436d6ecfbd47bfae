"""A post that several servers show: whose numbers hold, in whatever order they arrive."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import permutations
from typing import Any

import pytest

from ingestors.mastodon_records import status_records
from lake.documents import Origin, post_document
from lake.layout import Layout
from lake.merge import merge_post
from lake.records import Json, Post

NOON = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
LAYOUT = Layout("taglake-", "year")
HOME, NEAR, FAR = "home.example", "near.example", "far.example"
STATUS: Json = {
    "id": "42",
    "uri": f"https://{HOME}/users/ann/statuses/42",
    "created_at": "2026-11-20T13:14:15.678Z",
    "content": "<p>New #Vans</p>",
    "tags": [{"name": "vans"}],
    "account": {
        "acct": "ann",
        "uri": f"https://{HOME}/users/ann",
        "url": f"https://{HOME}/@ann",
    },
}


def seen(server: str, minute: int, likes: int | None, **changes: Any) -> Json:
    """The post's document as one server shows it."""
    body = STATUS | {"replies_count": 0, "reblogs_count": 1, "favourites_count": likes} | changes
    [post] = status_records(body, NOON + timedelta(minutes=minute), server)
    assert isinstance(post, Post)
    return post_document(LAYOUT, post, Origin("run", "mastodon:hashtag:vans")).source


def merged(*documents: Json) -> Json:
    """What is stored when the documents arrive in this order."""
    stored, *later = documents
    for document in later:
        stored = merge_post(stored, document) or stored
    return stored


def told(document: Json) -> tuple[Any, Any]:
    """The likes that hold, and who counted them."""
    return document["metrics"].get("likes"), document["metrics_from"]["source"]


def every_order(*documents: Json) -> set[tuple[Any, Any]]:
    """What holds in the end, for each order of arrival."""
    return {told(merged(*order)) for order in permutations(documents)}


@pytest.mark.parametrize("minute", [-5, 0, 5])
def test_the_home_servers_numbers_hold_whenever_they_arrive(minute: int) -> None:
    home, far = seen(HOME, 0, 100), seen(FAR, minute, 3)

    assert every_order(home, far) == {(100, HOME)}


def test_the_home_servers_numbers_hold_even_where_they_are_lower() -> None:
    assert every_order(seen(HOME, 0, 2), seen(FAR, 5, 9)) == {(2, HOME)}


def test_without_the_home_server_whoever_saw_more_counts() -> None:
    assert every_order(seen(NEAR, 0, 9), seen(FAR, 5, 3)) == {(9, NEAR)}
    assert every_order(seen(NEAR, 5, 9), seen(FAR, 0, 3)) == {(9, NEAR)}


@pytest.mark.parametrize("server", [HOME, FAR])
def test_of_one_server_the_newer_count_holds(server: str) -> None:
    assert every_order(seen(server, 0, 9), seen(server, 5, 7)) == {(7, server)}


def test_three_servers_agree_in_every_order() -> None:
    documents = seen(HOME, 0, 100), seen(NEAR, 5, 40), seen(FAR, 9, 3)

    assert every_order(*documents) == {(100, HOME)}


def test_the_newest_count_of_the_home_server_holds_between_others_sights() -> None:
    first, second, copy = seen(HOME, 0, 100), seen(HOME, 9, 120), seen(FAR, 5, 3)

    assert every_order(first, second, copy) == {(120, HOME)}


def test_a_copys_numbers_never_fill_what_the_home_server_hides() -> None:
    home, far = seen(HOME, 0, None), seen(FAR, 5, 3)

    for one, other in permutations((home, far)):
        document = merged(one, other)
        assert "likes" not in document["metrics"]
        assert document["metrics_missing"] == ["likes"]


def test_what_a_post_says_is_the_newer_sights_whoever_sent_it() -> None:
    home = seen(HOME, 0, 100)
    edited = seen(FAR, 5, 3, content="<p>Newer #Vans</p>")

    for order in permutations((home, edited)):
        document = merged(*order)
        assert document["text"] == "Newer #Vans"
        assert told(document) == (100, HOME)


def test_a_copy_that_repeats_what_is_known_is_not_written() -> None:
    home, far = seen(HOME, 0, 100), seen(FAR, 5, 3)

    assert merge_post(home, far) is None
