"""The campaign's headline."""

from __future__ import annotations

from typing import Any

from analysis.assumptions import ASSUMED, Assumptions
from analysis.campaign_value import value_body, value_metrics
from analysis.leaders import SIZES, Sizes
from analysis.membership import by_accounts, posts_query
from analysis.summary import (
    estimated_authors,
    multiplier_metric,
    summary_body,
    summary_metrics,
)
from api.answers.asked import Asked, asked
from api.answers.authors import Question, all_authors, people
from lake.campaign import Campaign
from lake.records import Json
from lake.store import Store

MOST_AUTHORS = 200_000


async def summary(
    store: Store,
    campaign: Campaign,
    *,
    exact: bool | None = None,
    assumed: Assumptions = ASSUMED,
    sizes: Sizes = SIZES,
) -> Json:
    """Every headline number in its envelope.

    Args:
        store: The lake.
        campaign: Whose.
        exact: Whether every author is counted one by one; None: if they are few.
        assumed: How far posts reach, and what interactions are worth.
        sizes: How many are few, and how large a sample is.

    Raises:
        RetryError: Elasticsearch did not answer.
    """
    query = posts_query(campaign)
    async with asked(store, campaign) as ask:
        answer = await ask.view.search(summary_body(query))
        question = Question(query, exact=exact, sizes=sizes)
        found = await people(store, ask, question, estimated_authors(answer))
        metrics = summary_metrics(
            answer, found.all, ask.context, told=found.told, efficiency=assumed.efficiency
        )
        metrics |= await _multiplier(ask, query, metrics)
        metrics |= await _value(ask, query, assumed)
        return ask.head() | {"metrics": metrics}


async def _multiplier(ask: Asked, query: Json, metrics: dict[str, Any]) -> dict[str, Any]:
    """How far others carried it, where the campaign names accounts of its own."""
    accounts = ask.campaign.accounts()
    if not accounts:
        return {}
    own = await all_authors(ask.view, by_accounts(query, accounts))
    exposure = metrics["potential_impressions"]
    return {"amplification_multiplier": multiplier_metric(own, exposure, ask.context)}


async def _value(ask: Asked, query: Json, assumed: Assumptions) -> dict[str, Any]:
    """What the engagement is worth, where there are prices, and what came back of the budget."""
    table = assumed.values
    answer = None if table is None else await ask.view.search(value_body(query, table))
    return value_metrics(answer, table, ask.campaign.budget, ask.context)
