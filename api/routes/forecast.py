"""How many posts a campaign may expect."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query
from starlette.responses import Response

from api.answer import Answer, Lake, OneCampaign, Question, problems
from api.answers.forecast import forecast as coming_posts

router = APIRouter(prefix="/v1/campaigns/{campaign_id}", tags=["answers"])


@router.get(
    "/forecast",
    summary="How many posts a day to expect",
    response_class=Answer,
    responses=problems(404, 422, 503),
)
async def forecast(
    campaign: OneCampaign,
    store: Lake,
    question: Question,
    horizon: Annotated[str, Query(description="Days ahead, ``1d`` to ``28d``")] = "7d",
    tz: Annotated[
        str, Query(description="IANA time zone of the days", examples=["Europe/Paris"])
    ] = "UTC",
) -> Response:
    """The coming days with 80 % and 95 % intervals; null with the reason where nobody can say."""
    return await question.answer(
        lambda: coming_posts(store, campaign, horizon=horizon, tz=tz), campaign
    )
