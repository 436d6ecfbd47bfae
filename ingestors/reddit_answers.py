"""What Reddit's refusals mean. Pure.

Statuses and bodies: the recordings of prawcore (https://github.com/praw-dev/prawcore) and
https://github.com/reddit-archive/reddit/wiki/API. A refusal that concerns one thing which was
asked for by name (a subreddit, an account, a post) ends that target only; any other ends the
platform's work.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from ingestors.fields import mapping, string
from lake.errors import (
    BlockedError,
    InvalidError,
    NotFoundError,
    RateLimitedError,
    TaglakeError,
    UnauthorizedError,
    UnavailableError,
)
from lake.http_answer import status_error
from lake.limits import reset_after_s

_NO_SUBREDDIT = "/subreddits/search"  # where Reddit sends who asks for a subreddit it has not
_HIDDEN = frozenset({403, 451})
_BAD_QUESTION = frozenset({400, 414})
_GONE = frozenset({404, 410})
_LONGEST_REASON = 60


@dataclass(frozen=True, slots=True)
class Refusal:
    """An answer that is no success.

    Args:
        url: Without its query.
        status: The HTTP status.
        headers: Names in lower case.
        text: The body.
        signs_in: Whether a token was asked for, not a thing.
        received_at: When it came, aware UTC.
    """

    url: str
    status: int
    headers: Mapping[str, str]
    text: str
    signs_in: bool
    received_at: datetime

    def error(self, what: str | None) -> TaglakeError:
        """The error that it means.

        Args:
            what: What was asked for by name, for people; None: nothing in particular.
        """
        status = self.status
        if status == 401 or (self.signs_in and status in _BAD_QUESTION):
            return UnauthorizedError(self._unauthorized())
        if status == 429:
            wait_s = reset_after_s(self.headers, self.received_at)
            return RateLimitedError("reddit says that we call too often", after_s=wait_s)
        if 300 <= status < 400:
            return self._redirect(what)
        if not self.signs_in and what is not None and (mine := self._of_one(what)) is not None:
            return mine
        kind = status_error(status) or UnavailableError
        if kind is UnavailableError:
            return UnavailableError(f"{self.url} answered {status}")
        return BlockedError(f"reddit refused a call to {self.url}: {status} {self._reason()}")

    def _unauthorized(self) -> str:
        if self.signs_in:
            return (
                "reddit does not know the app or its secret; mend client_id and client_secret "
                "(https://www.reddit.com/prefs/apps)"
            )
        return "reddit did not accept the app's token"

    def _redirect(self, what: str | None) -> TaglakeError:
        if what is not None and _NO_SUBREDDIT in self.headers.get("location", ""):
            return NotFoundError(f"reddit has no {what}")
        return BlockedError(f"{self.url} leads elsewhere ({self.status}); mend oauth_url")

    def _of_one(self, what: str) -> TaglakeError | None:
        """What concerns the thing that was asked for and nothing else."""
        is_page = self.text.lstrip().startswith("<")  # of a proxy or a wall, not the API's word
        if self.status in _GONE and not is_page:
            return NotFoundError(f"reddit has no {what}, or no longer ({self._reason()})")
        if self.status in _BAD_QUESTION:
            return InvalidError(f"reddit does not understand the question for {what}")
        lacks_scope = "insufficient_scope" in self.headers.get("www-authenticate", "")
        if self.status in _HIDDEN and not lacks_scope and not is_page:
            return InvalidError(f"reddit does not show {what} to an app ({self._reason()})")
        return None

    def _reason(self) -> str:
        """Reddit's own word, such as ``private`` or ``banned``."""
        body = mapping(_decoded(self.text))
        asked = self.headers.get("www-authenticate", "").rpartition("error=")[2].strip('"')
        found = string(body.get("reason")) or string(body.get("message")) or asked
        return (found or "no reason given")[:_LONGEST_REASON]


def error_in(body: Any) -> int | None:
    """The HTTP status that a body tells although the answer's own was a success."""
    found = mapping(body)
    status = found.get("error")
    if isinstance(status, int) and not isinstance(status, bool) and "data" not in found:
        return status if 400 <= status < 600 else None
    return None


def _decoded(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None
