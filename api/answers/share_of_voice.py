"""How the campaign and its competitors share the conversation."""

from __future__ import annotations

from analysis.membership import brand_queries, panel_query
from analysis.parts import total
from analysis.share_of_voice import (
    brand_rows,
    brands_of,
    overlap,
    panel_id,
    share_of_voice_body,
)
from api.answers.asked import asked
from api.answers.authors import all_authors
from lake.campaign import Campaign
from lake.records import Json
from lake.store import Store


async def share_of_voice(store: Store, campaign: Campaign, *, counting: str = "whole") -> Json:
    """Each brand's posts, users, engagement and potential reach, and its part of all brands'.

    Args:
        store: The lake.
        campaign: Whose panel.
        counting: One of ``analysis.share_of_voice.COUNTINGS``.

    Raises:
        RetryError: Elasticsearch did not answer.
    """
    query, queries = panel_query(campaign), list(brand_queries(campaign).values())
    panel = campaign.panel()
    tags = sorted({tag for tags in panel.values() for tag in tags})
    async with asked(store, campaign, tags=tags) as ask:
        answer = await ask.view.search(share_of_voice_body(query, queries))
        authors = await all_authors(ask.view, query, brands=queries)
        brands = brands_of(answer, authors, list(panel), fractional=counting == "fractional")
        return ask.head("share_of_voice") | {
            "counting": counting,
            "panel": panel_id(campaign),
            "followers_source": "latest",
            "n": total(answer),
            "missing": 0,
            "overlap": overlap(answer),
            "brands": brand_rows(panel, brands),
        }
