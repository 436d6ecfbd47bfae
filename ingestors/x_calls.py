"""Calls of X's API v2: each is made with the token that has most left, retried, and paid for.

Endpoints: https://docs.x.com/x-api
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from ingestors.credentials import Lease, Pool, by_name
from ingestors.x_answers import concerns_account, refusal
from ingestors.x_options import Options
from ingestors.x_spending import Bill, Prices, Spending, bill_of
from lake.errors import RetryError, StopPlatformError, TaglakeError, UnauthorizedError
from lake.http import Http
from lake.http_answer import Answer
from lake.retry import Backoff, retrying

logger = logging.getLogger(__name__)
T = TypeVar("T")
Params = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One of the API's methods.

    Args:
        path: Below the API's address.
        bucket: Its own part of each token's rate limits.
        bill: What an answer of it is billed for; None: it is free.
    """

    path: str
    bucket: str
    bill: Callable[[Answer], Bill] | None


SEARCH = Endpoint("/2/tweets/search/recent", "search", bill_of)
COUNTS = Endpoint("/2/tweets/counts/recent", "counts", lambda _: Bill(counts=1))
POSTS = Endpoint("/2/tweets", "posts", bill_of)
USERS = Endpoint("/2/users/by", "users", bill_of)
USAGE = Endpoint("/2/usage/tweets", "usage", None)


class Calls:
    """The calls that Taglake makes.

    Args:
        client: Makes them.
        options: The platform's.
    """

    def __init__(self, client: Http, options: Options) -> None:
        self._http = client
        self._options = options
        self._backoff = Backoff(base_s=options.backoff_s)
        self._tokens = Pool(by_name(options.bearer_token), client.limits)
        prices = Prices(options.usd_per_post, options.usd_per_user, options.usd_per_count)
        self.spending = Spending(prices, client.limits, options.usd_per_day)

    async def read(self, endpoint: Endpoint, params: Params, read: Callable[[Answer], T]) -> T:
        """What ``read`` makes of an answer; an answer that it finds wanting is asked for again.

        Args:
            endpoint: What is called.
            params: The query.
            read: Raises ``UnavailableError`` for an answer that is not what was asked for.

        Raises:
            RetryError: X did not answer, all tokens are used up, or the day's budget is.
            StopPlatformError: X accepts no token, or refuses the call.
            InvalidError: X finds the query wrong.
            NotFoundError: There is no such thing.
        """

        async def attempt() -> T:
            if endpoint.bill is not None:
                self.spending.check()
            return read(await self._tokens.call(endpoint.bucket, ask))

        async def ask(lease: Lease[str]) -> Answer:
            answer = await self._ask(endpoint, params, lease)
            if endpoint.bill is not None:
                self.spending.add(endpoint.bill(answer), lease.name, answer.received_at)
            return answer

        attempts = self._options.attempts
        return await retrying(attempt, backoff=self._backoff, attempts=attempts, on_wait=_log_wait)

    async def get(self, endpoint: Endpoint, params: Params) -> Answer:
        """The answer as it came; errors as ``read``'s."""
        return await self.read(endpoint, params, lambda answer: answer)

    async def _ask(self, endpoint: Endpoint, params: Params, lease: Lease[str]) -> Answer:
        of_account = False

        def sort_out(status: int, body: Any) -> TaglakeError | None:
            nonlocal of_account
            of_account = concerns_account(status, body)
            return refusal(status, body)

        url = self._options.base + endpoint.path
        headers = {"Authorization": f"Bearer {lease.credential}"}
        try:
            return await self._http.get_json(
                url, params, headers, refusal=sort_out, bucket=lease.bucket
            )
        except StopPlatformError as exc:
            if of_account or isinstance(exc, UnauthorizedError):
                self._tokens.refuse(lease.name, exc)
            raise


def _log_wait(exc: RetryError, wait_s: float) -> None:
    logger.warning("waiting for the platform", extra={"reason": str(exc), "wait_s": wait_s})
