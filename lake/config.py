"""config.yaml, read once into frozen, typed, checked values.

Every mistake is reported at once with its path in the file, and no value is ever shown: it may be
a secret. A value that is wholly ``${NAME}`` is taken from the environment.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, Field, ValidationError, field_validator

from lake.config_kibana import KibanaConfig
from lake.config_sections import (
    AnalysisConfig,
    ApiConfig,
    ElasticsearchConfig,
    EnrichmentConfig,
    IngestConfig,
    LogConfig,
    NodeConfig,
    RollupConfig,
    Section,
    WriterConfig,
)
from lake.errors import ConfigError

__all__ = [
    "AnalysisConfig",
    "ApiConfig",
    "Config",
    "ElasticsearchConfig",
    "EnrichmentConfig",
    "IngestConfig",
    "KibanaConfig",
    "LogConfig",
    "NodeConfig",
    "RollupConfig",
    "Section",
    "WriterConfig",
    "checked",
    "load_config",
    "read_mapping",
]
_SECRET = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")
S = TypeVar("S", bound=BaseModel)


class Config(Section):
    """The whole of config.yaml; each section has a default for every key."""

    elasticsearch: ElasticsearchConfig = ElasticsearchConfig()
    node: NodeConfig = NodeConfig()
    writer: WriterConfig = WriterConfig()
    ingest: IngestConfig = IngestConfig()
    platforms: Mapping[str, Mapping[str, Any]] = Field(default_factory=lambda: {"mastodon": {}})
    enrichment: EnrichmentConfig = EnrichmentConfig()
    analysis: AnalysisConfig = AnalysisConfig()
    api: ApiConfig = ApiConfig()
    kibana: KibanaConfig = KibanaConfig()
    rollup: RollupConfig = RollupConfig()
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
    table = config.analysis.value_table
    analysis = config.analysis.model_copy(
        update={"value_table": None if table is None else folder / table}
    )
    return config.model_copy(
        update={
            "node": node,
            "writer": writer,
            "api": api,
            "enrichment": enrichment,
            "analysis": analysis,
        }
    )
