"""Registering, listing, changing and forgetting campaigns."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

from fastapi import APIRouter, Depends
from starlette.requests import Request
from starlette.responses import Response

from api import answers
from api.answer import Answer, CampaignId, Lake, RegisteredCampaign, problems
from api.body import json_body
from lake.platform_facts import PlatformFacts

router = APIRouter(prefix="/v1/campaigns", tags=["campaigns"])

_MERGE = "application/merge-patch+json"
_BODY = {
    "requestBody": {
        "required": True,
        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/CampaignSpec"}}},
    }
}
_CHANGES = {
    "requestBody": {
        "required": True,
        "content": {
            media_type: {"schema": {"type": "object"}, "example": {"hashtags": ["tidytuesday"]}}
            for media_type in ("application/json", _MERGE)
        },
    }
}


def _platforms(request: Request) -> Mapping[str, PlatformFacts] | None:
    """What is known of the platforms; None where whoever made the application told nothing."""
    found: Mapping[str, PlatformFacts] | None = request.app.state.platforms
    return found


Platforms = Annotated[Mapping[str, PlatformFacts] | None, Depends(_platforms)]


@router.post(
    "",
    summary="Register a campaign",
    status_code=201,
    response_class=Answer,
    responses=problems(400, 413, 415, 422, 503),
    openapi_extra=_BODY,
)
async def create_campaign(request: Request, store: Lake, platforms: Platforms) -> Response:
    """Hashtags are kept in lower case without ``#``; ``to`` is exclusive; days begin in UTC.

    ``availability`` of the answer says, platform by platform, what will not be there and why.
    """
    body = await json_body(request, request.app.state.body_bytes)
    campaign = await answers.create_campaign(store, body, platforms)
    where = f"{request.scope.get('root_path', '')}/v1/campaigns/{campaign['id']}"
    return Answer(campaign, 201, {"Location": where})


@router.get("", summary="List the campaigns", response_class=Answer, responses=problems(503))
async def list_campaigns(store: Lake) -> Response:
    """Newest first."""
    return Answer(await answers.list_campaigns(store))


@router.get(
    "/{campaign_id}",
    summary="Read a campaign",
    response_class=Answer,
    responses=problems(404, 503),
)
async def read_campaign(campaign: RegisteredCampaign) -> Response:
    """As it was registered, in normal form."""
    return Answer(answers.show_campaign(campaign))


@router.patch(
    "/{campaign_id}",
    summary="Change a campaign",
    response_class=Answer,
    responses=problems(400, 404, 409, 413, 415, 422, 503),
    openapi_extra=_CHANGES,
)
async def change_campaign(
    request: Request, campaign_id: CampaignId, store: Lake, platforms: Platforms
) -> Response:
    """Replaces the given fields. Which posts belong to it is a query, so its past changes too."""
    limit_bytes = request.app.state.body_bytes
    body = await json_body(request, limit_bytes, media_types=("application/json", _MERGE))
    return Answer(await answers.change_campaign(store, campaign_id, body, platforms))


@router.delete(
    "/{campaign_id}",
    summary="Forget a campaign",
    status_code=204,
    response_class=Response,
    responses=problems(404, 503),
)
async def delete_campaign(campaign_id: CampaignId, store: Lake) -> Response:
    """Its posts stay in the lake."""
    await answers.delete_campaign(store, campaign_id)
    return Response(status_code=204)
