"""Who carries a campaign."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query
from starlette.responses import Response

from analysis.influencers import MOST_INFLUENCERS
from analysis.rankings import Ranking
from api import answers
from api.answer import Answer, Lake, OneCampaign, Question, problems
from api.exactness import Exact, wanted

router = APIRouter(prefix="/v1/campaigns/{campaign_id}", tags=["answers"])


@router.get(
    "/influencers",
    summary="Who carries a campaign",
    response_class=Answer,
    responses=problems(404, 422, 503),
)
async def influencers(
    campaign: OneCampaign,
    store: Lake,
    question: Question,
    by: Ranking = "score",
    limit: Annotated[int, Query(ge=1, le=MOST_INFLUENCERS)] = 20,
    exact: Exact = "auto",
) -> Response:
    """Authors by a score of 0 to 100 with its components, or by one of their numbers.

    The best engagement rates and the most positive and negative authors cannot be told without
    all authors, so with `exact=auto` they always are exact.
    """
    return await question.answer(
        lambda: answers.influencers(store, campaign, by=by, limit=limit, exact=wanted(exact)),
        campaign,
    )
