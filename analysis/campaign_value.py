"""What a campaign's engagement would have cost, and what came back: METRICS 38 and 39 in answers.

The counts are those that the platforms tell, never potential impressions: ``impressions`` in a
value table are views.
"""

from __future__ import annotations

from typing import Any

from analysis.clauses import any_of
from analysis.envelope import Context, Envelope
from analysis.parts import MOST_PLATFORMS, aggregations, field_of, sum_and_count, sums, total
from analysis.value import PER_THOUSAND, Emv, ValueTable, emv, roi
from lake.campaign_fields import Budget
from lake.records import POST_METRICS, Json


def value_body(query: Json, table: ValueTable) -> Json:
    """A request for each platform's counts, and for how many posts tell one that has a price."""
    priced = [
        {"bool": {"filter": [{"term": {"platform": platform}}, {"exists": {"field": field}}]}}
        for platform, prices in sorted(table.values.items())
        for field in sorted({field_of(_metric(component)) for component in prices})
    ]
    platforms = {
        "terms": {"field": "platform", "size": MOST_PLATFORMS},
        "aggs": sums(*POST_METRICS),
    }
    return {
        "size": 0,
        "track_total_hits": True,
        "query": query,
        "aggs": {"platforms": platforms, "priced": {"filter": any_of(priced)}},
    }


def _metric(component: str) -> str:
    return "views" if component == PER_THOUSAND else component


def value_counts(answer: Json, table: ValueTable) -> dict[str, dict[str, float | None]]:
    """How many of each component each platform told; None of one with a price that it did not."""
    counts: dict[str, dict[str, float | None]] = {}
    for bucket in aggregations(answer).get("platforms", {}).get("buckets", ()):
        prices = table.values.get(bucket["key"], {})
        found = counts[bucket["key"]] = {}
        for metric in POST_METRICS:
            value, known = sum_and_count(bucket, metric)
            name = PER_THOUSAND if metric == "views" and PER_THOUSAND in prices else metric
            if known or name in prices:
                found[name] = value if known else None
    return counts


def value_metrics(
    answer: Json | None, table: ValueTable | None, budget: Budget | None, context: Context
) -> dict[str, Any]:
    """Earned media value where there are prices, return on investment where there is a budget.

    Args:
        answer: What ``value_body`` got; None without a table.
        table: The prices.
        budget: What the campaign cost and brought in.
        context: What the answer's numbers share.
    """
    worth, metrics = None, {}
    n, missing = 0, 0
    if answer is not None and table is not None:
        worth = emv(value_counts(answer, table), table)
        n = total(answer)
        missing = n - aggregations(answer).get("priced", {}).get("doc_count", 0)
    if worth is not None:
        shown = Envelope(worth.value, n, missing, "emv", context).to_json()
        metrics["emv"] = worth.to_json() | shown
    if budget is not None:
        reason = _why_not(worth, budget)
        value = None if worth is None or reason else worth.value
        found = roi(value, budget.conversions, budget.cost)
        metrics["roi"] = Envelope(found, n, missing, "roi", context).to_json() | {
            "reason": reason,
            "budget": budget.model_dump(),
        }
    return metrics


def _why_not(worth: Emv | None, budget: Budget) -> str | None:
    """Why there is no return on investment; None where there is one."""
    if worth is None:
        return "no prices are configured: analysis.value_table"
    if worth.table.currency != budget.currency:
        return f"the budget is in {budget.currency}, the value table in {worth.table.currency}"
    if worth.value is None:
        return "nothing that has a price is known of the posts"
    if budget.cost is None:
        return "the campaign's budget names no cost"
    if budget.conversions is None:
        return "the campaign's budget names no conversions; write 0 where there were none"
    return None if budget.cost else "the cost is 0"
