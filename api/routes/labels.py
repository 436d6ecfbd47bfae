"""What people say of posts: their labels, and how far they agree with the model."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Query
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from api import answers
from api.answer import Answer, Lake, known_id, problems
from api.answers.labels import MOST_LABELS
from api.body import json_body
from lake.campaign import Campaign
from lake.errors import ConflictError, InvalidError

router = APIRouter(prefix="/v1/labels", tags=["labels"])

_BODY = {
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {
                "schema": {
                    "type": "object",
                    "required": ["post", "label"],
                    "additionalProperties": False,
                    "properties": {
                        "post": {"type": "string", "description": "PLATFORM:ID"},
                        "label": {"enum": ["negative", "neutral", "positive"]},
                        "by": {"type": "string", "maxLength": 100, "default": "anonymous"},
                        "note": {"type": "string", "maxLength": 1000},
                    },
                },
                "example": {"post": "x:1234", "label": "negative", "by": "ann", "note": "irony"},
            }
        },
    }
}


async def _campaign(
    store: Lake,
    campaign: Annotated[str | None, Query(description="Only of this campaign's posts")] = None,
) -> Campaign | None:
    return None if campaign is None else await store.campaigns.get(known_id(campaign))


MaybeCampaign = Annotated[Campaign | None, Depends(_campaign)]


@router.post(
    "",
    summary="Say what a post's sentiment is",
    status_code=201,
    response_class=Answer,
    responses={
        200: {"description": "The same person's label of this post was replaced"},
        **problems(400, 404, 409, 413, 415, 422, 503),
    },
    openapi_extra=_BODY,
)
async def put_label(request: Request, store: Lake) -> Response:
    """One label a person and post: another one replaces it. The model's own label stays."""
    body = await json_body(request, request.app.state.body_bytes)
    label, is_new = await answers.put_label(store, body)
    return Answer(label, 201 if is_new else 200)


@router.get(
    "",
    summary="What people say of posts, page by page",
    response_class=Answer,
    responses=problems(400, 404, 410, 422, 503),
)
async def list_labels(
    store: Lake,
    campaign: MaybeCampaign,
    post: Annotated[str | None, Query(description="Only of this post, PLATFORM:ID")] = None,
    by: Annotated[str | None, Query(description="Only this person's")] = None,
    limit: Annotated[int, Query(ge=1, le=MOST_LABELS)] = 50,
    cursor: Annotated[str | None, Query(description="``next`` of the page before")] = None,
) -> Response:
    """Newest first, by when a person first labelled the post."""
    try:
        page = await answers.list_labels(
            store, post=post, campaign=campaign, by=by, limit=limit, cursor=cursor
        )
    except InvalidError as exc:
        raise HTTPException(400, str(exc)) from exc
    except ConflictError as exc:
        raise HTTPException(410, str(exc)) from exc
    return Answer(page)


@router.get(
    "/agreement",
    summary="How far people, the model and VADER agree",
    response_class=Answer,
    responses=problems(404, 503),
)
async def label_agreement(store: Lake, campaign: MaybeCampaign) -> Response:
    """Observed agreement, kappa and alpha with their intervals, and who says what instead."""
    return Answer(await answers.label_agreement(store, campaign))


@router.delete(
    "/{label_id}",
    summary="Forget a label",
    status_code=204,
    response_class=Response,
    responses=problems(404, 503),
)
async def delete_label(label_id: str, store: Lake) -> Response:
    """The post and the model's label stay."""
    await answers.delete_label(store, label_id)
    return Response(status_code=204)
