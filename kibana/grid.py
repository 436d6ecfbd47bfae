"""Where panels stand: one after the other from left to right, like the words of a text."""

from __future__ import annotations

from collections.abc import Sequence

from kibana.panel_forms import WIDTH, Panel
from lake.records import Json


def place(panels: Sequence[Panel]) -> list[Json]:
    """Each panel's ``x``, ``y``, ``w`` and ``h`` in columns and rows of Kibana's grid.

    A panel that has no room left in its row begins the next, below the highest of the row.
    """
    spots: list[Json] = []
    x = y = below = 0
    for panel in panels:
        if x + panel.width > WIDTH:
            x, y = 0, below
        spots.append({"x": x, "y": y, "w": panel.width, "h": panel.height})
        x, below = x + panel.width, max(below, y + panel.height)
    return spots
