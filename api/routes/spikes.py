"""A campaign's posts that break out."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query
from starlette.responses import Response

from analysis.spikes import MOST_BY_COMMENTS, MOST_SPIKES
from api.answer import Answer, Lake, OneCampaign, Question, problems
from api.answers.spikes import spikes as spiking_posts

router = APIRouter(prefix="/v1/campaigns/{campaign_id}", tags=["answers"])


@router.get(
    "/spikes",
    summary="A campaign's posts that break out",
    response_class=Answer,
    responses=problems(404, 422, 503),
)
async def spikes(
    campaign: OneCampaign,
    store: Lake,
    question: Question,
    k: Annotated[
        int,
        Query(ge=0, le=MOST_BY_COMMENTS, description="Posts a platform to take by comments"),
    ] = 10,
    limit: Annotated[int, Query(ge=1, le=MOST_SPIKES)] = 20,
) -> Response:
    """By engagement rate against the seven days before, else by velocity; and by comments."""
    return await question.answer(lambda: spiking_posts(store, campaign, k=k, limit=limit), campaign)
