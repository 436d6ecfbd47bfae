from __future__ import annotations

import pytest

from ingestors.about import About, Limit
from ingestors.pace import Pace, first_pace, floor_s, next_pace, resumed_pace
from lake.config import IngestConfig

SETTINGS = IngestConfig(interval_s=300, min_interval_s=60, max_interval_s=3_600, posts_per_poll=20)


def about(calls: int, per_s: float, credentials: int = 1) -> About:
    return About(
        "Test",
        {"posts": "all"},
        limits=(Limit("search", calls, per_s, "said so"),),
        poll_calls={"search": 1},
        credentials=credentials,
    )


def settled(posts_per_h: float, polls: int = 60) -> Pace:
    """The pace after many polls of a target that always gets so many posts an hour."""
    pace = first_pace(SETTINGS, 0)
    for _ in range(polls):
        found = round(posts_per_h * pace.interval_s / 3600)
        pace = next_pace(pace, found, pace.interval_s, SETTINGS, 0)
    return pace


@pytest.mark.parametrize(
    ("posts_per_h", "interval_s"),
    [(0, 3_600), (2, 3_600), (120, 600), (400, 180), (10_000, 60)],
)
def test_the_interval_settles_where_a_poll_finds_what_it_should(
    posts_per_h: float, interval_s: float
) -> None:
    assert settled(posts_per_h).interval_s == pytest.approx(interval_s, rel=0.1)


def test_one_poll_moves_the_interval_at_most_to_a_quarter_or_to_double() -> None:
    pace = Pace(600, 100)

    assert next_pace(pace, 100_000, 600, SETTINGS, 0).interval_s == 150
    assert next_pace(Pace(600, 0.0), 0, 600, SETTINGS, 0).interval_s == 1_200


def test_what_changes_slowly_is_followed_all_the_same() -> None:
    pace, rate = Pace(3_000, 24.0), 24.0
    for _ in range(60):  # each poll finds some per cent more than the one before
        rate *= 1.05
        pace = next_pace(pace, round(rate * pace.interval_s / 3600), pace.interval_s, SETTINGS, 0)

    assert pace.posts_per_h == pytest.approx(rate, rel=0.2)
    assert pace.interval_s == pytest.approx(20 * 3_600 / rate, rel=0.5)


def test_a_slight_change_leaves_the_interval_and_keeps_the_velocity() -> None:
    slight = next_pace(Pace(600, 120.0), 23, 600, SETTINGS, 0)

    assert slight == Pace(600, pytest.approx(125.4))
    # The polls that follow it are measured against the interval that is really kept.
    assert next_pace(Pace(600, 140.0), 24, 600, SETTINGS, 0).interval_s == 600
    assert next_pace(Pace(600, 150.0), 27, 600, SETTINGS, 0).interval_s < 480
    assert next_pace(Pace(600, 120.0), 20, 600, SETTINGS, 650).interval_s == 650


def test_a_restart_goes_on_with_the_interval_that_held_and_the_quotas_carry() -> None:
    assert resumed_pace(SETTINGS, 0, 700, 9.0) == Pace(700, 9.0)
    assert resumed_pace(SETTINGS, 0, None, None) == Pace(300)
    assert resumed_pace(SETTINGS, 0, 9_000, None) == Pace(3_600)
    assert resumed_pace(SETTINGS, 19_200, 19_200, 1.0) == Pace(19_200, 1.0)


def test_quotas_go_before_the_bounds() -> None:
    assert first_pace(SETTINGS, 8_640).interval_s == 8_640
    assert next_pace(Pace(8_640, 5), 500, 8_640, SETTINGS, 8_640).interval_s == 8_640


def test_a_poll_without_one_before_it_tells_no_velocity() -> None:
    assert next_pace(Pace(300), 400, 0, SETTINGS, 0) == Pace(300)


def test_the_floor_is_what_the_quota_carries_for_all_targets_together() -> None:
    # 100 calls a day, nine tenths of them for hashtags: 90 polls a day.
    assert floor_s(about(100, 86_400), 1) == pytest.approx(960)
    assert floor_s(about(100, 86_400), 10) == pytest.approx(9_600)
    assert floor_s(about(100, 86_400, credentials=2), 10) == pytest.approx(4_800)
    assert floor_s(About("Free", {"posts": "all"}), 1_000) == 0
