"""How much a request may send, and how long it may take."""

from __future__ import annotations

import asyncio

from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.problems import problem
from api.route_path import route_path

_PUSH = "/v1/push/"
_AGAIN_S = 5
# How much of a body that is too large is read and dropped, so that its sender, who reads the
# answer only after sending, gets it.
_DRAINED_BODIES = 5


class BodyLimit:
    """Refuses larger bodies (413) on every route that reads one, whatever their senders say.

    Args:
        app: What is behind it.
        body_bytes: The largest body.
        push_bytes: The largest body of a push.
    """

    def __init__(self, app: ASGIApp, *, body_bytes: int, push_bytes: int) -> None:
        self._app = app
        self._body_bytes = body_bytes
        self._push_bytes = push_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Counts what is read."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        is_push = route_path(scope).startswith(_PUSH)
        limit_bytes = self._push_bytes if is_push else self._body_bytes
        size = 0
        has_begun = False

        async def counted() -> Message:
            nonlocal size
            message = await receive()
            size += len(message.get("body", b""))
            if size <= limit_bytes:
                return message
            if has_begun:  # too late for another answer; nobody wants that body
                return {"type": "http.request", "body": b"", "more_body": False}
            while message.get("more_body") and size <= limit_bytes * _DRAINED_BODIES:
                message = await receive()
                size += len(message.get("body", b""))
            raise HTTPException(413, f"the body is larger than {limit_bytes:,} bytes")

        async def watched(message: Message) -> None:
            nonlocal has_begun
            has_begun = has_begun or message["type"] == "http.response.start"
            await send(message)

        await self._app(scope, counted, watched)


class TimeLimit:
    """Answers 503 where an answer takes too long to begin; one that has begun may take its time.

    The time begins anew with each piece of the request's body that arrives.

    Args:
        app: What is behind it.
        limit_s: How long it may take.
    """

    def __init__(self, app: ASGIApp, *, limit_s: float) -> None:
        self._app = app
        self._limit_s = limit_s

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Stops what takes too long."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        deadline = asyncio.timeout(self._limit_s)
        clock = _Clock(deadline, self._limit_s, receive, send)
        try:
            async with deadline:
                await self._app(scope, clock.receive, clock.send)
        except TimeoutError:
            if not deadline.expired():
                raise  # somebody else's
            detail = f"the answer took longer than {self._limit_s:g} s; ask for less, or later"
            answer = problem(503, detail, headers={"Retry-After": str(_AGAIN_S)})
            await answer(scope, receive, send)


class _Clock:
    """Moves a deadline while a body arrives, and takes it away when the answer begins."""

    def __init__(
        self, deadline: asyncio.Timeout, limit_s: float, receive: Receive, send: Send
    ) -> None:
        self._deadline = deadline
        self._limit_s = limit_s
        self._receive = receive
        self._send = send
        self._has_begun = False

    async def receive(self) -> Message:
        message = await self._receive()
        if message.get("body") and not self._has_begun and not self._deadline.expired():
            self._deadline.reschedule(asyncio.get_running_loop().time() + self._limit_s)
        return message

    async def send(self, message: Message) -> None:
        if self._deadline.expired():  # the other answer is on its way
            return
        if not self._has_begun:
            self._has_begun = True
            self._deadline.reschedule(None)
        await self._send(message)
