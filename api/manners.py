"""How the API behaves towards any client: request ids, HEAD, entity tags, caching, CORS, limits.

Each is a middleware of its own; ``install`` says in which order they stand. Every error that one of
them answers is a problem document.
"""

from __future__ import annotations

import logging
import re
import time
from uuid import uuid4

from fastapi import FastAPI
from starlette.datastructures import Headers, MutableHeaders
from starlette.middleware.cors import CORSMiddleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from typing_extensions import override

from api.bounds import BodyLimit, TimeLimit
from api.door import Door
from api.entity_tags import ZIPPED_FROM_BYTES, EntityTags
from api.head import Head
from api.problems import REQUEST_ID_HEADER, problem
from api.route_path import shown_path
from lake.config import ApiConfig
from lake.log import REQUEST_ID

logger = logging.getLogger(__name__)

_SANE = re.compile(r"[A-Za-z0-9._-]{1,64}")
_ZIP_LEVEL = 5  # 9 takes three times as long for 2 % less
_METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE")
_TAKEN_HEADERS = ("Authorization", "Content-Type", "If-None-Match", REQUEST_ID_HEADER)
_SHOWN_HEADERS = (
    *("ETag", "Location", "Content-Disposition", REQUEST_ID_HEADER, "Retry-After"),
    *("RateLimit-Limit", "RateLimit-Remaining", "RateLimit-Reset"),
)


def install(app: FastAPI, settings: ApiConfig) -> None:
    """Puts the middlewares around an application; the last one that is added stands outermost."""
    app.add_middleware(Door)
    app.add_middleware(BodyLimit, body_bytes=settings.body_bytes, push_bytes=settings.push_bytes)
    app.add_middleware(TimeLimit, limit_s=settings.time_limit_s)
    app.add_middleware(EntityTags)
    app.add_middleware(GZipMiddleware, minimum_size=ZIPPED_FROM_BYTES, compresslevel=_ZIP_LEVEL)
    app.add_middleware(Head)
    if settings.cors_origins:
        app.add_middleware(
            Cors,
            allow_origins=settings.cors_origins,
            allow_methods=_METHODS,
            allow_headers=_TAKEN_HEADERS,
            expose_headers=_SHOWN_HEADERS,
        )
    app.add_middleware(RequestIds)


class RequestIds:
    """Gives each request an id: its own where it brings a sane one."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Tells the id in the answer's header; log lines and problems have it, too."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        brought = Headers(scope=scope).get(REQUEST_ID_HEADER, "")
        request_id = brought if _SANE.fullmatch(brought) else uuid4().hex
        REQUEST_ID.set(request_id)  # each request is a task, whose context ends with it
        began_s = time.monotonic()

        async def told(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers[REQUEST_ID_HEADER] = request_id
                headers.setdefault("X-Content-Type-Options", "nosniff")
                _log(scope, message["status"], began_s)
            await send(message)

        await self._app(scope, receive, told)


def _log(scope: Scope, status: int, began_s: float) -> None:
    if logger.isEnabledFor(logging.DEBUG):
        took_ms = round(1000 * (time.monotonic() - began_s), 1)
        extra = {"method": scope["method"], "path": shown_path(scope), "status": status}
        logger.debug("answered", extra=extra | {"took_ms": took_ms})


class Cors(CORSMiddleware):
    """CORS whose refusals are problem documents."""

    @override
    def preflight_response(self, request_headers: Headers) -> Response:
        """The answer to a browser's question before its request."""
        answer = super().preflight_response(request_headers)
        if answer.status_code < 400:
            return answer
        kept = {"access-control-allow-origin", "vary"}
        headers = {name: value for name, value in answer.headers.items() if name in kept}
        return problem(400, bytes(answer.body).decode(), headers=headers)
