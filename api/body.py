"""Reading a JSON body: bounded, whatever the caller says of its length."""

from __future__ import annotations

from collections.abc import Sequence

import orjson
from starlette.exceptions import HTTPException
from starlette.requests import Request

# How much of a body that is too large is read and dropped, so that its sender, who reads the
# answer only after sending, gets it.
_DRAINED_BODIES = 20


async def json_body(
    request: Request, limit_bytes: int, *, media_types: Sequence[str] = ("application/json",)
) -> object:
    """The request's body, parsed.

    Raises:
        HTTPException: 415 where it is not said to be JSON, 413 where it is larger than
            ``limit_bytes``, 400 where it is no JSON.
    """
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type not in media_types:
        wanted = " or ".join(media_types)
        raise HTTPException(415, f"the body must be JSON; send it with Content-Type: {wanted}")
    body = bytearray()
    size = 0
    async for chunk in request.stream():
        size += len(chunk)
        if size <= limit_bytes:
            body += chunk
        elif size > limit_bytes * _DRAINED_BODIES:
            break
    if size > limit_bytes:
        raise HTTPException(413, f"the body is larger than {limit_bytes:,} bytes")
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError as exc:
        raise HTTPException(400, f"the body is no JSON: {exc}") from exc
