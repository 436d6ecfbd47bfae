"""One hashtag, whether or not a campaign is about it."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Query
from starlette.responses import Response

from api.answer import Answer, Lake, Question, problems
from api.answers.tags import hashtag
from api.parameters import AsOf, Platforms

router = APIRouter(prefix="/v1/tags", tags=["answers"])


@router.get(
    "/{tag:path}",
    summary="One hashtag: its counters, its use, what goes with it, and its grade",
    response_class=Answer,
    responses=problems(404, 422, 503),
)
async def read_tag(
    store: Lake,
    question: Question,
    tag: Annotated[
        str, Path(description="With or without #, in any case", examples=["tidytuesday"])
    ],
    start: Annotated[
        str | None, Query(alias="from", description="Time or day; by default 30 days before `to`")
    ] = None,
    end: Annotated[
        str | None, Query(alias="to", description="Time or day, exclusive; by default now")
    ] = None,
    platform: Platforms = None,
    as_of: AsOf = None,
) -> Response:
    """Platforms' own counts, the lake's posts, related hashtags, and a grade among the others."""
    return await question.answer(
        lambda: hashtag(store, tag, start=start, end=end, platforms=platform or (), as_of=as_of)
    )
