"""The library TikTokApi, loaded when it is needed, and what its exceptions mean.

TikTokApi (https://github.com/davidteather/TikTok-Api) opens the site in a browser that Playwright
drives, and fetches from inside the page, which signs each address.
"""

from __future__ import annotations

import json
import logging
from types import TracebackType
from typing import Any

from lake.errors import (
    BlockedError,
    ConfigError,
    NotFoundError,
    RateLimitedError,
    TaglakeError,
    UnavailableError,
)
from lake.http_answer import decoded

SITE = "https://www.tiktok.com"
_QUIET = "taglake.tiktokapi"  # the library logs whole answers as errors
_MEND = "pip install 'taglake[tiktok]', then python -m playwright install chromium"


def library() -> Any:
    """A new instance of the library, which writes nothing to standard error.

    Raises:
        ConfigError: The package is not installed.
    """
    try:
        import playwright.async_api  # noqa: F401
        from TikTokApi import TikTokApi
    except ImportError as exc:
        raise ConfigError(f"platforms.tiktok: TikTokApi is not installed; {_MEND}") from exc
    api = TikTokApi(logging_level=logging.CRITICAL, logger_name=_QUIET)
    api.logger.handlers.clear()  # each instance adds one more to standard error
    return api


class Translated:
    """Turns what TikTokApi and Playwright raise inside into errors of ours.

    Args:
        what: What is asked for, for the message.
        launching: Whether a browser is being started.
    """

    def __init__(self, what: str, *, launching: bool = False) -> None:
        self._what = what
        self._launching = launching

    def __enter__(self) -> None:
        return None

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        meaning = None if error is None else self._meaning(error)
        if meaning is not None:
            raise meaning from error

    def _meaning(self, error: BaseException) -> TaglakeError | None:
        from playwright.async_api import Error as PlaywrightError
        from playwright.async_api import TimeoutError as PlaywrightTimeout
        from TikTokApi import exceptions

        if isinstance(error, exceptions.EmptyResponseException):
            return RateLimitedError(f"tiktok answered {self._what} with nothing")
        if isinstance(error, exceptions.CaptchaException):
            return BlockedError(f"tiktok asks for a captcha ({self._what})")
        if isinstance(error, exceptions.NotFoundException):
            return NotFoundError(f"tiktok has nothing at {self._what}")
        if isinstance(error, TimeoutError | PlaywrightTimeout):
            return UnavailableError(f"tiktok did not answer {self._what} in time")
        if isinstance(error, PlaywrightError) and self._launching:
            return ConfigError(
                f"platforms.tiktok: the browser does not start ({_first_line(error)}); "
                f"{_MEND}, or set executable_path"
            )
        if isinstance(error, exceptions.TikTokException | PlaywrightError) or (
            type(error) is Exception  # the library raises it bare
        ):
            return UnavailableError(f"tiktok did not answer {self._what}: {_first_line(error)}")
        if isinstance(error, TypeError | AttributeError):
            return self._unreadable(error)
        return None

    def _unreadable(self, error: TypeError | AttributeError) -> TaglakeError:
        """An answer that the library stumbled over: where it was no JSON, its text tells."""
        cause = error.__context__
        if isinstance(cause, json.JSONDecodeError):
            try:
                decoded(SITE + self._what, cause.doc.encode("utf-8", "replace"), "")
            except TaglakeError as exc:
                return exc
        return UnavailableError(f"tiktok answered {self._what} with something that is no object")


def _first_line(error: BaseException) -> str:
    return str(error).strip().partition("\n")[0][:200]
