"""TikTok's site through the library TikTokApi: browser sessions, one call at a time each.

The library keeps its instance in its classes, so a process can have one. It checks no code of an
answer and closes a session at any lost connection; both are put right here.

The site says that it takes us for a program by an answer that is empty: never "no posts".
"""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from ingestors.credentials import Lease, Pool, by_name
from ingestors.fields import whole
from ingestors.tiktok_library import SITE, Translated, library
from ingestors.tiktok_options import Options
from lake.errors import (
    BlockedError,
    ConfigError,
    InvalidError,
    NotFoundError,
    RateLimitedError,
    RetryError,
    UnavailableError,
)
from lake.meter import meter
from lake.quota import LimitBook
from lake.records import Json
from lake.retry import Backoff, retrying

logger = logging.getLogger(__name__)
BUCKET = "web"
_LONGEST_WAIT_S = 3_600.0
_CLOSE_S = 20.0
_ONE = threading.Lock()  # held while this process has its one TikTokApi


@dataclass(frozen=True, slots=True)
class WebAnswer:
    """One answer of the site.

    Args:
        body: The decoded JSON object, whose code says that all is well.
        received_at: When it was there, aware UTC.
    """

    body: Json
    received_at: datetime


class Browser:
    """Sessions of one browser; made by ``open_browser``.

    Args:
        options: The platform's section of config.yaml.
        limits: Where a session's waits are kept.
        clock: The current time, aware.
    """

    def __init__(self, options: Options, limits: LimitBook, clock: Callable[[], datetime]) -> None:
        credentials: dict[str, str | None] = dict(by_name(options.ms_tokens or ()))
        tokens = list(credentials.values())
        for number in range(len(credentials), options.sessions):
            credentials[f"session-{number}"] = tokens[number % len(tokens)] if tokens else None
        self._options = options
        self._limits = limits
        self._clock = clock
        self._tokens = credentials
        self._pool: Pool[str | None] = Pool(credentials, limits)
        self._backoff = Backoff(base_s=options.backoff_s)
        self._api = library()
        self._sessions: dict[str, Any] = {}
        self._empty: dict[str, int] = {}
        self._starting = asyncio.Lock()

    async def get(self, path: str, params: Mapping[str, str]) -> WebAnswer:
        """The JSON that a path of the site answers, with a code that says that all is well.

        Raises:
            RateLimitedError: Every session was answered with nothing a short while ago.
            UnavailableError: No whole answer, or a code that nobody knows.
            NotFoundError: What was asked for is gone.
            InvalidError: It is private.
            BlockedError: Every session was asked for a captcha, or is answered with nothing.
        """
        return await retrying(
            lambda: self._pool.call(BUCKET, lambda lease: self._ask(lease, path, params)),
            backoff=self._backoff,
            attempts=self._options.attempts,
            on_wait=_log_wait,
        )

    async def start(self) -> None:
        """Starts the browser anew and opens the site once a session.

        Raises:
            ConfigError: The browser does not start.
            UnavailableError: The site does not open.
        """
        await self.close()
        options, args = self._options, list(self._options.browser_args)
        headless = options.headless
        if options.browser == "chromium" and headless:
            args, headless = ["--headless=new", *args], False  # the old mode is easily told
        tokens = [token for token in self._tokens.values() if token]
        with Translated("the site's first page", launching=True):
            async with asyncio.timeout(options.start_timeout_s):
                await self._api.create_sessions(
                    num_sessions=len(self._tokens),
                    min_sessions=len(self._tokens),
                    allow_partial_sessions=True,  # else one that fails leaves the others half made
                    ms_tokens=tokens or None,
                    headless=headless,
                    browser=options.browser,
                    executable_path=options.executable_path,
                    override_browser_args=args,
                    enable_session_recovery=False,
                )
                await self._give_tokens()

    async def close(self) -> None:
        """Closes the browser, if there is one."""
        self._sessions = {}
        with suppress(TimeoutError):
            async with asyncio.timeout(_CLOSE_S):
                await self._api.close_sessions()

    async def _give_tokens(self) -> None:
        """Each session a token of its own: the library draws them by lot."""
        for (name, token), session in zip(self._tokens.items(), self._api.sessions, strict=True):
            if token:
                session.ms_token = token
                cookie = {"name": "msToken", "value": token, "url": SITE}
                await self._api.set_session_cookies(session, [cookie])
            session.headers = session.headers or {}  # None where the page loaded nothing more
            self._sessions[name] = session

    async def _ask(
        self, lease: Lease[str | None], path: str, params: Mapping[str, str]
    ) -> WebAnswer:
        opens = self._limits.free_at(lease.bucket)
        if opens is not None:
            wait_s = self._limits.seconds_until(opens)
            raise RateLimitedError("tiktok answered with nothing a while ago", after_s=wait_s)
        try:
            body = await self._fetch(await self._session(lease.name), path, params)
            self._check_code(path, body)
        except RateLimitedError as exc:
            exc.after_s = self._wait_longer(lease)
            raise
        except BlockedError as exc:
            self._pool.refuse(lease.name, exc)
            raise
        self._empty.pop(lease.name, None)
        return WebAnswer(body, self._clock())

    async def _fetch(self, session: Any, path: str, params: Mapping[str, str]) -> Json:
        meter().calls += 1
        with Translated(path):
            try:
                async with asyncio.timeout(self._options.timeout_s):
                    body = await self._api.make_request(
                        url=SITE + path,
                        params=dict(params),
                        retries=1,
                        session_index=self._api.sessions.index(session),
                    )
            except TimeoutError:
                session.is_valid = False  # its page still waits: the same address would wait too
                raise
        if not isinstance(body, dict) or not body:  # {} says nothing, not even that all is well
            raise UnavailableError(f"tiktok answered {path} with no object, or an empty one")
        return body

    async def _session(self, name: str) -> Any:
        """The session of that name; where it is lost, the browser is started anew."""
        async with self._starting:
            session = self._sessions.get(name)
            if session is None or not session.is_valid:  # the library marks what it lost
                await self.start()
            return self._sessions[name]

    def _wait_longer(self, lease: Lease[str | None]) -> float:
        """How long a session rests that was answered with nothing, in seconds.

        Raises:
            BlockedError: It was so too often.
        """
        row = self._empty[lease.name] = self._empty.get(lease.name, 0) + 1
        if row >= self._options.most_empty:
            blocked = BlockedError(
                f"tiktok answered {row} times in a row with nothing: it takes the browser for a "
                "program; new ms_tokens, headless: false, another browser or network may help"
            )
            self._pool.refuse(lease.name, blocked)
            raise blocked
        wait_s = min(_LONGEST_WAIT_S, self._options.empty_wait_s * 2.0 ** (row - 1))
        self._limits.close_for(lease.bucket, wait_s)
        return wait_s

    def _check_code(self, path: str, body: Json) -> None:
        code = next(filter(None, map(_number, _codes(body))), 0)
        options = self._options
        if code in options.blocked_codes or body.get("type") == "verify":
            raise BlockedError(f"tiktok asks for a captcha ({code}); new ms_tokens may help")
        if code in options.gone_codes:
            raise NotFoundError(f"tiktok says that it is gone ({path}, {code})")
        if code in options.private_codes:
            raise InvalidError(f"tiktok says that it is private ({path}, {code})")
        if code:
            raise UnavailableError(f"tiktok answered {path} with code {code}")


@asynccontextmanager
async def open_browser(
    options: Options, limits: LimitBook, clock: Callable[[], datetime]
) -> AsyncIterator[Browser]:
    """The browser, which is closed at the end of the block.

    A site that does not open now is opened at the first call.

    Raises:
        ConfigError: The library or the browser is missing, or this process has one open already.
    """
    if not _ONE.acquire(blocking=False):
        raise ConfigError("platforms.tiktok: TikTokApi can be open once in a process, and it is")
    try:
        browser = Browser(options, limits, clock)
        try:
            try:
                await browser.start()
            except RetryError as exc:
                logger.warning("the site does not open yet", extra={"reason": str(exc)})
            yield browser
        finally:
            await browser.close()
    finally:
        _ONE.release()


def _codes(body: Json) -> tuple[Any, ...]:
    return body.get("statusCode"), body.get("status_code"), body.get("code")


def _number(value: Any) -> int:
    return whole(value) or (value if isinstance(value, int) else 0)


def _log_wait(exc: RetryError, wait_s: float) -> None:
    meter().waited_s += wait_s
    logger.warning("waiting for the platform", extra={"reason": str(exc), "wait_s": wait_s})
