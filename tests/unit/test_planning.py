from __future__ import annotations

from typing import Any

import pytest

from ingestors.about import About, Limit, Price
from ingestors.planning import plan
from lake.config import IngestConfig

SETTINGS = IngestConfig(interval_s=300, min_interval_s=60, max_interval_s=3_600, posts_per_poll=20)
DAY_S = 86_400


def about(calls: int, per_s: float, **more: Any) -> About:
    facts: dict[str, Any] = {
        "label": "Test",
        "capabilities": {"posts": "all"},
        "limits": (Limit("search", calls, per_s, "said so"),),
        "poll_calls": {"search": 1},
        "page_posts": 100,
        "page_bucket": "search",
    }
    return About(**(facts | more))


def test_calls_are_polls_and_the_pages_that_the_posts_need() -> None:
    found = plan("t", about(1_000_000, DAY_S), {"a": None, "b": None}, SETTINGS)

    assert (found.interval_s, found.targets) == (300, 2)
    assert found.buckets[0].calls_per_day == 2 * DAY_S / 300
    busy = plan("t", about(1_000_000, DAY_S), {"a": 5_760.0}, SETTINGS)
    assert busy.interval_s == 300  # 20 posts each 300 s
    assert busy.buckets[0].calls_per_day == pytest.approx(DAY_S / 300 + 57.6)
    assert found.warnings == busy.warnings == ()
    assert found.cost_per_day_usd is None


def test_each_hashtag_is_polled_at_its_own_velocity() -> None:
    busy_and_quiet = {"a": 5_760.0, "b": 0.0, "c": 0.0}
    price = Price(per_call_usd={"search": 0.001})

    found = plan("t", about(10**6, DAY_S, price=price, page_posts=10**9), busy_and_quiet, SETTINGS)

    assert found.interval_s == 300
    assert found.buckets[0].calls_per_day == pytest.approx(288 + 24 + 24, rel=1e-4)
    assert found.cost_per_day_usd == pytest.approx(0.336)


def test_a_quota_that_cannot_carry_the_campaign_is_told() -> None:
    found = plan("t", about(100, DAY_S), dict.fromkeys("abcdefghij", 1_000.0), SETTINGS)

    assert found.interval_s == pytest.approx(10 * DAY_S / 90)
    assert found.buckets[0].allowed_per_day == 100
    assert "carries one poll a hashtag each 9,600 s only" in found.warnings[0]
    assert "cannot carry this campaign" in found.warnings[1]


def test_others_and_further_credentials_share_the_quota() -> None:
    alone = plan("t", about(100, DAY_S), {"a": 0.0}, SETTINGS)
    crowded = plan("t", about(100, DAY_S), {"a": 0.0}, SETTINGS, others=9)
    pooled = plan("t", about(100, DAY_S, credentials=10), {"a": 0.0}, SETTINGS, others=9)

    assert alone.interval_s == pooled.interval_s == 3_600
    assert crowded.interval_s == pytest.approx(9_600)


def test_what_is_paid_is_told_in_dollars() -> None:
    price = Price(per_post_usd=0.005, per_author_usd=0.01, per_call_usd={"search": 0.001})

    found = plan("t", about(10**6, DAY_S, price=price), {"a": 5_760.0}, SETTINGS)
    unknown = plan("t", about(10**6, DAY_S, price=price), {"a": None}, SETTINGS)

    assert found.cost_per_day_usd == pytest.approx(288 * 0.001 + 5_760 * 0.015)
    assert unknown.cost_per_day_usd == pytest.approx(288 * 0.001)
    assert "--posts-per-day" in unknown.warnings[-1]


def test_a_platform_that_is_off_or_gives_no_posts_is_told() -> None:
    found = plan("t", about(1, 1, off_because="terms", capabilities={}), {"a": 0.0}, SETTINGS)

    assert found.warnings[:2] == (
        "Test is off: terms",
        "Test gives no posts with these settings",
    )
