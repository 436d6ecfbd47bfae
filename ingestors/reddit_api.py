"""Calls to Reddit with the operator's apps: each waits for its limit, is made in a thread, retried.

Limits: https://support.reddithelp.com (Data API wiki): 100 calls a minute and app, averaged over
ten minutes. ``x-ratelimit-reset`` counts seconds from now.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from typing import TypeVar

from ingestors.credentials import Pool, bucket_of, credential_name
from ingestors.reddit_praw import Access, Line, Reply
from lake.errors import (
    BlockedError,
    RateLimitedError,
    RetryError,
    StopPlatformError,
    TaglakeError,
    UnauthorizedError,
    UnavailableError,
)
from lake.limits import remaining_calls, reset_after_s
from lake.meter import meter
from lake.quota import LimitBook
from lake.retry import Backoff, retrying
from lake.times import now

logger = logging.getLogger(__name__)
T = TypeVar("T")
Call = tuple[str, Mapping[str, str], str | None]  # path, query, and what it names, for people
BUCKET = "api"
_MAX_PAUSE_S = 900.0
_LONGEST = 3  # time-outs that one call may last: a token, the answer, and a connection for each
_LONGEST_RESET = timedelta(days=1)  # one further ahead is a mistake of the server's


class Client:
    """One app's calls, one at a time.

    Args:
        access: What lets the app in.
        limits: What is left of its limit.
        bucket: The name of its own part there.
    """

    def __init__(self, access: Access, limits: LimitBook, bucket: str) -> None:
        self._access = access
        self._limits = limits
        self._bucket = bucket
        self._lock = asyncio.Lock()
        self._line: Line | None = None
        self._token_died = False

    async def get(self, path: str, params: Mapping[str, str], what: str | None) -> Reply:
        """One answer; errors as ``Line.ask``'s. A token that died is renewed once."""
        async with self._lock:
            await self._pause()
            try:
                return await self._once(path, params, what)
            except UnauthorizedError:
                if not self._token_died:  # the app itself is refused
                    raise
            return await self._once(path, params, what)

    async def _once(self, path: str, params: Mapping[str, str], what: str | None) -> Reply:
        line, self._line = self._line or Line(self._access), None
        work = asyncio.ensure_future(asyncio.to_thread(line.ask, path, params, what))
        try:
            async with asyncio.timeout(_LONGEST * self._access.timeout_s):
                reply = await asyncio.shield(work)
        except UnauthorizedError:
            line.close()
            raise
        except TaglakeError:
            self._line = line
            raise
        except TimeoutError as exc:
            raise UnavailableError(f"{path} of reddit did not answer in time") from exc
        else:
            self._line = line
            return reply
        finally:
            if work.done():
                self._note(line)
            else:
                # A thread cannot be stopped: whoever comes next gets another line, and the thread
                # ends on its own, after its time-out at the latest.
                work.add_done_callback(lambda done: _left_behind(line, done))

    async def _pause(self) -> None:
        """Waits for the limit to open, where that is worth it; cancelled at any time."""
        opens = self._limits.open_at(self._bucket)
        if opens is None:
            return
        wait_s = self._limits.seconds_until(opens)
        if wait_s > _MAX_PAUSE_S:
            raise RateLimitedError(f"reddit takes no calls for {wait_s:.0f} s", after_s=wait_s)
        meter().waited_s += wait_s
        await asyncio.sleep(wait_s)

    def _note(self, line: Line) -> None:
        heard = line.heard()
        self._token_died = any(status == 401 for status, _ in heard)
        for status, headers in heard:
            left, at = remaining_calls(headers), now()
            wait_s = reset_after_s(headers, at)
            wait = None if wait_s is None else timedelta(seconds=min(wait_s, 1e9))
            resets_at = None if wait is None else at + min(wait, _LONGEST_RESET)
            if left is not None:
                meter().quota_left[self._bucket] = left
                self._limits.note(self._bucket, left=left, resets_at=resets_at)
            if resets_at is not None and (status == 429 or (left is not None and left < 1)):
                self._limits.close(self._bucket, resets_at)

    def close(self) -> None:
        """Ends its connections."""
        if self._line is not None:
            self._line.close()


class Api:
    """Calls with whichever app has most left.

    Args:
        accesses: The operator's apps.
        limits: What is left of each one's limit.
        backoff: How long to wait after a failure.
        attempts: Calls in all.
    """

    def __init__(
        self, accesses: Sequence[Access], limits: LimitBook, *, backoff: Backoff, attempts: int
    ) -> None:
        named = {credential_name(one.client_id): one for one in accesses}
        self._clients = {
            name: Client(one, limits, bucket_of(name, BUCKET)) for name, one in named.items()
        }
        self._pool = Pool(self._clients, limits)
        self._limits = limits
        self._backoff = backoff
        self._attempts = attempts

    async def get(self, call: Call, read: Callable[[Reply], T]) -> T:
        """What ``read`` makes of one answer, asked for again after failures that may pass.

        Args:
            call: What is asked for.
            read: Takes the answer; raises ``RetryError`` for one that is no good.

        Raises:
            TaglakeError: As ``Line.ask``.
        """

        async def ask() -> T:
            return read(await self._ask(*call))

        return await retrying(
            ask, backoff=self._backoff, attempts=self._attempts, on_wait=_log_wait
        )

    async def check(self) -> str:
        """Tries each app with one cheap call.

        Raises:
            StopPlatformError: None of them is accepted.
        """
        refused: list[StopPlatformError] = []
        for client in self._clients.values():
            try:
                await client.get("/api/v1/scopes", {}, None)
            except StopPlatformError as exc:
                refused.append(exc)
        if len(refused) == len(self._clients):
            raise refused[-1]
        return f"{len(self._clients) - len(refused)} of {len(self._clients)} apps accepted"

    def close(self) -> None:
        """Ends all connections."""
        for client in self._clients.values():
            client.close()

    async def _ask(self, path: str, params: Mapping[str, str], what: str | None) -> Reply:
        lease = self._pool.pick(BUCKET)
        try:
            return await lease.credential.get(path, params, what)
        except (UnauthorizedError, BlockedError) as exc:
            if isinstance(exc, BlockedError) and len(self._pool) == 1:
                raise  # it may be the address, not the app, that is refused
            self._pool.refuse(lease.name, exc)
        except RateLimitedError:
            if len(self._pool) == 1 or self._limits.open_at(lease.bucket) is None:
                raise
        return await self._ask(path, params, what)


def _left_behind(line: Line, done: asyncio.Future[Reply]) -> None:
    if not done.cancelled():
        done.exception()  # nobody else asks for it
    line.close()


def _log_wait(exc: RetryError, wait_s: float) -> None:
    logger.warning("waiting for the platform", extra={"reason": str(exc), "wait_s": wait_s})
