"""Taking in what remote collectors push."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Query
from starlette.requests import Request
from starlette.responses import Response

from api import answers
from api.answer import Answer, Lake, problems
from api.answers.push import Push
from api.push_body import MEDIA_TYPES, ndjson_body
from lake import times
from lake.errors import NotFoundError
from lake.intake import Intake

_EXAMPLE = (
    '{"kind": "status", "observed_at": "2026-11-21T10:00:00Z", '
    '"target": "mastodon:hashtag:caturday", "source": "mastodon.social", '
    '"payload": {"id": "115", "created_at": "2026-11-21T09:58:00Z", "content": "<p>Miau</p>"}}\n'
)
_BODY = {
    "requestBody": {
        "required": True,
        "description": "One JSON object a line; Content-Encoding: gzip is understood",
        "content": {MEDIA_TYPES[0]: {"schema": {"type": "string"}, "example": _EXAMPLE}},
    },
    "security": [{"pushToken": []}, {"apiKey": []}, {}],
}


def _known(request: Request, platform: str) -> str:
    names: tuple[str, ...] = request.app.state.push_platforms
    if platform not in names:
        raise NotFoundError(
            f"there is no platform {platform[:80]!r}; there are {', '.join(names) or 'none'}"
        )
    return platform


def _intake(request: Request) -> Intake:
    intake: Intake = request.app.state.intake
    return intake


router = APIRouter(prefix="/v1/push", tags=["push"])


@router.post(
    "/{platform}",
    summary="Push payloads of a platform",
    status_code=202,
    response_class=Answer,
    responses=problems(400, 401, 413, 415, 422, 503)
    | {404: {"description": "There is no such platform"}},
    openapi_extra=_BODY,
)
async def push_payloads(
    request: Request,
    platform: Annotated[str, Depends(_known)],
    store: Lake,
    intake: Annotated[Intake, Depends(_intake)],
    collector: Annotated[str, Query(pattern=r"^[a-z0-9][a-z0-9_-]{0,63}$")] = "remote",
) -> Response:
    """Answers when the payloads are durable; a moment later they are in the lake as polled ones.

    ``collector`` names who pushes. Pushing the same again changes nothing. A line that cannot be
    used refuses no other: it is told in the answer and kept with the dead letters.
    """
    body = await ndjson_body(request, request.app.state.push_bytes)
    about = Push(platform, collector, times.now())
    return Answer(await answers.push(intake, store.layout, body, about), 202)
