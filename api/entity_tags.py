"""Entity tags: who has an answer already and asks again is told so (304) instead of sent it again.

A tag is a hash of the answer's bytes, so it is strong, and an answer with gzip has another tag than
the same one without (https://www.rfc-editor.org/rfc/rfc9110#section-8.8.3).
"""

from __future__ import annotations

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from lake.text import digest

ZIPPED_FROM_BYTES = 1_024
"""An answer of so many bytes is sent with gzip to whoever understands it."""

_ASK_AGAIN = "private, no-cache"  # keep it, but ask whether it is still so
_FORGET = "no-store"
# A 304 says nothing of a body that it has not.
_OF_BODIES = ("content-length", "content-type", "content-encoding")


def entity_tag(body: bytes, *, is_zipped: bool) -> str:
    """The tag of an answer, with its quotation marks.

    Args:
        body: Its bytes before any encoding.
        is_zipped: Whether it is sent with gzip.
    """
    return f'"{digest(body)}{"-gzip" if is_zipped else ""}"'


def is_known(if_none_match: str, tag: str) -> bool:
    """Whether one of the tags that somebody has is this one, by weak comparison.

    The same answer in another encoding counts: whoever has it has the answer.
    """
    known = {_bare(entry) for entry in if_none_match.split(",")}
    return "*" in known or _bare(tag) in known


def _bare(tag: str) -> str:
    return tag.strip().removeprefix("W/").strip('"').removesuffix("-gzip")


class EntityTags:
    """Tags answers that come in one piece, and says how long answers may be kept."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Keeps the beginning of an answer back until its body is there."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        sent = Headers(scope=scope)
        held: Message | None = None

        async def tagged(message: Message) -> None:
            nonlocal held
            if message["type"] == "http.response.start":
                if scope["method"] == "GET" and message["status"] == 200:
                    held = message
                else:
                    await send(_with(message, _FORGET))
                return
            if held is None:
                await send(message)
                return
            start, held = held, None
            if message.get("more_body"):
                await send(_with(start, _FORGET))
                await send(message)
                return
            for part in _answer(start, message, sent):
                await send(part)

        await self._app(scope, receive, tagged)


def _answer(start: Message, body: Message, sent: Headers) -> tuple[Message, Message]:
    content = body.get("body", b"")
    is_large = len(content) >= ZIPPED_FROM_BYTES
    is_zipped = is_large and "gzip" in sent.get("accept-encoding", "")
    headers = MutableHeaders(scope=_with(start, _ASK_AGAIN))
    tag = headers.setdefault("ETag", entity_tag(content, is_zipped=is_zipped))
    if not is_known(sent.get("if-none-match", ""), tag):
        return start, body
    if is_large:  # as the whole answer says
        headers.add_vary_header("Accept-Encoding")
    for name in _OF_BODIES:
        del headers[name]
    return {**start, "status": 304}, {**body, "body": b""}


def _with(start: Message, kept: str) -> Message:
    MutableHeaders(scope=start).setdefault("Cache-Control", kept)
    return start
