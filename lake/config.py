"""config.yaml, read once into frozen, typed, checked values.

Every mistake is reported at once with its path in the file, and no value is ever shown: it may be
a secret. A value that is wholly ``${NAME}`` is taken from the environment.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

import yaml
from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    SecretStr,
    ValidationError,
    field_validator,
    model_validator,
)

from lake.errors import ConfigError

_SECRET = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")
S = TypeVar("S", bound=BaseModel)
Port = Annotated[int, Field(ge=1, le=65535)]


class Section(BaseModel):
    """A part of config.yaml: frozen, and a key that it does not know is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class ElasticsearchConfig(Section):
    """Where the lake is and how to sign in."""

    url: str = "embedded"
    user: str | None = None
    password: SecretStr | None = None
    api_key: SecretStr | None = None
    ca_file: Path | None = None
    index_prefix: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_-]*-$", max_length=40)] = "taglake-"
    posts_partition: Literal["year", "month"] = "year"
    request_timeout_s: Annotated[float, Field(gt=0)] = 60

    @field_validator("url")
    @classmethod
    def _known_scheme(cls, url: str) -> str:
        if url != "embedded" and not url.startswith(("http://", "https://")):
            raise ValueError("must be 'embedded' or start with http:// or https://")
        return url


class NodeConfig(Section):
    """The embedded Elasticsearch node."""

    data_dir: Path = Path("data")
    heap_mb: Annotated[int, Field(ge=128)] | None = None
    http_port: Port | None = None
    start_timeout_s: Annotated[float, Field(gt=0)] = 120


class WriterConfig(Section):
    """How much is written at once, and how much may wait in memory."""

    bulk_docs: Annotated[int, Field(ge=1, le=10_000)] = 500
    bulk_bytes: Annotated[int, Field(ge=10_000, le=90_000_000)] = 1_000_000
    queue_docs: Annotated[int, Field(ge=1)] = 8_000
    queue_bytes: Annotated[int, Field(ge=10_000)] = 32_000_000
    in_flight: Annotated[int, Field(ge=1, le=16)] = 3
    dead_letter_dir: Path = Path("data/dead-letters")


# A time that no calendar holds would end the schedule when it is reached.
Wait = Annotated[float, Field(ge=1, le=31_622_400)]
AgeH = Annotated[float, Field(gt=0, le=87_840)]


class IngestConfig(Section):
    """How often the platforms are asked."""

    interval_s: Wait = 300
    min_interval_s: Wait = 60
    max_interval_s: Wait = 3_600
    posts_per_poll: Annotated[float, Field(gt=0, allow_inf_nan=False)] = 20
    blocked_s: Wait = 3_600
    sync_s: Annotated[float, Field(gt=0, le=3_600)] = 5
    history_days: Annotated[int, Field(ge=0, le=3_650)] = 7
    refresh_s: Wait = 900
    refresh_ages_h: Annotated[tuple[AgeH, ...], Field(max_length=50)] = (
        *(1, 3, 6, 12),
        *(24, 48, 96, 168),
    )
    refresh_posts: Annotated[int, Field(ge=0, le=100_000)] = 2_000
    refresh_paid: bool = False
    comments_per_poll: Annotated[int, Field(ge=0, le=100)] = 10
    pages_per_poll: Annotated[int, Field(ge=1)] = 100

    @model_validator(mode="before")
    @classmethod
    def _bounds_that_are_not_set(cls, values: object) -> object:
        """An interval outside the bounds' defaults moves the bound that nobody set."""
        if not isinstance(values, dict) or not isinstance(values.get("interval_s"), int | float):
            return values
        interval_s = values["interval_s"]
        defaults = {"min_interval_s": min(60, interval_s), "max_interval_s": max(3_600, interval_s)}
        return defaults | values

    @model_validator(mode="after")
    def _in_order(self) -> IngestConfig:
        if not self.min_interval_s <= self.interval_s <= self.max_interval_s:
            raise ValueError("min_interval_s <= interval_s <= max_interval_s must hold")
        return self


class EnrichmentConfig(Section):
    """Which model scores, and how the work is shared.

    ``model`` is ``champion`` (what the registry names; at first the model that is shipped),
    ``vader``, a name in the registry, a folder, or a hub model as ``owner/name@revision``.
    """

    model: Annotated[str, Field(min_length=1, max_length=1_000)] = "champion"
    device: Literal["auto", "cpu", "cuda"] = "auto"
    threads: Annotated[int, Field(ge=1, le=256)] | None = None
    models_dir: Path = Path("data/models")
    batch_docs: Annotated[int, Field(ge=1, le=5_000)] = 500
    slices: Annotated[int, Field(ge=1, le=1024)] = 32
    interval_s: Annotated[float, Field(gt=0)] = 2
    latency_s: Annotated[float, Field(gt=0, le=3_600)] = 5
    retrain_days: Annotated[int, Field(ge=1, le=365)] | None = None
    mlflow_uri: Annotated[str, Field(max_length=2_000)] | None = None


# An empty or short one would let everybody in who tries for a while.
PushToken = Annotated[SecretStr, Field(min_length=16)]
Origin = Annotated[str, Field(pattern=r"^(\*|https?://[^/?#\s]+)$")]


class ApiConfig(Section):
    """Where the API listens and what it accepts."""

    host: str = "127.0.0.1"
    port: Annotated[int, Field(ge=0, le=65535)] = 8000
    body_bytes: Annotated[int, Field(ge=1_000)] = 1_000_000
    cache_s: Annotated[float, Field(ge=0, le=3_600)] = 30.0
    push_tokens: tuple[PushToken, ...] = ()
    push_bytes: Annotated[int, Field(ge=1_000, le=200_000_000)] = 20_000_000
    spool_dir: Path = Path("data/spool")
    spool_bytes: Annotated[int, Field(ge=1_000)] = 1_000_000_000
    require_keys: bool = False
    cors_origins: tuple[Origin, ...] = ()
    requests_per_min: Annotated[int, Field(ge=1)] | None = 600
    requests_burst: Annotated[int, Field(ge=1)] = 100
    time_limit_s: Annotated[float, Field(gt=0, le=3_600)] = 30


class LogConfig(Section):
    """What is logged, and for whom."""

    level: Literal["debug", "info", "warning", "error"] = "info"
    format: Literal["text", "json"] = "text"


class Config(Section):
    """The whole of config.yaml; each section has a default for every key."""

    elasticsearch: ElasticsearchConfig = ElasticsearchConfig()
    node: NodeConfig = NodeConfig()
    writer: WriterConfig = WriterConfig()
    ingest: IngestConfig = IngestConfig()
    platforms: Mapping[str, Mapping[str, Any]] = Field(default_factory=lambda: {"mastodon": {}})
    enrichment: EnrichmentConfig = EnrichmentConfig()
    api: ApiConfig = ApiConfig()
    log: LogConfig = LogConfig()

    @field_validator("platforms", mode="before")
    @classmethod
    def _sections(cls, value: object) -> object:
        """A platform named with nothing below it (``mastodon:``) takes its defaults."""
        if isinstance(value, Mapping):
            return {name: {} if section is None else section for name, section in value.items()}
        return value


def load_config(path: Path | None, environment: Mapping[str, str] | None = None) -> Config:
    """The configuration in a file; without a file, every default.

    Relative folders in the file are taken from the file's own folder.

    Args:
        path: config.yaml, or None for the defaults and the current folder.
        environment: Where ``${NAME}`` values come from; the process environment by default.

    Raises:
        ConfigError: The file cannot be read, is no YAML mapping, names an unknown key, holds a
            value of the wrong kind, or wants a secret that the environment lacks. All findings
            are in one message, a line each.
    """
    if path is None:
        return _anchored(Config(), Path.cwd())
    loaded = read_mapping(path)
    missing: list[str] = []
    resolved = _with_secrets(
        loaded, os.environ if environment is None else environment, "", missing
    )
    if missing:
        raise ConfigError("\n".join(f"{path}: {line}" for line in missing))
    return _anchored(checked(Config, resolved, str(path)), path.resolve().parent)


def read_mapping(path: Path) -> dict[str, Any]:
    """The mapping in a YAML file; an empty file is an empty one.

    Raises:
        ConfigError: The file cannot be read, or holds something else.
    """
    try:
        loaded = yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError as exc:
        raise ConfigError(f"{path}: cannot be read ({exc.strerror})") from exc
    except (yaml.YAMLError, UnicodeDecodeError) as exc:
        raise ConfigError(f"{path}: is not YAML: {' '.join(str(exc).split())}") from exc
    if not isinstance(loaded, dict | None):
        raise ConfigError(f"{path}: must be a mapping of sections, such as 'api:'")
    return {str(key): value for key, value in (loaded or {}).items()}


def checked(model: type[S], values: object, where: str) -> S:
    """``values`` as a ``model``.

    Raises:
        ConfigError: One line a finding, each with ``where`` and the path of the key.
    """
    try:
        return model.model_validate(values)
    except ValidationError as exc:
        lines = [
            f"{where}: {'.'.join(map(str, error['loc'])) or 'the whole'}: {_plain(error)}"
            for error in exc.errors(include_input=False, include_url=False)
        ]
        raise ConfigError("\n".join(lines)) from exc


def _plain(error: Mapping[str, Any]) -> str:
    if error["type"] == "extra_forbidden":
        return "unknown key; see config.yaml of the project for all that there are"
    return str(error["msg"]).removeprefix("Value error, ")


def _with_secrets(value: Any, env: Mapping[str, str], path: str, missing: list[str]) -> Any:
    if isinstance(value, dict):
        return {
            key: _with_secrets(item, env, f"{path}.{key}".lstrip("."), missing)
            for key, item in value.items()
        }
    if isinstance(value, list):
        return [_with_secrets(item, env, f"{path}.{n}", missing) for n, item in enumerate(value)]
    found = _SECRET.fullmatch(value) if isinstance(value, str) else None
    if found is None:
        return value
    if found[1] not in env:
        missing.append(f"{path}: the environment variable {found[1]} is not set")
    return env.get(found[1])


def _anchored(config: Config, folder: Path) -> Config:
    node = config.node.model_copy(update={"data_dir": folder / config.node.data_dir})
    writer = config.writer.model_copy(
        update={"dead_letter_dir": folder / config.writer.dead_letter_dir}
    )
    api = config.api.model_copy(update={"spool_dir": folder / config.api.spool_dir})
    enrichment = config.enrichment.model_copy(
        update={"models_dir": folder / config.enrichment.models_dir}
    )
    return config.model_copy(
        update={"node": node, "writer": writer, "api": api, "enrichment": enrichment}
    )
