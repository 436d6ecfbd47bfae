"""What the lake knows of an account."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Path, Query
from starlette.responses import Response

from api.answer import Answer, Lake, problems
from api.answers import profiles
from api.answers.profiles import MOST_OBSERVATIONS
from api.answers.scope import invalid
from api.parameters import From, To
from lake import times
from lake.errors import PayloadError

router = APIRouter(prefix="/v1/profiles", tags=["profiles"])


@router.get(
    "/{platform}/{handle:path}",
    summary="An account: now, over time, its posts and its campaigns",
    response_class=Answer,
    responses=problems(404, 422, 503),
)
async def profile(
    store: Lake,
    platform: Annotated[str, Path(examples=["mastodon"])],
    handle: Annotated[str, Path(description="In any case, with or without @; or the id")],
    start: From = None,
    end: To = None,
    limit: Annotated[
        int, Query(ge=1, le=MOST_OBSERVATIONS, description="Observations to show, the newest")
    ] = 200,
) -> Response:
    """``posts`` are those that the lake holds; ``source`` says what told the account's state."""
    found = await profiles.profile(
        store,
        platform,
        handle,
        start=_moment("from", start),
        end=_moment("to", end),
        limit=limit,
    )
    return Answer(found)


def _moment(field: str, text: str | None) -> datetime | None:
    if text is None:
        return None
    try:
        return times.from_text(text)
    except PayloadError as exc:
        message = f"{text[:40]!r} is no time; write 2026-03-01 or 2026-03-01T12:00:00Z"
        raise invalid(field, message) from exc
