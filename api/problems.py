"""Every error as a problem document (RFC 9457): one table from error class to status, one shape.

A problem tells callers what they can mend. What they cannot is logged here and told them in no
detail, because it may hold addresses or secrets.
"""

from __future__ import annotations

import logging
import math
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

import orjson
from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from lake.errors import (
    ConflictError,
    InvalidError,
    NotFoundError,
    RequestError,
    RetryError,
    TaglakeError,
)

logger = logging.getLogger(__name__)

MEDIA_TYPE = "application/problem+json"
_RETRY_AFTER_S = 5.0
_SECRETIVE = "the server could not answer; its log tells why"

# The first class that fits counts.
STATUSES: Mapping[type[TaglakeError], int] = {
    InvalidError: 422,
    NotFoundError: 404,
    ConflictError: 409,
    RequestError: 400,
    RetryError: 503,
    TaglakeError: 500,
}


def problem(
    status: int,
    detail: str,
    *,
    errors: Sequence[Mapping[str, str]] = (),
    headers: Mapping[str, str] | None = None,
) -> Response:
    """A problem document; its ``type`` is ``about:blank``, so ``title`` is the status in words."""
    body: dict[str, Any] = {
        "type": "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": detail,
    }
    if errors:
        body["errors"] = [dict(error) for error in errors]
    return Response(orjson.dumps(body), status, dict(headers or {}), MEDIA_TYPE)


def install(app: FastAPI) -> None:
    """Makes every error of the application a problem document."""
    app.add_exception_handler(TaglakeError, _ours)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(Exception, _unexpected)


async def _ours(request: Request, exc: Exception) -> Response:
    status = next(code for kind, code in STATUSES.items() if isinstance(exc, kind))
    if status == 500:
        return await _unexpected(request, exc)
    headers = {}
    if isinstance(exc, RetryError):
        logger.warning("answer put off", extra={"path": request.url.path, "reason": str(exc)})
        after_s = _RETRY_AFTER_S if exc.after_s is None else exc.after_s
        headers["Retry-After"] = str(max(1, math.ceil(after_s)))
        return problem(status, "the lake does not answer now; try again later", headers=headers)
    errors = exc.errors if isinstance(exc, InvalidError) else ()
    return problem(status, str(exc), errors=errors)


async def _http(_request: Request, exc: Exception) -> Response:
    if not isinstance(exc, HTTPException):
        raise exc
    detail = exc.detail
    if exc.status_code == 404 and detail == HTTPStatus.NOT_FOUND.phrase:
        detail = "there is nothing at this address; GET /openapi.json lists what there is"
    return problem(exc.status_code, detail, headers=exc.headers)


async def _invalid(_request: Request, exc: Exception) -> Response:
    if not isinstance(exc, RequestValidationError):
        raise exc
    errors = [
        {
            "field": ".".join(str(part) for part in error["loc"][1:]) or str(error["loc"][0]),
            "message": str(error["msg"]),
        }
        for error in exc.errors()
    ]
    detail = "; ".join(f"{error['field']}: {error['message']}" for error in errors)
    return problem(422, detail, errors=errors)


async def _unexpected(request: Request, exc: Exception) -> Response:
    logger.error("request failed", extra={"path": request.url.path}, exc_info=exc)
    return problem(500, _SECRETIVE)
