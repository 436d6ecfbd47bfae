"""A post's numbers as the records want them: known ones, and the names of those left open."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypedDict


class Numbers(TypedDict):
    """A post's numbers and the names of those that its payload does not tell."""

    metrics: dict[str, int]
    metrics_missing: tuple[str, ...]


def sorted_out(read: Mapping[str, int | None]) -> Numbers:
    """Numbers by our names: None is one that the platform offers and this payload does not tell."""
    return Numbers(
        metrics={name: number for name, number in read.items() if number is not None},
        metrics_missing=tuple(name for name, number in read.items() if number is None),
    )
