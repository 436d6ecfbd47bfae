"""All of a campaign's posts as a file."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from typing import Annotated, Literal

from fastapi import APIRouter, Query
from starlette.responses import Response, StreamingResponse

from api import answers
from api.answer import Lake, OneCampaign, problems
from api.export import COLUMNS, csv_lines, json_chunks
from lake.campaign import Campaign
from lake.records import Json
from lake.store import Store

router = APIRouter(prefix="/v1/campaigns/{campaign_id}", tags=["answers"])

Format = Literal["csv", "json"]
_MEDIA_TYPES = {"csv": "text/csv; charset=utf-8; header=present", "json": "application/json"}
_FILES: dict[int | str, Json] = {
    200: {
        "description": "The file",
        "content": {
            "text/csv": {"schema": {"type": "string"}, "example": f"{','.join(COLUMNS)}\r\n"},
            "application/json": {"schema": {"type": "array", "items": {"type": "object"}}},
        },
    }
}
_CHUNK_BYTES = 64 * 1024


@router.get(
    "/export",
    summary="All of a campaign's posts as a file",
    response_class=StreamingResponse,
    responses=problems(404, 422, 503) | _FILES,
)
async def export(
    campaign: OneCampaign,
    store: Lake,
    wanted: Annotated[Format, Query(alias="format")] = "csv",
) -> Response:
    """Oldest first, of one moment. A file that breaks off is not whole: the connection is cut."""
    chunks = _chunks(store, campaign, wanted)
    first = await anext(chunks)  # an error before it is still an answer of its own
    name = f"{campaign.id}.{wanted}"
    return StreamingResponse(
        _rejoined(first, chunks),
        media_type=_MEDIA_TYPES[wanted],
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


async def _chunks(store: Store, campaign: Campaign, wanted: Format) -> AsyncGenerator[bytes, None]:
    """The file in pieces that are worth a packet."""
    async with aclosing(answers.export_rows(store, campaign)) as rows:
        pieces = _encoded(csv_lines(rows)) if wanted == "csv" else json_chunks(rows)
        buffer = bytearray()
        async for piece in pieces:
            buffer += piece
            if len(buffer) >= _CHUNK_BYTES:
                yield bytes(buffer)
                buffer.clear()
        yield bytes(buffer)


async def _encoded(lines: AsyncIterator[str]) -> AsyncIterator[bytes]:
    async for line in lines:
        yield line.encode()


async def _rejoined(first: bytes, rest: AsyncGenerator[bytes, None]) -> AsyncGenerator[bytes, None]:
    async with aclosing(rest):
        yield first
        async for chunk in rest:
            yield chunk
