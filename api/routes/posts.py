"""A campaign's posts, page by page."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query
from starlette.exceptions import HTTPException
from starlette.responses import Response

from analysis.posts import MOST_POSTS, PostOrder
from api import answers
from api.answer import Answer, Lake, OneCampaign, Question, problems
from api.answers.scope import moment_of
from lake.errors import ConflictError, InvalidError

# The cursor in a first page is good for minutes only.
_FIRST_PAGE_S = 60.0

router = APIRouter(prefix="/v1/campaigns/{campaign_id}", tags=["answers"])


@router.get(
    "/posts",
    summary="A campaign's posts, page by page",
    response_class=Answer,
    responses=problems(400, 404, 410, 422, 503),
)
async def posts(
    campaign: OneCampaign,
    store: Lake,
    question: Question,
    sort: PostOrder | None = None,
    limit: Annotated[int, Query(ge=1, le=MOST_POSTS)] = 50,
    cursor: Annotated[str | None, Query(description="``next`` of the page before")] = None,
) -> Response:
    """Highest or newest first, by engagement unless told. All pages are of one moment."""
    try:
        if cursor is None and moment_of(campaign) is None:
            return await question.answer(
                lambda: answers.posts(store, campaign, order=sort, limit=limit),
                campaign,
                most_s=_FIRST_PAGE_S,
            )
        page = await answers.posts(store, campaign, order=sort, limit=limit, cursor=cursor)
    except InvalidError as exc:
        raise HTTPException(400, str(exc)) from exc
    except ConflictError as exc:
        raise HTTPException(410, str(exc)) from exc
    return Answer(page)
