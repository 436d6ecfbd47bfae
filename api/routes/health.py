"""Whether the API is up, and whether it can answer."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.responses import Response

from api.answer import Answer, Lake, problems
from api.readiness import check_ready

router = APIRouter(tags=["health"])


@router.get("/healthz", summary="Whether the process is up", response_class=Answer)
async def healthz() -> Response:
    """Asks nobody else."""
    return Answer({"status": "up"})


@router.get(
    "/readyz",
    summary="Whether questions can be answered",
    response_class=Answer,
    responses=problems(503),
)
async def readyz(store: Lake) -> Response:
    """Elasticsearch answers, and the lake's index templates are there."""
    await check_ready(store)
    return Answer({"status": "ready"})
