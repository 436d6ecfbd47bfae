"""Money, efficiency and own accounts: what a person configures or names shows in the summary."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from analysis.reach import Efficiency
from api.app import create_app
from lake.config import AnalysisConfig, Config
from lake.errors import ConfigError
from lake.records import POST_METRICS
from lake.store import Store
from tests.fakes import plain_answers as plain
from tests.fakes.campaign_posts import END, START, random_posts
from tests.fakes.plain_answers import Seeded
from tests.fakes.running_api import Api, running_api

RATES = {"x": {"likes": 0.30, "comments": 0.50, "impressions": 12.0}, "reddit": {"score": 2.0}}
BUDGET = {"cost": 50, "conversions": 10.5, "currency": "EUR"}


@pytest.fixture
async def priced(store: Store, tmp_path: Path) -> AsyncIterator[Api]:
    """An API with a value table and efficiencies of its own."""
    table = {"name": "Ours", "date": "2025-01-01", "currency": "EUR", "values": RATES}
    (tmp_path / "rates.yaml").write_text(json.dumps(table), encoding="utf-8")
    analysis = AnalysisConfig(
        reach_efficiency=0.1,
        reach_efficiency_by_platform={"x": 0.5},
        value_table=tmp_path / "rates.yaml",
    )
    async with running_api(create_app(store, Config(analysis=analysis))) as api:
        yield api


def _worth(own: plain.Plain) -> float:
    found = 0.0
    for post in own.posts:
        counts = dict(post.metrics)
        counts["impressions"] = counts.get("views", 0) / 1000  # type: ignore[assignment]
        prices = RATES.get(post.platform, {})
        found += sum(price * counts.get(name, 0) for name, price in prices.items())
    return found


async def test_38_39_9_a_table_and_a_budget_make_money_values(seeded: Seeded, priced: Api) -> None:
    campaign = await priced.create(budget=BUDGET)

    metrics = (await priced.get(f"/v1/campaigns/{campaign}/summary"))["metrics"]

    worth, posts = _worth(seeded.own), seeded.own.posts
    emv, roi = metrics["emv"], metrics["roi"]
    assert emv["value"] == pytest.approx(worth)
    told = {"x": ("likes", "comments", "views"), "reddit": ("score",)}
    known = [one for one in posts if set(told.get(one.platform, ())) & one.metrics.keys()]
    assert (emv["n"], emv["missing"]) == (len(posts), len(posts) - len(known))
    assert 0 < len(known) < len(posts)
    assert (emv["currency"], emv["table"]) == ("EUR", {"name": "Ours", "date": "2025-01-01"})
    assert ["youtube", "likes"] in emv["unpriced"]
    assert {row["component"] for row in emv["rows"]} <= {*POST_METRICS, "impressions"}
    assert (roi["value"], roi["reason"]) == (pytest.approx((worth + 10.5 - 50) / 50), None)
    reach = sum(
        (0.5 if author.startswith("x:") else 0.1) * (count or 0)
        for author, count in seeded.own.reaches().items()
    )
    assert metrics["estimated_reach"]["value"] == pytest.approx(reach)
    assert metrics["estimated_reach"]["efficiency"] == Efficiency({"x": 0.5}, 0.1).key()


async def test_38_39_without_a_table_there_is_no_money(api: Api, seeded: Seeded) -> None:
    path = f"/v1/campaigns/{await api.create(budget=BUDGET)}"

    without = (await api.get(f"/v1/campaigns/{seeded.campaign}/summary"))["metrics"]
    found = (await api.get(f"{path}/summary"))["metrics"]

    assert not {"emv", "roi"} & without.keys()
    assert "emv" not in found
    assert (found["roi"]["value"], found["roi"]["definition"]) == (None, "roi.v2")
    assert "value_table" in found["roi"]["reason"]


async def test_39_a_budget_is_kept_changed_and_taken_away(api: Api) -> None:
    path = f"/v1/campaigns/{await api.create(budget=BUDGET)}"

    async def change(budget: Any) -> Any:
        async with api.session.patch(path, json={"budget": budget}) as answer:
            assert answer.status == 200, await answer.text()
        return (await api.get(path))["budget"]

    assert (await api.get(path))["budget"] == BUDGET
    assert await change({"cost": 70, "currency": "USD"}) == {
        "cost": 70,
        "conversions": None,
        "currency": "USD",
    }
    assert await change(None) is None
    status, problem = await api.refusal("PATCH", path, json={"budget": {"cost": -1}})
    assert status == 422
    assert {error["field"] for error in problem["errors"]} == {"budget.cost", "budget.currency"}


async def test_15_how_far_others_carried_it_beyond_the_own_accounts(
    api: Api, seeded: Seeded
) -> None:
    known = [one for one in seeded.own.posts if one.kind != "reply" and one.author.followers]
    handle = known[0].author.handle
    assert handle
    platform = known[0].platform
    # Whatever an account writes belongs to a campaign that names it.
    own = [
        one
        for one in random_posts(20_250_401)
        if (one.platform, one.author.handle) == (platform, handle)
        and one.kind in plain.KINDS
        and START <= one.created_at < END
    ]
    campaign = await api.create(profiles=[f"{platform}:{handle.lower()}"])

    metrics = (await api.get(f"/v1/campaigns/{campaign}/summary"))["metrics"]

    found = metrics["amplification_multiplier"]
    by_them, _ = plain.potential_impressions(plain.Plain(own, {}))
    assert found["own_impressions"]["value"] == by_them > 0
    assert found["own_impressions"]["posts"] == len(own)
    assert found["value"] == pytest.approx(metrics["potential_impressions"]["value"] / by_them)
    without = await api.get(f"/v1/campaigns/{seeded.campaign}/summary")
    assert "amplification_multiplier" not in without["metrics"]


async def test_10_12_every_post_is_listed_with_its_own_rates(api: Api, seeded: Seeded) -> None:
    answer = await api.get(f"/v1/campaigns/{seeded.campaign}/posts", limit=500)

    assert answer["rate_definitions"]["by_followers"] == "er_by_followers.v2"
    posts = {post.native_id: post for post in seeded.own.posts}
    rated = 0
    for row in answer["items"]:
        post, rates = posts[row["id"]], row["engagement_rates"]
        then, value = plain.followers_then(post), plain.number(post, "engagement")
        followers = post.author.followers if then is None else then
        expected = 100 * value / followers if value is not None and followers else None
        assert rates["by_followers"] == (None if expected is None else pytest.approx(expected))
        assert rates["followers_source"] == ("latest" if then is None else "at_post")
        views = post.metrics.get("views")
        by_views = 100 * value / views if value is not None and views else None
        assert rates["by_views"] == (None if by_views is None else pytest.approx(by_views))
        rated += expected is not None
    assert rated > 10


async def test_38_a_table_that_is_not_there_stops_the_api_with_a_clear_word(
    store: Store, tmp_path: Path
) -> None:
    config = Config(analysis=AnalysisConfig(value_table=tmp_path / "gone.yaml"))

    with pytest.raises(ConfigError, match=r"gone\.yaml: the value table cannot be read"):
        create_app(store, config)
