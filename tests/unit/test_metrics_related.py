"""Related hashtags by lift: numbers that can be checked by hand."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.related import (
    add_tags,
    counted,
    everyone_query,
    everywhere_body,
    lift,
    log_likelihood,
    ranked_tags,
    related_rows,
    tags_body,
)
from lake.campaign import Campaign


def test_31_lift_is_how_much_more_often_the_campaign_uses_a_hashtag() -> None:
    # 30 of 100 posts of the campaign, 50 of all 1,000
    rows = related_rows({"spring": 30}, {"spring": 50}, n=100, all_n=1000)

    assert rows == [
        {
            "tag": "spring",
            "posts": 30,
            "share": 30,
            "all_posts": 50,
            "all_share": 5,
            "lift": 6,
            "log_likelihood": pytest.approx(83.04, abs=0.005),
        }
    ]


def test_the_log_likelihood_equals_dunnings_formula() -> None:
    # Dunning's own form: 2 (log L(p1) + log L(p2) - log L(p) twice)
    def log_l(p: float, k: int, n: int) -> float:
        return k * math.log(p) + (n - k) * math.log(1 - p)

    inside, outside, both = 30 / 100, 20 / 900, 50 / 1000
    expected = 2 * (
        log_l(inside, 30, 100)
        + log_l(outside, 20, 900)
        - log_l(both, 30, 100)
        - log_l(both, 20, 900)
    )

    assert log_likelihood(30, 100, 50, 1000) == pytest.approx(expected)


def test_a_hashtag_of_everybody_has_no_lift_and_no_evidence() -> None:
    assert lift(10, 100, 100, 1000) == 1
    assert log_likelihood(10, 100, 100, 1000) == pytest.approx(0, abs=1e-9)


def test_nothing_is_known_of_no_posts() -> None:
    assert lift(0, 0, 0, 0) is None
    assert related_rows({}, {}, n=0, all_n=0) == []


def test_equal_lifts_are_ordered_by_posts_then_by_name() -> None:
    posts = {"b": 6, "a": 6, "c": 9, "rare": 5}
    everywhere = {"b": 6, "a": 6, "c": 9, "rare": 500}

    rows = related_rows(posts, everywhere, n=90, all_n=7_777)

    assert [row["tag"] for row in ranked_tags(rows, "lift", 3)] == ["c", "a", "b"]
    assert [row["tag"] for row in ranked_tags(rows, "posts", 9)] == ["c", "a", "b", "rare"]


@given(st.integers(1, 200), st.integers(1, 50), st.integers(0, 300), st.integers(0, 3000))
def test_any_counts_give_a_lift_above_0_and_evidence_that_is_not_negative(
    n: int, count: int, more: int, others: int
) -> None:
    n = max(n, count)
    all_count, all_n = count + more, n + more + others

    assert (lift(count, n, all_count, all_n) or 0) > 0
    assert log_likelihood(count, n, all_count, all_n) >= 0


def test_counts_are_exact_only_where_no_shard_cut_any_off() -> None:
    buckets = [{"key": "a", "doc_count": 9}, {"key": "b", "doc_count": 7}]

    def found(error: int, size: int) -> int | None:
        tags = {"buckets": buckets, "doc_count_error_upper_bound": error}
        return counted({"aggregations": {"tags": tags}}, size=size).error_bound

    assert found(0, 3) is None
    assert found(4, 3) == 4
    assert found(0, 2) == 7  # a third hashtag may have as many posts as the last


def test_the_campaigns_own_hashtags_and_rare_ones_are_left_out() -> None:
    page = {
        "buckets": [
            {"key": {"tag": "own"}, "doc_count": 50},
            {"key": {"tag": "rare"}, "doc_count": 4},
            {"key": {"tag": "kept"}, "doc_count": 5},
        ],
        "after_key": {"tag": "rare"},
    }
    posts: dict[str, int] = {}

    after = add_tags(posts, {"aggregations": {"tags": page}}, own={"own"}, min_posts=5, size=3)

    assert posts == {"kept": 5}
    assert after == {"tag": "rare"}
    whole: dict[str, int] = {}
    assert add_tags(whole, {"aggregations": {"tags": page}}, own=(), min_posts=1, size=4) is None
    assert whole == {"own": 50, "rare": 4, "kept": 5}
    asked = tags_body({}, own={"own"}, min_posts=5)["aggs"]["tags"]["terms"]
    assert (asked["exclude"], asked["min_doc_count"]) == (["own"], 5)


def test_of_no_hashtags_only_the_posts_are_asked() -> None:
    assert "aggs" not in everywhere_body({}, [])


def test_everyone_is_whom_the_campaigns_posts_could_be_among() -> None:
    spec = {"name": "n", "hashtags": ["acme"], "keywords": ["wave"], "languages": ["en"]}
    window = {"from": "2026-03-01", "to": "2026-03-02", "platforms": ["x"]}
    stored = {"id": "n", "created_at": "2026-03-01", "updated_at": "2026-03-01", "revision": 1}
    campaign = Campaign.model_validate(spec | window | stored)

    text = str(everyone_query(campaign))

    assert "acme" not in text
    assert "wave" not in text
    for part in ("2026-03-02", "'platform': ['x']", "reshare", "'en'"):
        assert part in text
