"""Erasing posts and accounts' texts because a person asks for it: for administrators."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query
from starlette.requests import Request
from starlette.responses import Response

from api.answer import Answer, Lake, problems
from api.answers import erasures
from api.answers.erasures import LONGEST_REASON, MOST_ERASURES
from api.body import json_body
from lake.store import Store

router = APIRouter(prefix="/v1/erasures", tags=["admin"])

_BODY = {
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {
                "schema": {
                    "type": "object",
                    "required": ["platform", "reason"],
                    "additionalProperties": False,
                    "properties": {
                        "platform": {"type": "string"},
                        "id": {"type": "string", "description": "The platform's id of a post"},
                        "author": {
                            "type": "string",
                            "description": "The platform's id of an account, or its handle",
                        },
                        "reason": {"type": "string", "maxLength": LONGEST_REASON},
                    },
                    "oneOf": [{"required": ["id"]}, {"required": ["author"]}],
                },
                "example": {"platform": "x", "author": "ann", "reason": "asked by mail"},
            }
        },
    }
}


@router.post(
    "",
    summary="Erase a post, or what an account wrote",
    response_class=Answer,
    responses=problems(400, 413, 415, 422, 503),
    openapi_extra=_BODY,
)
async def erase(request: Request, store: Lake) -> Response:
    """What people read goes, from posts, payloads, labels and the profile; numbers stay.

    Asking again erases what came in since. Every request is kept in the audit.
    """
    body = await json_body(request, request.app.state.body_bytes)
    changes: Store | None = request.app.state.changes
    return Answer(await erasures.erase(store, body, by=_caller(request), changes=changes))


def _caller(request: Request) -> str:
    caller = getattr(request.state, "caller", None)
    return str(caller.name) if caller is not None else "anonymous"


@router.get(
    "",
    summary="What was erased on request",
    response_class=Answer,
    responses=problems(422, 503),
)
async def list_erasures(
    store: Lake, limit: Annotated[int, Query(ge=1, le=MOST_ERASURES)] = 100
) -> Response:
    """Newest first, from the audit."""
    return Answer(await erasures.list_erasures(store, limit=limit))
