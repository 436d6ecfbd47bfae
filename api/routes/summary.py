"""A campaign's headline numbers."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.responses import Response

from api import answers
from api.answer import Answer, Lake, OneCampaign, problems

router = APIRouter(prefix="/v1/campaigns/{campaign_id}", tags=["answers"])


@router.get(
    "/summary",
    summary="A campaign's headline numbers",
    response_class=Answer,
    responses=problems(404, 503),
)
async def summary(campaign: OneCampaign, store: Lake) -> Response:
    """Posts, authors, engagement, potential reach and more, each with what it takes to trust it."""
    return Answer(await answers.summary(store, campaign))
