"""A campaign before, during and after."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query
from starlette.responses import Response

from analysis.windows import LENGTH_PATTERN
from api.answer import Answer, Lake, OneCampaign, Question, problems
from api.answers.windows import windows as answer

router = APIRouter(prefix="/v1/campaigns/{campaign_id}", tags=["answers"])


@router.get(
    "/windows",
    summary="A campaign before, during and after",
    response_class=Answer,
    responses=problems(404, 422, 503),
)
async def windows(
    campaign: OneCampaign,
    store: Lake,
    question: Question,
    length: Annotated[
        str | None,
        Query(
            pattern=LENGTH_PATTERN,
            description="Of the windows before and after; the campaign's own if left out",
            examples=["7d"],
        ),
    ] = None,
    ageing: Annotated[
        bool | None,
        Query(
            description="Whether to read each post's observations, for numbers by age; "
            "only in windows of few posts if left out"
        ),
    ] = None,
) -> Response:
    """Numbers of three windows per day of watched time, and lift and retention between them."""
    return await question.answer(
        lambda: answer(store, campaign, length=length, ageing=ageing), campaign
    )
