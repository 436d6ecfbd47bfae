"""Who carries a campaign."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query
from starlette.responses import Response

from analysis.influencers import MOST_INFLUENCERS, Ranking
from api import answers
from api.answer import Answer, Lake, OneCampaign, problems

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
    by: Ranking = "score",
    limit: Annotated[int, Query(ge=1, le=MOST_INFLUENCERS)] = 20,
) -> Response:
    """Authors by a score of 0 to 100 with its components, or by one of their numbers."""
    return Answer(await answers.influencers(store, campaign, by=by, limit=limit))
