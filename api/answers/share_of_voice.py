"""How the campaign and its competitors share the conversation."""

from __future__ import annotations

from analysis.definitions import tag
from analysis.leaders import SIZES, Sizes
from analysis.membership import brand_queries, panel_query
from analysis.parts import total
from analysis.reach import followers_told
from analysis.share_of_voice import (
    brand_rows,
    brands_of,
    overlap,
    panel_id,
    share_of_voice_body,
)
from analysis.summary import estimated_authors
from api.answers.asked import asked
from api.answers.authors import Question, people
from lake.campaign import Campaign
from lake.records import Json
from lake.store import Store


async def share_of_voice(
    store: Store,
    campaign: Campaign,
    *,
    counting: str = "whole",
    exact: bool | None = None,
    sizes: Sizes = SIZES,
) -> Json:
    """Each brand's posts, users, engagement and potential reach, and its part of all brands'.

    Args:
        store: The lake.
        campaign: Whose panel.
        counting: One of ``analysis.share_of_voice.COUNTINGS``.
        exact: Whether every author is counted one by one; None: if they are few.
        sizes: How many are few, and how large a sample is.

    Raises:
        RetryError: Elasticsearch did not answer.
    """
    query, queries = panel_query(campaign), list(brand_queries(campaign).values())
    panel = campaign.panel()
    tags = sorted({one for tags in panel.values() for one in tags})
    async with asked(store, campaign, tags=tags) as ask:
        answer = await ask.view.search(share_of_voice_body(query, queries))
        question = Question(query, ("reach",), exact, queries, (), sizes)
        found = await people(store, ask, question, estimated_authors(answer))
        brands = brands_of(answer, found.all, list(panel), fractional=counting == "fractional")
        return ask.head("share_of_voice") | {
            "counting": counting,
            "positive_definition": tag("positive_share_of_voice"),
            "sentiment_definition": tag("net_sentiment"),
            "panel": panel_id(campaign),
            **followers_told(found.all),
            "exact": found.all.exact,
            "n": total(answer),
            "missing": 0,
            "overlap": overlap(answer),
            "brands": brand_rows(panel, brands),
        }
