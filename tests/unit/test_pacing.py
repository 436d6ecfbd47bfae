"""A batch is as large as the promised time allows, and never larger."""

from __future__ import annotations

import pytest

from enrichment.pacing import Pace


def _run(pace: Pace, posts_per_s: float, batches: int) -> list[int]:
    sizes = []
    for _ in range(batches):
        sizes.append(pace.posts())
        pace.took(sizes[-1], sizes[-1] / posts_per_s)
    return sizes


def test_it_begins_small_and_grows_to_the_most_with_a_fast_model() -> None:
    sizes = _run(Pace(5, 500), 10_000, 6)

    assert sizes == [8, 64, 500, 500, 500, 500]


@pytest.mark.parametrize("speed", [0.2, 3, 40, 333, 2_000])
def test_no_batch_takes_more_than_a_part_of_the_promised_time(speed: float) -> None:
    pace = Pace(5, 5_000)
    first = _run(pace, speed, 12)

    last = pace.posts()

    assert last / speed <= max(2.0, 1 / speed)
    assert last >= min(5_000, int(speed * 2.0 * 0.99)) or last == 1
    assert first[0] == 8


def test_a_model_that_slows_down_gets_smaller_batches_within_two() -> None:
    pace = Pace(4, 1_000)
    _run(pace, 5_000, 8)
    assert pace.posts() == 1_000

    slowed = _run(pace, 100, 6)

    assert slowed[2] <= 340
    assert slowed[5] / 100 <= 2.0


def test_small_batches_do_not_hide_what_large_ones_can_do() -> None:
    pace = Pace(5, 500)
    _run(pace, 4_000, 6)

    for _ in range(20):
        pace.took(1, 0.02)  # one fresh post at a time: mostly what a call costs

    assert pace.posts() >= 400


def test_what_says_nothing_changes_nothing() -> None:
    pace = Pace(5, 500)

    pace.took(0, 1.0)
    pace.took(10, -1.0)

    assert (pace.posts(), pace.posts_per_s) == (8, None)
    pace.took(8, 0.0)  # a clock too coarse to see it
    assert (pace.posts(), pace.posts_per_s) == (64, None)


def test_one_post_is_the_least_and_the_most_holds_from_the_start() -> None:
    assert Pace(5, 1).posts() == 1
    slow = Pace(0.001, 100)
    slow.took(8, 100.0)
    assert slow.posts() == 1
