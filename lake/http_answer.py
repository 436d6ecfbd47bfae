"""What an HTTP answer means: its JSON, its links, and which error its status is. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from lake.errors import (
    BlockedError,
    NotFoundError,
    RateLimitedError,
    TaglakeError,
    UnauthorizedError,
    UnavailableError,
)

# What a status means for the caller; a status that is not listed goes by its hundred.
STATUS_ERRORS: Mapping[int, type[TaglakeError]] = {
    3: BlockedError,  # a redirect that cannot be followed
    4: BlockedError,
    5: UnavailableError,
    401: UnauthorizedError,
    404: NotFoundError,
    408: UnavailableError,
    410: NotFoundError,
    425: UnavailableError,
    429: RateLimitedError,
}
_LINK = re.compile(r'<([^<>]*)>[^<]*?;\s*rel="?([A-Za-z ]+)"?')
_JSON_GUARD = b"for (;;);"  # Meta's answers to browsers may begin so, against script inclusion


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer with a JSON body.

    Args:
        body: The decoded JSON.
        headers: Names in lower case.
        received_at: When the whole body was there, aware UTC.
        links: The ``Link`` header: relation to URL, such as ``next``.
    """

    body: Any
    headers: Mapping[str, str]
    received_at: datetime
    links: Mapping[str, str]


def shown(url: str) -> str:
    """A URL as messages may hold it: without user, password, query and fragment."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return "a URL that cannot be read"
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"


def links(header: str) -> dict[str, str]:
    """A ``Link`` header (RFC 8288) as relation to URL; what cannot be read is left out."""
    return {
        relation: target
        for target, relations in _LINK.findall(header)
        for relation in relations.lower().split()
    }


def unguarded(body: bytes) -> bytes:
    """A body without what Meta puts before its JSON."""
    return body.lstrip().removeprefix(_JSON_GUARD)


def decoded(url: str, body: bytes, content_type: str) -> Any:
    """The JSON of a body.

    Raises:
        UnavailableError: There is none, or it is cut off or damaged.
        BlockedError: It is a page for people.
    """
    body = unguarded(body)
    start = body[:1_000].lstrip()
    if not start:
        raise UnavailableError(f"{shown(url)} answered nothing")
    # Some servers call their JSON a page, too.
    looks_like_json = start.startswith((b"{", b"["))
    if start.startswith(b"<") or ("html" in content_type.lower() and not looks_like_json):
        raise BlockedError(
            f"{shown(url)} answered a page for people instead of JSON: a login wall or a block"
        )
    try:
        return json.loads(body, parse_constant=lambda _: None)
    except (ValueError, RecursionError) as exc:
        raise UnavailableError(f"{shown(url)} answered JSON that is cut off or damaged") from exc


def status_error(status: int) -> type[TaglakeError] | None:
    """The error that a status is; None for a success."""
    if 200 <= status < 300:
        return None
    return STATUS_ERRORS.get(status) or STATUS_ERRORS.get(status // 100, BlockedError)
