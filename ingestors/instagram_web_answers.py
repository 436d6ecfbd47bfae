"""What the web's answers to hashtags say besides posts: where to go on, what is refused. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ingestors.fields import mapping, string
from ingestors.files.cells import identity
from ingestors.instagram_place import Walk
from lake.errors import (
    BlockedError,
    InvalidError,
    RateLimitedError,
    StopPlatformError,
    TaglakeError,
    UnauthorizedError,
)
from lake.http_answer import Answer
from lake.json_text import dumps
from lake.records import Json

_SLOW_DOWN = ("please wait", "rate_limit_error", "too many requests")
_STOP = ("checkpoint_required", "challenge_required", "feedback_required", "sentry_block")
_SIGN_IN = ("login_required", "not authorized to view")


@dataclass(frozen=True, slots=True)
class Sections:
    """Where a hashtag's list of posts goes on.

    Args:
        tab: Which list: ``recent`` or ``top``.
        max_id: The cursor; None at the end.
        form: What the next call sends.
    """

    tab: str
    max_id: str | None
    form: dict[str, str]


class Refusals:
    """Sorts the error answers of one call; ``of_session``: it concerns the session."""

    def __init__(self) -> None:
        self.of_session = False

    def __call__(self, status: int, body: Any) -> TaglakeError | None:
        """See ``refusal``."""
        found = refusal(status, body)
        self.of_session = isinstance(found, StopPlatformError)
        return found


def refusal(status: int, body: Any) -> TaglakeError | None:
    """What an error answer means; None where its status tells as much.

    Rate limit and login wall may look the same: 401 with ``Please wait …`` is taken as the former.
    """
    found = mapping(body)
    said = f"{string(found.get('message')) or ''} {string(found.get('error_type')) or ''}"
    said = said.strip().lower()
    if status == 429 or any(text in said for text in _SLOW_DOWN):
        return RateLimitedError("instagram wants us to wait before the next call")
    if any(text in said for text in _STOP) or "checkpoint_url" in found:
        return BlockedError(
            f"instagram wants its account's owner to act ({said[:60]}): sign in with a browser and "
            "see; then set a new session_cookie"
        )
    if any(text in said for text in _SIGN_IN) or (status in (401, 403) and _wants_sign_in(found)):
        return UnauthorizedError("instagram shows this to signed-in people; set session_cookie")
    if status == 400:
        return InvalidError(f"instagram refuses the request ({said[:60] or 'it does not say why'})")
    return None


def _wants_sign_in(body: Json) -> bool:
    return body.get("require_login") is True or body.get("status") == "fail"


def failed(body: Any) -> bool:
    """An error may come with a good status."""
    return mapping(body).get("status") == "fail"


def sections(body: Json, before: Sections | None) -> Sections:
    """Where the list goes on after a page; the first page says it for each of its lists."""
    data = mapping(body.get("data")) or body
    tab = before.tab if before else "recent" if _lives(data.get("recent")) else "top"
    state = data if before else mapping(data.get(tab))
    max_id = identity(state.get("next_max_id")) if state.get("more_available") is True else None
    form = {"include_persistent": "false", "tab": tab, "max_id": max_id or ""}
    if (page := identity(state.get("next_page"))) is not None:
        form["page"] = page
    if isinstance(ids := state.get("next_media_ids"), list):
        form["next_media_ids"] = dumps(ids).decode()
    return Sections(tab, max_id, form)


def _lives(state: Any) -> bool:
    return bool(mapping(state).get("sections")) or mapping(state).get("more_available") is True


def overlaps(walk: Walk, answer: Answer, state: Sections) -> bool | None:
    """The older shape tells of further pages that nobody serves any more."""
    edges = mapping(mapping(mapping(answer.body).get("data")).get("hashtag"))
    page = mapping(mapping(edges.get("edge_hashtag_to_media")).get("page_info"))
    if not walk.seen:
        return None
    return walk.overlaps(
        ended=state.max_id is None and page.get("has_next_page") is not True, holds=None
    )
