"""The campaign's headline."""

from __future__ import annotations

from analysis.membership import posts_query
from analysis.summary import estimated_authors, summary_body, summary_metrics
from api.answers.asked import asked
from api.answers.authors import all_authors
from lake.campaign import Campaign
from lake.records import Json
from lake.store import Store

MOST_AUTHORS = 200_000


async def summary(store: Store, campaign: Campaign, *, most_authors: int = MOST_AUTHORS) -> Json:
    """Every headline number in its envelope.

    Args:
        store: The lake.
        campaign: Whose.
        most_authors: With more, their number is an estimate and their reach is unknown.

    Raises:
        RetryError: Elasticsearch did not answer.
    """
    query = posts_query(campaign)
    async with asked(store, campaign) as ask:
        answer = await ask.view.search(summary_body(query))
        few = estimated_authors(answer) <= most_authors
        authors = await all_authors(ask.view, query) if few else None
        return ask.head() | {"metrics": summary_metrics(answer, authors, ask.context)}
