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
from starlette.routing import Match

from api.route_path import shown_path
from lake.errors import (
    ConflictError,
    InvalidError,
    NotFoundError,
    RequestError,
    RetryError,
    TaglakeError,
)
from lake.log import REQUEST_ID

logger = logging.getLogger(__name__)

MEDIA_TYPE = "application/problem+json"
REQUEST_ID_HEADER = "X-Request-Id"
_RETRY_AFTER_S = 5.0
_METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE")
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
    told = dict(headers or {})
    if (request_id := REQUEST_ID.get()) is not None:
        body["request_id"] = told[REQUEST_ID_HEADER] = request_id
    return Response(orjson.dumps(body), status, told, MEDIA_TYPE)


def put_off(path: str, exc: RetryError) -> Response:
    """The answer where the lake does not answer: its reason is for the log alone."""
    logger.warning("answer put off", extra={"path": path, "reason": str(exc)})
    after_s = _RETRY_AFTER_S if exc.after_s is None else exc.after_s
    headers = {"Retry-After": str(max(1, math.ceil(after_s)))}
    return problem(503, "the lake does not answer now; try again later", headers=headers)


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
    if isinstance(exc, RetryError):
        return put_off(shown_path(request.scope), exc)
    errors = exc.errors if isinstance(exc, InvalidError) else ()
    return problem(status, str(exc), errors=errors)


async def _http(request: Request, exc: Exception) -> Response:
    if not isinstance(exc, HTTPException):
        raise exc
    if exc.status_code == 405:
        return problem(405, exc.detail, headers={"Allow": ", ".join(_methods_of(request))})
    detail = exc.detail
    if exc.status_code == 404 and detail == HTTPStatus.NOT_FOUND.phrase:
        detail = "there is nothing at this address; GET /openapi.json lists what there is"
    return problem(exc.status_code, detail, headers=exc.headers)


def _methods_of(request: Request) -> list[str]:
    """What the address of a request can be asked; a route knows its own methods only."""
    found = [
        method
        for method in _METHODS
        if any(
            route.matches({**request.scope, "method": method})[0] == Match.FULL
            for route in request.app.router.routes
        )
    ]
    return sorted({*found, "HEAD"} if "GET" in found else found)


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
    logger.error("request failed", extra={"path": shown_path(request.scope)}, exc_info=exc)
    return problem(500, _SECRETIVE)
