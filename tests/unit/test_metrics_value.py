"""METRICS 38 and 39 in answers, and the configuration of these and of METRICS 9."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from analysis.assumptions import ASSUMED, assumptions
from analysis.campaign_value import value_body, value_counts, value_metrics
from analysis.envelope import Context
from analysis.reach import Efficiency
from analysis.value import value_table
from lake.campaign import checked_spec
from lake.campaign_fields import Budget
from lake.config import load_config
from lake.errors import ConfigError, InvalidError

CONTEXT = Context("2026-03-01T00:00:00.000Z", 1.0)
TABLE = value_table(
    {
        "name": "Agency rates",
        "date": "2026-01-01",
        "currency": "EUR",
        "values": {
            "instagram": {"likes": 0.30, "comments": 0.50, "shares": 0.05, "impressions": 10},
            "reddit": {"score": 0.01},
        },
    }
)
SPEC = {"name": "n", "hashtags": ["t"], "from": "2026-03-01", "to": "2026-03-02"}


def stats(value: float, count: int) -> dict[str, float]:
    return {"sum": value, "count": count}


def answer(posts: int = 9, priced: int = 7, **platforms: dict[str, Any]) -> dict[str, Any]:
    buckets = [{"key": name, "doc_count": 1, **found} for name, found in platforms.items()]
    aggs = {"platforms": {"buckets": buckets}, "priced": {"doc_count": priced}}
    return {"hits": {"total": {"value": posts}}, "aggregations": aggs}


LATER = answer(
    instagram={
        "likes": stats(5000, 4),
        "comments": stats(500, 4),
        "shares": stats(50, 2),
        "views": stats(0, 0),
    }
)


def test_metric_38_the_platforms_counts_times_the_tables_values() -> None:
    found = value_metrics(LATER, TABLE, None, CONTEXT)["emv"]

    assert found["value"] == pytest.approx(1752.50)
    assert (found["n"], found["missing"], found["definition"]) == (9, 2, "emv.v2")
    assert (found["currency"], found["table"]["date"]) == ("EUR", "2026-01-01")
    assert found["unknown"] == [["instagram", "impressions"]]


def test_metric_38_impressions_are_views_by_the_thousand() -> None:
    counts = value_counts(
        answer(instagram={"views": stats(2500, 1)}, x={"views": stats(7, 1)}), TABLE
    )

    assert counts["instagram"]["impressions"] == 2500
    assert "views" not in counts["instagram"]
    assert counts["x"] == {"views": 7}


def test_metric_38_it_is_asked_which_posts_tell_anything_that_has_a_price() -> None:
    body = value_body({"bool": {"filter": []}}, TABLE)

    clauses = body["aggs"]["priced"]["filter"]["bool"]["should"]
    fields = [one["bool"]["filter"][1]["exists"]["field"] for one in clauses]
    assert fields == [
        *("metrics.comments", "metrics.likes", "metrics.shares", "metrics.views", "metrics.score"),
    ]


def test_metric_38_39_without_a_table_there_is_no_money_and_a_budget_says_why() -> None:
    assert value_metrics(None, None, None, CONTEXT) == {}
    found = value_metrics(None, None, Budget(cost=10, currency="EUR"), CONTEXT)

    assert found.keys() == {"roi"}
    assert found["roi"]["value"] is None
    assert "analysis.value_table" in found["roi"]["reason"]


@pytest.mark.parametrize(
    ("budget", "value", "reason"),
    [
        ({"cost": 1000, "conversions": 247.5, "currency": "EUR"}, 1.0, None),
        ({"cost": 1000, "conversions": 247.5, "currency": "USD"}, None, "USD"),
        ({"cost": 0, "conversions": 1, "currency": "EUR"}, None, "cost is 0"),
        ({"cost": 5, "currency": "EUR"}, None, "no conversions"),
        ({"conversions": 5, "currency": "EUR"}, None, "no cost"),
    ],
)
def test_metric_39_what_came_back_or_why_nobody_knows(
    budget: dict[str, Any], value: float | None, reason: str | None
) -> None:
    found = value_metrics(LATER, TABLE, Budget.model_validate(budget), CONTEXT)["roi"]

    assert found["value"] == (None if value is None else pytest.approx(value))
    assert (found["reason"] is None) == (reason is None)
    assert reason is None or reason in found["reason"]
    assert found["definition"] == "roi.v2"


def test_metric_39_nothing_known_is_no_loss() -> None:
    budget = Budget(cost=5, conversions=0, currency="EUR")

    found = value_metrics(answer(x={"likes": stats(4, 1)}), TABLE, budget, CONTEXT)

    assert found["emv"]["value"] is found["roi"]["value"] is None
    assert "nothing that has a price" in found["roi"]["reason"]


@pytest.mark.parametrize(
    ("budget", "field"),
    [
        ({"cost": -1, "currency": "EUR"}, "budget.cost"),
        ({"cost": "100", "currency": "EUR"}, "budget.cost"),
        ({"cost": True, "currency": "EUR"}, "budget.cost"),
        ({"cost": float("nan"), "currency": "EUR"}, "budget.cost"),
        ({"cost": 1e16, "currency": "EUR"}, "budget.cost"),
        ({"cost": 1}, "budget.currency"),
        ({"cost": 1, "currency": "euro"}, "budget.currency"),
        ({"currency": "EUR"}, "budget"),
        ({"cost": 1, "currency": "EUR", "revenue": 2}, "budget.revenue"),
        (5, "budget"),
    ],
)
def test_a_budget_that_says_nothing_or_nonsense_is_refused(budget: Any, field: str) -> None:
    with pytest.raises(InvalidError) as caught:
        checked_spec({**SPEC, "budget": budget})

    assert [error["field"] for error in caught.value.errors] == [field]


def test_a_campaign_without_a_budget_has_none() -> None:
    assert checked_spec(SPEC).budget is None
    assert checked_spec({**SPEC, "budget": None}).budget is None


@pytest.mark.parametrize(
    ("prices", "says"),
    [
        ({"lkes": 1}, "x has no lkes; there are likes"),
        ({"views": 1, "impressions": 1}, "x names views and impressions"),
    ],
)
def test_a_component_that_no_platform_counts_is_refused(prices: Any, says: str) -> None:
    with pytest.raises(ConfigError, match=says):
        value_table({"name": "n", "date": "2026-01-01", "currency": "EUR", "values": {"x": prices}})


def _config(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "config.yaml"
    path.write_text(f"analysis: {text}\n", encoding="utf-8")
    return path


def test_metric_9_the_configured_efficiencies_are_those_of_answers(tmp_path: Path) -> None:
    path = _config(
        tmp_path, "{reach_efficiency: 0.1, reach_efficiency_by_platform: {instagram: 0.3}}"
    )

    found = assumptions(load_config(path, {}).analysis)

    assert (found.efficiency.of("instagram"), found.efficiency.of("x")) == (0.3, 0.1)
    assert found.efficiency.key() != Efficiency().key()
    assert assumptions(load_config(None).analysis) == ASSUMED
    assert ASSUMED.efficiency.of("x") == 0.2


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("{reach_efficiency: 0}", "analysis.reach_efficiency:"),
        ("{reach_efficiency: 1.5}", "analysis.reach_efficiency:"),
        ("{reach_efficiency: .nan}", "analysis.reach_efficiency:"),
        ("{reach_efficiency: much}", "analysis.reach_efficiency:"),
        ("{reach_efficiency_by_platform: {x: 2}}", "analysis.reach_efficiency_by_platform.x:"),
        ("{reach_efficiency_by_platform: {X Y: 0.2}}", "reach_efficiency_by_platform.X Y"),
        ("{reach_efficiency_by_platform: [x]}", "analysis.reach_efficiency_by_platform:"),
        ("{efficiency: 0.2}", "analysis.efficiency: unknown key"),
    ],
)
def test_metric_9_a_wrong_efficiency_is_told_with_its_place(
    tmp_path: Path, text: str, place: str
) -> None:
    with pytest.raises(ConfigError) as caught:
        load_config(_config(tmp_path, text), {})

    assert place in str(caught.value)


def test_metric_38_the_value_table_lies_beside_the_configuration(tmp_path: Path) -> None:
    (tmp_path / "rates.yaml").write_text(
        "name: Ours\ndate: 2026-01-01\ncurrency: EUR\nvalues: {x: {likes: 1}}\n", encoding="utf-8"
    )
    config = load_config(_config(tmp_path, "{value_table: rates.yaml}"), {})

    values = assumptions(config.analysis).values

    assert values is not None
    assert (values.name, values.values) == ("Ours", {"x": {"likes": 1}})
    gone = load_config(_config(tmp_path, "{value_table: gone.yaml}"), {})
    with pytest.raises(ConfigError, match=r"gone\.yaml: the value table cannot be read"):
        assumptions(gone.analysis)
