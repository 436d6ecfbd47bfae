"""The test vectors of the metric table, each under its number."""

from __future__ import annotations

from datetime import timedelta

import pytest

from analysis.authors import Author
from analysis.coverage import Blind, Seen, add_run, blind, coverage
from analysis.influencers import Scoring, score
from analysis.numbers import mean, percentile_ranks, ratio, shares, wilson
from analysis.population import Population
from analysis.reach import impressions, rate_mean, reach
from analysis.sentiment import net_sentiment, sentiment_score
from lake import times
from lake.engagement import current_definition


def author(key: str, posts: int, followers: int | None, engagement: int | None = None) -> Author:
    found = Author(f"x:{key}", posts=posts, followers=followers)
    if engagement is not None:
        found.sums["engagement"] = engagement
        found.known["engagement"] = posts
    return found


def test_4_engagement_sums_what_the_platform_offers() -> None:
    numbers = {"likes": 1, "comments": 2, "shares": 4, "quotes": 8, "saves": 16, "views": 32}

    value = current_definition().value

    assert value("x", numbers) == 31
    assert value("youtube", numbers) == 3
    assert value("linkedin", numbers) == 7
    assert value("x", {"views": 32}) is None


def test_5_potential_impressions() -> None:
    tweet_binder = Population([author("a", 10, 35), author("b", 25, 73)])
    keyhole = Population([author("k", 2, 500)])

    assert impressions(tweet_binder, posts=35, replies=0).value == 2175
    assert impressions(keyhole, posts=2, replies=0).value == 1000


def test_5_a_reply_counts_one() -> None:
    someone = author("a", 3, 100)
    someone.replies = 1

    assert impressions(Population([someone]), posts=3, replies=1).value == 201


def test_6_potential_reach() -> None:
    assert reach(Population([author("a", 10, 35), author("b", 25, 73)])).value == 108
    assert reach(Population([author("k", 2, 500)])).value == 500


def test_6_an_unknown_follower_count_is_missing_not_0() -> None:
    found = reach(Population([author("a", 1, 35), author("b", 1, None)]))

    assert (found.value, found.n, found.missing) == (35, 2, 1)
    assert reach(Population([author("b", 1, None)])).value is None


def test_7_frequency() -> None:
    assert ratio(2175, 108) == pytest.approx(20.139, abs=0.0005)
    assert ratio(2175, 0) is None


def test_13_mean_engagement_rate() -> None:
    two = [author("a", 1, 1000, 34), author("b", 1, 1000, 35)]

    assert mean([3.4, 3.5]) == pytest.approx(3.45)
    assert rate_mean(Population(two), posts=2).value == pytest.approx(3.45)


def test_16_rates_are_per_post_that_tells() -> None:
    someone = author("a", 4, 10)
    someone.sums["shares"], someone.known["shares"] = 6, 3

    assert someone.amplification() == 2


def test_17_share_of_voice() -> None:
    found = shares({"a": 40, "b": 30, "c": 20, "d": 10})

    assert found == {"a": 40, "b": 30, "c": 20, "d": 10}
    assert shares({"a": 0, "b": 0}) == {"a": None, "b": None}


def test_19_net_sentiment() -> None:
    assert net_sentiment({"positive": 255, "negative": 513}) == -0.3359375
    assert net_sentiment({"positive": 3, "negative": 2}) == 0.2
    assert net_sentiment({"neutral": 9}) is None


def test_20_sentiment_score() -> None:
    labels = {"positive": 800, "neutral": 550, "negative": 150}

    assert sentiment_score(labels) == pytest.approx(43.33, abs=0.005)


def test_22_wilson_interval() -> None:
    assert wilson(8, 10) == pytest.approx((0.490, 0.943), abs=0.0005)
    assert wilson(0, 0) is None


def test_32_percentile_ranks() -> None:
    assert percentile_ranks([10, 20, 30]) == pytest.approx([1 / 6, 0.5, 5 / 6])
    assert percentile_ranks([5, 5]) == [0.5, 0.5]


def test_32_a_missing_component_drops_out_and_the_weights_renormalise() -> None:
    authors = [author("a", 1, None, 10), author("b", 1, None, 20), author("c", 1, None, 30)]

    found = [Scoring(Population(authors)).of(one) for one in authors]

    assert [set(one.components) for one in found] == [{"engagement", "posts"}] * 3
    expected = 100 * (0.35 * (5 / 6) + 0.05 * 0.5) / 0.40
    assert score(found[2].components) == pytest.approx(expected)
    assert found[2].score == pytest.approx(expected)


def test_40_coverage_is_the_window_without_its_gaps() -> None:
    start, end = times.from_text("2026-03-01"), times.from_text("2026-03-02")
    half = times.from_text("2026-03-01T12:00:00Z")
    target = ("x", "acme")

    assert coverage({target: Seen(first=start, last=half)}, start, end) == 0.5
    assert coverage({target: Seen(gaps=[Blind(start, half, "blocked")])}, start, end) == 0
    assert coverage({target: Seen()}, start, end) is None
    assert coverage({target: Seen(answered=False)}, start, end) == 0
    assert coverage({}, start, end) is None


def test_40_a_gap_is_not_covered_even_where_its_posts_were_read_later() -> None:
    start, end = times.from_text("2026-03-01"), times.from_text("2026-03-02")
    six, nine = start + timedelta(hours=6), start + timedelta(hours=9)
    seen = {("x", "acme"): Seen(first=start, last=end)}
    gap = {"start": times.to_text(six), "end": times.to_text(nine), "reason": "overdue"}
    run = {"platform": "x", "value": "acme", "gap": gap | {"recovered": True}}

    add_run(seen, run)

    assert coverage(seen, start, end) == 21 / 24


def test_40_a_block_is_one_gap_and_its_end_says_whether_the_posts_were_read_later() -> None:
    start, end = times.from_text("2026-03-01"), times.from_text("2026-03-02")
    refused = [Blind(start, start + timedelta(hours=hours), "blocked") for hours in (1, 2, 3)]
    over = Blind(start, start + timedelta(hours=4), "blocked", recovered=True)

    assert blind(Seen(first=start, last=end, gaps=[*refused, over]), start, end) == [over]
    assert blind(Seen(first=start, last=end, gaps=refused), start, end) == [refused[-1]]
