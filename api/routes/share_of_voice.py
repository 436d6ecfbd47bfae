"""How a campaign and its competitors share the conversation."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.responses import Response

from analysis.share_of_voice import Counting
from api import answers
from api.answer import Answer, Lake, OneCampaign, Question, problems
from api.exactness import Exact, wanted

router = APIRouter(prefix="/v1/campaigns/{campaign_id}", tags=["answers"])


@router.get(
    "/share-of-voice",
    summary="How a campaign and its competitors share the conversation",
    response_class=Answer,
    responses=problems(404, 422, 503),
)
async def share_of_voice(
    campaign: OneCampaign,
    store: Lake,
    question: Question,
    counting: Counting = "whole",
    exact: Exact = "auto",
) -> Response:
    """Shares are of the panel. A post that names k brands counts for each, or 1/k for each."""
    return await question.answer(
        lambda: answers.share_of_voice(store, campaign, counting=counting, exact=wanted(exact)),
        campaign,
    )
