"""A campaign's headline numbers."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.responses import Response

from api import answers
from api.answer import Answer, Assumed, Lake, OneCampaign, Question, problems
from api.exactness import Exact, wanted

router = APIRouter(prefix="/v1/campaigns/{campaign_id}", tags=["answers"])


@router.get(
    "/summary",
    summary="A campaign's headline numbers",
    response_class=Answer,
    responses=problems(404, 422, 503),
)
async def summary(
    campaign: OneCampaign,
    store: Lake,
    assumed: Assumed,
    question: Question,
    exact: Exact = "auto",
) -> Response:
    """Posts, authors, engagement, potential reach and more, each with what it takes to trust it.

    `emv` is there where a value table is configured, `roi` where the campaign has a budget,
    `amplification_multiplier` where it names accounts.
    """
    return await question.answer(
        lambda: answers.summary(store, campaign, exact=wanted(exact), assumed=assumed), campaign
    )
