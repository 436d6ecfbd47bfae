"""The section ``tiktok`` of config.yaml."""

from __future__ import annotations

import re
from typing import Annotated, Literal, Self
from urllib.parse import urlsplit

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    SecretStr,
    field_validator,
    model_validator,
)

from ingestors.credentials import Secrets
from ingestors.fields import host_of


class Client(BaseModel):
    """A research project's client, from https://developers.tiktok.com/research.

    Args:
        client_key: Its key.
        client_secret: Its secret.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    client_key: SecretStr
    client_secret: SecretStr

    @field_validator("client_key", "client_secret")
    @classmethod
    def _not_empty(cls, secret: SecretStr) -> SecretStr:
        text = secret.get_secret_value().strip()
        if not re.fullmatch(r"[!-~]+", text):
            raise ValueError("must be a key without blanks in it")
        return SecretStr(text)


class Options(BaseModel):
    """The platform's section of config.yaml.

    Args:
        mode: ``web`` reads as a browser does, ``research`` asks the official Research API.
        accept_terms_risk: Mode web only, and it is off without it: whether the operator answers
            for reading the site with a program, which TikTok's terms do not allow.
        ms_tokens: Mode web: values of the cookie msToken, each for a session of its own; without
            them the sessions take what the site gives them.
        sessions: Mode web: browser sessions that share the load; at least one a token.
        browser: Mode web: which one.
        executable_path: Mode web: the browser's program; None takes the one that Playwright keeps.
        headless: Mode web: whether it shows no window.
        browser_args: Mode web: further arguments that the browser is started with.
        start_timeout_s: Mode web: longest time for the browser to start and open the site.
        page_cap: Mode web: pages of 30 posts that a poll of a hashtag takes.
        empty_wait_s: Mode web: wait after an empty answer; it doubles with each further one.
        most_empty: Mode web: empty answers in a row after which a session counts as blocked.
        gone_codes: Mode web: answers' codes by which a post or an account is gone.
        private_codes: Mode web: codes by which it is shown to its owner's friends only.
        blocked_codes: Mode web: codes that ask for a captcha.
        clients: Mode research: the project's clients; several share the load.
        base: Mode research: the API's address.
        calls_per_day: Mode research: requests that each client may make in a UTC day.
        first_poll_days: Mode research: how far the first poll of a hashtag goes back.
        lookback_s: Mode research: each poll begins so long before the last one, because videos
            reach the archive late.
        window_days: Mode research: days that one query covers; the API takes 30 at most and
            answers short ones more reliably.
        comment_page_cap: Pages of comments that a poll of a video takes (20 or 100 a page).
        timeout_s: Longest time for one call.
        attempts: Calls in all before a poll is cut short.
        backoff_s: Longest wait after the first failure; it doubles with each further one.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    mode: Literal["web", "research"] = "web"
    accept_terms_risk: bool = False
    ms_tokens: Secrets | None = None
    sessions: Annotated[int, Field(ge=1, le=16)] = 1
    browser: Literal["chromium", "firefox", "webkit"] = "chromium"
    executable_path: str | None = None
    headless: bool = True
    browser_args: tuple[str, ...] = ()
    start_timeout_s: Annotated[float, Field(gt=0, le=600)] = 90
    page_cap: Annotated[int, Field(ge=1, le=100)] = 10
    empty_wait_s: Annotated[float, Field(gt=0, le=3_600)] = 30
    most_empty: Annotated[int, Field(ge=1, le=100)] = 5
    gone_codes: tuple[int, ...] = (10204, 10221)
    private_codes: tuple[int, ...] = (10216, 10222)
    blocked_codes: tuple[int, ...] = (10000, 10101)
    clients: tuple[Client, ...] = ()
    base: str = "https://open.tiktokapis.com"
    calls_per_day: Annotated[int, Field(ge=0)] = 1_000
    first_poll_days: Annotated[int, Field(ge=0, le=365)] = 2
    lookback_s: Annotated[int, Field(ge=0, le=30 * 86_400)] = 172_800
    window_days: Annotated[int, Field(ge=1, le=30)] = 7
    comment_page_cap: Annotated[int, Field(ge=1, le=100)] = 10
    timeout_s: Annotated[float, Field(gt=0, le=600)] = 60
    attempts: Annotated[int, Field(ge=1, le=20)] = 4
    backoff_s: Annotated[float, Field(gt=0, le=60)] = 1.0

    @field_validator("base")
    @classmethod
    def _an_address(cls, base: str) -> str:
        base = base.strip().rstrip("/")
        if host_of(base) is None or urlsplit(base).query or "@" in base:
            raise ValueError("must be an address, such as https://open.tiktokapis.com")
        return base

    @model_validator(mode="after")
    def _research_has_clients(self) -> Self:
        if self.mode == "research" and not self.clients:
            raise ValueError("mode research needs clients: at least one key with its secret")
        return self
