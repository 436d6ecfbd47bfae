"""The hashtags that go with a campaign."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query
from starlette.responses import Response

from analysis.related import MOST_RELATED, RelatedOrder
from api.answer import Answer, Lake, OneCampaign, Question, problems
from api.answers.hashtags import hashtags as related_hashtags

router = APIRouter(prefix="/v1/campaigns/{campaign_id}", tags=["answers"])


@router.get(
    "/hashtags",
    summary="Hashtags that go with a campaign",
    response_class=Answer,
    responses=problems(404, 422, 503),
)
async def hashtags(
    campaign: OneCampaign,
    store: Lake,
    question: Question,
    sort: RelatedOrder = "lift",
    limit: Annotated[int, Query(ge=1, le=MOST_RELATED)] = 50,
    min_posts: Annotated[
        int,
        Query(ge=1, le=1_000_000, description="Leave out hashtags of fewer posts of the campaign"),
    ] = 5,
    exact: Annotated[
        bool, Query(description="Read every hashtag, however rare; slower, and always exact")
    ] = False,
) -> Response:
    """How much more often than all posts of the window the campaign's posts carry a hashtag."""
    return await question.answer(
        lambda: related_hashtags(
            store, campaign, sort=sort, limit=limit, min_posts=min_posts, exact=exact
        ),
        campaign,
    )
