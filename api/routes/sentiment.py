"""The tone of a campaign's posts."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.responses import Response

from api import answers
from api.answer import Answer, Lake, OneCampaign, Question, problems

router = APIRouter(prefix="/v1/campaigns/{campaign_id}", tags=["answers"])


@router.get(
    "/sentiment",
    summary="The tone of a campaign's posts",
    response_class=Answer,
    responses=problems(404, 422, 503),
)
async def sentiment(campaign: OneCampaign, store: Lake, question: Question) -> Response:
    """Scored posts by label with 95 % intervals and indices, also by platform and model."""
    return await question.answer(lambda: answers.sentiment(store, campaign), campaign)
