"""The campaign's headline."""

from __future__ import annotations

from analysis.leaders import SIZES, Sizes
from analysis.membership import posts_query
from analysis.reach import Efficiency
from analysis.summary import estimated_authors, summary_body, summary_metrics
from api.answers.asked import asked
from api.answers.authors import Question, people
from lake.campaign import Campaign
from lake.records import Json
from lake.store import Store

MOST_AUTHORS = 200_000


async def summary(
    store: Store,
    campaign: Campaign,
    *,
    exact: bool | None = None,
    efficiency: Efficiency | None = None,
    sizes: Sizes = SIZES,
) -> Json:
    """Every headline number in its envelope.

    Args:
        store: The lake.
        campaign: Whose.
        exact: Whether every author is counted one by one; None: if they are few.
        efficiency: Which part of their followers posts reach; None: there is no estimated reach.
        sizes: How many are few, and how large a sample is.

    Raises:
        RetryError: Elasticsearch did not answer.
    """
    query = posts_query(campaign)
    async with asked(store, campaign) as ask:
        answer = await ask.view.search(summary_body(query))
        question = Question(query, exact=exact, totals=("engagement", "replies"), sizes=sizes)
        found = await people(store, ask, question, estimated_authors(answer))
        metrics = summary_metrics(
            answer, found.all, ask.context, told=found.told, efficiency=efficiency
        )
        return ask.head() | {"metrics": metrics}
