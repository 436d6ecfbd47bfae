"""What the API tells a campaign of each platform, taken from the platforms' own files."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from ingestors.about import About
from ingestors.connections import about, platform_names
from lake.config import Config
from lake.errors import ConfigError
from lake.platform_facts import PlatformFacts

_FILES = "archive"  # its posts come from files, which nobody polls


def platform_facts(config: Config) -> dict[str, PlatformFacts]:
    """Every platform that there is, by name, with the settings that config.yaml has for it."""
    reach_back = timedelta(days=config.ingest.history_days)
    return {
        name: _facts(name, config.platforms.get(name), reach_back)
        for name in platform_names()
        if name != _FILES
    }


def _facts(name: str, section: Mapping[str, Any] | None, reach_back: timedelta) -> PlatformFacts:
    wrong = None
    try:
        found = about(name, section)
    except ConfigError as exc:  # the API answers all the same; polling is what needs the section
        findings = "; ".join(str(exc).splitlines())
        found, wrong = about(name, None), f"config.yaml is wrong: {findings}"
    return PlatformFacts(
        label=found.label,
        offers={str(name): what for name, what in found.capabilities.items()},
        configured=section is not None,
        off_because=wrong or found.off_because,
        needs=_needs(found),
        history=found.history,
        reach_back=reach_back,
    )


def _needs(found: About) -> tuple[str, ...]:
    return tuple(
        f"{key.option} ({key.what}, from {key.page})" for key in found.keys if key.required
    )
