"""Calls of TikTok's Research API: signed in, paid from the day's budget, retried, sorted.

Page: https://developers.tiktok.com/doc/research-api-get-started. A token is a client's own and
lasts two hours: https://developers.tiktok.com/doc/client-access-token-management. Each client may
make 1,000 requests a UTC day: https://developers.tiktok.com/doc/research-api-faq.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

from pydantic import SecretStr

from ingestors.credentials import Lease, Pool, bucket_of, credential_name
from ingestors.fields import mapping, string, whole
from ingestors.tiktok_options import Client, Options
from lake.errors import (
    InvalidError,
    NotFoundError,
    RateLimitedError,
    RetryError,
    TaglakeError,
    UnauthorizedError,
    UnavailableError,
)
from lake.http import Http
from lake.http_answer import Answer
from lake.meter import meter
from lake.quota import Daily
from lake.records import Json
from lake.retry import Backoff, retrying

logger = logging.getLogger(__name__)
T = TypeVar("T")
BUCKET = "research"
_TOO_FAST_S = 10.0
_EARLY = timedelta(minutes=5)  # a token is renewed so long before its end
_TOKEN_S = 7_200
_BAD_SEARCH = re.compile(r"search.?id|count or cursor", re.IGNORECASE)
_NOT_THERE = re.compile(r"not.{0,3}(find|found|exist)", re.IGNORECASE)
_TEMPORARY = frozenset({"timeout", "internal_error"})
_BAD_TOKEN = frozenset({"access_token_invalid", "access_token_has_expired"})
_NO_RIGHT = frozenset({"scope_not_authorized", "scope_permission_missed"})
_DAY_IS_USED_UP = "daily_quota_limit_exceeded"
_WRONG_SEARCH = {"field": "search_id", "message": "the server has forgotten the search"}


@dataclass(frozen=True, slots=True)
class _Token:
    text: SecretStr
    until: datetime


class Research:
    """The API with the operator's clients.

    Args:
        http: Makes the calls.
        options: The platform's section of config.yaml.
        clock: The current time, aware.
    """

    def __init__(self, http: Http, options: Options, clock: Callable[[], datetime]) -> None:
        clients = {
            credential_name(client.client_key.get_secret_value()): client
            for client in options.clients
        }
        for name in clients:
            http.limits.allow(bucket_of(name, BUCKET), Daily(options.calls_per_day, UTC))
        self._http = http
        self._options = options
        self._clock = clock
        self._pool: Pool[Client] = Pool(clients, http.limits)
        self._tokens: dict[str, _Token] = {}
        self._backoff = Backoff(base_s=options.backoff_s)

    async def ask(self, path: str, fields: str, body: Json) -> Answer:
        """The answer of a method, whose error code says that all is well.

        Args:
            path: Below ``/v2/research/``.
            fields: What is asked for, with commas.
            body: Sent as JSON.

        Raises:
            RateLimitedError: Every client's day is used up; ``after_s`` leads to midnight UTC.
            UnavailableError: No whole answer.
            UnauthorizedError: No client is accepted any more, or may do this.
            BlockedError: The answer is no API's.
            NotFoundError: What was asked for is not there.
            InvalidError: The API finds the question wrong.
        """

        async def ask(lease: Lease[Client]) -> Answer:
            try:
                return await self._signed(lease, path, fields, body)
            except UnauthorizedError as exc:
                self._pool.refuse(lease.name, exc)
                raise

        return await self._retry(lambda: self._pool.call(BUCKET, ask))

    async def search(self, fields: str, body: Json) -> Answer | None:
        """A page of ``video/query``; None where the server has forgotten the search it belongs to.

        Raises:
            TaglakeError: As ``ask``.
        """
        try:
            return await self.ask("video/query/", fields, body)
        except InvalidError as exc:
            if _WRONG_SEARCH in exc.errors and "search_id" in body:
                return None
            raise

    async def sign_in(self) -> None:
        """Gets a token with one of the clients.

        Raises:
            UnauthorizedError: No client is accepted.
        """

        async def ask(lease: Lease[Client]) -> None:
            try:
                await self._token(lease)
            except UnauthorizedError as exc:
                self._pool.refuse(lease.name, exc)
                raise

        await self._retry(lambda: self._pool.call("token", ask))

    async def _retry(self, call: Callable[[], Awaitable[T]]) -> T:
        attempts = self._options.attempts
        return await retrying(call, backoff=self._backoff, attempts=attempts, on_wait=_log_wait)

    async def _signed(self, lease: Lease[Client], path: str, fields: str, body: Json) -> Answer:
        """One call; a token that is refused before its time is renewed once."""
        try:
            return await self._call(lease, path, fields, body)
        except UnauthorizedError:
            if self._tokens.pop(lease.name, None) is None:
                raise  # no token was given at all
        return await self._call(lease, path, fields, body)

    async def _call(self, lease: Lease[Client], path: str, fields: str, body: Json) -> Answer:
        token = await self._token(lease)
        self._http.limits.spend(lease.bucket)

        def refusal(status: int, answer: Any) -> TaglakeError | None:
            return self._refusal(lease.bucket, status, answer)

        url = f"{self._options.base}/v2/research/{path}"
        signed = {"Authorization": f"Bearer {token.get_secret_value()}"}
        try:
            answer = await self._http.post_json(
                url, body, signed, params={"fields": fields}, refusal=refusal, bucket=lease.bucket
            )
        except RateLimitedError as exc:
            if exc.after_s is None:  # a 429 that says nothing: the day's, as far as anybody knows
                raise self._used_up(lease.bucket) from exc
            raise
        error = refusal(200, answer.body) or _unknown(answer.body)
        if error is not None:
            raise error
        if not isinstance(mapping(answer.body).get("data"), dict):
            raise UnavailableError(f"tiktok answered {path} without data")
        left = self._http.limits.left(lease.bucket)
        if left is not None:
            meter().quota_left[lease.bucket] = left
        return answer

    async def _token(self, lease: Lease[Client]) -> SecretStr:
        known = self._tokens.get(lease.name)
        if known is not None and known.until > self._clock():
            return known.text
        form = {
            "client_key": lease.credential.client_key.get_secret_value(),
            "client_secret": lease.credential.client_secret.get_secret_value(),
            "grant_type": "client_credentials",
        }
        url = f"{self._options.base}/v2/oauth/token/"
        bucket = bucket_of(lease.name, "token")
        answer = await self._http.post_json(url, form=form, refusal=_no_token, bucket=bucket)
        body = mapping(answer.body)
        text = string(body.get("access_token"))
        if text is None:
            raise _no_token(200, body) or UnavailableError("tiktok answered without a token")
        lasts = timedelta(seconds=whole(body.get("expires_in")) or _TOKEN_S)
        token = _Token(SecretStr(text), self._clock() + max(lasts - _EARLY, lasts / 2))
        self._tokens[lease.name] = token
        return token.text

    def _refusal(self, bucket: str, status: int, body: Any) -> TaglakeError | None:
        """The error that an answer means; None where its status alone tells."""
        error = mapping(mapping(body).get("error"))
        code = string(error.get("code")) or ""
        if code == _DAY_IS_USED_UP or (status == 429 and code != "rate_limit_exceeded"):
            return self._used_up(bucket)
        return _meaning(code, string(error.get("message")) or "")

    def _used_up(self, bucket: str) -> RateLimitedError:
        now = self._clock()
        day = Daily(0, UTC)
        midnight = day.counts_until(day.slot(now))
        self._http.limits.close(bucket, midnight)
        wait_s = (midnight - now).total_seconds()
        return RateLimitedError("tiktok: the day's requests are used up", after_s=wait_s)


def _meaning(code: str, message: str) -> TaglakeError | None:
    if code == "rate_limit_exceeded":
        return RateLimitedError("tiktok: too many requests in a short time", after_s=_TOO_FAST_S)
    if code in _BAD_TOKEN:
        return UnauthorizedError("tiktok does not accept the token of a client")
    if code in _NO_RIGHT:
        return UnauthorizedError(f"tiktok does not let the client do this ({code})")
    if code in _TEMPORARY:
        return UnavailableError(f"tiktok could not answer ({code})")
    if code.startswith("invalid_"):
        if _BAD_SEARCH.search(message):
            return InvalidError("tiktok has forgotten a search", errors=(_WRONG_SEARCH,))
        if _NOT_THERE.search(message):
            return NotFoundError(f"tiktok has nothing of the kind ({code})")
        return InvalidError(f"tiktok finds the question wrong ({code})")
    return None


def _unknown(body: Any) -> TaglakeError | None:
    """A code that nobody knows, with a good status: its data are empty, and say nothing."""
    code = string(mapping(mapping(body).get("error")).get("code"))
    if code is None or code == "ok":
        return None
    return UnavailableError(f"tiktok could not answer ({code[:40]})")


def _no_token(status: int, body: Any) -> TaglakeError | None:
    """OAuth's own form of an error: a word, not an object."""
    code = string(mapping(body).get("error"))
    if code is None or status >= 500:
        return None
    if status == 429:
        return RateLimitedError("tiktok: too many tokens in a short time", after_s=_TOO_FAST_S)
    return UnauthorizedError(
        f"tiktok does not accept a client ({code[:40]}); mend platforms.tiktok.clients"
    )


def _log_wait(exc: RetryError, wait_s: float) -> None:
    logger.warning("waiting for the platform", extra={"reason": str(exc), "wait_s": wait_s})
