"""Whether a campaign is many people's, as far as posts tell."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query
from starlette.responses import Response

from api.answer import Answer, Lake, OneCampaign, Question, problems
from api.answers.authenticity import authenticity as measured

router = APIRouter(prefix="/v1/campaigns/{campaign_id}", tags=["answers"])


@router.get(
    "/authenticity",
    summary="How many authors, how often the same text, how much at once",
    response_class=Answer,
    responses=problems(404, 422, 503),
)
async def authenticity(
    campaign: OneCampaign,
    store: Lake,
    question: Question,
    exact: Annotated[
        bool, Query(description="Compare the texts of up to 200,000 posts; else of 10,000")
    ] = False,
) -> Response:
    """What is measured, and of how many posts; why it is so, numbers cannot tell."""
    return await question.answer(lambda: measured(store, campaign, exact=exact), campaign)
