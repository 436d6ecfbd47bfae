"""F(a) is the follower count at the time of posting: METRICS 5, 6, 9, 10 and 13 with it."""

from __future__ import annotations

from typing import Any

import pytest

from analysis.at_post import followed
from analysis.authors import Author
from analysis.leaders import found_in
from analysis.population import Population
from analysis.posts import with_rates
from analysis.reach import (
    Efficiency,
    estimated_reach,
    followers_told,
    impressions,
    rate_mean,
    rate_pooled,
    reach,
)


def stats(*values: float) -> dict[str, Any]:
    return {
        "count": len(values),
        "sum": float(sum(values)),
        "min": min(values, default=None),
        "max": max(values, default=None),
    }


def author(key: str, posts: list[dict[str, Any]]) -> Author:
    """An author as the aggregations tell it.

    Args:
        key: Whose.
        posts: ``then`` and ``now`` followers, ``engagement``, ``reply``; one missing is unknown.
    """
    then = [post for post in posts if "then" in post]
    rated = [post for post in then if "engagement" in post]
    found = Author(key)
    found.add(
        {
            "doc_count": len(posts),
            "followers": stats(*(post["now"] for post in posts if "now" in post)),
            "replies": {"doc_count": sum(post.get("reply", False) for post in posts)},
            "engagement": stats(*(post["engagement"] for post in posts if "engagement" in post)),
            "then": stats(*(post["then"] for post in then)),
            "then_shown": stats(*(post["then"] for post in then if not post.get("reply"))),
            "then_rated": stats(*(post["then"] for post in rated)),
            "then_engagement": stats(*(post["engagement"] for post in rated)),
            "then_rate": stats(
                *(100 * post["engagement"] / post["then"] for post in rated if post["then"])
            ),
        }
    )
    return found


GROWN = [
    {"then": 100, "now": 500, "engagement": 10},
    {"then": 200, "now": 500, "engagement": 10},
    {"now": 500, "engagement": 5},  # first seen long after it was posted
    {"then": 300, "now": 500, "reply": True},
]


def test_5_impressions_take_each_posts_own_count_and_else_the_latest() -> None:
    found = impressions(Population([author("x:a", GROWN)]), posts=4, replies=1)

    assert (found.value, found.missing) == (100 + 200 + 500 + 1, 0)


def test_6_9_reach_takes_the_highest_count_of_the_posts_and_else_the_latest() -> None:
    people = Population(
        [author("x:a", GROWN), author("x:b", [{"now": 40}]), author("x:c", [{"engagement": 1}])]
    )

    assert (reach(people).value, reach(people).missing) == (300 + 40, 1)
    assert estimated_reach(people, Efficiency(default=0.5)).value == 170


def test_13_pooled_and_mean_rates_take_each_posts_own_count() -> None:
    people = Population([author("x:a", GROWN)])

    pooled, mean = rate_pooled(people, posts=4), rate_mean(people, posts=4)

    assert pooled.value == pytest.approx(100 * 25 / (100 + 200 + 500))
    assert mean.value == pytest.approx((10 + 5 + 1) / 3)
    assert (pooled.missing, mean.missing) == (1, 1)


def test_13_an_author_whom_nobody_followed_then_has_no_rate_of_that_post() -> None:
    people = Population([author("x:a", [{"then": 0, "now": 50, "engagement": 3}, {"now": 50}])])

    assert rate_mean(people, posts=2).value is None
    assert rate_pooled(people, posts=2).value is None
    assert impressions(people, posts=2, replies=0).value == 50


@pytest.mark.parametrize(
    ("posts", "source", "count"),
    [
        ([{"then": 1, "now": 2}], "at_post", 1),
        ([{"now": 2}], "latest", 0),
        ([{}], "latest", 0),
        ([{"then": 1, "now": 2}, {"now": 2}], "at_post_or_latest", 1),
    ],
)
def test_5_where_the_counts_are_from_is_told(
    posts: list[dict[str, Any]], source: str, count: int
) -> None:
    found = followers_told(Population([author("x:a", posts)]))

    assert found == {"followers_source": source, "followers_at_post": count}


def test_5_estimates_say_that_others_counts_are_the_highest() -> None:
    people = Population([author("x:a", GROWN)], [author("x:b", [{"now": 4}])], others=3.0)

    assert followers_told(people)["followers_source"] == "at_post_or_highest"


def test_6_the_latest_count_is_looked_up_only_where_a_post_goes_by_it() -> None:
    told = author("x:a", [{"then": 1, "now": 2}, {"then": 1, "now": 3}])
    late = author("x:b", [{"then": 1, "now": 2}, {"now": 3}])

    assert (told.doubt, told.is_unsure, told.reach_doubt) == (1, False, 0)
    assert late.is_unsure is True


def test_33_nobody_else_had_more_followers_than_shown_and_lost_together() -> None:
    listed = {"authors": {"buckets": [{"key": "x:a", "doc_count": 1, "number": {"value": 90}}]}}
    listed["authors"]["sum_other_doc_count"] = 5  # type: ignore[assignment]
    answer = {"aggregations": {"0": listed, "lost": {"value": 25.0}}}

    assert found_in(answer, "reach", 1, apart=True).at_most == 115


POST: dict[str, Any] = {
    "platform": "x",
    "kind": "post",
    "native_id": "1",
    "@timestamp": "2026-03-01T00:00:00.000Z",
    "observed_at": "2026-03-02T00:00:00.000Z",
    "first_seen": "2026-03-02T00:00:00.000Z",
    "text": "t",
    "author": {"followers": 500},
    "metrics": {"views": 80},
    "engagement": {"value": 20},
}


def test_10_11_12_a_posts_own_rates() -> None:
    then = with_rates(POST | {"at_post": {"followers": 200}})["engagement_rates"]
    late = with_rates(POST)["engagement_rates"]

    assert then == {
        "by_followers": 10.0,
        "by_reach": None,
        "by_views": 25.0,
        "followers": 200,
        "followers_source": "at_post",
    }
    assert (late["by_followers"], late["followers_source"]) == (4.0, "latest")
    assert with_rates(POST | {"engagement": {}})["engagement_rates"]["by_followers"] is None


def test_10_a_posts_count_of_then_comes_before_the_latest() -> None:
    assert followed({"at_post": {"followers": 0}, "author": {"followers": 9}}) == (0, "at_post")
    assert followed({"author": {}}) == (None, "latest")
