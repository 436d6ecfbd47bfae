"""Volume peaks and forecasts of the API against plain Python over the same posts."""

from __future__ import annotations

import statistics
from datetime import timedelta
from typing import Any

import pytest

from api.answers.peaks import peaks
from lake import times
from lake.records import Post
from lake.store import Store
from tests.fakes import plain_peaks as plain
from tests.fakes.campaign_posts import END, START
from tests.fakes.running_api import Api

DAY = timedelta(days=1)


@pytest.mark.parametrize("tz", ["UTC", "Europe/Paris"])
async def test_every_peak_equals_a_count_by_hand(api: Api, store: Store, tz: str) -> None:
    posts, scores = plain.hourly_posts(11)
    await plain.seed(store, posts, scores)
    own = plain.own_posts(posts)
    path = f"/v1/campaigns/{await api.create()}/peaks"

    for sensitivity, k in (("high", 3), ("low", 1.5)):
        answer = await api.get(path, sensitivity=sensitivity, tz=tz, explain=20)

        expected = plain.merged(plain.peak_hours(own, tz, k))
        assert len(answer["peaks"]) == answer["value"] == len(expected) >= 3
        assert (answer["n"], answer["missing"]) == (11 * 24, 0)
        for peak, hours in zip(answer["peaks"], expected, strict=True):
            top = max(hours, key=lambda hour: hour.posts)
            assert peak["start"] == times.to_text(hours[0].start)
            assert peak["end"] == times.to_text(hours[-1].start + plain.HOUR)
            assert peak["posts"] == sum(hour.posts for hour in hours)
            assert (peak["peak_hour"], peak["peak_posts"]) == (times.to_text(top.start), top.posts)
            assert peak["z"] == pytest.approx(top.z)
            assert (peak["reference"], top.kind) == ("hour_of_week", "hour_of_week")
            _check_parts(peak["explanation"], hours, own, scores)


def _check_parts(
    told: Any, hours: list[plain.PlainHour], own: list[Post], scores: dict[str, Any]
) -> None:
    inside = plain.of_hours(own, {hour.start for hour in hours})
    starts = {hour for one in hours for hour in one.reference}
    usual = plain.of_hours(own, starts - {hour.start for hour in hours})
    assert (told["n"], told["reference_n"]) == (len(inside), len(usual))
    for name, key in (("authors", "author"), ("hashtags", "hashtag"), ("domains", "domain")):
        expected = plain.lifts(name, inside, usual) if usual else []
        if usual:
            rows = [(row[key], row["lift"]) for row in told[name]["top"]]
            assert [row[0] for row in rows] == [row[0] for row in expected], name
            assert [row[1] for row in rows] == pytest.approx([row[1] for row in expected])
        assert told[name]["exact"] is True
    assert all(row["handle"] == row["author"].split(":")[1] for row in told["authors"]["top"])
    likes = sorted((post.metrics.get("likes", -1) for post in inside), reverse=True)
    assert [post["engagement"] for post in told["posts"]] == likes[:5]
    tone = told["sentiment"]["mean"]
    assert tone["peak"] == pytest.approx(plain.mean_tone(inside, scores))
    assert tone["shift"] == pytest.approx(tone["peak"] - plain.mean_tone(usual, scores))


async def test_a_gap_in_the_weeks_before_makes_the_reference_the_last_seven_days(
    api: Api, store: Store
) -> None:
    posts, scores = plain.hourly_posts(12)
    await plain.seed(store, posts, scores)
    burst = next(iter(plain.BURSTS))
    gap = (burst - 2 * plain.WEEK, burst - 2 * plain.WEEK + plain.HOUR / 2)
    await _run(store, START - 6 * plain.WEEK, END, gap)
    campaign = await api.create()

    answer = await api.get(f"/v1/campaigns/{campaign}/peaks")

    hours = plain.peak_hours(
        plain.own_posts(posts), watched=lambda hour: hour != burst - 2 * plain.WEEK
    )
    expected = [run[0] for run in plain.merged(hours)]
    assert expected[0].kind == "trailing_7d"
    assert [peak["start"] for peak in answer["peaks"]] == [times.to_text(h.start) for h in expected]
    kinds = {hour.start: hour.kind for hour in hours}
    for peak in answer["peaks"]:
        assert peak["reference"] == kinds[times.from_text(peak["peak_hour"])]
    assert answer["coverage"] == 1.0


async def _run(store: Store, start: Any, end: Any, gap: tuple[Any, Any]) -> None:
    source = {
        "@timestamp": end,
        "run": "run-1",
        "platform": "x",
        "target": "x:hashtag:acme",
        "kind": "hashtag",
        "value": "acme",
        "covered": {"start": start, "end": end},
        "gap": {"start": gap[0], "end": gap[1], "reason": "overdue"},
    }
    index = store.layout.runs(end)
    await store.client.index(index=index, id="run-1", document=source, refresh=True)


async def test_before_the_first_post_nobody_knows_what_is_usual(api: Api, store: Store) -> None:
    posts = [post for post in plain.hourly_posts(13)[0] if post.created_at >= START + DAY]
    await plain.seed(store, posts, {})

    answer = await api.get(f"/v1/campaigns/{await api.create()}/peaks", explain=1)

    assert answer["missing"] in range(48, 52)  # a day without posts, a day to learn
    assert answer["n"] == 11 * 24
    assert answer["peaks"]
    assert {peak["reference"] for peak in answer["peaks"]} == {"trailing_7d"}
    [told] = [peak["explanation"] for peak in answer["peaks"] if peak["explanation"]]
    assert told["sentiment"]["mean"]["shift"] is None


async def test_domains_of_very_many_posts_are_those_of_a_sample(
    api: Api, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("api.answers.peaks.MOST_TEXTS", 40)
    posts, scores = plain.hourly_posts(14)
    await plain.seed(store, posts, scores)
    campaign = await store.campaigns.get(await api.create())

    answer = await peaks(store, campaign, explain=1)

    [told] = [peak["explanation"] for peak in answer["peaks"] if peak["explanation"]]
    assert told["n"] > 40
    assert told["domains"]["exact"] is False
    assert 5 < told["domains"]["n"] <= 40
    assert told["domains"]["top"][0]["domain"] == "launch.example"


async def test_a_forecast_says_what_the_coming_days_may_bring(api: Api, store: Store) -> None:
    posts, scores = plain.hourly_posts(15)
    await plain.seed(store, posts, scores)
    campaign = await api.create(**{"from": "2025-03-01"})
    path = f"/v1/campaigns/{campaign}/forecast"

    answer = await api.get(path, horizon="10d", tz="Europe/Paris")

    first = times.from_text("2025-03-01T23:00:00Z")
    days = [
        sum(
            first + place * DAY <= post.created_at < first + (place + 1) * DAY
            for post in plain.own_posts(posts)
        )
        for place in range(28)  # before the clocks change
    ]
    assert (answer["n"], answer["missing"], answer["reason"]) == (38, 0, None)
    assert [row["start"] for row in answer["days"][:2]] == [
        "2025-04-08T22:00:00.000Z",
        "2025-04-09T22:00:00.000Z",
    ]
    assert len(answer["days"]) == 10
    assert answer["backtest"]["n"] == 31
    for row in answer["days"]:
        assert row["intervals"][0]["low"] <= row["value"] <= row["intervals"][0]["high"]
        assert row["value"] < 3 * statistics.fmean(days)


async def test_without_enough_days_there_is_no_forecast_but_a_reason(
    api: Api, store: Store
) -> None:
    path = f"/v1/campaigns/{await api.create()}"

    empty = await api.get(f"{path}/forecast")

    assert (empty["value"], empty["days"], empty["n"]) == (None, None, 0)
    assert "needs 14" in empty["reason"]
    peaks_of_nothing = await api.get(f"{path}/peaks")
    assert (peaks_of_nothing["peaks"], peaks_of_nothing["value"]) == ([], 0)
    assert peaks_of_nothing["missing"] == peaks_of_nothing["n"] == 11 * 24
    later = await api.create(**{"name": "Later", "from": "2090-01-01", "to": "2090-02-01"})
    for question in ("peaks", "forecast"):
        assert (await api.get(f"/v1/campaigns/{later}/{question}"))["n"] == 0


async def test_what_cannot_be_asked_is_refused(api: Api) -> None:
    path = f"/v1/campaigns/{await api.create()}"
    years = f"/v1/campaigns/{await api.create(**{'name': 'Long', 'from': '2020-01-01'})}"
    asked: list[tuple[str, dict[str, str], str]] = [
        (f"{path}/peaks", {"tz": "Mars/Base"}, "tz"),
        (f"{path}/peaks", {"sensitivity": "extreme"}, "sensitivity"),
        (f"{path}/peaks", {"explain": "21"}, "explain"),
        (f"{path}/forecast", {"horizon": "7w"}, "horizon"),
        (f"{years}/peaks", {}, "5,000 hours"),
    ]
    for address, params, part in asked:
        status, body = await api.refusal("GET", address, params=params)
        assert (status, part in body["detail"]) == (422, True), address
