"""When a campaign was watched, and when not."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.responses import Response

from api import answers
from api.answer import Answer, Lake, OneCampaign, Question, problems

router = APIRouter(prefix="/v1/campaigns/{campaign_id}", tags=["answers"])


@router.get(
    "/coverage",
    summary="When a campaign was watched, when not, and why",
    response_class=Answer,
    responses=problems(404, 422, 503),
)
async def coverage(campaign: OneCampaign, store: Lake, question: Question) -> Response:
    """Each gap has its reason; ``not_offered`` is the past that a platform does not give."""
    return await question.answer(lambda: answers.coverage(store, campaign), campaign)
