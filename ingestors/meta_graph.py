"""Meta's Graph APIs (Instagram, Threads): calls with one of several accounts, and their refusals.

Errors come as ``{"error": {"message", "code", "error_subcode", …}}``, mostly with HTTP 400
(https://developers.facebook.com/docs/graph-api/guides/error-handling). The token goes into the
query, where the API wants it; so no URL and no ``paging`` of an answer is ever kept or told.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from pydantic import SecretStr

from ingestors.credentials import Lease, Pool, bucket_of
from ingestors.fields import mapping, string, whole
from lake.errors import (
    BlockedError,
    InvalidError,
    NotFoundError,
    RateLimitedError,
    RetryError,
    StopPlatformError,
    TaglakeError,
    UnauthorizedError,
    UnavailableError,
)
from lake.http import Http
from lake.http_answer import Answer
from lake.records import Json
from lake.retry import Backoff, retrying

logger = logging.getLogger(__name__)
T = TypeVar("T")

CALLS = "calls"  # the bucket that the usage headers speak of
TAGS = "tags"  # the bucket of Instagram's 30 hashtags in 7 days
_TAG_LIMIT_S = 6 * 3_600.0  # Meta does not say when the oldest of the 30 leaves the window
_UNTOLD_S = 60.0  # how long an account rests where nobody says how long, and another works
_TOO_FAST = frozenset({4, 17, 32, 341, 613, *range(80_000, 80_015)})
_DEAD_TOKEN = frozenset({102, 190})
_NO_PERMISSION = frozenset({3, 10, *range(200, 300)})
_BLOCKED = frozenset({368})
_TEMPORARY = frozenset({1, 2})
_GONE = frozenset({24, 110, 803})  # a hashtag, an account, an object that nobody is shown
_TAG_LIMIT, _TAG_LIMIT_SUBCODE = 18, 2_207_034
_BAD_OBJECT = 100
_WHY_DEAD = {
    458: "the app was removed",
    460: "the password changed",
    463: "expired",
    467: "invalid",
}
_LONGEST_TEXT = 250
_LIKE_A_TOKEN = re.compile(r"\S{32,}")


@dataclass(frozen=True, slots=True)
class Account:
    """One of the operator's own accounts.

    Args:
        user_id: Its id on the platform.
        token: Its access token.
    """

    user_id: str
    token: SecretStr


@dataclass(frozen=True, slots=True)
class Call:
    """What one call asks for, besides the token.

    Args:
        path: Below the API's version.
        params: The query.
    """

    path: str
    params: Mapping[str, str]


Pick = Callable[[], Lease[Account]]
Read = Callable[[Answer, Lease[Account]], T]


class Refusals:
    """Sorts the error answers of one call; ``Http``'s ``refusal``.

    Attributes:
        of_account: Whether the error concerns the account, so that another may do better.
        bucket: Which other bucket of the account is used up where the error is a rate limit.
    """

    def __init__(self, name: str) -> None:
        self._name = name
        self.of_account = False
        self.bucket: str | None = None

    def __call__(self, status: int, body: Any) -> TaglakeError | None:
        """What an answer with an error status or an error envelope means; None: its status."""
        error = mapping(mapping(body).get("error"))
        found = self._sorted(error, status) if error else None
        self.of_account = isinstance(found, StopPlatformError)
        return found

    def _sorted(self, error: Json, status: int) -> TaglakeError | None:
        code, subcode = whole(error.get("code")), whole(error.get("error_subcode"))
        said = f"({code}: {_said(error)})"
        if code == _TAG_LIMIT or subcode == _TAG_LIMIT_SUBCODE:
            self.bucket = TAGS
            message = f"{self._name} takes no further hashtag from this account {said}"
            return RateLimitedError(message, after_s=_TAG_LIMIT_S)
        if code in _DEAD_TOKEN:
            # Its message may quote the token.
            why = _WHY_DEAD.get(subcode or 0, "expired or wrong")
            return UnauthorizedError(f"{self._name} refuses access_token: {why}; make a new one")
        if code in _TOO_FAST or status == 429:
            return RateLimitedError(f"{self._name} takes no more calls for now {said}")
        if code in _BLOCKED:
            return BlockedError(f"{self._name} has blocked the account for a while {said}")
        if code in _GONE or (code == _BAD_OBJECT and _is_gone(error)):
            return NotFoundError(f"{self._name} does not have or show it {said}")
        if code in _NO_PERMISSION or (code == _BAD_OBJECT and _wants_permission(error)):
            mend = "get it in the app's review, https://developers.facebook.com/apps/"
            return BlockedError(f"{self._name} wants a permission {said}; {mend}")
        return self._of_status(error, status, code, said)

    def _of_status(
        self, error: Json, status: int, code: int | None, said: str
    ) -> TaglakeError | None:
        if code in _TEMPORARY or error.get("is_transient") is True or status >= 500:
            return UnavailableError(f"{self._name} could not answer {said}")
        if status == 401:
            return UnauthorizedError(f"{self._name} refuses access_token; make a new one")
        if status == 403:
            return BlockedError(f"{self._name} refuses the call {said}")
        if status in (404, 410):
            return NotFoundError(f"{self._name} does not have it {said}")
        return InvalidError(f"{self._name} refuses the request {said}")


class Graph:
    """One of Meta's Graph APIs.

    Args:
        client: Makes the calls.
        pool: The accounts.
        base: The API's address with its version.
        name: The platform's.
        backoff: How long to wait after a failure.
        attempts: Calls in all.
    """

    def __init__(
        self,
        client: Http,
        pool: Pool[Account],
        base: str,
        *,
        name: str,
        backoff: Backoff,
        attempts: int,
    ) -> None:
        self._http = client
        self._pool = pool
        self._base = base
        self._name = name
        self._backoff = backoff
        self._attempts = attempts
        self.refused: set[str] = set()

    def anybody(self) -> Lease[Account]:
        """The account that has most calls left."""
        return self._pool.pick(CALLS)

    async def ask(self, pick: Pick, call: Callable[[Account], Call], read: Read[T]) -> T:
        """What ``read`` makes of an answer; another account is tried where one is refused.

        Args:
            pick: Gives the account to try next.
            call: What is asked for, which may name the account.
            read: Reads the answer; a ``RetryError`` of it leads to another attempt.

        Raises:
            RetryError: No answer after all attempts, or every account is used up.
            StopPlatformError: No account is accepted.
            NotFoundError: What the call names is not there, or not shown.
            InvalidError: The call cannot be answered as it was made.
        """
        return await retrying(
            lambda: self._through(pick, call, read),
            backoff=self._backoff,
            attempts=self._attempts,
            on_wait=_log_wait,
        )

    async def _through(self, pick: Pick, call: Callable[[Account], Call], read: Read[T]) -> T:
        tried: set[str] = set()
        lease = pick()
        while True:
            tried.add(lease.name)
            said = Refusals(self._name)
            try:
                return read(await self._get(lease, call(lease.credential), said), lease)
            except RateLimitedError as exc:
                if exc.after_s is not None or len(self._pool) > 1:
                    used_up = bucket_of(lease.name, said.bucket) if said.bucket else lease.bucket
                    rest_s = _UNTOLD_S if exc.after_s is None else exc.after_s
                    self._http.limits.close_for(used_up, rest_s)
                lease = pick()  # raises where all are used up
                if lease.name in tried:
                    raise
            except StopPlatformError as exc:
                if not said.of_account:
                    raise
                self.refused.add(lease.name)
                self._pool.refuse(lease.name, exc)  # raises with the last one
                lease = pick()

    async def _get(self, lease: Lease[Account], call: Call, said: Refusals) -> Answer:
        token = {"access_token": lease.credential.token.get_secret_value()}
        url = f"{self._base}/{call.path}"
        params = dict(call.params) | token
        answer = await self._http.get_json(url, params, refusal=said, bucket=lease.bucket)
        error = said(400, answer.body)  # an error may come with a good status
        if error is not None:
            raise error
        return answer


@dataclass(frozen=True, slots=True)
class Listed:
    """One page of a Graph edge.

    Args:
        items: What its ``data`` holds, unchanged.
        after: The cursor of the next page; None at the end.
        linked: Whether the answer links to a next page.
    """

    items: list[Any]
    after: str | None
    linked: bool


def listed(body: Any, name: str) -> Listed:
    """A page's parts.

    Raises:
        UnavailableError: It is no page.
    """
    data = mapping(body).get("data")
    if not isinstance(data, list):
        raise UnavailableError(f"{name} answered something that is no page")
    paging = mapping(mapping(body).get("paging"))
    after = string(mapping(paging.get("cursors")).get("after"))
    return Listed(data, after, string(paging.get("next")) is not None)


def _is_gone(error: Json) -> bool:
    return "does not exist" in (string(error.get("message")) or "").lower()


def _wants_permission(error: Json) -> bool:
    """Meta says 100 for a bad parameter, for what is gone and for a missing permission alike."""
    text = (string(error.get("message")) or "").lower()
    return "permission" in text or " requires " in text


def _said(error: Json) -> str:
    text = string(error.get("error_user_msg")) or string(error.get("message")) or "no message"
    return _LIKE_A_TOKEN.sub("…", text)[:_LONGEST_TEXT]


def _log_wait(exc: RetryError, wait_s: float) -> None:
    logger.warning("waiting for the platform", extra={"reason": str(exc), "wait_s": wait_s})
