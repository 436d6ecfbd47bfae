"""Forecasts from a campaign's own days."""

from __future__ import annotations

import math
import random
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.calendar_counts import Stretch
from analysis.forecast import Backtest, Days, backtest, days_ahead, expected, forecast_answer
from lake import times
from lake.errors import InvalidError
from lake.records import Json

START = times.from_text("2026-03-02")  # a Monday
DAY = timedelta(days=1)
WEEKLY = [10, 20, 30, 40, 50, 60, 70]


def answer(days: Days, ahead: int = 7) -> Json:
    stretches = [
        Stretch(START + place * DAY, START + (place + 1) * DAY, posts or 0, posts is not None)
        for place, posts in enumerate(days)
    ]
    coming = [START + (len(days) + place) * DAY for place in range(ahead + 1)]
    return forecast_answer(stretches, coming)


def test_30_a_week_that_repeats_is_expected_to_go_on() -> None:
    found = answer(WEEKLY * 4)

    assert [row["value"] for row in found["days"]] == WEEKLY
    assert found["value"] == sum(WEEKLY)
    assert (found["backtest"]["mae"], found["backtest"]["naive_mae"]) == (0, 0)
    assert (found["n"], found["missing"], found["reason"]) == (28, 0, None)
    assert found["days"][0]["start"] == "2026-03-30T00:00:00.000Z"
    assert found["days"][0]["end"] == found["days"][1]["start"]


def test_30_the_mean_of_the_last_four_of_a_weekday_counts() -> None:
    days: Days = [999] * 7 + [place // 7 * 10 for place in range(28)]

    assert expected(days, 1, 0.0) == 15
    assert expected(days, 10, 0.0) == 15
    assert expected(days, 1, 1.0) == pytest.approx(15 * 30 / 15)
    assert expected(days, 1, 0.5) == pytest.approx(15 * math.sqrt(2))


def test_30_each_coming_day_is_like_its_own_weekday() -> None:
    days: Days = WEEKLY * 4 + [10, 20]

    found = [expected(days, ahead, 0.0) for ahead in range(1, 15)]

    assert found == [30, 40, 50, 60, 70, 10, 20] * 2


def test_30_fewer_than_14_known_days_are_no_forecast_and_say_so() -> None:
    days: Days = [5] * 13 + [None] * 3

    found = answer(days)

    assert (found["value"], found["days"], found["backtest"]) == (None, None, None)
    assert (found["n"], found["missing"]) == (13, 3)
    assert found["reason"] == "13 whole days are known; a forecast needs 14"
    assert answer([5] * 14)["value"] == 35


def test_30_days_that_nobody_watched_are_unknown_and_not_0() -> None:
    known = answer(WEEKLY * 4)
    gaps: list[int | None] = list(WEEKLY * 4)
    gaps[9] = gaps[24] = None

    assert answer(gaps)["days"][0]["value"] == pytest.approx(known["days"][0]["value"], rel=0.1)
    assert expected([None] * 28, 1, 0.5) is None
    assert expected([3] * 20 + [None] * 7, 1, 0.5) is None
    lost = answer([5] * 20 + [None] * 8)
    assert (lost["value"], lost["days"]) == (None, None)
    assert "not known" in lost["reason"]


def test_30_silence_is_expected_to_go_on() -> None:
    found = answer([0] * 30)

    assert [row["value"] for row in found["days"]] == [0.0] * 7
    assert found["backtest"]["mae"] == 0
    assert found["backtest"]["mase"] is None  # last week's value was never off, either


def test_30_the_backtest_compares_with_the_value_of_last_week() -> None:
    days: Days = [10, 20] * 10

    past = backtest(days)

    # Seven days before, the other of the two was posted, so last week is always off by 10.
    assert past.naive_mae == 10
    assert past.mae is not None
    assert past.mase == pytest.approx(past.mae / 10)
    assert len(past.ratios) == 13


def test_30_the_past_chooses_how_much_of_a_change_of_level_is_believed() -> None:
    growing = [round(10 * 1.1**place) for place in range(40)]
    rng = random.Random(5)
    noisy = [20 + rng.choice([-9, 0, 9]) for _ in range(60)]

    assert backtest(growing).damping == 1.0
    assert backtest(noisy).damping < 1.0


def test_30_an_interval_reaches_over_past_errors_and_says_what_they_can_promise() -> None:
    ratios = [math.log(place / 10) for place in range(1, 20)]  # 0.1 to 1.9 times
    past = Backtest(0.5, ratios, 1.0, 1.0, 1.0)

    low, high, holds = past.interval(99, 0.80) or (0, 0, 0)

    assert (low, high, holds) == (pytest.approx(100 * 0.2 - 1), pytest.approx(100 * 1.8 - 1), 0.8)
    low, high, holds = past.interval(99, 0.95) or (0, 0, 0)
    assert (low, high, holds) == (pytest.approx(9), pytest.approx(189), pytest.approx(0.9))
    assert Backtest(0.5, [], None, None, None).interval(9, 0.8) is None


def test_30_an_interval_holds_its_value_and_no_less_than_0() -> None:
    too_low = Backtest(0.5, [math.log(2)] * 20, 1.0, 1.0, 1.0)
    too_high = Backtest(0.5, [math.log(0.1)] * 20, 1.0, 1.0, 1.0)

    assert too_low.interval(9, 0.8) == (9, pytest.approx(19), 0.8)
    assert too_high.interval(1, 0.8) == (0, 1, 0.8)


@given(st.lists(st.one_of(st.none(), st.integers(0, 10**7)), max_size=80), st.integers(1, 28))
def test_30_every_forecast_lies_in_its_intervals_and_no_less_than_0(days: Days, ahead: int) -> None:
    found = answer(days, ahead)

    assert found["n"] + found["missing"] == len(days)
    assert (found["value"] is None) == (found["reason"] is not None)
    for row in found["days"] or []:
        inner, outer = row["intervals"]
        assert 0 <= outer["low"] <= inner["low"] <= row["value"] * (1 + 1e-9)
        assert row["value"] * (1 - 1e-9) <= inner["high"] <= outer["high"]
        assert 0 <= inner["holds"] <= 0.8
        assert inner["holds"] <= outer["holds"] <= 0.95


def test_30_intervals_hold_what_they_promise() -> None:
    rng = random.Random(3)
    inside = total = 0
    for _ in range(150):
        days = [round(rng.gauss(weekday, weekday / 5)) for weekday in WEEKLY * 8]
        found = answer(days[:-1], 1)
        interval = found["days"][0]["intervals"][0]
        assert interval["holds"] == 0.8 or interval["holds"] > 0.77
        inside += interval["low"] <= days[-1] <= interval["high"]
        total += 1

    assert 0.68 < inside / total < 0.92


@pytest.mark.parametrize("horizon", ["0d", "29d", "7", "7h", "-1d", "d", "", "1000000d", "7d "])
def test_30_a_horizon_is_1_to_28_days(horizon: str) -> None:
    assert (days_ahead("1d"), days_ahead("28d")) == (1, 28)
    with pytest.raises(InvalidError, match="horizon: must be a number of days from 1d to 28d"):
        days_ahead(horizon)
