"""Posts that break out, under the number of the metric table."""

from __future__ import annotations

import math
import random
import statistics
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.spike_parts import Spike, spikes_among
from analysis.spikes import (
    FEWEST_RATES,
    TRAILING_MS,
    Score,
    Shown,
    rate_scores,
    robust_z,
    sample_size,
    speed,
    speed_scores,
    to_observe,
)
from lake.records import Json

HOUR_MS = 3_600_000


def post(
    number: int, engagement: float | None, followers: int | None = 100, at_h: float | None = None
) -> Shown:
    at_ms = int((number if at_h is None else at_h) * HOUR_MS)
    return Shown("x", f"p{number}", at_ms, engagement, followers)


def by_hand(posts: Sequence[Shown], one: Shown) -> tuple[int, float]:
    """The reference's size and z, from the definition."""
    rates = [
        100 * other.engagement / other.followers
        for other in posts
        if one.at_ms - TRAILING_MS <= other.at_ms < one.at_ms
        and other.engagement is not None
        and other.followers
    ]
    assert one.rate is not None
    return len(rates), (one.rate - statistics.fmean(rates)) / statistics.stdev(rates)


def test_29_z_of_the_engagement_rate_above_5_is_a_spike() -> None:
    usual = [post(number, 1 + number % 2) for number in range(30)]  # 1 % and 2 %: sd 0.5085
    quiet, loud = post(30, 4), post(31, 5)

    scores = rate_scores([*usual, quiet, loud])

    assert scores["x", "p30"].z == pytest.approx(2.5 / statistics.stdev([1, 2] * 15))
    assert scores["x", "p30"].n == 30
    assert not scores["x", "p30"].is_spike
    assert rate_scores([*usual, loud])["x", "p31"].is_spike
    assert not Score("engagement_rate", 1, 30, 5.0).is_spike


def test_29_fewer_than_30_known_rates_judge_nothing() -> None:
    usual = [post(number, 1 + number % 2) for number in range(29)]
    unknown = [post(29, None), post(30, 3, None), post(31, 3, 0)]

    assert rate_scores([*usual, *unknown, post(40, 99)]) == {}
    assert list(rate_scores([*usual, *unknown, post(32, 1), post(40, 99)])) == [("x", "p40")]


def test_29_the_reference_is_the_seven_days_before_and_not_the_post_itself() -> None:
    week_h = 7 * 24
    old = [post(number, 1 + number % 2, at_h=number / 100) for number in range(31)]

    scores = rate_scores([*old, post(90, 9, at_h=week_h), post(91, 9, at_h=week_h + 0.01)])

    assert scores["x", "p90"].n == 31
    assert scores["x", "p91"].n == 31  # the first is too old, the one just before it counts
    assert len(rate_scores([post(number, 9, at_h=5) for number in range(40)])) == 0


def test_29_where_no_rate_varies_nothing_stands_out() -> None:
    scores = rate_scores([post(number, 1) for number in range(40)] + [post(40, 50)])

    assert scores["x", "p40"].z is None
    assert not scores["x", "p40"].is_spike


@given(st.integers(0, 10_000))
def test_29_every_z_equals_a_count_by_hand(seed: int) -> None:
    rng = random.Random(seed)
    posts = sorted(
        (
            post(
                number,
                rng.choice([None, 0, 1, 5, 400, 10**9]),
                rng.choice([None, 0, 1, 50, 10**7]),
                at_h=rng.uniform(0, 400),
            )
            for number in range(150)
        ),
        key=lambda one: one.at_ms,
    )

    scores = rate_scores(posts)

    assert all(score.n >= FEWEST_RATES for score in scores.values())
    for one in posts:
        if one.key in scores:
            n, z = by_hand(posts, one)
            assert scores[one.key].n == n
            assert scores[one.key].z == pytest.approx(z, rel=1e-9, abs=1e-6)


def test_29_robust_z_of_velocity() -> None:
    assert robust_z(9, [1, 2, 3, 4, 5]) == pytest.approx((9 - 3) / 1.4826)
    # More than half are equal: the mean absolute deviation, here 4 / 5, stands in.
    assert robust_z(9, [0, 0, 0, 0, 4]) == pytest.approx(9 / (1.2533 * 0.8))
    assert robust_z(9, [2, 2, 2]) is None
    assert Score("velocity", 1, 5, 3.5).is_spike
    assert not Score("velocity", 1, 5, 3.49).is_spike


def test_29_velocity_is_of_the_last_two_observations() -> None:
    two_h = 2 * HOUR_MS

    assert speed([(0, 3.0), (two_h, 13.0)]) == 5
    assert speed([(2 * two_h, 33.0), (0, 3.0), (two_h, 13.0)]) == 10
    assert speed([(0, 3.0)]) is None
    assert speed([(0, 3.0), (two_h, 2.0)]) is None
    assert speed([(0, 3.0), (two_h, 3.0)]) == 0


def test_29_velocities_are_compared_as_logarithms_with_the_seven_days_before() -> None:
    posts = [post(number, 1, None, at_h=20 * number) for number in range(12)]
    speeds = {one.key: float(number % 3) for number, one in enumerate(posts)}
    speeds[posts[11].key] = 500.0
    wanted = {posts[11].key, posts[4].key}

    scores = speed_scores(posts, speeds, wanted, sampled=False)

    assert list(scores) == [posts[11].key]  # only four are before the other
    trailing = [math.log1p(speeds[one.key]) for one in posts[3:11]]
    assert scores[posts[11].key].n == 8
    assert scores[posts[11].key].z == pytest.approx(robust_z(math.log1p(500), trailing))
    assert scores[posts[11].key].is_spike


def test_29_a_sample_says_how_far_off_its_z_may_be() -> None:
    posts = [post(number, 1 + number % 2) for number in range(100)] + [post(100, 9)]

    [*_, exact] = rate_scores(posts).values()
    [*_, sampled] = rate_scores(posts, sampled=True).values()

    assert exact.error_bound is None
    assert exact.z is not None
    assert sampled.error_bound == pytest.approx(
        1.96 * math.sqrt(1 / 100 + exact.z**2 / 200), rel=1e-4
    )


def test_29_a_sample_holds_a_hundred_posts_a_week_and_platform_where_that_is_allowed() -> None:
    assert sample_size(2.5, 4, 20_000) == 3_000
    assert sample_size(20.2, 4, 20_000) == 21 * 4 * 100
    assert sample_size(52, 4, 20_000) == 20_000
    assert sample_size(2.5, 4, 600) == 600


def test_29_posts_looked_for_because_they_stand_out_are_in_no_reference() -> None:
    usual = [post(number, 1 + number % 2) for number in range(40)]
    hits = [replace(post(number, 999), counts=False) for number in (41, 42)]
    posts = sorted([*usual, *hits, post(50, 9)], key=lambda one: one.at_ms)
    speeds = {one.key: float(one.engagement or 0) for one in posts}

    assert rate_scores(posts)["x", "p50"] == rate_scores([*usual, post(50, 9)])["x", "p50"]
    assert rate_scores(posts)["x", "p50"].n == 40
    wanted = {("x", "p50")}
    scores = speed_scores(posts, speeds, wanted, sampled=False)
    assert scores == speed_scores([*usual, post(50, 9)], speeds, wanted, sampled=False)


def test_29_of_too_many_velocities_a_sample_and_the_most_engaged_are_read() -> None:
    posts = [post(number, number % 97, at_h=number / 100) for number in range(1000)]

    assert to_observe(posts, posts[500:], 5000) == (posts, False)
    assert to_observe(posts, [], 5000) == ([], False)
    kept, thin = to_observe(posts, posts[500:], 100)

    assert thin
    assert len(kept) <= 100
    assert kept == sorted(kept, key=lambda one: one.at_ms)
    assert sum(one.counts for one in kept) == 50
    assert {one.key for one in posts[500:] if one.engagement == 96} <= {one.key for one in kept}
    assert min(one.engagement or 0 for one in kept if not one.counts) > 80


def test_29_velocities_of_posts_from_before_the_trailing_days_are_not_needed() -> None:
    posts = [post(number, 1, at_h=24 * number) for number in range(20)]

    assert to_observe(posts, posts[15:16], 50) == (posts[8:16], False)


def test_29_the_top_by_comments_are_found_too() -> None:
    scores = {
        ("x", "a"): Score("engagement_rate", 9, 50, 7.0),
        ("x", "b"): Score("engagement_rate", 9, 50, 9.0),
        ("x", "c"): Score("engagement_rate", 1, 50, 1.0),
    }
    commented: dict[str, list[Json]] = {
        "x": [comments("c", 30), comments("a", 20)],
        "y": [comments("d", 90)],
    }

    found = spikes_among(scores, commented)

    assert [(one.key[1], one.found_by, one.comments_rank) for one in found] == [
        ("b", ["engagement_rate"], None),
        ("a", ["engagement_rate", "comments"], 2),
        ("d", ["comments"], 1),
        ("c", ["comments"], 1),
    ]


def comments(native_id: str, count: int) -> Json:
    return {"native_id": native_id, "metrics": {"comments": count}}


def test_29_ties_go_by_the_post() -> None:
    same = [Spike(("x", name), Score("velocity", 1, 9, 4.0)) for name in ("b", "a")]

    assert [one.key for one in sorted(same, key=Spike.order)] == [("x", "a"), ("x", "b")]


def test_29_a_week_is_seven_days() -> None:
    assert timedelta(milliseconds=TRAILING_MS) == timedelta(days=7)
