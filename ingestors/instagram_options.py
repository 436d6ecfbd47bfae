"""Instagram's section of config.yaml."""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    SecretStr,
    field_validator,
    model_validator,
)

from ingestors.fields import host_of


def _as_text(value: Any) -> Any:
    return str(value) if type(value) is int else value


UserId = Annotated[str, BeforeValidator(_as_text), Field(pattern=r"^[0-9]{1,25}$")]


class MoreAccount(BaseModel):
    """A further account of the operator's.

    Args:
        user_id: Its id.
        access_token: A token of it.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    user_id: UserId
    access_token: SecretStr

    @field_validator("access_token")
    @classmethod
    def _a_token(cls, token: SecretStr) -> SecretStr:
        return checked_secret(token, "a token")


class Options(BaseModel):
    """The platform's section of config.yaml.

    Args:
        mode: ``graph`` for the Graph API; ``web`` for what browsers are served, which Instagram's
            terms do not allow to programs.
        user_id: The Instagram professional account's id, for the Graph API.
        access_token: A token of it.
        more_accounts: Further accounts, which share the load; each takes 30 more hashtags.
        base: The Graph API's address.
        version: Its version.
        tags_per_week: Different hashtags that one account may ask for in 7 days.
        top_posts: Whether a page of a hashtag's top posts is read with each poll.
        max_pages: Pages that one poll of a hashtag reads; what lies beyond shows as a gap.
        lookback_s: Each poll reads again what is not older than this before its cursor.
        accept_terms_risk: Mode ``web`` is off without it: whether the operator answers for it.
        session_cookie: For ``web``: the ``sessionid`` of a signed-in browser, or its whole cookie.
        web_base: The address that browsers ask.
        web_app_id: What a browser sends as ``x-ig-app-id``.
        web_user_agent: What is sent as ``User-Agent`` in ``web``.
        web_calls: Calls for hashtags in 11 minutes.
        timeout_s: Longest time for one call.
        attempts: Calls in all before a poll is cut short.
        backoff_s: Longest wait after the first failure; it doubles with each further one.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    mode: Literal["graph", "web"] = "graph"
    user_id: UserId | None = None
    access_token: SecretStr | None = None
    more_accounts: tuple[MoreAccount, ...] = ()
    base: str = "https://graph.facebook.com"
    version: Annotated[str, Field(pattern=r"^v[0-9]{1,3}\.[0-9]{1,2}$")] = "v25.0"
    tags_per_week: Annotated[int, Field(ge=1, le=1_000)] = 30
    top_posts: bool = True
    max_pages: Annotated[int, Field(ge=1, le=1_000)] = 20
    lookback_s: Annotated[int, Field(ge=0, le=86_400)] = 3_600
    accept_terms_risk: bool = False
    session_cookie: SecretStr | None = None
    web_base: str = "https://www.instagram.com"
    web_app_id: Annotated[str, Field(pattern=r"^[0-9]+$")] = "936619743392459"
    web_user_agent: Annotated[str, Field(pattern=r"^[ -~]{1,300}$")] = "taglake"
    web_calls: Annotated[int, Field(ge=1, le=1_000)] = 200
    timeout_s: Annotated[float, Field(gt=0, le=600)] = 60
    attempts: Annotated[int, Field(ge=1, le=20)] = 5
    backoff_s: Annotated[float, Field(gt=0, le=60)] = 0.5

    @field_validator("access_token")
    @classmethod
    def _a_token(cls, token: SecretStr | None) -> SecretStr | None:
        return token and checked_secret(token, "a token")

    @field_validator("session_cookie")
    @classmethod
    def _a_cookie(cls, cookie: SecretStr | None) -> SecretStr | None:
        if cookie is None or not re.search(r"[^ -~]", cookie.get_secret_value()):
            return cookie
        raise ValueError("must be one line of a browser's cookie")

    @field_validator("base", "web_base")
    @classmethod
    def _a_server(cls, base: str) -> str:
        return server(base)

    @model_validator(mode="after")
    def _enough(self) -> Options:
        if self.mode == "graph" and (self.user_id is None or self.access_token is None):
            raise ValueError("mode: graph needs user_id and access_token")
        return self

    @property
    def accounts(self) -> tuple[MoreAccount, ...]:
        """Every account of the Graph API, the first one first."""
        if self.user_id is None or self.access_token is None:
            return self.more_accounts
        first = MoreAccount(user_id=self.user_id, access_token=self.access_token)
        return (first, *self.more_accounts)


def checked_secret(secret: SecretStr, what: str) -> SecretStr:
    """A secret as a header or a query can carry it.

    Raises:
        ValueError: It cannot; pydantic makes a finding of that.
    """
    text = secret.get_secret_value().strip()
    if not re.fullmatch(r"[!-~]+", text):
        raise ValueError(f"must be {what}: no blanks, not empty")
    return SecretStr(text)


def server(base: str) -> str:
    """A server's address without a last slash.

    Raises:
        ValueError: It is none; pydantic makes a finding of that.
    """
    base = base.strip().rstrip("/")
    parts = urlsplit(base) if host_of(base) else None
    if parts is None or parts.query or parts.fragment or "@" in parts.netloc:
        raise ValueError("must be a server's address, such as https://graph.facebook.com")
    return base
