"""What people wrote below a campaign's posts."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query
from starlette.responses import Response

from analysis.comments import MOST_COMMENTED, CommentedOrder
from api.answer import Answer, Lake, OneCampaign, Question, problems
from api.answers.comments import comments as comment_digests

router = APIRouter(prefix="/v1/campaigns/{campaign_id}", tags=["answers"])


@router.get(
    "/comments",
    summary="What people wrote below a campaign's most discussed posts",
    response_class=Answer,
    responses=problems(404, 422, 503),
)
async def comments(
    campaign: OneCampaign,
    store: Lake,
    question: Question,
    sort: CommentedOrder = "comments",
    limit: Annotated[int, Query(ge=1, le=MOST_COMMENTED)] = 20,
) -> Response:
    """For each post: how much of its discussion was collected, its tone, questions and pace."""
    return await question.answer(
        lambda: comment_digests(store, campaign, sort=sort, limit=limit), campaign
    )
