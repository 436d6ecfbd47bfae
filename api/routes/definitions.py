"""What each number means."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.responses import Response

from analysis.definitions import definitions
from api.answer import Answer

router = APIRouter(prefix="/v1/metrics", tags=["definitions"])


@router.get("/definitions", summary="What each number means", response_class=Answer)
async def list_definitions() -> Response:
    """Every version of every definition; answers name theirs as ``<id>.v<version>``."""
    return Answer({"definitions": [row.to_json() for row in definitions()]})
