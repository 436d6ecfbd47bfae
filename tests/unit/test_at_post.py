"""Followers at the time of posting: which sight of a post tells them, in any order of arrival."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import permutations
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from lake.at_post import WITHIN
from lake.documents import Origin, post_document
from lake.layout import Layout
from lake.merge import merge_post
from lake.records import Author, Json, Post
from lake.refold import Entity, refold

POSTED = datetime(2026, 3, 1, tzinfo=UTC)
DAY = timedelta(days=1)
LAYOUT = Layout("t-")


def seen(days: float, followers: int | None, likes: int | None = 5, **changes: Any) -> Json:
    metrics = {} if likes is None else {"likes": likes}
    fields: dict[str, Any] = {"kind": "post", "text": "t", "metrics": metrics} | changes
    author = Author("7", followers=followers)
    post = Post(
        "x", native_id="1", created_at=POSTED, observed_at=POSTED + days * DAY, author=author,
        **fields,
    )  # fmt: skip
    return post_document(LAYOUT, post, Origin("run", "x:hashtag:t")).source


def merged(*sights: Json) -> Json:
    stored = sights[0]
    for one in sights[1:]:
        stored = merge_post(stored, one) or stored
    return stored


def test_the_sight_nearest_to_posting_tells_and_later_ones_change_only_the_latest() -> None:
    stored = merged(seen(1, 100), seen(3, 120, likes=9), seen(30, 80, likes=12))

    assert stored["author"]["followers"] == 80
    assert stored["at_post"] == {
        "followers": 100,
        "seen_at": "2026-03-02T00:00:00.000Z",
        "impressions": 100,
        "rated_followers": 100,
        "rated_engagement": 12,
        "rate": 12.0,
        "lost": 20,
    }


def test_a_sight_of_more_than_seven_days_later_tells_nothing_of_then() -> None:
    assert seen(7, 100)["at_post"]["followers"] == 100
    assert "at_post" not in seen(7.001, 100)
    assert "at_post" not in seen(1, None)
    assert WITHIN == 7 * DAY


def test_what_is_unknown_is_absent_and_never_0() -> None:
    unrated, nobody, reply = seen(1, 100, likes=None), seen(1, 0), seen(1, 100, kind="reply")

    assert unrated["at_post"].keys() == {"followers", "seen_at", "impressions"}
    assert nobody["at_post"].keys() == {
        *("followers", "seen_at", "impressions", "rated_followers", "rated_engagement"),
    }
    assert "impressions" not in reply["at_post"]


@given(
    st.lists(
        st.tuples(st.sampled_from([0.5, 1, 2, 6, 8, 20]), st.sampled_from([None, 0, 50, 90])),
        min_size=1,
        max_size=4,
        unique_by=lambda pair: pair[0],
    )
)
def test_the_order_of_arrival_does_not_matter(sights: list[tuple[float, int | None]]) -> None:
    documents = [seen(days, followers) for days, followers in sights]
    told = [pair for pair in sorted(sights) if pair[1] is not None and pair[0] <= 7]

    for order in permutations(documents):
        stored = merged(*order)
        assert stored.get("at_post", {}).get("followers") == (told[0][1] if told else None)


def test_mapping_the_payloads_again_gives_posts_of_before_what_they_lack() -> None:
    sights = [seen(1, 100), seen(3, 120, likes=9)]
    stored = merged(*sights)
    before = {name: value for name, value in stored.items() if name != "at_post"}

    found = refold(Entity("post", "x:1", sights), before).source

    assert found is not None
    assert found["at_post"] == stored["at_post"]


def test_mapping_some_of_the_payloads_again_keeps_a_sight_that_was_nearer() -> None:
    stored = merged(seen(1, 100), seen(3, 120, likes=9), seen(5, 130, likes=9))
    entity = Entity("post", "x:1", [seen(5, 130, likes=9, text="t")], whole=False)

    found = refold(entity, stored).source

    assert found is not None
    assert found["at_post"]["followers"] == 100
