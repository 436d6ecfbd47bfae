"""Before, during and after a campaign, against plain Python over the same posts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from statistics import median
from typing import Any

import pytest

from analysis.leaders import Sizes
from analysis.membership import posts_query
from api.answers.ageing import post_ages
from api.answers.asked import asked
from api.answers.windows import windows
from lake import times
from lake.records import Author, Post
from lake.store import Store
from tests.fakes import plain_answers as plain
from tests.fakes import plain_windows as expected
from tests.fakes.campaign_posts import END, START, random_scores, seed_run, seed_store
from tests.fakes.running_api import OWN, Api

DAY = timedelta(days=1)
SPAN = END - START


@dataclass(frozen=True)
class Around:
    campaign: str
    posts: Sequence[Post]
    scores: Mapping[str, tuple[str, float]]
    shots: Mapping[str, expected.Shots]

    def inside(self, start: datetime, end: datetime) -> plain.Plain:
        return plain.Plain(plain.chosen(self.posts, OWN, start, end), self.scores)


@pytest.fixture
async def around(api: Api, store: Store) -> Around:
    posts = expected.posts_around(20_250_402)
    scores, shots = random_scores(8, posts), expected.random_shots(9, posts)
    await seed_store(store, posts, scores)
    await expected.seed_shots(store, posts, shots)
    return Around(await api.create(), posts, scores, shots)


def _spans(length: timedelta) -> dict[str, tuple[datetime, datetime]]:
    return {
        "before": (START - length, START),
        "during": (START, END),
        "after": (END, END + length),
    }


@pytest.mark.parametrize(("asked_for", "length"), [({}, SPAN), ({"length": "60h"}, 2.5 * DAY)])
async def test_the_windows_equal_a_count_by_hand(
    api: Api, around: Around, asked_for: dict[str, str], length: timedelta
) -> None:
    answer = await api.get(f"/v1/campaigns/{around.campaign}/windows", **asked_for)

    assert answer["length_s"] == length.total_seconds()
    assert answer["definition"] == "windows.v1"
    for name, (start, end) in _spans(length).items():
        window, own = answer["windows"][name], around.inside(start, end)
        days = (end - start) / DAY
        assert (window["from"], window["to"]) == (times.to_text(start), times.to_text(end))
        assert (window["until"], window["complete"]) == (window["to"], True)
        assert (window["days"], window["covered_days"]) == (days, days)
        assert (window["days_source"], window["coverage"]) == ("calendar", None)
        assert len(own.posts) > 10
        for flow, (total, rate) in expected.window_numbers(own, days).items():
            metric = window["metrics"][flow]
            assert (metric["value"], metric["per_day"]) == (total, pytest.approx(rate)), flow
        _check_tone(window["sentiment"], own)


def _check_tone(tone: Any, own: plain.Plain) -> None:
    labels = own.labels()
    pos, neg = labels["positive"], labels["negative"]
    decided = pos + neg + labels["neutral"]
    scores = [own.scores[p.native_id][1] for p in own.posts if p.native_id in own.scores]
    share = tone["positive_share"]
    assert tone["labels"] == labels
    assert tone["net_sentiment"]["value"] == pytest.approx((pos - neg) / (pos + neg))
    assert tone["sentiment_mean"]["value"] == pytest.approx(sum(scores) / len(scores))
    assert share["value"] == pytest.approx(100 * pos / decided)
    assert 0 <= share["low"] < share["value"] < share["high"] <= 100
    assert share["missing"] == len(own.posts) - decided
    assert tone["trend_hidden"] is (decided < 30)


async def test_flows_are_per_day_that_was_watched(api: Api, around: Around, store: Store) -> None:
    await seed_run(store, "x", "acme", START - 4 * DAY, START + 8 * DAY)
    await seed_run(store, "mastodon", "acme", START - 20 * DAY, END + 3 * DAY)
    covered = {"before": (SPAN / DAY + 4) / 2, "during": (8 + 11) / 2, "after": 3 / 2}

    answer = await api.get(f"/v1/campaigns/{around.campaign}/windows")

    rates = {}
    for name, (start, end) in _spans(SPAN).items():
        window = answer["windows"][name]
        assert window["days_source"] == "covered"
        assert window["covered_days"] == pytest.approx(covered[name])
        assert window["coverage"] == pytest.approx(covered[name] / 11)
        assert window["metrics"]["likes"]["coverage"] == window["coverage"]
        own = around.inside(start, end)
        rates[name] = expected.window_numbers(own, covered[name])
        for flow, (_, rate) in rates[name].items():
            assert window["metrics"][flow]["per_day"] == pytest.approx(rate), flow
    for measure in ("posts", "engagement"):
        before, during, after = (rates[name][measure][1] or 0 for name in rates)
        found = answer["between"][measure]
        assert found["lift"]["value"] == pytest.approx(during / before - 1)
        assert found["retention"]["value"] == pytest.approx(after / before)
        part = (after - before) / (during - before)
        assert found["retention_of_lift"]["value"] == pytest.approx(part)
    lift = answer["between"]["posts"]["lift"]
    n0, n1 = (rates[name]["posts"][0] or 0 for name in ("before", "during"))
    half = 1.96 * (1 / n0 + 1 / n1) ** 0.5
    assert (lift["high"] / lift["ratio"]) == pytest.approx(2.718281828459045**half)
    assert lift["low"] * lift["high"] == pytest.approx(lift["ratio"] ** 2)
    assert lift["low"] < 1 < lift["high"]
    assert (lift["trend"], lift["trend_hidden"]) == ("unclear", None)
    assert answer["between"]["authors"]["lift"]["reason"] == "different_lengths"


async def test_numbers_by_age_equal_a_count_by_hand(api: Api, around: Around) -> None:
    answer = await api.get(f"/v1/campaigns/{around.campaign}/windows")

    for name, (start, end) in _spans(SPAN).items():
        posts = around.inside(start, end).posts
        window = answer["windows"][name]
        for age, numbers in expected.aged(posts, around.shots).items():
            assert numbers["n"] > 5
            for form in ("mean", "median"):
                found = window["age_normalised"][age][form]
                assert found["value"] == pytest.approx(numbers[form])
                assert (found["n"], found["missing"]) == (len(posts), len(posts) - numbers["n"])
        hours, bounds = expected.half_lives(posts, around.shots)
        half = window["ageing"]["half_life"]
        assert half["value"] == pytest.approx(median(hours))
        assert (half["at_most"], half["missing"]) == (bounds, len(posts) - len(hours))
        gains, lost = expected.velocities(posts, around.shots)
        velocity = window["ageing"]["velocity"]
        assert velocity["value"] == pytest.approx(median(gains))
        assert (velocity["lost"], velocity["missing"]) == (lost, len(posts) - len(gains))


async def test_numbers_by_age_are_the_same_however_long_a_page_is(
    store: Store, around: Around
) -> None:
    campaign = await store.campaigns.get(around.campaign)
    async with asked(store, campaign) as ask:
        found = [
            await post_ages(store, ask, posts_query(campaign), page_posts=page, page_rows=rows)
            for page, rows in ((2_000, 10_000), (7, 10_000), (7, 9))
        ]

    assert found[0].half_lives
    assert len({tuple(sorted(ages.at["24h"])) for ages in found}) == 1
    assert len({tuple(sorted(ages.gains)) for ages in found}) == 1


async def test_a_window_of_too_many_posts_has_no_numbers_by_age_and_says_why(
    store: Store, around: Around
) -> None:
    campaign = await store.campaigns.get(around.campaign)
    posts = len(around.inside(START, END).posts)
    many = (await windows(store, campaign, ageing=True, most_posts=3))["windows"]["during"]
    some = (await windows(store, campaign, few_posts=4))["windows"]["during"]
    wanted = (await windows(store, campaign, ageing=True, few_posts=4))["windows"]["during"]
    without = (await windows(store, campaign, ageing=False))["windows"]["during"]

    assert many["ageing_reason"] == "more than 3 posts"
    mean = many["age_normalised"]["24h"]["mean"]
    assert (mean["value"], mean["n"], mean["missing"]) == (None, posts, posts)
    assert some["ageing_reason"] == "more than 4 posts; ask with ageing=true"
    assert some["age_normalised"]["24h"]["mean"]["value"] is None
    assert wanted["age_normalised"]["24h"]["mean"]["value"] is not None
    assert not {"ageing", "age_normalised", "ageing_reason"} & set(without)


async def test_many_authors_are_estimated_and_what_rests_on_them_says_so(
    store: Store, around: Around
) -> None:
    campaign = await store.campaigns.get(around.campaign)
    sizes = Sizes(few=3, leaders=5, sample=5)

    answer = await windows(store, campaign, ageing=False, sizes=sizes)

    counted = {name: len(around.inside(*span).by_author()) for name, span in _spans(SPAN).items()}
    for name, count in counted.items():
        authors = answer["windows"][name]["metrics"]["authors"]
        assert authors["exact"] is False
        assert abs(authors["value"] - count) <= authors["error_bound"]
    found = answer["between"]["authors"]
    truth = counted["during"] / counted["before"] - 1
    assert abs(found["lift"]["value"] - truth) <= found["lift"]["error_bound"]
    assert found["lift"]["exact"] is False
    assert found["retention"]["error_bound"] > 0
    assert found["retention_of_lift"]["reason"] == "estimated"


async def test_a_past_moment_has_the_windows_and_observations_of_that_time(
    api: Api, store: Store
) -> None:
    posts = [_post(n, START + n * DAY / 2) for n in range(20)]
    await seed_store(store, posts, {})
    await expected.seed_shots(store, posts, {p.native_id: [(20, 10), (26, 16)] for p in posts})
    path = f"/v1/campaigns/{await api.create()}/windows"

    answer = await api.get(path, as_of=times.to_text(START + 5 * DAY))

    during, after = answer["windows"]["during"], answer["windows"]["after"]
    mean = during["age_normalised"]["24h"]["mean"]
    assert during["until"] == answer["as_of"] == times.to_text(START + 5 * DAY)
    assert (during["metrics"]["posts"]["value"], after["until"]) == (10, None)
    assert (mean["value"], mean["n"], mean["missing"]) == (pytest.approx(14), 10, 2)


def _post(number: int, at: datetime) -> Post:
    base = replace(expected.posts_around(1, 1)[0], kind="post", author=Author("a", "A"))
    return replace(base, native_id=f"n{number}", created_at=at, observed_at=at, hashtags=("acme",))


async def test_a_window_is_cut_at_now_and_one_that_has_not_begun_is_unknown(
    api: Api, store: Store
) -> None:
    now = times.now()
    start, end = now - 2 * DAY, now + 2 * DAY
    posts = [_post(n, start + (n + 0.5) * timedelta(hours=1)) for n in range(40)]
    await seed_store(store, posts, {})
    campaign = await api.create(**{"from": times.to_text(start), "to": times.to_text(end)})

    answer = await api.get(f"/v1/campaigns/{campaign}/windows")

    before, during, after = (answer["windows"][name] for name in ("before", "during", "after"))
    assert (before["metrics"]["posts"]["value"], before["complete"]) == (0, True)
    assert before["metrics"]["engagement"]["value"] == 0
    assert (during["complete"], during["until"]) == (False, answer["as_of"])
    assert during["metrics"]["posts"]["value"] == 40
    assert during["metrics"]["posts"]["per_day"] == pytest.approx(40 / during["days"])
    assert 2 <= during["days"] < 3
    assert (after["until"], after["days"], after["ageing_reason"]) == (None, None, "not_begun")
    assert {metric["value"] for metric in after["metrics"].values()} == {None}
    assert after["metrics"]["posts"]["per_day"] is None
    assert after["sentiment"]["positive_share"]["value"] is None
    lift = answer["between"]["posts"]["lift"]
    assert (lift["value"], lift["reason"], lift["new_conversation"]) == (
        *(None, "nothing_before"),
        True,
    )
    assert (lift["trend"], lift["trend_hidden"]) == (None, "fewer than 30 posts")
    assert answer["between"]["posts"]["retention"]["reason"] == "not_begun"


async def test_where_nobody_watched_nothing_is_claimed(api: Api, store: Store) -> None:
    await seed_store(store, [_post(n, START + n * DAY / 10) for n in range(50)], {})
    await seed_run(store, "x", "acme", START, END + 11 * DAY)

    answer = await api.get(f"/v1/campaigns/{await api.create()}/windows")

    before = answer["windows"]["before"]
    assert (before["covered_days"], before["coverage"]) == (0, 0)
    assert before["metrics"]["posts"]["per_day"] is None
    lift = answer["between"]["posts"]["lift"]
    assert (lift["value"], lift["reason"], lift["new_conversation"]) == (
        *(None, "not_watched"),
        False,
    )
    assert answer["between"]["posts"]["retention"]["value"] is None


async def test_an_empty_lake_has_windows_too_and_a_wrong_length_is_refused(api: Api) -> None:
    path = f"/v1/campaigns/{await api.create()}/windows"

    answer = await api.get(path)

    assert answer["windows"]["during"]["metrics"]["posts"]["value"] == 0
    assert answer["between"]["posts"]["lift"]["reason"] == "nothing_before"
    assert answer["between"]["posts"]["lift"]["new_conversation"] is False
    for wrong in ("", "0d", "7m", "-7d", "soon"):
        status, body = await api.refusal("GET", path, params={"length": wrong})
        assert (status, body["errors"][0]["field"]) == (422, "length")
    status, _ = await api.refusal("GET", "/v1/campaigns/none/windows")
    assert status == 404
