"""The tone of the campaign's posts."""

from __future__ import annotations

from analysis.membership import posts_query
from analysis.parts import total
from analysis.sentiment import (
    Weighted,
    add_weighted,
    decided,
    sentiment_answer,
    sentiment_body,
    weighted_body,
)
from api.answers.asked import asked
from lake.campaign import Campaign
from lake.records import Json
from lake.store import Store

_LEVELS_A_PAGE = 5_000


async def sentiment(store: Store, campaign: Campaign) -> Json:
    """Counts and shares by label, and the indices made of them.

    Raises:
        RetryError: Elasticsearch did not answer.
    """
    query = posts_query(campaign)
    async with asked(store, campaign) as ask:
        answer = await ask.view.search(sentiment_body(query))
        weighted, after = Weighted(), None
        while True:
            body = weighted_body(query, after=after, size=_LEVELS_A_PAGE)
            after = add_weighted(weighted, await ask.view.search(body))
            if after is None:
                break
        found = sentiment_answer(answer, weighted, ask.context)
        n = total(answer)
        missing = n - decided(found["labels"])
        return ask.head("sentiment") | {"n": n, "missing": missing} | found
