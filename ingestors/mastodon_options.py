"""The section of config.yaml that says which Mastodon servers are asked, and how."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Self
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from ingestors.credentials import Secrets
from ingestors.fields import host_of

MOST_INSTANCES = 20  # their places must fit into a cursor of 4,000 characters
_LONGEST_HOST = 100


class Options(BaseModel):
    """The platform's section of config.yaml.

    Args:
        instances: The servers' addresses, without a path; all are asked at each poll.
        access_tokens: Host name to one token or several of the operator's own there: for servers
            that serve tag feeds to signed-in callers only. Several share the load.
        ask_home_servers: Whether the current numbers of a post are also asked of its own server
            where that is none of ``instances``; such a server is a stranger's choice.
        timeout_s: Longest time for one call.
        attempts: Calls in all before a poll is cut short.
        backoff_s: Longest wait after the first failure; it doubles with each further one.
        first_poll_pages: Pages of 40 that the first poll of a hashtag goes back; fewer than a
            poll may take in all, or the cursor never moves.
        lookback_s: How far before the cursor later polls begin, for posts that federated late.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    instances: Annotated[tuple[str, ...], Field(min_length=1, max_length=MOST_INSTANCES)] = (
        "https://mastodon.social",
    )
    access_tokens: Mapping[str, Secrets] = Field(default_factory=dict)
    ask_home_servers: bool = False
    timeout_s: Annotated[float, Field(gt=0, le=600)] = 60
    attempts: Annotated[int, Field(ge=1, le=20)] = 5
    backoff_s: Annotated[float, Field(gt=0, le=60)] = 0.5
    first_poll_pages: Annotated[int, Field(ge=1, le=50)] = 10
    lookback_s: Annotated[int, Field(ge=0, le=7 * 86_400)] = 900

    @field_validator("instances")
    @classmethod
    def _servers(cls, instances: tuple[str, ...]) -> tuple[str, ...]:
        found: dict[str, str] = {}
        for instance in instances:
            base = instance.strip().rstrip("/")
            host = host_of(base)
            if host is None or base.split("://", 1)[1].lower() != host or len(host) > _LONGEST_HOST:
                raise ValueError("must be servers' addresses, such as https://mastodon.social")
            found.setdefault(host, f"{urlsplit(base).scheme}://{host}")
        return tuple(found.values())

    @field_validator("access_tokens")
    @classmethod
    def _by_host(cls, tokens: Mapping[str, Secrets]) -> Mapping[str, Secrets]:
        return {(host_of(key) or key.strip().lower()): one for key, one in tokens.items()}

    @model_validator(mode="after")
    def _tokens_of_instances(self) -> Self:
        hosts = {host_of(base) for base in self.instances}
        strange = sorted(host for host in self.access_tokens if host not in hosts)
        if strange:
            raise ValueError(f"access_tokens: {', '.join(strange)} is not among instances")
        return self
