"""The section ``kibana`` of config.yaml."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from pydantic import ConfigDict, Field, SecretStr, field_validator

from lake.config_sections import Section


class KibanaConfig(Section):
    """Which Kibana shows the lake, and how to sign in there: a user with a password, or an API key.

    ``space`` is the identifier in the space's address; the default space has none.
    """

    model_config = ConfigDict(hide_input_in_errors=True)

    url: Annotated[str, Field(max_length=2_000)] = "http://127.0.0.1:5601"
    # https://www.elastic.co/guide/en/kibana/8.19/spaces-api-post.html
    space: Annotated[str, Field(pattern=r"^[a-z0-9_-]+$", max_length=200)] | None = None
    user: str | None = None
    password: SecretStr | None = None
    api_key: SecretStr | None = None
    ca_file: Path | None = None

    @field_validator("url")
    @classmethod
    def _known_scheme(cls, url: str) -> str:
        if not url.startswith(("http://", "https://")):
            raise ValueError("must start with http:// or https://")
        if "@" in url.partition("://")[2].partition("/")[0]:
            raise ValueError("must hold no user and password; they have keys of their own")
        return url.rstrip("/")
