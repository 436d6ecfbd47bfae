"""The sections of config.yaml, each with a default for every key; ``lake.config`` reads them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator, model_validator

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


# A post that reaches nobody, or more than follow, is a mistake of who writes it.
Part = Annotated[float, Field(gt=0, le=1, allow_inf_nan=False)]
PlatformKey = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,39}$")]


class AnalysisConfig(Section):
    """What answers assume because no platform tells it; without a value table nothing has a price.

    ``reach_efficiency`` is the part of an account's followers that a post reaches, 0 to 1;
    ``reach_efficiency_by_platform`` says it for single platforms. ``value_table`` is a YAML file.
    """

    reach_efficiency: Part = 0.20
    reach_efficiency_by_platform: Mapping[PlatformKey, Part] = Field(default_factory=dict)
    value_table: Path | None = None


class RollupConfig(Section):
    """How often the numbers of dashboards are made anew; never where ``interval_s`` is None."""

    interval_s: Annotated[float, Field(ge=10, le=86_400)] | None = 600


class LogConfig(Section):
    """What is logged, and for whom."""

    level: Literal["debug", "info", "warning", "error"] = "info"
    format: Literal["text", "json"] = "text"
