"""The section of config.yaml that says how Bluesky is asked, and by whom."""

from __future__ import annotations

from typing import Annotated, Self
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator, model_validator

from ingestors.bluesky_session import Login
from ingestors.fields import host_of


class Account(BaseModel):
    """A further account of the operator's own that shares the load of searching.

    Args:
        identifier: Its handle.
        app_password: One made for this program under its Settings.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    identifier: str
    app_password: SecretStr


class Options(BaseModel):
    """The platform's section of config.yaml.

    Args:
        service: The server that signs in and searches: the account's own, or its entry.
        public: The server that shows profiles, threads and posts to everybody.
        identifier: The account's handle; together with ``app_password``, or searching is off.
        app_password: One made for this program under Settings, not the account's own.
        more_accounts: Further accounts that share the load of searching.
        stream: Whether every post is read as it is made, for which no account is needed; None: yes
            where no account is named.
        jetstream: The server of the stream.
        prefer_v2: Whether searchPostsV2 is tried before searchPosts.
        timeout_s: Longest time for one call, and longest silence of the stream.
        attempts: Calls in all before a poll is cut short.
        backoff_s: Longest wait after the first failure; it doubles with each further one.
        first_poll_pages: Pages of 100 that the first poll of a hashtag goes back; fewer than a
            poll may take in all, or the cursor never moves.
        lookback_s: How far before the cursor later polls begin, for posts indexed late.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    service: str = "https://bsky.social"
    public: str = "https://public.api.bsky.app"
    identifier: str | None = None
    app_password: SecretStr | None = None
    more_accounts: Annotated[tuple[Account, ...], Field(max_length=20)] = ()
    stream: bool | None = None
    jetstream: str = "wss://jetstream1.us-east.bsky.network/subscribe"
    prefer_v2: bool = True
    timeout_s: Annotated[float, Field(gt=0, le=600)] = 60
    attempts: Annotated[int, Field(ge=1, le=20)] = 5
    backoff_s: Annotated[float, Field(gt=0, le=60)] = 0.5
    first_poll_pages: Annotated[int, Field(ge=1, le=90)] = 10
    lookback_s: Annotated[int, Field(ge=0, le=7 * 86_400)] = 900

    @field_validator("service", "public")
    @classmethod
    def _a_server(cls, address: str) -> str:
        address = address.strip().rstrip("/")
        host = host_of(address)
        if host is None or address.split("://", 1)[1].lower() != host:
            raise ValueError("must be a server's address, such as https://bsky.social")
        return f"{urlsplit(address).scheme}://{host}"

    @field_validator("jetstream")
    @classmethod
    def _a_stream(cls, address: str) -> str:
        address = address.strip()
        # As http: what a WebSocket's address may hold besides is the same.
        scheme, _, rest = address.partition("://")
        host = host_of(f"http://{rest}")
        if scheme not in ("ws", "wss") or host is None or {"?", "#", "@"} & set(rest):
            raise ValueError("must be such as wss://jetstream1.us-east.bsky.network/subscribe")
        return address

    @model_validator(mode="after")
    def _both_or_neither(self) -> Self:
        names = (self.identifier or "").strip().removeprefix("@")
        secret = self.app_password.get_secret_value() if self.app_password else ""
        if bool(names) != bool(secret):
            raise ValueError("identifier and app_password belong together: set both or neither")
        for account in self.more_accounts:
            if not account.identifier.strip("@ ") or not account.app_password.get_secret_value():
                raise ValueError("each of more_accounts needs an identifier and an app_password")
        return self

    @property
    def logins(self) -> tuple[Login, ...]:
        """Who signs in, each once; empty where nobody does."""
        first = [(self.identifier, self.app_password)]
        more = [(one.identifier, one.app_password) for one in self.more_accounts]
        found: dict[str, Login] = {}
        for identifier, password in (*first, *more):
            name = (identifier or "").strip().removeprefix("@")
            if name and password and password.get_secret_value():
                found.setdefault(name.lower(), Login(name, password))
        return tuple(found.values())

    @property
    def streams(self) -> bool:
        """Whether the stream is read."""
        return not self.logins if self.stream is None else self.stream
