"""Platforms by name: a platform's file is found, its options are checked, it is connected."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from datetime import datetime
from importlib import import_module
from pkgutil import iter_modules
from types import ModuleType
from typing import Any

import ingestors.platforms
from ingestors.about import About
from ingestors.platform import Payload, Platform
from lake.config import checked
from lake.errors import ConfigError
from lake.records import Record


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
    module = _module(name)
    options = checked(module.Options, dict(section), f"platforms.{name}")
    opened: AbstractAsyncContextManager[Platform] = module.connect(options)
    return opened


def about(name: str, section: Mapping[str, Any] | None) -> About:
    """What a platform is about with a section of config.yaml; None: as it is shipped.

    Raises:
        ConfigError: There is no such platform, or the section is wrong.
    """
    module = _module(name)
    options = None
    if section is not None:
        options = checked(module.Options, dict(section), f"platforms.{name}")
    found: About = module.about(options)
    return found


Mapper = Callable[[Payload, datetime], Sequence[Record]]


def mapper(name: str, context: str | None = None) -> Mapper:
    """A platform's ``normalise``, without a connection and without credentials.

    Args:
        name: As in config.yaml, or ``archive``.
        context: The ``Platform.context`` that the payloads came with.

    Raises:
        ConfigError: There is no such platform, or the context is no longer one.
    """
    module = _module(name)
    found: Mapper
    if context is None:
        found = module.normalise
        return found
    options = checked(module.Options, json.loads(context), f"platforms.{name}")
    found = module.mapper(options)
    return found


def _module(name: str) -> ModuleType:
    if name not in platform_names():
        raise ConfigError(
            f"platforms.{name}: there is no such platform; there are {', '.join(platform_names())}"
        )
    return import_module(f"ingestors.platforms.{name}")
