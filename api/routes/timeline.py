"""A campaign's posts over time."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query
from starlette.responses import Response

from analysis.timeline import Interval
from api import answers
from api.answer import Answer, Lake, OneCampaign, Question, problems

router = APIRouter(prefix="/v1/campaigns/{campaign_id}", tags=["answers"])


@router.get(
    "/timeline",
    summary="A campaign's posts over time",
    response_class=Answer,
    responses=problems(404, 422, 503),
)
async def timeline(
    campaign: OneCampaign,
    store: Lake,
    question: Question,
    interval: Interval = "day",
    tz: Annotated[str, Query(description="IANA time zone", examples=["Europe/Paris"])] = "UTC",
) -> Response:
    """Every interval of the window, empty ones too; ``partial`` ones lie partly outside it."""
    return await question.answer(
        lambda: answers.timeline(store, campaign, interval=interval, tz=tz), campaign
    )
