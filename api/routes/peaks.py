"""A campaign's volume peaks, each with what it was made of."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query
from starlette.responses import Response

from analysis.peaks import Sensitivity
from api.answer import Answer, Lake, OneCampaign, Question, problems
from api.answers.peaks import MOST_EXPLAINED
from api.answers.peaks import peaks as volume_peaks

router = APIRouter(prefix="/v1/campaigns/{campaign_id}", tags=["answers"])


@router.get(
    "/peaks",
    summary="Hours with far more posts than usual, explained",
    response_class=Answer,
    responses=problems(404, 422, 503),
)
async def peaks(
    campaign: OneCampaign,
    store: Lake,
    question: Question,
    sensitivity: Annotated[
        Sensitivity,
        Query(description="Deviations above the usual: ``low`` 1.5, ``medium`` 2, ``high`` 3"),
    ] = "high",
    tz: Annotated[
        str, Query(description="IANA time zone of the hours", examples=["Europe/Paris"])
    ] = "UTC",
    explain: Annotated[
        int, Query(ge=0, le=MOST_EXPLAINED, description="Peaks to explain, the largest first")
    ] = 5,
) -> Response:
    """Each hour against the same hour of the week, or the seven days before where that fails."""
    return await question.answer(
        lambda: volume_peaks(store, campaign, sensitivity=sensitivity, tz=tz, explain=explain),
        campaign,
    )
