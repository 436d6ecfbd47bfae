"""Engagement: the sum of a post's interactions, by a dated definition for each platform."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

import yaml


@dataclass(frozen=True, slots=True)
class EngagementDefinition:
    """One version of what counts.

    Args:
        name: ``engagement.v<version>``, as documents carry it.
        platforms: The metric names that are summed, by platform.
        other: The names for a platform that the table does not list.
    """

    name: str
    platforms: Mapping[str, tuple[str, ...]]
    other: tuple[str, ...]

    def value(self, platform: str, metrics: Mapping[str, int]) -> int | None:
        """The sum of the components that are known; None where none is."""
        names = self.platforms.get(platform, self.other)
        known = [metrics[name] for name in names if name in metrics]
        return sum(known) if known else None


@cache
def current_definition() -> EngagementDefinition:
    """The newest version in ``lake/engagement.yaml``."""
    rows = yaml.safe_load((files("lake") / "engagement.yaml").read_text(encoding="utf-8"))
    row = max(rows, key=lambda entry: int(entry["version"]))
    return EngagementDefinition(
        name=f"{row['id']}.v{row['version']}",
        platforms={name: tuple(parts) for name, parts in row["platforms"].items()},
        other=tuple(row["other"]),
    )
