"""Platforms by name: a platform's file is found, its options are checked, it is connected."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager
from importlib import import_module
from pkgutil import iter_modules
from typing import Any

import ingestors.platforms
from ingestors.platform import Platform
from lake.config import checked
from lake.errors import ConfigError


def platform_names() -> list[str]:
    """The platforms that there are: one for each file in ``ingestors/platforms/``."""
    return sorted(module.name for module in iter_modules(ingestors.platforms.__path__))


def connection(name: str, section: Mapping[str, Any]) -> AbstractAsyncContextManager[Platform]:
    """The platform of that name as an async context manager; only its own file is imported.

    Args:
        name: As in config.yaml.
        section: The platform's section of config.yaml.

    Raises:
        ConfigError: There is no such platform, or the section is wrong.
    """
    if name not in platform_names():
        raise ConfigError(
            f"platforms.{name}: there is no such platform; there are {', '.join(platform_names())}"
        )
    module = import_module(f"ingestors.platforms.{name}")
    options = checked(module.Options, dict(section), f"platforms.{name}")
    opened: AbstractAsyncContextManager[Platform] = module.connect(options)
    return opened
